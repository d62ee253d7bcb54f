//! Computes the hash chain of a log on request, for stores that keep no hashes.

use foldhash::HashMap;

use super::hash_chain::{Content, GENESIS, Hash, NumbersInCommand};
use super::{EventStore, MAX_READ, StoreError};
use crate::engine::log::{Position, RecordedEvent, StreamId};
use crate::engine::store::codec::StoredEvent;

/// The position and the hash of the event at a position, or of the last one; `None` beyond the end. The same events in a
/// file have the same hashes.
///
/// # Errors
///
/// Returns [`StoreError`] if the store cannot be read.
pub(super) async fn computed_hash<E: StoredEvent>(
    store: &impl EventStore<E>,
    at: Option<Position>,
) -> Result<Option<(Position, Hash)>, StoreError> {
    let until = at.unwrap_or(Position::new(u64::MAX));
    let mut chain = Chain::going_on(Position::START, GENESIS, []);
    while chain.position < until {
        let page = store.read_all(chain.position, MAX_READ).await?;
        let known = &page[..page.partition_point(|event| event.position <= until)];
        if known.is_empty() {
            break;
        }
        known.iter().try_for_each(|event| chain.take(event))?;
    }
    let (position, hash) = chain.end();
    Ok(at.is_none_or(|at| at == position).then_some((position, hash)))
}

/// A hash chain up to an event.
pub(super) struct Chain {
    position: Position,
    hash: Hash,
    /// The position of the last event of each stream.
    streams: HashMap<StreamId, u64>,
    numbers: NumbersInCommand,
    buffer: Vec<u8>,
}

impl Chain {
    /// The chain after the last event of a command, and where streams end there.
    pub(super) fn going_on(
        position: Position,
        hash: Hash,
        streams: impl IntoIterator<Item = (StreamId, Position)>,
    ) -> Self {
        let streams = streams.into_iter().map(|(stream, position)| (stream, position.get())).collect();
        Self { position, hash, streams, numbers: NumbersInCommand::default(), buffer: Vec::new() }
    }

    /// Adds the next event.
    pub(super) fn take<E: StoredEvent>(&mut self, event: &RecordedEvent<E>) -> Result<(), StoreError> {
        let number_in_command = self.numbers.next(event.metadata.command_id);
        let previous_position = self.streams.insert(event.stream.clone(), event.position.get()).unwrap_or(0);
        let content = Content {
            position: event.position.get(),
            stream: event.stream.as_str(),
            version: event.version.get(),
            previous_position,
            time: event.time,
            event_type: event.data.event_type(),
            schema_version: event.data.schema_version(),
            number_in_command,
            metadata: &event.metadata,
            data: &event.data.to_json()?,
        };
        self.hash = content.hash(&self.hash, &mut self.buffer);
        self.position = event.position;
        Ok(())
    }

    /// The position and the hash of the last event.
    pub(super) fn end(&self) -> (Position, Hash) {
        (self.position, self.hash)
    }
}
