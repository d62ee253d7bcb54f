//! The line under an error, or under an answer that has nothing to show, for a person at a terminal.

use super::error_reason::ErrorReason;
use super::function_table::WIDE;
use super::functions::{Call, Detail, NotDone, Outcome, Reply};
use super::term::{Table, Term, Tree};

/// Why a call was not done, or why there is nothing to show, in words: what was given, what is allowed, and what to do next.
pub(super) fn explanation(outcome: &Outcome, call: Call<'_>) -> Option<String> {
    let (term, note, own) = match outcome {
        Ok(Reply { term, explanation, .. }) => (term, None, explanation.as_ref()),
        Err(NotDone { reply, detail, .. }) => match detail.as_deref() {
            Some(Detail::Malformed(note) | Detail::Note(note)) => (reply, Some(note), None),
            Some(Detail::Explanation(explanation)) => (reply, None, Some(explanation)),
            None => (reply, None, None),
        },
    };
    // What was only tried is explained like what was done.
    let term = match term {
        Term::Tree(Tree { tried: Some(reply), .. }) => reply.as_ref(),
        term => term,
    };
    let reason = match term {
        Term::Error(reason) | Term::Missing(reason) => Some(reason),
        Term::List(items) if items.is_empty() => None,
        Term::Sequence(items) if items.is_empty() => None,
        Term::Table(Table { rows, .. }) if rows.is_empty() => None,
        // What was done, and led to more than was asked for; or what is wrong, in more words than one.
        Term::Atom(_) | Term::Problem(_) if own.is_some() => None,
        _ => return None,
    };
    let own_clause = own.map(|own| own.clause.clone());
    let (about, clause) = match (reason, note) {
        (Some(reason), Some(note)) => (reason.parameters().to_vec(), note.clone()),
        (Some(reason), None) => (reason.parameters().to_vec(), own_clause.unwrap_or_else(|| in_words(reason, call))),
        (None, _) if matches!(term, Term::Atom(_) | Term::Problem(_)) => (Vec::new(), own_clause.unwrap_or_default()),
        (None, _) => (what_was_asked(call), own_clause.unwrap_or_else(|| "there is nothing to show".to_owned())),
    };
    let also = own.map_or(&[][..], |own| own.about);
    let also = also.iter().filter(|name| !about.contains(name));
    let given: Vec<_> = about.iter().chain(also).filter_map(|name| call.given(name)).collect();
    let separator = if given.is_empty() { "" } else { " - " };
    Some(format!("  {}{separator}{clause}", given.join(", ")))
}

/// A reason in the words of the module whose function was called.
fn in_words(reason: &ErrorReason, call: Call<'_>) -> String {
    reason.explanation_for(call.function().module.unwrap_or_default()).into_owned()
}

/// The names of everything that narrows a list down.
fn what_was_asked(call: Call<'_>) -> Vec<&'static str> {
    call.function().parameters.iter().filter(|parameter| **parameter != WIDE).map(|parameter| parameter.name).collect()
}
