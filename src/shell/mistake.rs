//! The report about a statement that cannot be read or run: the message, and the place with carets under it.

use std::fmt::Write as _;

use serde::Serialize;
use unicode_width::UnicodeWidthChar;

use super::escape::{self, write_escaped};
use super::language::{Span, Statement, SyntaxError};
use super::redaction::Visible;

/// A text, with the line and column of a place in it, so that counting continues from there.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    text: &'a str,
    counted: usize,
    line: usize,
    column: usize,
    /// Where the first statement on this line begins.
    first_statement: usize,
}

impl<'a> Source<'a> {
    /// A text whose first line has this number, counted from 1.
    pub fn new(text: &'a str, first_line: usize) -> Self {
        Self { text, counted: 0, line: first_line, column: 1, first_statement: 0 }
    }

    /// The text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Goes on to the next statement. Many mistakes in one text then do not count its lines over and over.
    pub fn go_to(&mut self, statement: &Result<Statement<'_>, SyntaxError>) {
        let span = statement.as_ref().map_or_else(|error| &error.statement, |read| &read.span);
        let line = self.line;
        self.count_to(span.start);
        if self.line != line {
            self.first_statement = span.start;
        }
    }

    /// The line and the column of the last statement gone to.
    pub(super) fn place(&self) -> (usize, usize) {
        (self.line, self.column)
    }

    /// A place before the last statement that lies within no other.
    pub(super) fn first_statement(&self) -> usize {
        self.first_statement
    }

    fn count_to(&mut self, place: usize) {
        for character in self.text[self.counted..place.max(self.counted)].chars() {
            if character == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.counted = place.max(self.counted);
    }
}

/// What is wrong with a statement, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// The message, without the place.
    pub message: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The line, with carets under the place.
    #[serde(skip)]
    pub excerpt: String,
}

impl Mistake {
    /// A mistake at a place of a text; `visible` masks the secrets in its excerpt.
    pub(super) fn new(mut source: Source<'_>, span: &Span, message: String, visible: &Visible) -> Self {
        source.count_to(span.start);
        Self { message, line: source.line, column: source.column, excerpt: excerpt(source.text, span, visible) }
    }

    /// A mistake at a place that cannot be shown.
    pub fn without_excerpt(message: &str, line: usize, column: usize) -> Self {
        Self { message: message.to_owned(), line, column, excerpt: String::new() }
    }

    /// The mistake as people read it: the message, then the excerpt.
    pub fn report(&self) -> String {
        let Self { message, line, column, excerpt } = self;
        let separator = if excerpt.is_empty() { "" } else { "\n" };
        format!("error: {line}:{column}: {}{separator}{excerpt}", escape::line(message))
    }
}

/// The part of a line around a place, and a line with carets under the place.
fn excerpt(text: &str, place: &Span, visible: &Visible) -> String {
    const BEFORE: usize = 48;
    const AFTER: usize = 24;
    let before = text[..place.start].chars().rev().take(BEFORE).take_while(|character| *character != '\n');
    let start = place.start - before.map(char::len_utf8).sum::<usize>();
    let within = |from: usize, to: usize| {
        let characters = text[from..to].chars().take(AFTER).take_while(|character| *character != '\n');
        from + characters.map(char::len_utf8).sum::<usize>()
    };
    let marked_end = within(place.start, place.end);
    let end = if marked_end < place.end { marked_end } else { within(marked_end, text.len()) };

    let masked = visible.part(text, start..end);
    let part = |from: usize, to: usize| &masked[from - start..to - start];

    let mut shown = String::from("  ");
    if !(start == 0 || text[..start].ends_with('\n')) {
        shown.push('…');
    }
    // Writing to a string does not fail.
    let _ = write_escaped(&mut shown, part(start, place.start));
    let indent = width(&shown);
    let before_mark = shown.len();
    let _ = write_escaped(&mut shown, part(place.start, marked_end));
    let carets = width(&shown[before_mark..]).max(1);
    let _ = write_escaped(&mut shown, part(marked_end, end));
    if !(end == text.len() || text[end..].starts_with('\n')) {
        shown.push('…');
    }
    let mut excerpt = shown.trim_end().to_owned();
    let _ = write!(excerpt, "\n{}{}", " ".repeat(indent), "^".repeat(carets));
    excerpt
}

fn width(text: &str) -> usize {
    text.chars().filter_map(UnicodeWidthChar::width).sum()
}

#[cfg(all(test, feature = "bank"))]
mod tests;
