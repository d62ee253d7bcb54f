//! The visible part of a statement: everything but its PINs and the credentials in a URL.
//!
//! In a parsed statement whose function is known, the PINs are known too, and so are the places where one may have been
//! meant. In any other, every number of four digits or more is masked: better to hide an amount than to show a PIN.

mod hidden_spans;
mod secrets;
#[cfg(all(test, feature = "bank"))]
mod tests;

use self::hidden_spans::Hidden;
pub(super) use self::secrets::{secrets, without_secrets};
use super::functions::{Function, Vocabulary};
use super::language::masking::{LOOK_BACK, Masked};
use super::language::{Span, Statement, Statements};

/// The visible part of a statement that cannot be run, and of the text around it.
#[derive(Clone, Debug)]
pub(super) struct Visible {
    vocabulary: Vocabulary,
    statement: Span,
    /// Where the first statement before this one begins whose boundaries are known.
    known_from: usize,
    hidden: Hidden,
}

impl Visible {
    /// For a statement that is a syntax error, or calls an unknown function.
    pub(super) fn of_unread(statement: &Span, vocabulary: Vocabulary) -> Self {
        Self::new(statement, vocabulary, Hidden::PossiblePins)
    }

    /// For a statement with wrong arguments for its function.
    pub(super) fn of_wrong_call(
        text: &str,
        statement: &Statement<'_>,
        function: &Function,
        vocabulary: Vocabulary,
    ) -> Self {
        Self::new(&statement.span, vocabulary, Hidden::of_wrong_call(text, statement, function))
    }

    fn new(statement: &Span, vocabulary: Vocabulary, hidden: Hidden) -> Self {
        Self { vocabulary, statement: statement.clone(), known_from: statement.start, hidden }
    }

    /// Adds the place where an earlier statement begins.
    pub(super) fn with_statements_from(self, place: usize) -> Self {
        Self { known_from: place.min(self.statement.start), ..self }
    }

    /// A part of the text, with a star in place of each byte that must not be shown. The width stays, so that carets stay in
    /// place.
    pub(super) fn part(&self, text: &str, part: Span) -> String {
        let mut masked = Masked::new(text, part.clone());
        self.hide_before(text, part.start, &mut masked);
        self.hidden.hide(&self.statement, &mut masked);
        self.hide_others(text, self.statement.end..part.end, &mut masked);
        masked.hide_credentials();
        masked.into_text()
    }

    fn hide_before(&self, text: &str, start: usize, masked: &mut Masked<'_>) {
        let statement = self.statement.start;
        if start >= statement {
            return;
        }
        // Reading far back for each of many mistakes in a long line would take quadratic time.
        let known_from = if statement - self.known_from <= LOOK_BACK { self.known_from } else { statement };
        masked.hide_possible_pins(start..known_from);
        self.hide_others(text, known_from..statement, masked);
    }

    /// Hides secrets in other statements on the line, and in comments between them.
    fn hide_others(&self, text: &str, place: Span, masked: &mut Masked<'_>) {
        let Span { start: mut at, end } = place;
        if at >= end {
            return;
        }
        for other in Statements::starting_at(text, at) {
            let span = other.as_ref().map_or_else(|error| error.statement.clone(), |read| read.span.clone());
            if span.start >= end {
                break;
            }
            masked.hide_possible_pins(at..span.start);
            Hidden::of(text, &other, self.vocabulary).hide(&span, masked);
            at = span.end;
        }
        masked.hide_possible_pins(at..end);
    }
}
