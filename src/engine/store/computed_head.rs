//! Computes the head of a log on request, for stores that keep no hashes.

use foldhash::HashMap;

use super::hash_chain::{Content, GENESIS};
use super::log_head::LogHead;
use super::{EventStore, MAX_READ, StoreError};
use crate::engine::log::{Position, StreamId};
use crate::engine::store::codec::StoredEvent;

/// The head of a log at a position, or its current head; `None` for a position beyond the end. The same events in a
/// file have the same head.
///
/// # Errors
///
/// Returns [`StoreError`] if the store cannot be read.
pub(super) async fn computed_head<E: StoredEvent>(
    store: &impl EventStore<E>,
    at: Option<Position>,
) -> Result<Option<LogHead>, StoreError> {
    let until = at.unwrap_or(Position::new(u64::MAX));
    let (mut position, mut hash, mut buffer) = (Position::START, GENESIS, Vec::new());
    let mut streams: HashMap<StreamId, u64> = HashMap::default();
    let mut command = None;
    while position < until {
        let page = store.read_all(position, MAX_READ).await?;
        let known = &page[..page.partition_point(|event| event.position <= until)];
        if known.is_empty() {
            break;
        }
        for event in known {
            let number_in_command = match command {
                Some((id, number)) if id == event.metadata.command_id => number + 1,
                _ => 1,
            };
            command = Some((event.metadata.command_id, number_in_command));
            let previous_position = streams.insert(event.stream.clone(), event.position.get()).unwrap_or(0);
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
            hash = content.hash(&hash, &mut buffer);
            position = event.position;
        }
    }
    Ok(at.is_none_or(|at| at == position).then(|| LogHead::new(position, &hash)))
}
