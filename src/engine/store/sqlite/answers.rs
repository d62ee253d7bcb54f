//! Delivers the results of a commit to the callers that wait for it.

use tokio::sync::mpsc;

use super::requests::Reply;
use super::transaction::{AppendedRange, answers};

use crate::engine::log::Batch;
use crate::engine::runtime::Runtime;
use crate::engine::store::handler_records::{Progress, ProjectionWritten};
use crate::engine::store::{Appended, StoreError};

/// How many commits' replies may be undelivered before the writer waits.
const CAPACITY: usize = 64;

/// A reply that waits for the commit.
pub(super) enum Pending<E> {
    Append(Reply<Appended<E>>, Vec<AppendedRange<E>>),
    Progress(Reply<()>, Result<(), StoreError>),
    Begun(Reply<Progress>, Progress),
    Lease(Reply<bool>),
    Projections(Reply<Vec<ProjectionWritten>>, Vec<ProjectionWritten>),
}

impl<E> Pending<E> {
    fn answer(self, commit: &Batch<E>) {
        // A failed send is no error: the caller no longer waits.
        match self {
            Self::Append(reply, answer) => drop(reply.send(Ok(answers(commit, answer)))),
            Self::Progress(reply, written) => drop(reply.send(written)),
            Self::Begun(reply, progress) => drop(reply.send(Ok(progress))),
            Self::Lease(reply) => drop(reply.send(Ok(true))),
            Self::Projections(reply, written) => drop(reply.send(Ok(written))),
        }
    }

    /// The request cannot be written now. Only an attempt to acquire the lease can be repeated later.
    pub(super) fn put_off(self) {
        match self {
            Self::Lease(reply) => drop(reply.send(Ok(false))),
            other => other.refuse(StoreError::Closed),
        }
    }

    pub(super) fn refuse(self, error: StoreError) {
        match self {
            Self::Append(reply, _) => drop(reply.send(Err(error))),
            Self::Progress(reply, _) => drop(reply.send(Err(error))),
            Self::Begun(reply, _) => drop(reply.send(Err(error))),
            Self::Lease(reply) => drop(reply.send(Err(error))),
            Self::Projections(reply, _) => drop(reply.send(Err(error))),
        }
    }
}

/// The replies of one durable commit.
pub(super) struct Answers<E> {
    pub(super) commit: Batch<E>,
    pub(super) pending: Vec<Pending<E>>,
}

impl<E> Answers<E> {
    /// Replies to a single caller directly, and hands several to the [delivery task](deliver).
    pub(super) async fn give(self, delivered: &mpsc::Sender<Self>) {
        if self.pending.len() == 1 {
            drop(self);
        } else {
            // An error means that the task and its runtime have ended; dropping the replies sends them.
            let _ = delivered.send(self).await;
        }
    }
}

/// Replies on drop, wherever that happens: a stored commit is always acknowledged.
impl<E> Drop for Answers<E> {
    fn drop(&mut self) {
        self.pending.drain(..).for_each(|pending| pending.answer(&self.commit));
    }
}

/// Starts a task that delivers the replies of each commit on the store's runtime. Waking a task from another thread is
/// a system call, as expensive as storing an event; this way it is one per commit. The task ends with the writer rather
/// than with the supervisor, so that every stored commit is acknowledged.
pub(super) fn deliver<E: Send + Sync + 'static>(runtime: &Runtime) -> mpsc::Sender<Answers<E>> {
    let (sender, mut commits) = mpsc::channel::<Answers<E>>(CAPACITY);
    runtime.spawn(async move {
        while let Some(answers) = commits.recv().await {
            drop(answers);
        }
    });
    sender
}
