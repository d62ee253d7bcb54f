//! What to do after a statement.

use super::functions::{Failed, Reply};
use super::mistake::Mistake;
use super::term::Term;

/// What to do after a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Run the next one.
    GoOn,
    /// Run the next one, unless the script ends where something is refused or declined: the reply, in words.
    Refused(String),
    /// Show what can be recalled, where there is a prompt.
    ShowHistory,
    /// Clear the screen, where there is a prompt.
    ClearScreen,
    /// Leave, as the statement asked.
    Leave,
    /// End the program at once, as the statement asked. What was answered before is printed first.
    Crash,
    /// Report a mistake: the statement could not be read or run.
    Mistake(Mistake),
    /// Drive the statement with [`Session::go_on`] until it ends, or end it with [`Session::interrupt`].
    ///
    /// [`Session::go_on`]: super::session::Session::go_on
    /// [`Session::interrupt`]: super::session::Session::interrupt
    Live,
    /// Report that the statement failed. Others may still succeed.
    NotDone(String),
    /// Report that the domain failed and cannot go on.
    Failure(String),
}

/// What to do after a statement that failed or not, on a domain that has stopped or not.
pub(super) fn next_after(failed: Option<Failed>, stopped: Option<String>, refused: Option<String>) -> Next {
    match (failed, stopped) {
        (Some(Failed { message, changes_nothing: false }), _) | (_, Some(message)) => Next::Failure(message),
        (Some(Failed { message, changes_nothing: true }), None) => Next::NotDone(message),
        (None, None) => refused.map_or(Next::GoOn, Next::Refused),
    }
}

/// What was refused or declined, in words.
pub(super) fn refused(reply: &Reply, is_done: bool) -> Option<String> {
    match &reply.term {
        term if !is_done => Some(term.to_string()),
        term @ (Term::Error(_) | Term::Problem(_)) => Some(term.to_string()),
        Term::Ok(counts) if reply.declined => Some(format!("not all was done: {counts}")),
        _ if reply.declined => Some("it was declined".to_owned()),
        _ => None,
    }
}
