//! Delivers the results of a commit to the callers that wait for it.

use tokio::sync::mpsc;

use super::record_appends::{AppendedRange, committed_results};
use super::requests::Reply;

use crate::engine::log::Batch;
use crate::engine::runtime::Runtime;
use crate::engine::store::handler_records::{Progress, ProjectionWritten};
use crate::engine::store::{Appended, StoreError};

/// How many commits' replies may be undelivered before the writer waits.
const CAPACITY: usize = 64;

/// A reply that waits for the commit.
pub(in crate::engine::store::sqlite) enum PendingReply<E> {
    Append(Reply<Appended<E>>, Vec<AppendedRange<E>>),
    Progress(Reply<()>, Result<(), StoreError>),
    Begun(Reply<Progress>, Progress),
    Lease(Reply<bool>),
    Replaced(Reply<bool>, bool),
    Projections(Reply<Vec<ProjectionWritten>>, Vec<ProjectionWritten>),
}

impl<E> PendingReply<E> {
    fn send(self, commit: &Batch<E>) {
        // A failed send is no error: the caller no longer waits.
        match self {
            Self::Append(reply, results) => drop(reply.send(Ok(committed_results(commit, results)))),
            Self::Progress(reply, written) => drop(reply.send(written)),
            Self::Begun(reply, progress) => drop(reply.send(Ok(progress))),
            Self::Lease(reply) => drop(reply.send(Ok(true))),
            Self::Replaced(reply, replaced) => drop(reply.send(Ok(replaced))),
            Self::Projections(reply, written) => drop(reply.send(Ok(written))),
        }
    }

    /// The request cannot be written now. Only an attempt to acquire the lease can be repeated later.
    pub(in crate::engine::store::sqlite) fn defer(self) {
        match self {
            Self::Lease(reply) => drop(reply.send(Ok(false))),
            other => other.refuse(StoreError::Closed),
        }
    }

    pub(in crate::engine::store::sqlite) fn refuse(self, error: StoreError) {
        match self {
            Self::Append(reply, _) => drop(reply.send(Err(error))),
            Self::Progress(reply, _) => drop(reply.send(Err(error))),
            Self::Begun(reply, _) => drop(reply.send(Err(error))),
            Self::Lease(reply) | Self::Replaced(reply, _) => drop(reply.send(Err(error))),
            Self::Projections(reply, _) => drop(reply.send(Err(error))),
        }
    }
}

/// The replies of one durable commit.
pub(in crate::engine::store::sqlite) struct CommitReplies<E> {
    pub(in crate::engine::store::sqlite) commit: Batch<E>,
    pub(in crate::engine::store::sqlite) pending: Vec<PendingReply<E>>,
}

impl<E> CommitReplies<E> {
    /// Replies to a single caller directly, and hands several to the [delivery task](spawn_delivery).
    pub(in crate::engine::store::sqlite) async fn deliver(self, delivery: &mpsc::Sender<Self>) {
        if self.pending.len() == 1 {
            drop(self);
        } else {
            // An error means that the task and its runtime have ended; dropping the replies sends them.
            let _ = delivery.send(self).await;
        }
    }
}

/// Replies on drop, wherever that happens: a stored commit is always acknowledged.
impl<E> Drop for CommitReplies<E> {
    fn drop(&mut self) {
        self.pending.drain(..).for_each(|pending| pending.send(&self.commit));
    }
}

/// Starts a task that delivers the replies of each commit on the store's runtime. Waking a task from another thread is
/// a system call, as expensive as storing an event; this way it is one per commit. The task ends with the writer rather
/// than with the supervisor, so that every stored commit is acknowledged.
pub(in crate::engine::store::sqlite) fn spawn_delivery<E: Send + Sync + 'static>(
    runtime: &Runtime,
) -> mpsc::Sender<CommitReplies<E>> {
    let (sender, mut commits) = mpsc::channel::<CommitReplies<E>>(CAPACITY);
    runtime.spawn(async move {
        while let Some(replies) = commits.recv().await {
            drop(replies);
        }
    });
    sender
}
