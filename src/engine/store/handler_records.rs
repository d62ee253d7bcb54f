//! What a store keeps for event handlers: how far each has come, and the events it has set aside.

use std::future::Future;

use super::StoreError;
use crate::engine::clock::Timestamp;
use crate::engine::event::Position;

/// How far a handler has come. The default is a handler that has seen nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The last event that it has acknowledged, and all before it.
    pub checkpoint: Position,
    /// How often the event after the checkpoint was tried. Written before the handler is called, so that a crash
    /// counts.
    pub attempts: u32,
    /// What the handler itself wants to remember.
    pub state: Option<Box<str>>,
}

/// An event that a handler kept failing on, set aside where it can be seen and retried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedEvent {
    /// Its number among all that were ever parked in this store, from 1.
    pub number: u64,
    /// The handler that could not do with it.
    pub handler: String,
    /// The event.
    pub position: Position,
    /// How often the handler was called with it.
    pub attempts: u32,
    /// What the handler said last.
    pub reason: String,
    /// When it was parked, or tried last since.
    pub time: Timestamp,
}

/// What happens to a handler's parked events as its progress is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ParkedChange {
    /// Nothing.
    #[default]
    None,
    /// An event is parked. It gets the next number, whatever number is given here.
    Park(ParkedEvent),
    /// One that is parked was tried again and stays.
    Keep(ParkedEvent),
    /// One is parked no longer: it was handled or is to be skipped.
    Remove {
        /// The parked event's number.
        number: u64,
    },
}

/// The handlers' side of a store. It keeps what is written here as long as it keeps events.
pub trait HandlerRecords {
    /// Whether what is written here outlives the process.
    const DURABLE: bool;

    /// How far a handler has come, if it has ever written that down.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not be read.
    fn read_progress(&self, handler: &str) -> impl Future<Output = Result<Option<Progress>, StoreError>> + Send;

    /// Writes down how far a handler has come and what that means for its parked events, both or neither.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it is not stored.
    fn write_progress(
        &self,
        handler: &str,
        progress: Progress,
        parked: ParkedChange,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The first `limit` parked events with numbers after `after`, in order of their numbers.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not be read.
    fn read_parked(
        &self,
        after: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<ParkedEvent>, StoreError>> + Send;
}
