//! Syntax errors.

use thiserror::Error;

use super::Span;
use super::masking::without_long_numbers;

/// A syntax error, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The place at fault.
    pub span: Span,
    /// The place of the whole statement.
    pub statement: Span,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Problem {
    #[error("the string is not closed")]
    OpenString,
    #[error("expected a statement")]
    ExpectedStatement,
    #[error("expected the name of a function after `{0}.`")]
    ExpectedFunction(String),
    #[error("expected an argument")]
    ExpectedArgument,
    #[error("expected `,` or the end of the statement")]
    ExpectedSeparator,
    #[error("write `,` before this argument")]
    MissingComma,
    #[error("one `try` is enough: it stands before a command")]
    TriedTwice,
    #[error("there are no variables here: write the value itself")]
    NoVariables,
    #[error("a function is named without the number of its arguments")]
    Arity,
    #[error("expected `,` or `)`")]
    ExpectedClosing,
    #[error("the parenthesis is not closed; a line that goes on ends with `(` or `,`")]
    OpenParenthesis,
    #[error("arguments with a keyword come last")]
    KeywordFirst,
    #[error("a number has one `.` at most, with digits on both sides, such as 0.5")]
    Fraction,
    #[error("a number alone does nothing")]
    NumberAlone,
    #[error("numbers are written without commas and apostrophes: 1_000 or 1000")]
    Commas,
    #[error("numbers are written out: 1_000 or 1000")]
    Exponent,
    #[error("an amount is a number alone, without its currency")]
    CurrencySign,
    #[error("expected a word after `:`")]
    ExpectedAtom,
    #[error("strings stand in double quotes")]
    SingleQuotes,
    #[error("strings stand in straight quotes: \"…\"")]
    CurlyQuotes,
    #[error("unknown escape: strings know \\\" \\\\ \\n \\t \\u{{…}}")]
    UnknownEscape,
    #[error("expected \\u{{…}} with the hexadecimal number of a Unicode character")]
    UnicodeEscape,
    #[error("numbers are written with the digits 0 to 9")]
    OtherDigit,
    #[error("unexpected character {0:?}")]
    Unexpected(char),
}

/// The result of parsing something.
pub(super) type Parsed<T> = Result<T, SyntaxError>;

/// An error at a place. [`Statements`](super::Statements) fills in the statement's span once its end is known.
pub(super) fn fail<T>(span: Span, problem: Problem) -> Parsed<T> {
    Err(SyntaxError { statement: span.clone(), span, problem })
}

/// A word as messages quote it: cut if it is longer than any meaningful one, and without a number that could be a PIN.
pub(in crate::shell) fn shortened(word: &str) -> String {
    const LONGEST: usize = 64;
    let word = without_long_numbers(word);
    match word.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &word[..end]),
        None => word,
    }
}
