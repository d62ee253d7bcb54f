//! Text for people, wrapped at words to the width of a terminal.
//!
//! Paragraphs are filled again: a line that was broken because the next word had no room is joined with the next one. In
//! a list of two columns the second stays a column.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Authors break lines beyond this column. A line that ends before it ends its paragraph.
const FILLED: usize = 88;
/// The second column of a list keeps its place as long as it has this much room.
const MIN_ROOM: usize = 16;
/// How far a second column without room is indented below the first.
const BELOW: usize = 4;

/// The text with no line wider than this. A text that fits is left as it is.
pub(super) fn wrapped(text: &str, width: usize) -> String {
    if text.lines().all(|line| line.width() <= width) {
        return text.to_owned();
    }
    let mut lines = Vec::new();
    let mut rest = text.lines().peekable();
    while let Some(line) = rest.next() {
        let indent = indent_of(line);
        match second_column(line) {
            Some(column) => {
                let (mut entry, mut last) = (line.to_owned(), line);
                let place = line[..column].width();
                while let Some(next) = rest.next_if(|next| goes_on(last, next, place)) {
                    entry.push(' ');
                    entry.push_str(next.trim());
                    last = next;
                }
                wrap_entry(&entry, indent, column, width, &mut lines);
            }
            None => {
                let mut paragraph = line.trim().to_owned();
                let mut last = line;
                while let Some(next) = rest.next_if(|next| goes_on(last, next, indent)) {
                    paragraph.push(' ');
                    paragraph.push_str(next.trim());
                    last = next;
                }
                fill(&paragraph, " ".repeat(indent), indent, width, &mut lines);
            }
        }
    }
    lines.join("\n")
}

/// The text in at most so many columns: where it is cut, it ends in `…`.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut room = width.saturating_sub(1);
    let kept = text.chars().take_while(|character| {
        let fits = character.width().unwrap_or(0) <= room;
        room = room.saturating_sub(character.width().unwrap_or(0));
        fits
    });
    let mut kept: String = kept.collect();
    if width > 0 {
        kept.push('…');
    }
    kept
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Where the second column of a line begins, in bytes: after two spaces or more within it.
fn second_column(line: &str) -> Option<usize> {
    let indent = indent_of(line);
    let gap = indent + line[indent..].find("  ")?;
    let column = gap + indent_of(&line[gap..]);
    (column < line.len()).then_some(column)
}

/// Whether a line was broken only because the first word of the next one, which is indented so far, had no room.
fn goes_on(line: &str, next: &str, indent: usize) -> bool {
    let first_word = next.split_whitespace().next().unwrap_or_default();
    let begins_anew = first_word == "Replies" || (next.trim().starts_with('{') && line.ends_with(['.', ';', ':']));
    !first_word.is_empty()
        && indent_of(next) == indent
        && second_column(next).is_none()
        && !begins_anew
        && line.width() + 1 + first_word.width() > FILLED
}

fn wrap_entry(line: &str, indent: usize, column: usize, width: usize, lines: &mut Vec<String>) {
    let (first, second) = line.split_at(column);
    let place = first.width();
    if width >= place + MIN_ROOM || line.width() <= width {
        fill(second, first.to_owned(), place, width, lines);
    } else {
        fill(first.trim(), " ".repeat(indent), indent + BELOW, width, lines);
        fill(second, " ".repeat(indent + BELOW), indent + BELOW, width, lines);
    }
}

/// Adds a paragraph: behind `start`, and from the second line on behind so many spaces.
fn fill(paragraph: &str, start: String, indent: usize, width: usize, lines: &mut Vec<String>) {
    let mut line = start;
    let mut used = line.width();
    let mut is_empty = true;
    let room = width.saturating_sub(indent).max(1);
    let mut add = |piece: &str| {
        let separator = usize::from(!is_empty);
        if !is_empty && used + separator + piece.width() > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            used = indent;
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
            used += 1;
        }
        line.push_str(piece);
        used += piece.width();
        is_empty = false;
    };
    for piece in pieces(paragraph) {
        if piece.width() <= room {
            add(piece);
            continue;
        }
        for word in piece.split(' ') {
            split_to(word, room).into_iter().for_each(&mut add);
        }
    }
    lines.push(line.trim_end().to_owned());
}

/// The words of a paragraph. What stands in backticks, braces or brackets is one, so that it can be read and copied as a
/// whole.
fn pieces(paragraph: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut depth, mut is_quoted) = (0, 0_usize, false);
    for (place, character) in paragraph.char_indices() {
        match character {
            '`' => is_quoted = !is_quoted,
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            ' ' if depth == 0 && !is_quoted => {
                pieces.push(&paragraph[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    pieces.push(&paragraph[start..]);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// A word in parts that have room.
pub(super) fn split_to(word: &str, room: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (place, character) in word.char_indices() {
        let width = character.width().unwrap_or(0);
        if used + width > room && place > start {
            parts.push(&word[start..place]);
            (start, used) = (place, 0);
        }
        used += width;
    }
    parts.push(&word[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_left_as_it_is() {
        let text = "Bank\n  Bank.open   opens the bank\n\n  a\n  b";
        assert_eq!(wrapped(text, 40), text);
    }

    #[test]
    fn a_second_column_stays_one_or_moves_below() {
        let text = "  Bank.backup \"monday.db\"  backs the bank up to a file, while it is in use";
        let beside =
            "  Bank.backup \"monday.db\"  backs the bank up to a\n                           file, while it is in use";
        assert_eq!(wrapped(text, 52), beside);
        let below = "  Bank.backup \"monday.db\"\n      backs the bank up to a file,\n      while it is in use";
        assert_eq!(wrapped(text, 36), below);
    }

    #[test]
    fn the_lines_of_a_second_column_are_filled_again() {
        let text = format!("  :closed  {}long\n           enough\n  :open    fits", "a word ".repeat(12));
        let filled = "  :closed  a word a word a word\n           a word a word a word\n           a word a word a word\n           a word a word a word\n           long enough\n  :open    fits";
        assert_eq!(wrapped(&text, 32), filled);
    }

    #[test]
    fn paragraphs_are_filled_again_and_replies_begin_a_new_one() {
        let text = format!("  {}long\n  enough.\n  Replies :ok, or {{:error, :wrong}}.", "a word ".repeat(12));
        let lines = wrapped(&text, 40);
        assert_eq!(
            lines,
            "  a word a word a word a word a word a\n  word a word a word a word a word a\n  word a word long enough.\n  \
             Replies :ok, or {:error, :wrong}."
        );
    }

    #[test]
    fn what_can_be_copied_is_not_broken() {
        let text = "Later events are not shown: `Bank.events from: 5` goes on.";
        assert_eq!(wrapped(text, 40), "Later events are not shown:\n`Bank.events from: 5` goes on.");
        assert_eq!(wrapped("`one two`", 5), "`one\ntwo`");
        assert_eq!(wrapped("abcdefghij", 4), "abcd\nefgh\nij");
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(cut("Wolfman", 7), "Wolfman");
        assert_eq!(cut("Wolfman", 5), "Wolf…");
        assert_eq!(cut("狼狼狼", 4), "狼…");
        assert_eq!(cut("狼", 0), "");
    }
}
