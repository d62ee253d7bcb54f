//! What can be called at the prompt. A domain has a table of functions, and a [`Row`] of it is all there is of one: its
//! [`Function`] is data, which `help`, completion, hints and the checks of a call all read, and beside it stands what runs.
//!
//! A statement is held against the [`Vocabulary`] of its [`Domain`] and [checked](check), and becomes a [`Call`] whose
//! [`Outcome`] is what is replied.

mod arguments;
mod call_error;
mod check;
mod domain;
mod function;
mod outcome;
mod row;
mod vocabulary;

pub use self::arguments::Arguments;
pub use self::call_error::{CallError, CallProblem};
pub use self::check::check;
pub use self::domain::{Domain, Names};
pub use self::function::{Function, Kind, Parameter};
pub use self::outcome::{Answer, BUSY, Failed, Live, NotDone, Outcome};
pub use self::row::{Call, Row, Running, WantedSecret, joined};
pub use self::vocabulary::{Helped, Helper, Manual, Vocabulary};
