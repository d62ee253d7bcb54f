//! A statement that cannot be read or run: where, what, and the place itself with a caret under it.

use std::fmt::Write as _;

use serde::Serialize;
use unicode_width::UnicodeWidthChar;

use super::syntax::Span;
use super::term::write_escaped;

/// A text and the line it begins on, so that places in it can be named.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The text.
    pub text: &'a str,
    /// The number of its first line, from 1.
    pub first_line: usize,
}

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// What is wrong.
    pub message: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The line with a caret under the place.
    #[serde(skip)]
    pub excerpt: String,
}

impl Mistake {
    /// What is wrong at a place of a text.
    pub fn new(source: Source<'_>, span: &Span, message: String) -> Self {
        let before = &source.text[..span.start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = source.text[line_start..].find('\n').map_or(source.text.len(), |end| line_start + end);
        let line = &source.text[line_start..line_end];
        let place = span.start - line_start..span.end.min(line_end).max(span.start) - line_start;
        Self {
            message,
            line: source.first_line + before.matches('\n').count(),
            column: line[..place.start].chars().count() + 1,
            excerpt: excerpt(line, place),
        }
    }

    /// What is wrong at a place that cannot be shown.
    pub fn without_excerpt(message: &str, line: usize, column: usize) -> Self {
        Self { message: message.to_owned(), line, column, excerpt: String::new() }
    }

    /// The mistake as people read it.
    pub fn report(&self) -> String {
        let Self { message, line, column, excerpt } = self;
        let separator = if excerpt.is_empty() { "" } else { "\n" };
        format!("error: {line}:{column}: {message}{separator}{excerpt}")
    }
}

/// The part of a line around a place, and a line with carets under the place.
fn excerpt(line: &str, place: Span) -> String {
    const BEFORE: usize = 48;
    const AFTER: usize = 24;
    let start = line[..place.start].char_indices().rev().nth(BEFORE - 1).map_or(0, |(start, _)| start);
    let end = line[place.end..].char_indices().nth(AFTER).map_or(line.len(), |(end, _)| place.end + end);
    let marked_end = line[place.clone()].char_indices().nth(AFTER).map_or(place.end, |(end, _)| place.start + end);
    let end = if marked_end < place.end { marked_end } else { end };

    let mut text = String::from("  ");
    if start > 0 {
        text.push('…');
    }
    // Writing to a string does not fail.
    let _ = write_escaped(&mut text, &line[start..place.start]);
    let indent = width(&text);
    let before_mark = text.len();
    let _ = write_escaped(&mut text, &line[place.start..marked_end]);
    let carets = width(&text[before_mark..]).max(1);
    let _ = write_escaped(&mut text, &line[marked_end..end]);
    if end < line.len() {
        text.push('…');
    }
    let mut excerpt = text.trim_end().to_owned();
    let _ = write!(excerpt, "\n{}{}", " ".repeat(indent), "^".repeat(carets));
    excerpt
}

fn width(text: &str) -> usize {
    text.chars().filter_map(UnicodeWidthChar::width).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(text: &str, span: Span) -> String {
        Mistake::new(Source { text, first_line: 7 }, &span, "wrong".to_owned()).report()
    }

    #[test]
    fn the_caret_stands_under_the_place() {
        assert_eq!(report("f 1 2", 4..5), "error: 7:5: wrong\n  f 1 2\n      ^");
        assert_eq!(report("a\nß🐺 bc\nd", 9..11), "error: 8:4: wrong\n  ß🐺 bc\n      ^^");
        assert_eq!(report("f", 1..1), "error: 7:2: wrong\n  f\n   ^");
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("{}X{}", "a".repeat(100), "b".repeat(100));
        let shown = format!("  …{}X{}…", "a".repeat(48), "b".repeat(24));
        assert_eq!(report(&text, 100..101), format!("error: 7:101: wrong\n{shown}\n{}^", " ".repeat(51)));
        assert!(report(&"x".repeat(5_000), 0..5_000).len() < 200);
    }

    #[test]
    fn what_the_line_holds_cannot_disturb_the_terminal() {
        assert_eq!(report("\u{1b}[2J x", 5..6), "error: 7:6: wrong\n  \\u{1B}[2J x\n            ^");
    }
}
