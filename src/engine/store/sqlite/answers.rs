//! What a commit answers, brought to those who wait for it.

use tokio::sync::mpsc;

use super::requests::Reply;
use super::transaction::{AppendedRange, answers};

use crate::engine::log::Batch;
use crate::engine::runtime::Runtime;
use crate::engine::store::handler_records::{Progress, ProjectionWritten};
use crate::engine::store::{Appended, StoreError};

/// So many commits' answers may be on their way before the writer waits.
const CAPACITY: usize = 64;

/// An answer that waits for the commit.
pub(super) enum Pending<E> {
    Append(Reply<Appended<E>>, Vec<AppendedRange<E>>),
    Progress(Reply<()>, Result<(), StoreError>),
    Begun(Reply<Progress>, Progress),
    Lease(Reply<bool>),
    Projections(Reply<Vec<ProjectionWritten>>, Vec<ProjectionWritten>),
}

impl<E> Pending<E> {
    fn answer(self, commit: &Batch<E>) {
        // A reply nobody waits for any more is no error: the caller went away.
        match self {
            Self::Append(reply, answer) => drop(reply.send(Ok(answers(commit, answer)))),
            Self::Progress(reply, written) => drop(reply.send(written)),
            Self::Begun(reply, progress) => drop(reply.send(Ok(progress))),
            Self::Lease(reply) => drop(reply.send(Ok(true))),
            Self::Projections(reply, written) => drop(reply.send(Ok(written))),
        }
    }

    /// What was asked for could not be written now; only the right to run handlers can be asked for again.
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

/// The answers of one commit, which is on the disk.
pub(super) struct Answers<E> {
    pub(super) commit: Batch<E>,
    pub(super) pending: Vec<Pending<E>>,
}

impl<E> Answers<E> {
    /// Answers one caller at once, and leaves it to the task of [`deliver`] to answer several.
    pub(super) async fn give(self, delivered: &mpsc::Sender<Self>) {
        if self.pending.len() == 1 {
            drop(self);
        } else {
            // An error says that the task is gone, and its runtime with it.
            let _ = delivered.send(self).await;
        }
    }
}

/// Wherever they come to their end, what is stored is answered.
impl<E> Drop for Answers<E> {
    fn drop(&mut self) {
        self.pending.drain(..).for_each(|pending| pending.answer(&self.commit));
    }
}

/// Starts a task that answers the callers of each commit, where the store's other tasks are. To wake a task from
/// another thread is a system call each time, and as dear as an event; here it is one for each commit. The task
/// ends with the writer, not with the store's group: what is stored is answered.
pub(super) fn deliver<E: Send + Sync + 'static>(runtime: &Runtime) -> mpsc::Sender<Answers<E>> {
    let (sender, mut commits) = mpsc::channel::<Answers<E>>(CAPACITY);
    runtime.spawn(async move {
        while let Some(answers) = commits.recv().await {
            drop(answers);
        }
    });
    sender
}
