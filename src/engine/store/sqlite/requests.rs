//! What the writer is asked for.

use tokio::sync::oneshot;

use super::transaction::Written;
use crate::engine::log::Position;
use crate::engine::store::handler_records::{ParkedChange, Progress, ProjectionUpdate, ProjectionWritten};
use crate::engine::store::{Appended, StoreError};

pub(super) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

#[derive(Debug)]
pub(super) enum WriteRequest<E> {
    Append {
        appends: Vec<Written<E>>,
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
        reply: Reply<()>,
    },
    Projections {
        updates: Vec<ProjectionUpdate>,
        reply: Reply<Vec<ProjectionWritten>>,
    },
    /// Answers whether the right was taken; if not, it may be asked again.
    TakeLease {
        reply: Reply<bool>,
    },
    /// To publish what other processes have written, now.
    Look,
}

impl<E> WriteRequest<E> {
    pub(super) fn is_for_lease(&self) -> bool {
        matches!(self, Self::TakeLease { .. })
    }

    /// Whether this is a reason to change a file. What the log can say again, and who runs handlers, is none.
    pub(super) fn is_reason(&self) -> bool {
        !matches!(self, Self::TakeLease { .. } | Self::Projections { .. })
    }

    /// Nothing can be written now. Answers with what is to be written later.
    pub(super) fn put_off(self) -> Option<Self> {
        match self {
            Self::TakeLease { reply } => {
                let _ = reply.send(Ok(false));
                None
            }
            // The log says all of it again: whoever waits, to close for instance, waits no longer.
            Self::Projections { updates, reply } => {
                let missing = ProjectionWritten::Missing { stored: Position::START };
                let _ = reply.send(Ok(vec![missing; updates.len()]));
                None
            }
            request => Some(request),
        }
    }

    pub(super) fn refuse(self, error: StoreError) {
        // A reply nobody waits for any more is no error: the caller went away.
        match self {
            Self::Append { reply, .. } => drop(reply.send(Err(error))),
            Self::Begin { reply, .. } => drop(reply.send(Err(error))),
            Self::Progress { reply, .. } => drop(reply.send(Err(error))),
            Self::TakeLease { reply } => drop(reply.send(Err(error))),
            Self::Projections { reply, .. } => drop(reply.send(Err(error))),
            Self::Look => {}
        }
    }
}
