//! The shell language, apart from what can be called in it: `Module.function argument, key: argument`, as at the iex
//! prompt.
//!
//! [`Tokens`] is its one scanner. [`Statements`] reads what the tokens mean, [`OpenString`] looks for a string that goes
//! on in the next line, and `masking` for what could be a secret in a text that means nothing.

mod credentials;
mod literals;
pub(super) mod masking;
mod open_string;
mod parser;
#[cfg(test)]
mod properties;
mod statement;
mod syntax_error;
#[cfg(test)]
mod tests;
mod tokens;

use std::ops::Range;

pub(super) use self::credentials::credentials_of;
pub use self::open_string::OpenString;
pub use self::parser::Statements;
pub use self::statement::{Argument, Name, Statement, Value};
pub(super) use self::syntax_error::shortened;
pub use self::syntax_error::{Problem, SyntaxError};
pub use self::tokens::{Token, TokenKind, Tokens};

/// A place in the text, in bytes.
pub type Span = Range<usize>;
