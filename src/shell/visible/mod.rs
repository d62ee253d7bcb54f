//! What may be shown of a statement: all but its PINs, and the credentials in a URL.
//!
//! Where a statement was read and its function is known, so are the arguments that are PINs, and where else one can have
//! been meant. Where it was not, everything that could be one is masked: better an amount too many than a PIN.

mod hidden;
mod secrets;
#[cfg(all(test, feature = "bank"))]
mod tests;

use self::hidden::Hidden;
pub(super) use self::secrets::{secrets, without_secrets};
use super::functions::{Function, Vocabulary};
use super::language::masking::{LOOK_BACK, Masked};
use super::language::{Span, Statement, Statements};

/// What may be shown of a statement that cannot be run, and of what stands around it.
#[derive(Clone, Debug)]
pub(super) struct Visible {
    vocabulary: Vocabulary,
    statement: Span,
    /// From where on it is known which statements stand before this one.
    known_from: usize,
    /// Whether it could not even be read, so that nobody knows where it was meant to end.
    is_unread: bool,
    hidden: Hidden,
}

impl Visible {
    /// What may be shown where the statement at this place cannot be read.
    pub(super) fn of(text: &str, statement: &Span, vocabulary: Vocabulary) -> Self {
        Self { is_unread: true, ..Self::of_unknown_call(text, statement, vocabulary) }
    }

    /// What may be shown of a statement that calls nothing that is known.
    pub(super) fn of_unknown_call(text: &str, statement: &Span, vocabulary: Vocabulary) -> Self {
        Self::new(statement, vocabulary, Hidden::of_unread(text, statement, vocabulary))
    }

    /// What may be shown of a statement that calls this function as it cannot be called.
    pub(super) fn of_wrong_call(
        text: &str,
        statement: &Statement<'_>,
        function: &Function,
        vocabulary: Vocabulary,
    ) -> Self {
        Self::new(&statement.span, vocabulary, Hidden::of_wrong_call(text, statement, function))
    }

    fn new(statement: &Span, vocabulary: Vocabulary, hidden: Hidden) -> Self {
        Self { vocabulary, statement: statement.clone(), known_from: statement.start, is_unread: false, hidden }
    }

    /// The same, where another statement is known to begin at a place before, and where this one is in doubt if one of those
    /// between could not be read: a quote there may be meant to reach into it.
    pub(super) fn with_statements_from(self, place: usize, is_in_doubt: bool) -> Self {
        let known_from = place.min(self.statement.start);
        let is_unread = self.is_unread || is_in_doubt;
        Self { known_from, is_unread, hidden: if is_in_doubt { self.hidden.in_doubt() } else { self.hidden }, ..self }
    }

    /// A part of the text with a star for every character that may not be shown. It is as wide as it was, so that a caret
    /// stands where it stood.
    pub(super) fn part(&self, text: &str, part: Span) -> String {
        let mut masked = Masked::new(text, part.clone());
        self.hide_before(text, part.start, &mut masked);
        self.hidden.hide(&self.statement, &mut masked);
        self.hide_others(text, self.statement.end..part.end, self.is_unread, &mut masked);
        masked.hide_credentials();
        masked.into_text()
    }

    fn hide_before(&self, text: &str, start: usize, masked: &mut Masked<'_>) {
        let statement = self.statement.start;
        if start >= statement {
            return;
        }
        // To read far back for each mistake in a long line would take too long.
        let known_from = if statement - self.known_from <= LOOK_BACK { self.known_from } else { statement };
        masked.hide_long_numbers(start..known_from);
        self.hide_others(text, known_from..statement, false, masked);
    }

    /// Hides what must not be shown of other statements on the line, and of comments between them. They are in doubt behind
    /// one that could not be read.
    fn hide_others(&self, text: &str, place: Span, mut is_in_doubt: bool, masked: &mut Masked<'_>) {
        let Span { start: mut at, end } = place;
        if at >= end {
            return;
        }
        for other in Statements::starting_at(text, at) {
            let span = other.as_ref().map_or_else(|error| error.statement.clone(), |read| read.span.clone());
            if span.start >= end {
                break;
            }
            masked.hide_long_numbers(at..span.start);
            let hidden = Hidden::of(text, &other, self.vocabulary);
            let hidden = if is_in_doubt { hidden.in_doubt() } else { hidden };
            hidden.hide(&span, masked);
            is_in_doubt |= other.is_err();
            at = span.end;
        }
        masked.hide_long_numbers(at..end);
    }
}
