//! Records that a store keeps for event handlers: their progress, their parked events, and the rows of projections.

use std::fs::File;
use std::future::{Future, ready};

use tokio::sync::{mpsc, oneshot, watch};

use super::StoreError;
use crate::engine::log::{Position, Timestamp};

/// Whether a name is reserved: it begins with a colon, and no handler or projection can have it. The engine stores
/// other data as the progress of such names.
pub const fn is_reserved(name: &str) -> bool {
    matches!(name.as_bytes(), [b':', ..])
}

/// A handler's progress. The default is a handler that has seen no event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The last acknowledged position; all events before it are acknowledged too.
    pub checkpoint: Position,
    /// How often the event after the checkpoint was attempted. Stored before the handler is called, so that a crash
    /// counts as an attempt.
    pub attempts: u32,
    /// The handler's own state.
    pub state: Option<Box<str>>,
}

/// An event that a handler kept failing on: set aside, to be inspected and retried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedEvent {
    /// Its number among all events ever parked in this store, from 1.
    pub number: u64,
    /// The handler that failed on the event.
    pub handler: String,
    /// The event's position.
    pub position: Position,
    /// How often the handler attempted the event.
    pub attempts: u32,
    /// The handler's last error.
    pub reason: String,
    /// When the event was parked or last retried.
    pub time: Timestamp,
}

/// A change to a handler's parked events, stored together with its progress.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ParkedChange {
    /// No change.
    #[default]
    None,
    /// Parks an event under the next number, whatever number it carries.
    Park(ParkedEvent),
    /// Updates a parked event that was retried and failed again.
    Keep(ParkedEvent),
    /// Removes a parked event that was handled or skipped.
    Remove {
        /// The parked event's number.
        number: u64,
    },
}

/// One row of a projection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectionRow {
    /// The row's key, unique within its projection.
    pub key: Box<str>,
    /// The row's data, as JSON.
    pub data: Box<str>,
}

/// The stored rows of a projection, read page by page so that no one needs to hold them all twice.
#[derive(Debug)]
pub struct StoredProjection {
    checkpoint: Position,
    pages: mpsc::Receiver<Result<Vec<ProjectionRow>, StoreError>>,
}

impl StoredProjection {
    /// Takes the checkpoint and a channel of pages. An empty page must follow the last one: it confirms that the rows
    /// are complete and belong to the checkpoint.
    pub fn new(checkpoint: Position, pages: mpsc::Receiver<Result<Vec<ProjectionRow>, StoreError>>) -> Self {
        Self { checkpoint, pages }
    }

    /// The position of the last event folded into the rows.
    pub fn checkpoint(&self) -> Position {
        self.checkpoint
    }

    /// The next rows, ordered by key; `None` when there are no more. Only then are the rows known to belong to the
    /// checkpoint.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the store cannot be read, or if rows were lost, added or changed: then discard the
    /// pages already received.
    pub async fn next_page(&mut self) -> Result<Option<Vec<ProjectionRow>>, StoreError> {
        match self.pages.recv().await {
            Some(Ok(page)) => Ok(Some(page).filter(|page| !page.is_empty())),
            Some(Err(error)) => Err(error),
            None => Err(StoreError::Closed),
        }
    }
}

/// An update of a projection's rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectionUpdate {
    /// The projection's name.
    pub projection: String,
    /// The checkpoint that the stored rows must have reached: `rows` contains every change since.
    pub after: Position,
    /// The position of the last event folded into the rows.
    pub checkpoint: Position,
    /// The new data of each changed key, or `None` if the row was removed. Keys are unique.
    pub rows: Vec<(Box<str>, Option<Box<str>>)>,
    /// Whether the update replaces all stored rows, whatever their checkpoint.
    pub replace_all: bool,
}

/// The outcome of a projection's update. Several processes may write the rows of one projection; they all write the
/// same rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProjectionWritten {
    /// The update is stored.
    Stored,
    /// Another process stored a later state, which stays.
    Later {
        /// The checkpoint of that state.
        stored: Position,
    },
    /// The rows that the update builds on are not stored: only an update that replaces all rows helps.
    Missing {
        /// The stored checkpoint.
        stored: Position,
    },
}

/// The lease to run the handlers with external effects, held by one process at a time. It ends when this value is
/// dropped, when the process ends, or when another process takes it over; see [`HandlerRecords::try_acquire_lease`].
#[derive(Debug)]
pub struct HandlersLease {
    /// Holds the lock while it is open.
    _lock: Option<File>,
    /// Whether a lease that has to be renewed is lost; and what its keeper waits for to give it up.
    renewed: Option<(watch::Receiver<bool>, oneshot::Sender<()>)>,
}

impl HandlersLease {
    /// The lease of a store that only one process can use.
    pub fn unshared() -> Self {
        Self { _lock: None, renewed: None }
    }

    /// A lease held by a locked file.
    pub fn locked(lock: File) -> Self {
        Self { _lock: Some(lock), renewed: None }
    }

    /// A lease that somebody renews until `given_up` is dropped, and that may be `lost` meanwhile.
    pub fn renewed(lost: watch::Receiver<bool>, given_up: oneshot::Sender<()>) -> Self {
        Self { _lock: None, renewed: Some((lost, given_up)) }
    }

    /// Whether the lease is lost, for one that can be lost before its next write.
    pub fn loss(&self) -> Option<watch::Receiver<bool>> {
        self.renewed.as_ref().map(|(lost, _)| lost.clone())
    }
}

/// The handlers' side of a store. It keeps these records as long as it keeps events.
pub trait HandlerRecords {
    /// The stored progress of a handler, if it has any.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the store cannot be read.
    fn read_progress(&self, handler: &str) -> impl Future<Output = Result<Option<Progress>, StoreError>> + Send;

    /// Stores where a new handler starts, and returns its progress: a handler with stored progress keeps that. No lease
    /// is needed.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the progress is not stored.
    fn begin_progress(
        &self,
        handler: &str,
        start: Progress,
    ) -> impl Future<Output = Result<Progress, StoreError>> + Send;

    /// Stores a handler's progress and the change to its parked events, both or neither.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if nothing is stored; [`StoreError::LeaseLost`] if this store held the lease and another
    /// process holds it now.
    fn write_progress(
        &self,
        handler: &str,
        progress: Progress,
        parked: ParkedChange,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Stores a handler's progress, without waiting for the disk. A crash of the process does not undo it; a power cut may,
    /// back to an earlier progress. For progress that the log can tell again, or that may be repeated.
    ///
    /// # Errors
    ///
    /// As [`HandlerRecords::write_progress`].
    fn write_repeatable_progress(
        &self,
        handler: &str,
        progress: Progress,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        self.write_progress(handler, progress, ParkedChange::None)
    }

    /// The first `limit` parked events with numbers above `after`, ordered by number.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the store cannot be read.
    fn read_parked(
        &self,
        after: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<ParkedEvent>, StoreError>> + Send;

    /// Whether the store keeps projection rows and can be shared by several processes. If not, the operations below
    /// store nothing and grant everything.
    fn is_durable(&self) -> bool {
        false
    }

    /// Stores the rows and checkpoints of several projections in one transaction. The results are in the order of the
    /// updates.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the rows are not stored.
    fn write_projections(
        &self,
        updates: Vec<ProjectionUpdate>,
    ) -> impl Future<Output = Result<Vec<ProjectionWritten>, StoreError>> + Send {
        ready(Ok(vec![ProjectionWritten::Stored; updates.len()]))
    }

    /// The rows of a projection and their checkpoint, if any are stored: a consistent view of one moment, whatever is
    /// written meanwhile.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the store cannot be read, or the rows do not belong to the checkpoint.
    fn read_projection(
        &self,
        projection: &str,
    ) -> impl Future<Output = Result<Option<StoredProjection>, StoreError>> + Send {
        let _ = projection;
        ready(Ok(None))
    }

    /// Tries to acquire the lease, without waiting; `None` while another process holds it. The previous holder can
    /// store no more progress: if two processes come to believe that they hold the lease, one of them learns otherwise
    /// at its next write.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the attempt failed.
    fn try_acquire_lease(&self) -> impl Future<Output = Result<Option<HandlersLease>, StoreError>> + Send {
        ready(Ok(Some(HandlersLease::unshared())))
    }
}
