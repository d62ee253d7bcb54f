//! The state of an aggregate: what its events and snapshots make of it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::engine::domain::{Aggregate, Contains};
use crate::engine::log::{RecordedEvent, StreamId};
use crate::engine::runtime::panic_message;
use crate::engine::store::StoreError;

/// Takes in an event of the aggregate's stream.
///
/// # Errors
///
/// [`StoreError::Failed`]: it is an event of another kind of aggregate, and nothing that a command handler has stored there.
pub(crate) fn apply<A, E>(state: &mut A, event: &RecordedEvent<E>) -> Result<(), StoreError>
where
    A: Aggregate,
    E: Contains<A::Event>,
{
    let Some(part) = event.data.part() else {
        let RecordedEvent { position, stream, .. } = event;
        let message = format!("the event at position {position}, in the stream {stream}, is none of {}", A::CATEGORY);
        return Err(StoreError::Failed(message.into()));
    };
    state.apply(part);
    Ok(())
}

/// Applies events of the aggregate's stream in order.
///
/// # Errors
///
/// As [`apply`].
pub(crate) fn apply_all<A, E>(state: &mut A, events: &[RecordedEvent<E>]) -> Result<(), StoreError>
where
    A: Aggregate,
    E: Contains<A::Event>,
{
    events.iter().try_for_each(|event| apply(state, event))
}

/// The state of a snapshot. One that cannot be read, or panics when it is, is as good as none.
pub(crate) fn restored_from<A: Aggregate>(stream: &StreamId, snapshot: &str) -> Option<A> {
    catch_unwind(|| A::restore(snapshot)).unwrap_or_else(|panic| {
        let message = panic_message(panic.as_ref());
        tracing::error!("a snapshot of {stream} could not be read: {message}");
        None
    })
}

/// The state as text, if there is one: the events are enough.
pub(crate) fn snapshot_of<A: Aggregate>(stream: &StreamId, state: &A) -> Option<String> {
    catch_unwind(AssertUnwindSafe(|| state.snapshot())).unwrap_or_else(|panic| {
        let message = panic_message(panic.as_ref());
        tracing::error!("no snapshot of {stream}: {message}");
        None
    })
}
