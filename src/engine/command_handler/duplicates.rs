//! Commands whose id was handled before.

use std::collections::HashSet;

use uuid::Uuid;

use super::sent::Sent;
use super::{CommandError, Outcome};
use crate::engine::domain::{Aggregate, Command as _};
use crate::engine::log::StreamId;
use crate::engine::runtime::trace::detail_line;
use crate::engine::store::{Append, Committed};

/// Whether a command is among the appends. `ids` caches the ids of those seen before.
pub(super) fn is_among<E>(command_id: Uuid, appends: &[Append<E>], ids: &mut HashSet<Uuid>) -> bool {
    ids.extend(appends[ids.len()..].iter().map(|append| append.metadata.command_id));
    ids.contains(&command_id)
}

/// Tells that a command was handled before.
pub(super) fn tell_of_duplicate<A: Aggregate, E>(sent: &Sent<A, E>) {
    detail_line!(
        sent.metadata.correlation_id(),
        "Duplicate: a command of this id was handled before, and its first outcome counts"
    );
}

/// The first outcome of a command, or an error if another command has its id.
pub(super) fn first_outcome<A: Aggregate, E>(sent: &Sent<A, E>, committed: Committed<E>) -> Outcome<A, E> {
    let Some(first) = committed.first() else { return Ok(committed) };
    let is_same_stream = first.stream == StreamId::new(A::CATEGORY, sent.command.target());
    match is_same_stream && first.metadata.may_be_same_command_as(&sent.metadata) {
        true => Ok(committed.repeated()),
        false => Err(CommandError::IdTaken { stream: first.stream.clone() }),
    }
}
