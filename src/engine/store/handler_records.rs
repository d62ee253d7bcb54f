//! What a store keeps for event handlers: how far each has come, the events it has set aside, and the rows of
//! projections.

use std::fs::File;
use std::future::{Future, ready};

use super::StoreError;
use crate::engine::clock::Timestamp;
use crate::engine::event::Position;

/// Whether a name is one of those that no handler and no projection can have: those that begin with a colon. They are
/// for what is written down besides, as the progress of no handler.
pub const fn is_reserved(name: &str) -> bool {
    matches!(name.as_bytes(), [b':', ..])
}

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

/// One row of a projection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectionRow {
    /// What names it within its projection.
    pub key: Box<str>,
    /// What the projection wants to remember, as JSON.
    pub data: Box<str>,
}

/// What a projection's rows are to become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectionUpdate {
    /// The projection.
    pub projection: String,
    /// The checkpoint that the stored rows must have at least: `rows` holds all that has changed since.
    pub after: Position,
    /// The last event that the rows know of.
    pub checkpoint: Position,
    /// For each key that has changed the new data, or nothing where the row is gone.
    pub rows: Vec<(Box<str>, Option<Box<str>>)>,
    /// Whether all other rows are to go, and what is stored now does not matter.
    pub replace_all: bool,
}

/// What became of a projection's update. Several processes may write the rows of one projection, and they all
/// write the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProjectionWritten {
    /// It is stored.
    Stored,
    /// Another process has stored a later state, which stays.
    Later {
        /// Its checkpoint.
        stored: Position,
    },
    /// What it builds on is not stored (any more): only an update that replaces all rows helps.
    Missing {
        /// The checkpoint of what is stored.
        stored: Position,
    },
}

/// The right to run the handlers that have effects outside, which one process has at a time. It ends with this
/// value, or with the process.
#[derive(Debug)]
pub struct HandlersLease {
    /// Locked as long as it is open.
    _lock: Option<File>,
}

impl HandlersLease {
    /// For a store that only one process has.
    pub fn unshared() -> Self {
        Self { _lock: None }
    }

    /// Held by a file that is locked.
    pub fn locked(lock: File) -> Self {
        Self { _lock: Some(lock) }
    }
}

/// The handlers' side of a store. It keeps what is written here as long as it keeps events.
pub trait HandlerRecords {
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

    /// Whether the rows of projections are kept, and whether several processes share the store. Where not, the
    /// functions below keep nothing and grant everything.
    const DURABLE: bool = false;

    /// Writes down the rows of projections, each with its checkpoint, all in one transaction. The answers come in
    /// the order of the updates.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when they are not stored.
    fn write_projections(
        &self,
        updates: Vec<ProjectionUpdate>,
    ) -> impl Future<Output = Result<Vec<ProjectionWritten>, StoreError>> + Send {
        ready(Ok(vec![ProjectionWritten::Stored; updates.len()]))
    }

    /// The checkpoint of a projection's stored rows, if there are any.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not be read.
    fn read_projection(&self, projection: &str) -> impl Future<Output = Result<Option<Position>, StoreError>> + Send {
        let _ = projection;
        ready(Ok(None))
    }

    /// The first `limit` rows of a projection in order of their keys, from the one after `after` on.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not be read.
    fn read_rows(
        &self,
        projection: &str,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<ProjectionRow>, StoreError>> + Send {
        let _ = (projection, after, limit);
        ready(Ok(Vec::new()))
    }

    /// Takes the right to run handlers with effects outside; `None` while another process has it. Never waits.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when that could not be found out.
    fn try_acquire_lease(&self) -> Result<Option<HandlersLease>, StoreError> {
        Ok(Some(HandlersLease::unshared()))
    }
}
