//! The line as the editor has last shown it, to be shown again where something else has come in its place.
//!
//! The editor itself shows a line again only while it waits for a first key: neither in a search of the history, nor
//! between two keys that belong together.

use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use unicode_width::UnicodeWidthChar as _;
use zeroize::Zeroizing;

/// What is shown of a line: by default nothing.
#[derive(Debug, Default)]
pub(super) struct ShownLine {
    shown: Mutex<Shown>,
}

#[derive(Debug, Default)]
struct Shown {
    prompt: String,
    /// The text up to the cursor, and the whole of it.
    before_cursor: Zeroizing<String>,
    text: Zeroizing<String>,
    /// The text with its colours.
    painted: Zeroizing<String>,
}

/// A place on the screen, from that of the prompt on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cell {
    row: usize,
    column: usize,
}

impl ShownLine {
    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The prompt changes, also to that of a search.
    pub(super) fn set_prompt(&self, prompt: &str) {
        let mut shown = self.lock();
        shown.prompt.clear();
        shown.prompt.push_str(prompt);
    }

    /// The text changes.
    pub(super) fn set_text(&self, text: &str, painted: &str) {
        let mut shown = self.lock();
        shown.text = Zeroizing::new(text.to_owned());
        shown.painted = Zeroizing::new(painted.to_owned());
    }

    /// The cursor moves behind this part of the text.
    pub(super) fn set_cursor(&self, before_cursor: &str) {
        self.lock().before_cursor = Zeroizing::new(before_cursor.to_owned());
    }

    /// The line has ended.
    pub(super) fn clear(&self) {
        *self.lock() = Shown::default();
    }

    /// What shows the line from the beginning of the cursor's row on, and leaves the cursor where the editor has it. `None`
    /// if no line is shown.
    pub(super) fn drawn(&self, columns: usize) -> Option<Zeroizing<String>> {
        let shown = self.lock();
        if shown.prompt.is_empty() {
            return None;
        }
        let behind_prompt = Cell::default().behind(&shown.prompt, columns);
        let cursor = behind_prompt.behind(&shown.before_cursor, columns).on_the_screen(columns);
        let end = behind_prompt.behind(&shown.text, columns).on_the_screen(columns);
        let mut drawn = Zeroizing::new(String::with_capacity(shown.prompt.len() + shown.painted.len() + 32));
        drawn.extend(["\r\u{1b}[J", &shown.prompt, &shown.painted]);
        if end.column == 0 && end.row > 0 && !shown.text.ends_with('\n') {
            // A terminal goes to the next row only with the next character.
            drawn.push('\n');
        }
        // Writing to a string does not fail.
        if end.row > cursor.row {
            let _ = write!(drawn, "\u{1b}[{}A", end.row - cursor.row);
        }
        drawn.push('\r');
        if cursor.column > 0 {
            let _ = write!(drawn, "\u{1b}[{}C", cursor.column);
        }
        Some(drawn)
    }
}

impl Cell {
    /// The place behind a text that begins here.
    fn behind(mut self, text: &str, columns: usize) -> Self {
        for character in text.chars() {
            if character == '\n' {
                self = Self { row: self.row + 1, column: 0 };
                continue;
            }
            let width = character.width().unwrap_or(0);
            self.column += width;
            if self.column > columns {
                self = Self { row: self.row + 1, column: width };
            }
        }
        self
    }

    /// The same place behind a row that is full: the beginning of the next one.
    fn on_the_screen(self, columns: usize) -> Self {
        if self.column < columns { self } else { Self { row: self.row + 1, column: 0 } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(before_cursor: &str, text: &str) -> String {
        let line = ShownLine::default();
        line.set_prompt("> ");
        line.set_text(text, text);
        line.set_cursor(before_cursor);
        line.drawn(10).unwrap().to_string()
    }

    #[test]
    fn the_cursor_is_where_the_editor_has_it() {
        assert_eq!(drawn("", ""), "\r\u{1b}[J> \r\u{1b}[2C");
        assert_eq!(drawn("ab", "abc"), "\r\u{1b}[J> abc\r\u{1b}[4C");
        assert_eq!(drawn("ab", "abcdefghijk"), "\r\u{1b}[J> abcdefghijk\u{1b}[1A\r\u{1b}[4C");
        assert_eq!(drawn("abcdefgh", "abcdefgh"), "\r\u{1b}[J> abcdefgh\n\r");
        assert_eq!(drawn("a\n漢", "a\n漢b"), "\r\u{1b}[J> a\n漢b\r\u{1b}[2C");
        assert_eq!(drawn("", "abcdefg漢"), "\r\u{1b}[J> abcdefg漢\u{1b}[1A\r\u{1b}[2C");
    }

    #[test]
    fn a_line_that_has_ended_is_not_shown_again() {
        let line = ShownLine::default();
        line.set_prompt("> ");
        line.clear();
        assert_eq!(line.drawn(10), None);
    }
}
