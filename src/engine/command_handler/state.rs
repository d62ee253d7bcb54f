//! Folding events into the state of an aggregate, and taking and restoring snapshots.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::engine::domain::{Aggregate, Contains};
use crate::engine::log::{RecordedEvent, StreamId};
use crate::engine::runtime::panic_message;
use crate::engine::store::StoreError;

/// Applies an event of the aggregate's stream.
///
/// # Errors
///
/// [`StoreError::Failed`]: the event belongs to another kind of aggregate, so no command handler stored it here.
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

/// The state in a snapshot; `None` if it cannot be read or reading it panics.
pub(crate) fn restored_from<A: Aggregate>(stream: &StreamId, snapshot: &str) -> Option<A> {
    catch_unwind(|| A::restore(snapshot)).unwrap_or_else(|panic| {
        let message = panic_message(panic.as_ref());
        tracing::error!("a snapshot of {stream} could not be read: {message}");
        None
    })
}

/// A snapshot of the state. After a panic there is none, and the events have to do.
pub(crate) fn snapshot_of<A: Aggregate>(stream: &StreamId, state: &A) -> Option<String> {
    catch_unwind(AssertUnwindSafe(|| state.snapshot())).unwrap_or_else(|panic| {
        let message = panic_message(panic.as_ref());
        tracing::error!("no snapshot of {stream}: {message}");
        None
    })
}
