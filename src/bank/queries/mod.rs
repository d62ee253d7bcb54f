//! The queries of a bank: balances now and in the past, statements, and explanations.

mod period;
mod read_models;
mod statement;
mod statement_lines;
mod why;

pub use self::period::{Bound, InvalidMonth, Month, Period};
pub use self::statement_lines::{LOCKING_PIN, LeftOut, Statement, StatementLine, WRONG_PIN};
pub use self::why::Reason;
