//! The functions of every application, at the prompt of its domain: `handlers`, `watch`, `export` and others, each in a
//! file.
//!
//! A domain that [has an application](HasApplication) [joins](super::functions::joined)
//! [these functions](application_functions) to its own; its [`Words`] fill their texts. Its own functions reach the
//! application through [`ShellApplication`]. They begin with what every [`command`] or [`query`] has.

mod backup;
mod breaks;
mod cascade;
mod cluster;
mod crash;
mod diff;
mod events;
mod export;
mod file;
mod fork;
mod fork_name;
mod forks;
mod graph;
mod handler_names;
mod handlers;
mod has_application;
mod head;
mod hold;
mod import;
mod names;
mod parked;
mod parked_numbers;
mod parting;
mod rebuild;
mod report;
mod shell_application;
mod shown_event;
mod snapshots;
mod states;
mod stream;
mod switch;
mod trace;
mod try_call;
mod verify;
mod watch;
mod why;
mod words;

pub(in crate::shell) use self::events::row as events_row;
pub(in crate::shell) use self::fork_name::MAIN;
pub use self::fork_name::NAME as FORK_NAME;
pub use self::forks::Forks;
pub(in crate::shell) use self::handler_names::handler_names;
pub use self::has_application::HasApplication;
pub use self::names::{application_names, names};
pub(in crate::shell) use self::parked_numbers::ParkedNumbers;
pub use self::shell_application::ShellApplication;
pub use self::shown_event::{Looking, ShownEvent, Standing};
pub use self::states::States;
pub(in crate::shell) use self::stream::not_there_yet;
pub use self::try_call::try_call;
pub(in crate::shell) use self::why::because;
pub use self::words::{Words, words};
use super::common_errors::{COMMAND_ID_TAKEN, DEFECT, OUTCOME_UNKNOWN, STORE_FAILED};
use super::functions::{Function, NotDone, Parameter, Row};
use super::term::Term;
use crate::engine::application::{Receipt, StartError};

/// The functions of every application.
pub const fn application_functions<D: HasApplication>() -> [Row<D>; 30] {
    [
        events::row(),
        why::row(),
        graph::row(),
        report::row(),
        watch::row(),
        snapshots::row(),
        handlers::row(),
        parked::parked_row(),
        parked::retry_row(),
        parked::skip_row(),
        hold::hold_row(),
        hold::step_row(),
        hold::release_row(),
        breaks::break_row(),
        breaks::breaks_row(),
        breaks::mend_row(),
        crash::row(),
        trace::row(),
        cluster::row(),
        head::row(),
        verify::row(),
        backup::row(),
        export::row(),
        import::row(),
        rebuild::row(),
        fork::row(),
        switch::forks_row(),
        switch::switch_row(),
        switch::drop_row(),
        diff::row(),
    ]
}

/// A function of the domain's module that only asks: any may reply the application's errors.
pub const fn query<D: HasApplication>(
    name: &'static str,
    parameters: &'static [Parameter],
    summary: &'static str,
    example: &'static str,
) -> Function {
    Function::new(D::WORDS.module, name, parameters, summary, example).common_errors(const { &[D::ERRORS] })
}

/// A function of the domain's module that sends a command: any may also reply that the outcome is unknown.
pub const fn command<D: HasApplication>(
    name: &'static str,
    parameters: &'static [Parameter],
    summary: &'static str,
    example: &'static str,
) -> Function {
    query::<D>(name, parameters, summary, example)
        .common_errors(const { &[D::ERRORS, &[OUTCOME_UNKNOWN, COMMAND_ID_TAKEN]] })
}

/// A function whose texts may have placeholders such as `{thing}` for the domain's words.
const fn function<D: HasApplication>(
    name: &'static str,
    parameters: &'static [Parameter],
    summary: &'static str,
    example: &'static str,
) -> Function {
    query::<D>(name, parameters, summary, example).words(const { &D::WORDS.placeholders() })
}

/// The outcome when a fork, or what is only tried, did not start.
fn not_started(error: StartError) -> NotDone {
    match error {
        StartError::Unavailable(_) | StartError::Unreadable(_) => {
            NotDone::failed(Term::Error(STORE_FAILED), error.to_string()).changing_nothing()
        }
        // The application was started of the same parts.
        defect => NotDone::failed(Term::Error(DEFECT), defect.to_string()).changing_nothing(),
    }
}

/// The reply with a number of events.
fn counted(events: u64) -> Term {
    Term::Ok(Box::new(Term::Map(vec![("events", integer(events))])))
}

pub(in crate::shell) fn integer(number: u64) -> Term {
    Term::Integer(number.into())
}

/// The reply to a handled command. It names the handlers that had not seen its events when the wait ended.
pub(in crate::shell) fn handled<E>(receipt: &Receipt<E>) -> Term {
    if receipt.lagging().is_empty() { Term::OK } else { lagging(receipt, receipt.lagging()) }
}

/// The reply to a handled command that names handlers.
pub(in crate::shell) fn lagging<E>(receipt: &Receipt<E>, handlers: &[&'static str]) -> Term {
    let lagging = handlers.iter().map(|name| Term::String((*name).to_owned())).collect();
    let committed = integer(receipt.position().get());
    Term::Ok(Box::new(Term::Map(vec![("committed", committed), ("lagging", Term::List(lagging))])))
}
