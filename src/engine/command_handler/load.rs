//! Loading an aggregate from its last snapshot and the events since.

use super::{CommandError, Id};
use crate::engine::command_handler::state::{apply_all, restored_from};
use crate::engine::domain::{Aggregate, Contains};
use crate::engine::log::{Batch, Moment, RecordedEvent, StreamId, Version};
use crate::engine::runtime;
use crate::engine::store::{EventStore, MAX_READ, StoreError};

/// An aggregate in memory: its state after all events up to `version`.
pub(in crate::engine) struct Loaded<A> {
    pub(in crate::engine) stream: StreamId,
    pub(in crate::engine) version: Version,
    pub(in crate::engine) state: A,
    /// The version of the snapshot that it was loaded from.
    pub(in crate::engine) snapshot: Option<Version>,
}

/// Loads an aggregate as it is now.
pub(super) async fn load<A, E, S>(store: &S, id: &Id<A>) -> Result<Loaded<A>, CommandError<A::Refusal>>
where
    A: Aggregate,
    E: Contains<A::Event>,
    S: EventStore<E>,
{
    let stream = StreamId::new(A::CATEGORY, id);
    load_at(store, &stream, Moment::NOW, |state, events| Ok(catch_panic(|| apply_all(state, events))??)).await
}

/// Loads an aggregate as it was at a moment. `fold` applies the events after the snapshot to the state, page by page.
pub(in crate::engine) async fn load_at<A, E, S, F>(
    store: &S,
    stream: &StreamId,
    moment: Moment,
    mut fold: impl FnMut(&mut A, &[RecordedEvent<E>]) -> Result<(), F>,
) -> Result<Loaded<A>, F>
where
    A: Aggregate,
    S: EventStore<E>,
    F: From<StoreError>,
{
    let (mut loaded, mut page) = restore_at::<A, E, S>(store, stream, moment).await?;
    loop {
        let happened = page.partition_point(|event| moment.is_after(event));
        let Some(last) = page[..happened].last() else { return Ok(loaded) };
        loaded.version = last.version;
        fold(&mut loaded.state, &page[..happened])?;
        if happened < MAX_READ {
            return Ok(loaded);
        }
        page = store.read_stream(stream, loaded.version, MAX_READ).await?;
    }
}

/// An aggregate as its last snapshot before a moment has it, and the first events after that snapshot. A snapshot that
/// cannot be read counts as none.
///
/// # Errors
///
/// [`StoreError`] when the store could not be read.
async fn restore_at<A, E, S>(store: &S, stream: &StreamId, moment: Moment) -> Result<(Loaded<A>, Batch<E>), StoreError>
where
    A: Aggregate,
    S: EventStore<E>,
{
    let (snapshot, mut page) = store.read_from_snapshot(stream, moment, MAX_READ).await?;
    let mut loaded = Loaded { stream: stream.clone(), version: Version::START, state: A::default(), snapshot: None };
    if let Some(snapshot) = snapshot {
        match restored_from(stream, &snapshot.state) {
            Some(state) => {
                loaded.snapshot = Some(snapshot.version);
                (loaded.version, loaded.state) = (snapshot.version, state);
            }
            None => page = store.read_stream(stream, Version::START, MAX_READ).await?,
        }
    }
    Ok((loaded, page))
}

pub(super) fn catch_panic<T, R>(run: impl FnOnce() -> T) -> Result<T, CommandError<R>> {
    runtime::catch_panic(run).map_err(|message| CommandError::Panicked { message })
}
