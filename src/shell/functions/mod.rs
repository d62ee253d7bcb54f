//! The functions that can be called at the prompt.
//!
//! A [`Domain`] has a table of functions. Each [`Row`] holds a [`Function`], which describes it as data for `help`,
//! completion, hints and checks, and the code that runs it. A statement is looked up in the [`Vocabulary`] and
//! [checked](check); it becomes a [`Call`], and its [`Outcome`] is the reply.

mod arguments;
mod call_error;
mod check;
mod domain;
mod function;
mod outcome;
mod rewritten;
mod row;
mod suggestion;
mod vocabulary;

pub use self::arguments::Arguments;
pub use self::call_error::{CallError, CallProblem};
pub use self::check::check;
pub use self::domain::{Domain, Names};
pub use self::function::{Function, NIL, Parameter, ParameterKind, string_in};
pub use self::outcome::{Detail, Explanation, Failed, Live, NotDone, Outcome, Reply, SentCall};
pub use self::row::{Call, FindingSecret, Row, RunningCall, SecretForm, WantedSecret, joined};
pub use self::vocabulary::{Manual, ShellFunction, ShellReply, Vocabulary};
