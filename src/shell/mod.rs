//! The prompt: statements in, replies and traces out. The shell knows statements and replies, not money.
//!
//! [`prompt`] reads statements from a person and [`script`] from a file or a pipe; a [`session`] runs them.
//! [`language`] turns text into statements, [`functions`] finds what they call and checks what it is given, and
//! a [`Domain`](functions::Domain) such as [`bank_functions`] does it. What comes back is a [`term`], printed
//! behind the [`trace`] of what happened on the way. A [`program`] is all of that around one domain.
//!
//! A domain of one's own writes its functions as a [`table`], and gets those that
//! [every application](application_functions) has.

pub mod application_functions;
#[cfg(feature = "bank")]
pub mod bank_functions;
mod description;
mod editor;
mod escape;
mod event_record;
mod flags;
pub mod functions;
pub mod help;
pub mod language;
#[cfg(feature = "library")]
pub mod library_functions;
pub mod lines;
pub mod log;
pub mod mistake;
mod printing;
pub mod program;
mod progress;
pub mod prompt;
mod question;
pub mod read_statement;
pub mod script;
pub mod session;
pub mod signals;
mod streams;
pub mod table;
pub mod term;
mod terminal;
pub mod trace;
mod visible;
