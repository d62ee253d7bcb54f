//! An append whose events are encoded.

use super::Append;
use super::codec::{StoredEvent, UnwritableEvent};

/// The bytes that a line of an entry needs besides the event's data and the stream's name.
const BESIDE_THE_DATA: usize = 512;

/// An append with encoded events.
#[derive(Clone, Debug)]
pub(in crate::engine::store) struct EncodedAppend<E> {
    pub(in crate::engine::store) append: Append<E>,
    pub(in crate::engine::store) data: Vec<String>,
}

impl<E: StoredEvent> EncodedAppend<E> {
    pub(in crate::engine::store) fn new(append: Append<E>) -> Result<Self, UnwritableEvent> {
        let data = append.events.iter().map(StoredEvent::to_json).collect::<Result<_, _>>()?;
        Ok(Self { append, data })
    }
}

impl<E> EncodedAppend<E> {
    /// About how many bytes an entry of a log needs for it.
    pub(in crate::engine::store) fn bytes_in_entry(&self) -> usize {
        let Self { append, data } = self;
        let names = BESIDE_THE_DATA + append.stream.as_str().len() + append.metadata.stored().map_or(0, str::len);
        let state = append.snapshot.as_ref().map_or(0, |state| 2 * state.len());
        data.iter().map(|data| data.len() + names).sum::<usize>() + state
    }
}
