//! What the writer is asked for.

use tokio::sync::oneshot;

use super::transaction::Written;
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
    TakeLease {
        reply: Reply<()>,
    },
    /// To publish what other processes have written, now.
    Look,
}

impl<E> WriteRequest<E> {
    pub(super) fn refuse(self, error: StoreError) {
        // A reply nobody waits for any more is no error: the caller went away.
        match self {
            Self::Append { reply, .. } => drop(reply.send(Err(error))),
            Self::Begin { reply, .. } => drop(reply.send(Err(error))),
            Self::Progress { reply, .. } | Self::TakeLease { reply } => drop(reply.send(Err(error))),
            Self::Projections { reply, .. } => drop(reply.send(Err(error))),
            Self::Look => {}
        }
    }
}
