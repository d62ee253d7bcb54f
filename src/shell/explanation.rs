//! The line under an error, for a person at a terminal.

use super::functions::{Call, NotDone, Outcome, Reply};
use super::term::Term;

/// Why a call was not done, in words: what was given, what is allowed, and what to do next.
pub(super) fn explanation(outcome: &Outcome, call: Call<'_>) -> Option<String> {
    let (Ok(Reply { term, .. }) | Err(NotDone { reply: term, note: None, .. })) = outcome else { return None };
    let (Term::Error(reason) | Term::Missing(reason)) = term else { return None };
    let given: Vec<_> = reason.parameters().iter().filter_map(|name| call.given(name)).collect();
    let separator = if given.is_empty() { "" } else { " - " };
    Some(format!("  {}{separator}{}", given.join(", "), reason.explanation()))
}
