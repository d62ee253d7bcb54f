//! What a bank can be asked about: now, at a moment in the past, and why.

mod now_and_then;
mod statement;
mod why;

pub use self::statement::StatementLine;
pub use self::why::Reason;
