//! The shell language, independent of any functions: `Module.function argument, key: argument`, as at the iex prompt.
//!
//! [`Tokens`] is the only scanner. [`Statements`] parses its tokens, [`OpenStatement`] finds a statement that
//! continues on the next line, and `masking` finds possible secrets in text that cannot be parsed.

mod argument;
mod argument_list;
mod credentials;
mod literals;
pub(super) mod masking;
mod open_statement;
mod parser;
#[cfg(test)]
mod properties;
mod statement;
mod syntax_error;
#[cfg(test)]
mod tests;
mod tokens;

use std::ops::Range;

pub use self::argument::{Argument, Name, Value};
pub use self::argument_list::ArgumentList;
pub(super) use self::credentials::credentials_of;
pub(super) use self::literals::string_begun;
pub use self::open_statement::OpenStatement;
pub use self::parser::Statements;
pub use self::statement::Statement;
pub(super) use self::statement::TRY;
pub(super) use self::syntax_error::shortened;
pub use self::syntax_error::{Problem, SyntaxError};
pub use self::tokens::{Token, TokenKind, Tokens};

/// A place in the text, in bytes.
pub type Span = Range<usize>;
