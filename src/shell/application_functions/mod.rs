//! What every application can do, at the prompt of its domain: `handlers`, `watch`, `export`, and so on, a file each.
//!
//! A domain that [has an application](HasApplication) has functions of its own and [joins](super::functions::joined)
//! [these](application_functions) to them, in its own [`Words`]. [`ShellApplication`] is what its functions reach the application by.

mod backup;
mod events;
mod export;
mod file;
mod handlers;
mod has_application;
mod head;
mod import;
mod parked;
mod rebuild;
mod shell_application;
mod verify;
mod watch;
mod why;
mod words;

pub use self::has_application::HasApplication;
pub use self::shell_application::ShellApplication;
pub(in crate::shell) use self::why::because;
pub use self::words::{Words, words};
use super::functions::{Function, Parameter, Row};
use super::term::Term;
use crate::engine::application::Receipt;

/// The functions that every application has.
pub const fn application_functions<D: HasApplication>() -> [Row<D>; 13] {
    [
        events::row(),
        why::row(),
        watch::row(),
        handlers::row(),
        parked::parked_row(),
        parked::retry_row(),
        parked::skip_row(),
        head::row(),
        verify::row(),
        backup::row(),
        export::row(),
        import::row(),
        rebuild::row(),
    ]
}

/// A function in the words of a domain: its texts may have them in braces.
const fn function<D: HasApplication>(
    name: &'static str,
    parameters: &'static [Parameter],
    summary: &'static str,
    example: &'static str,
) -> Function {
    Function::new(D::WORDS.module, name, parameters, summary, example).words(const { &D::WORDS.in_braces() })
}

/// What every function may reply that asks an application.
macro_rules! asked {
    ($details:literal) => {
        concat!(
            $details,
            "\nReplies {:error, :{called}_stopped} where the {called} could not go on, or its file is gone: \
             standard error says why. {mended}"
        )
    };
}

use asked;

/// The reply that says how many events there were.
fn counted(events: u64) -> Term {
    Term::Ok(Box::new(Term::Map(vec![("events", integer(events))])))
}

pub(in crate::shell) fn integer(number: u64) -> Term {
    Term::Integer(number.into())
}

/// The reply to a command that was handled: who had not seen it when waiting ended is told.
pub(in crate::shell) fn handled<E>(receipt: &Receipt<E>) -> Term {
    if receipt.lagging().is_empty() {
        return Term::OK;
    }
    let lagging = receipt.lagging().iter().map(|name| Term::String((*name).to_owned())).collect();
    let committed = integer(receipt.position().get());
    Term::Ok(Box::new(Term::Map(vec![("committed", committed), ("lagging", Term::List(lagging))])))
}
