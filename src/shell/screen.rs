//! The terminal that answers are shown on: its width, and whether it takes colours.
//!
//! Where standard output is no terminal, answers are as wide as they are.

use std::borrow::Cow;
use std::ffi::OsStr;

use super::streams::{output_is_a_terminal, output_width};
use super::table::fitted;
use super::term::Term;
use super::wrapping::{cut, wrapped};

/// No answer is laid out for less.
const MIN_WIDTH: usize = 20;

/// What answers are shown on. By default that is no terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Screen {
    is_terminal: bool,
    in_color: bool,
}

impl Screen {
    /// The one that standard output goes to.
    pub(super) fn of_standard_output() -> Self {
        let is_terminal = output_is_a_terminal();
        let is_set = |name, to: fn(&OsStr) -> bool| std::env::var_os(name).is_some_and(|value| to(&value));
        let in_color = !is_set("NO_COLOR", |value| !value.is_empty()) && !is_set("TERM", |value| value == "dumb");
        Self { is_terminal, in_color: is_terminal && in_color }
    }

    /// Whether answers are coloured there.
    pub(super) fn in_color(self) -> bool {
        self.in_color
    }

    /// How many columns it has now. `None` if it is no terminal, or one that does not know.
    pub(super) fn width(self) -> Option<usize> {
        self.is_terminal.then(output_width).flatten().map(|width| width.max(MIN_WIDTH))
    }

    /// An answer, laid out for the width: a table is shortened unless it `is_wide`, and text is wrapped at words.
    pub(super) fn laid_out(self, term: &Term, is_wide: bool) -> String {
        match (term, self.width()) {
            (Term::Table(table), Some(width)) if !is_wide => fitted(table, width),
            (Term::Text(text), Some(width)) => wrapped(text, width),
            _ => term.to_string(),
        }
    }

    /// A line that is one also where it has no room.
    pub(super) fn cut<'a>(self, line: &'a str) -> Cow<'a, str> {
        self.width().map_or(Cow::Borrowed(line), |width| cut(line, width).into())
    }

    /// A text for people, wrapped at words.
    pub(super) fn wrapped(self, text: &str) -> String {
        self.width().map_or_else(|| text.to_owned(), |width| wrapped(text, width))
    }
}
