//! The queries of a bank: balances now and in the past, statements, and explanations.

mod account_stream;
mod balance_history;
mod period;
mod read_models;
mod reversed;
mod statement;
mod statement_line;
mod statement_part;
mod why;

pub(super) use self::account_stream::stream_of;
pub use self::balance_history::BalanceAt;
pub use self::period::{Bound, InvalidMonth, InvalidPeriod, Month, Period};
pub use self::statement::Statement;
pub use self::statement_line::{LOCKING_PIN, StatementLine, WRONG_PIN};
pub use self::why::Reason;
