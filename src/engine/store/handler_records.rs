//! What a store keeps for event handlers: how far each has come, the events it has set aside, and the rows of
//! projections.

use std::fs::File;
use std::future::{Future, ready};

use tokio::sync::mpsc;

use super::StoreError;
use crate::engine::log::{Position, Timestamp};

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

/// A projection as a store has it: page by page, so that rows need not be held twice.
#[derive(Debug)]
pub struct StoredProjection {
    checkpoint: Position,
    pages: mpsc::Receiver<Result<Vec<ProjectionRow>, StoreError>>,
}

impl StoredProjection {
    /// A checkpoint, and pages that come as they are read. After the last one an empty one comes, which says that these
    /// were all and that they belong to the checkpoint.
    pub fn new(checkpoint: Position, pages: mpsc::Receiver<Result<Vec<ProjectionRow>, StoreError>>) -> Self {
        Self { checkpoint, pages }
    }

    /// The last event that the rows know of.
    pub fn checkpoint(&self) -> Position {
        self.checkpoint
    }

    /// The next rows in the order of their keys; `None` when there are no more. Before that, nothing says that the rows
    /// are those of the checkpoint.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not be read, or rows were lost, added or changed: then those before mean
    /// nothing either.
    pub async fn next_page(&mut self) -> Result<Option<Vec<ProjectionRow>>, StoreError> {
        match self.pages.recv().await {
            Some(Ok(page)) => Ok(Some(page).filter(|page| !page.is_empty())),
            Some(Err(error)) => Err(error),
            None => Err(StoreError::Closed),
        }
    }
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
    /// For each key that has changed the new data, or nothing where the row is gone. A key stands here once.
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
/// value, or with the process, or when another process takes it in spite of that: see
/// [`HandlerRecords::try_acquire_lease`].
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

    /// Writes down where a handler that the store has not seen yet starts. Answers how far it has come: where it was
    /// seen before that stays as it is. This needs no lease.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it is not stored.
    fn begin_progress(
        &self,
        handler: &str,
        start: Progress,
    ) -> impl Future<Output = Result<Progress, StoreError>> + Send;

    /// Writes down how far a handler has come and what that means for its parked events, both or neither.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it is not stored; [`StoreError::LeaseLost`] where this store has had the lease and another
    /// process has it now.
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
    fn is_durable(&self) -> bool {
        false
    }

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

    /// The rows of a projection and the checkpoint that they belong to, if there are any: all of it as it was at one
    /// moment, whatever is written meanwhile.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not be read, or what is there is not what belongs together.
    fn read_projection(
        &self,
        projection: &str,
    ) -> impl Future<Output = Result<Option<StoredProjection>, StoreError>> + Send {
        let _ = projection;
        ready(Ok(None))
    }

    /// Takes the right to run handlers with effects outside; `None` while another process has it, which is not waited
    /// for. From then on, whoever had it before can write no progress: should something have made two processes
    /// holders of it, one of them is told so at its next step.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when that could not be found out.
    fn try_acquire_lease(&self) -> impl Future<Output = Result<Option<HandlersLease>, StoreError>> + Send {
        ready(Ok(Some(HandlersLease::unshared())))
    }
}
