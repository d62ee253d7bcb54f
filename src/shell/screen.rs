//! The terminal that answers are shown on: its width, and whether it takes colours.
//!
//! Where standard output is no terminal, answers are not wrapped.

use std::borrow::Cow;
use std::ffi::OsStr;

use super::broken::broken;
use super::streams::{answers_go_through_a_pipe, output_is_a_terminal, output_width};
use super::table::fitted;
use super::term::{ASCII, Pen, Term, UNICODE};
use super::wrapping::{cut, wrapped};

/// No paragraph is wider than this, however wide the terminal is.
const EASILY_READ: usize = 78;
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
        Self { is_terminal, in_color: is_terminal && may_be_in_color() }
    }

    /// For answers that go through a pipe while a person types on a terminal: mostly they come back to it, as from `tee`.
    /// They are as wide as it is, and have no colours.
    pub(super) fn beside_terminal(self) -> Self {
        Self { is_terminal: self.is_terminal || answers_go_through_a_pipe(), ..self }
    }

    /// The terminal that a person types on, for what goes there whatever becomes of the answers.
    pub(super) fn of_terminal() -> Self {
        Self { is_terminal: true, in_color: may_be_in_color() }
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
            (Term::Tree(tree), width) => tree.drawn(self.pen(), width),
            (Term::Chart(chart), width) => chart.drawn(self.pen(), width),
            (Term::Table(_), _) | (_, None) => term.to_string(),
            (_, Some(width)) => broken(&term.to_string(), width),
        }
    }

    /// What lines are drawn with. What is no terminal takes Unicode.
    fn pen(self) -> Pen {
        if self.has_unicode() { UNICODE } else { ASCII }
    }

    fn has_unicode(self) -> bool {
        !self.is_terminal || has_unicode()
    }

    /// The line, cut to the width so that it stays one line.
    pub(super) fn cut<'a>(self, line: &'a str) -> Cow<'a, str> {
        self.width().map_or(Cow::Borrowed(line), |width| cut(line, width).into())
    }

    /// Paragraphs of one line each, in lines that are easily read.
    pub(super) fn filled(self, text: &str) -> String {
        let text = if self.has_unicode() { text.into() } else { Cow::Owned(text.replace('…', "...")) };
        wrapped(&text, self.width().unwrap_or(EASILY_READ).min(EASILY_READ))
    }

    /// Text for people, wrapped at words.
    pub(super) fn wrapped(self, text: &str) -> String {
        self.width().map_or_else(|| text.to_owned(), |width| wrapped(text, width))
    }
}

/// Whether the terminal shows Unicode, as far as its locale says. Without a locale it mostly does.
fn has_unicode() -> bool {
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(std::env::var_os).find(|value| !value.is_empty());
    locale.is_none_or(|locale| {
        let locale = locale.to_string_lossy().to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

fn may_be_in_color() -> bool {
    let is_set = |name, to: fn(&OsStr) -> bool| std::env::var_os(name).is_some_and(|value| to(&value));
    !is_set("NO_COLOR", |value| !value.is_empty()) && !is_set("TERM", |value| value == "dumb")
}
