//! Connects the assistant to the line editor: completion, hints and highlighting.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::line_buffer::LineBuffer;
use rustyline::validate::Validator;
use rustyline::{Changeset, Context, Helper};
use unicode_width::UnicodeWidthStr as _;
use zeroize::Zeroizing;

use super::assistant::Assistant;
use super::escaped_history::EscapedHistory;
use super::highlighting::Highlight;
use super::keyboard::Place;
use super::late_output::LateOutput;
use crate::printable::is_printable;
use crate::shell::wrapping::cut;
use crate::shell::{escape, streams, wiped};

/// A hint is not shown in fewer columns, unless it is as short.
const MIN_HINT: usize = 8;

/// The line editor, with the history that escapes.
pub(super) type LineEditor = rustyline::Editor<LineHelper, EscapedHistory>;

/// Helps with a line that is being typed, or hides it.
pub(super) struct LineHelper {
    assistant: Assistant,
    in_color: bool,
    /// Whether the line is shown as stars.
    pub(super) hidden: bool,
    /// The lines before it of the same statement, each with its end.
    before: Zeroizing<String>,
    /// The columns that the prompt takes.
    prompt_width: usize,
    /// Where the cursor was in the line when it was last shown.
    cursor: Cell<Place>,
    /// Shows the line again.
    late: Arc<LateOutput>,
}

impl LineHelper {
    pub(super) fn new(assistant: Assistant, in_color: bool, late: Arc<LateOutput>) -> Self {
        let (before, cursor) = (Zeroizing::new(String::new()), Cell::new(Place::START));
        Self { assistant, in_color, hidden: false, before, prompt_width: 0, cursor, late }
    }

    /// Where the cursor was in the line when it was last shown.
    pub(super) fn cursor(&self) -> Place {
        self.cursor.get()
    }

    fn follow_cursor(&self, line: &str, position: usize) {
        let before_cursor = line.get(..position).unwrap_or(line);
        self.cursor.set(Place::behind(before_cursor));
        self.late.line().set_cursor(&self.pictured(before_cursor));
    }

    /// A text of the line as it is shown, without colours.
    fn pictured<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.hidden { Cow::Owned("*".repeat(text.width())) } else { with_pictures(text) }
    }

    /// A text of the line as it is shown.
    fn painted<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.hidden {
            return self.pictured(text);
        }
        let mut painted = String::new();
        for (highlight, part) in self.assistant.highlights(text) {
            let color = match highlight {
                Highlight::Plain => None,
                Highlight::Function => Some("36"),
                Highlight::String => Some("32"),
                Highlight::Comment => Some("90"),
            };
            match color.filter(|_| self.in_color) {
                Some(color) => painted.push_str(&paint(color, &with_pictures(part))),
                None => painted.push_str(&with_pictures(part)),
            }
        }
        Cow::Owned(painted)
    }

    /// A line begins behind those `before` it.
    pub(super) fn begin_line(&mut self, before: Zeroizing<String>, prompt_width: usize) {
        (self.before, self.prompt_width) = (before, prompt_width);
        self.cursor.set(Place::START);
    }

    /// How many columns are left behind the end of a line, in the row of the terminal that it ends in.
    fn room_behind(&self, line: &str, columns: Option<usize>) -> usize {
        let Some(columns) = columns else { return usize::MAX };
        let (before, last) = line.rsplit_once('\n').map_or((self.prompt_width, line), |(_, last)| (0, last));
        // The cursor has a column too.
        columns - (before + last.width()) % columns - 1
    }

    /// The statement up to the cursor.
    fn statement(&self, line: &str) -> Zeroizing<String> {
        let mut statement = self.before.clone();
        wiped::push(&mut statement, line);
        statement
    }
}

impl Helper for LineHelper {}

/// Accepts every line: the shell itself prompts for the rest of an open string.
impl Validator for LineHelper {}

impl Completer for LineHelper {
    type Candidate = Pair;

    fn complete(&self, line: &str, position: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        if self.hidden {
            return Ok((position, Vec::new()));
        }
        let (start, candidates) = self.assistant.complete(&self.statement(&line[..position]), &line[position..]);
        let Some(start) = start.checked_sub(self.before.len()) else { return Ok((position, Vec::new())) };
        let pairs = candidates.into_iter();
        let pairs = pairs.map(|candidate| Pair {
            display: escape::line(&candidate.shown).into_owned(),
            replacement: escape::line(&candidate.typed).into_owned(),
        });
        Ok((start, pairs.collect()))
    }

    fn update(&self, line: &mut LineBuffer, start: usize, elected: &str, changes: &mut Changeset) {
        // What several names begin with may end in the middle of an escape.
        let whole = if backslashes(elected) % 2 == 1 { &elected[..elected.len() - 1] } else { elected };
        let there = already_there(whole, &line.as_str()[line.pos()..]);
        line.replace(start..line.pos() + there, whole, changes);
    }
}

fn backslashes(text: &str) -> usize {
    text.bytes().rev().take_while(|byte| *byte == b'\\').count()
}

/// How much of what follows the cursor a completion has at its end: within a word or a string, Tab doubles nothing.
fn already_there(completed: &str, after: &str) -> usize {
    let closes = completed.strip_suffix('"').is_some_and(|name| backslashes(name).is_multiple_of(2));
    if closes {
        return usize::from(after.starts_with('"'));
    }
    let is_of_word = |character: char| character.is_alphanumeric() || matches!(character, '_' | '.' | ':');
    let word = after.len() - after.trim_start_matches(is_of_word).len();
    let string = after.find('"').unwrap_or(0);
    // The keyword of an argument is followed by its blank.
    let keyword = if after[word..].starts_with(' ') { word + 1 } else { word };
    [string, keyword, word].into_iter().filter(|length| completed.ends_with(&after[..*length])).max().unwrap_or(0)
}

/// A hint that is shown, but cannot be inserted into the line.
pub(super) struct ArgumentsToCome(String);

impl Hint for ArgumentsToCome {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for LineHelper {
    type Hint = ArgumentsToCome;

    fn hint(&self, line: &str, position: usize, _: &Context<'_>) -> Option<ArgumentsToCome> {
        let has_begun = !line.is_empty() || !self.before.is_empty();
        let at_end = position == line.len() && has_begun && !self.hidden;
        let hint = at_end.then(|| self.assistant.hint(&self.statement(line))).flatten()?;
        // Without a colour of its own it would look as if it were typed. As a comment it does not.
        let shown = if self.in_color { hint } else { format!("  # {}", hint.trim_start_matches(['"', ',', ' '])) };
        let room = self.room_behind(line, streams::output_width());
        (room >= MIN_HINT || shown.width() <= room).then(|| ArgumentsToCome(cut(&shown, room)))
    }
}

impl Highlighter for LineHelper {
    fn highlight<'l>(&self, line: &'l str, position: usize) -> Cow<'l, str> {
        self.follow_cursor(line, position);
        let painted = self.painted(line);
        self.late.line().set_text(&self.pictured(line), &painted);
        painted
    }

    /// During a history search, the prompt quotes the search text.
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        let pictured = with_pictures(prompt);
        self.late.line().set_prompt(&pictured);
        pictured
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.in_color { Cow::Owned(paint("90", hint)) } else { Cow::Borrowed(hint) }
    }

    fn highlight_char(&self, line: &str, position: usize, kind: CmdKind) -> bool {
        self.follow_cursor(line, position);
        kind != CmdKind::MoveCursor
    }
}

/// A typed or pasted text, with a picture of the same width in place of each unprintable character.
fn with_pictures(text: &str) -> Cow<'_, str> {
    if text.chars().all(|character| character == '\n' || is_printable(character)) {
        return Cow::Borrowed(text);
    }
    let picture = |character: char| match character {
        '\n' => Some('\n'),
        _ if is_printable(character) => Some(character),
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(character)),
        '\u{7f}' => Some('\u{2421}'),
        '\u{80}'..='\u{9f}' => Some(char::REPLACEMENT_CHARACTER),
        // A character without width needs no picture.
        _ => None,
    };
    Cow::Owned(text.chars().filter_map(picture).collect())
}

fn paint(color: &str, text: &str) -> String {
    format!("\u{1b}[{color}m{text}\u{1b}[0m")
}
