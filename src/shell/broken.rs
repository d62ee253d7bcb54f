//! A reply such as a list, broken into lines that a terminal has room for.

use unicode_width::UnicodeWidthStr as _;

use super::wrapping::split_to;

/// The reply with no line wider than this: broken after commas, and within a text only where that alone is wider. What
/// stands in brackets stays below their beginning, and each element of a list begins a line.
pub(super) fn broken(reply: &str, width: usize) -> String {
    if reply.width() <= width || reply.contains('\n') {
        return reply.to_owned();
    }
    let mut lines = Lines { width, lines: Vec::new(), line: String::new(), within: Vec::new() };
    for piece in pieces(reply) {
        lines.add(piece);
    }
    lines.lines.push(lines.line);
    lines.lines.join("\n")
}

struct Lines {
    width: usize,
    lines: Vec<String>,
    line: String,
    /// For each bracket that is open, the bracket and the column behind it.
    within: Vec<(char, usize)>,
}

impl Lines {
    fn add(&mut self, piece: &str) {
        let is_element = matches!(self.within.as_slice(), [('[', _)]) && piece.starts_with(['%', '[']);
        let needed = self.line.width() + usize::from(!self.is_empty()) + piece.width();
        if !self.is_empty() && (is_element || needed > self.width) {
            self.end_line();
        }
        if !self.is_empty() {
            self.line.push(' ');
        }
        self.follow_brackets(piece);
        let mut rest = piece;
        loop {
            // Each line has room of its own, as its indent may be another.
            let room = self.width.saturating_sub(self.line.width());
            let part = split_to(rest, room)[0];
            self.line.push_str(part);
            rest = &rest[part.len()..];
            if rest.is_empty() {
                return;
            }
            self.end_line();
        }
    }

    fn is_empty(&self) -> bool {
        self.line.trim_start().is_empty()
    }

    fn end_line(&mut self) {
        let indent = self.within.last().map_or(0, |(_, column)| *column).min(self.width / 2);
        self.lines.push(std::mem::replace(&mut self.line, " ".repeat(indent)));
    }

    fn follow_brackets(&mut self, piece: &str) {
        let begin = self.line.width();
        for (place, character) in outside_strings(piece) {
            match character {
                '[' | '{' => self.within.push((character, begin + piece[..place].width() + 1)),
                ']' | '}' => drop(self.within.pop()),
                _ => {}
            }
        }
    }
}

/// The parts of a reply, each up to the comma behind it.
fn pieces(reply: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for (place, _) in outside_strings(reply).filter(|(_, character)| *character == ',') {
        pieces.push(&reply[start..=place]);
        start = place + 1 + usize::from(reply[place + 1..].starts_with(' '));
    }
    pieces.push(&reply[start..]);
    pieces
}

fn outside_strings(text: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut is_string, mut is_escaped) = (false, false);
    text.char_indices().filter(move |(_, character)| {
        let was_string = is_string;
        match character {
            '"' if !is_escaped => is_string = !is_string,
            _ => {}
        }
        is_escaped = is_string && !is_escaped && *character == '\\';
        !was_string && !is_string
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_element_of_a_list_begins_a_line() {
        let list = r#"[%{id: "1", holder: "Josh"}, %{id: "a, [b", holder: "Wolfman the Second", overdraft: 1000}]"#;
        assert_eq!(broken(list, 100), list);
        assert_eq!(
            broken(list, 40),
            "[%{id: \"1\", holder: \"Josh\"},\n %{id: \"a, [b\",\n   holder: \"Wolfman the Second\",\n   overdraft: 1000}]"
        );
    }

    #[test]
    fn what_has_no_room_is_broken_within() {
        let map = r#"{:ok, %{name: "abcdefghijklmnopqrstuvwxyz"}}"#;
        for line in broken(map, 20).lines() {
            assert!(line.width() <= 20, "{line}");
        }
        assert_eq!(broken(map, 20).replace("\n", "").replace(' ', ""), map.replace(' ', ""));
    }

    #[test]
    fn wide_characters_have_room_too() {
        let list = format!("[%{{id: \"1\", holder: \"{}\"}}]", "日本".repeat(32));
        for width in 40..80 {
            for line in broken(&list, width).lines() {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
    }
}
