//! Loads an aggregate: its last snapshot, and the events after it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{CommandError, Id};
use crate::engine::command_handler::state::{apply, restored_from};
use crate::engine::domain::{Aggregate, Contains};
use crate::engine::log::{Moment, StreamId, Version};
use crate::engine::runtime::panic_message;
use crate::engine::store::{EventStore, MAX_READ};

/// An aggregate in memory: its state after all events up to `version`.
pub(super) struct Loaded<A> {
    pub(super) stream: StreamId,
    pub(super) version: Version,
    pub(super) state: A,
}

/// Loads an aggregate as it is now.
pub(super) async fn load<A, E, S>(store: &S, id: &Id<A>) -> Result<Loaded<A>, CommandError<A::Refusal>>
where
    A: Aggregate,
    E: Contains<A::Event>,
    S: EventStore<E>,
{
    let stream = StreamId::new(A::CATEGORY, id);
    let (snapshot, mut events) = store.read_from_snapshot(&stream, Moment::NOW, MAX_READ).await?;
    let mut version = Version::START;
    let mut state = A::default();
    if let Some(snapshot) = snapshot {
        match restored_from(&stream, &snapshot.state) {
            Some(restored) => (version, state) = (snapshot.version, restored),
            None => events = store.read_stream(&stream, version, MAX_READ).await?,
        }
    }
    loop {
        let Some(last) = events.last() else {
            return Ok(Loaded { stream, version, state });
        };
        version = last.version;
        catch_panic(|| events.iter().try_for_each(|event| apply(&mut state, event)))??;
        if events.len() < MAX_READ {
            return Ok(Loaded { stream, version, state });
        }
        events = store.read_stream(&stream, version, MAX_READ).await?;
    }
}

pub(super) fn catch_panic<T, R>(run: impl FnOnce() -> T) -> Result<T, CommandError<R>> {
    catch_unwind(AssertUnwindSafe(run))
        .map_err(|panic| CommandError::Panicked { message: panic_message(panic.as_ref()) })
}
