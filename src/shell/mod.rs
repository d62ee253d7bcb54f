//! The prompt: statements in, replies and traces out. The shell knows statements and replies, not money.
//!
//! [`prompt`] reads statements from a person, [`script`] from a file or a pipe; a [`session`] runs them. A script keeps
//! many of their commands [in flight](calls_in_flight).
//! [`language`] parses text into statements, [`functions`] finds the function and checks its arguments, and a
//! [`Domain`](functions::Domain) such as [`bank_functions`] runs it. The reply is a [`term`], printed after the
//! [`trace`] of what happened on the way. A [`program`] puts all of this around one domain.
//!
//! A domain of your own lists its functions with [`function_table`], and adds the
//! [functions of every application](application_functions).

pub mod application_functions;
#[cfg(feature = "bank")]
pub mod bank_functions;
mod broken;
pub mod calls_in_flight;
mod colour;
pub mod common_errors;
mod concepts;
mod core_dumps;
mod description;
mod dev_cluster;
mod editor;
pub mod error_reason;
mod escape;
mod event_record;
mod explanation;
mod flags;
pub mod function_table;
pub mod functions;
mod held;
pub mod help;
mod json_records;
pub mod language;
#[cfg(feature = "library")]
pub mod library_functions;
pub mod lines;
pub mod log;
pub mod mistake;
mod next;
mod page;
mod printed_reply;
mod printing;
pub mod program;
mod progress;
pub mod prompt;
mod prompt_text;
mod query_arguments;
pub mod read_statement;
mod redaction;
mod report;
mod screen;
pub mod script;
pub mod session;
pub mod session_record;
pub mod signals;
mod similarity;
mod streams;
mod table;
pub mod term;
mod tour;
pub mod trace;
mod wiped;
mod wrapping;
