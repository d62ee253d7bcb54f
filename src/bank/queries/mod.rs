//! The queries of a bank: balances now and in the past, statements, and explanations.

mod read_models;
mod statement;
mod why;

pub use self::statement::StatementLine;
pub use self::why::Reason;
