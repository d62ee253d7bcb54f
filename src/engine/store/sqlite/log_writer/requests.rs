//! Requests to the writer.

use tokio::sync::oneshot;

use crate::engine::log::Position;
use crate::engine::store::encoded_append::EncodedAppend;
use crate::engine::store::handler_records::{ParkedChange, Progress, ProjectionUpdate, ProjectionWritten};
use crate::engine::store::{Appended, StoreError};

pub(in crate::engine::store::sqlite) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

#[derive(Debug)]
pub(in crate::engine::store::sqlite) enum WriteRequest<E> {
    Append {
        appends: Vec<EncodedAppend<E>>,
        reply: Reply<Appended<E>>,
    },
    Begin {
        handler: String,
        start: Progress,
        reply: Reply<Progress>,
    },
    Progress {
        handler: String,
        progress: Progress,
        parked: ParkedChange,
        sync: Sync,
        reply: Reply<()>,
    },
    Projections {
        updates: Vec<ProjectionUpdate>,
        reply: Reply<Vec<ProjectionWritten>>,
    },
    /// Drops what derives from the log, and stores the progress of these handlers. Replies whether that was done: only
    /// if the log still ends at `end`, and no one else has the file open.
    ReplaceDerived {
        handlers: Vec<(String, Progress)>,
        end: Position,
        reply: Reply<bool>,
    },
    /// Replies whether the lease was acquired; if not, the caller may retry.
    AcquireLease {
        reply: Reply<bool>,
    },
    /// Publishes the commits of other processes now.
    Look,
}

/// When what was written must be on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::store::sqlite) enum Sync {
    /// Before the reply.
    Now,
    /// When the next events are; until then a power cut may undo it.
    WithNextEvents,
}

impl<E> WriteRequest<E> {
    /// When the request must be on the disk. What the log can tell again need not be synced.
    pub(in crate::engine::store::sqlite) fn sync(&self) -> Sync {
        match self {
            Self::Progress { sync, .. } => *sync,
            Self::Projections { .. } | Self::Look => Sync::WithNextEvents,
            Self::Append { .. } | Self::Begin { .. } | Self::ReplaceDerived { .. } | Self::AcquireLease { .. } => {
                Sync::Now
            }
        }
    }

    pub(in crate::engine::store::sqlite) fn is_append(&self) -> bool {
        matches!(self, Self::Append { .. })
    }

    pub(in crate::engine::store::sqlite) fn is_for_lease(&self) -> bool {
        matches!(self, Self::AcquireLease { .. })
    }

    /// Whether the request alone may upgrade a file or mark it as in use. Projection rows, which the log can restore,
    /// and the lease may not.
    pub(in crate::engine::store::sqlite) fn justifies_change(&self) -> bool {
        !matches!(self, Self::AcquireLease { .. } | Self::Projections { .. })
    }

    /// The request cannot be written now. Returns it if it must be written later.
    pub(in crate::engine::store::sqlite) fn defer(self) -> Option<Self> {
        match self {
            Self::AcquireLease { reply } => {
                let _ = reply.send(Ok(false));
                None
            }
            // The log can restore the rows, so no one needs to wait, for instance in order to close.
            Self::Projections { updates, reply } => {
                let missing = ProjectionWritten::Missing { stored: Position::START };
                let _ = reply.send(Ok(vec![missing; updates.len()]));
                None
            }
            request => Some(request),
        }
    }

    pub(in crate::engine::store::sqlite) fn refuse(self, error: StoreError) {
        // A failed send is no error: the caller no longer waits.
        match self {
            Self::Append { reply, .. } => drop(reply.send(Err(error))),
            Self::Begin { reply, .. } => drop(reply.send(Err(error))),
            Self::Progress { reply, .. } => drop(reply.send(Err(error))),
            Self::AcquireLease { reply } | Self::ReplaceDerived { reply, .. } => drop(reply.send(Err(error))),
            Self::Projections { reply, .. } => drop(reply.send(Err(error))),
            Self::Look => {}
        }
    }
}
