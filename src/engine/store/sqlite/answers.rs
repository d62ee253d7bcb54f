//! What a commit answers, brought to those who wait for it.

use tokio::sync::mpsc;

use super::requests::Reply;
use super::transaction::{Answer, answers};

use crate::engine::event::Batch;
use crate::engine::store::handler_records::{Progress, ProjectionWritten};
use crate::engine::store::{Appended, StoreError};

/// So many commits' answers may be on their way before the writer waits.
const CAPACITY: usize = 64;

/// An answer that waits for the commit.
pub(super) enum Pending<E> {
    Append(Reply<Appended<E>>, Vec<Answer<E>>),
    Progress(Reply<()>, Result<(), StoreError>),
    Begun(Reply<Progress>, Progress),
    Projections(Reply<Vec<ProjectionWritten>>, Vec<ProjectionWritten>),
}

impl<E> Pending<E> {
    fn answer(self, commit: &Batch<E>) {
        // A reply nobody waits for any more is no error: the caller went away.
        match self {
            Self::Append(reply, answer) => drop(reply.send(Ok(answers(commit, answer)))),
            Self::Progress(reply, written) => drop(reply.send(written)),
            Self::Begun(reply, progress) => drop(reply.send(Ok(progress))),
            Self::Projections(reply, written) => drop(reply.send(Ok(written))),
        }
    }

    pub(super) fn refuse(self, error: StoreError) {
        match self {
            Self::Append(reply, _) => drop(reply.send(Err(error))),
            Self::Progress(reply, _) => drop(reply.send(Err(error))),
            Self::Begun(reply, _) => drop(reply.send(Err(error))),
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
    fn answer(self) {
        self.pending.into_iter().for_each(|pending| pending.answer(&self.commit));
    }

    /// Answers one caller at once, and leaves it to the task of [`deliver`] to answer several.
    pub(super) async fn give(self, delivered: &mpsc::Sender<Self>) {
        if self.pending.len() == 1 {
            self.answer();
        } else if let Err(undelivered) = delivered.send(self).await {
            undelivered.0.answer();
        }
    }
}

/// Starts a task that answers the callers of each commit, to be called within their runtime. To wake a task from
/// another thread is a system call each time, and as dear as an event; here it is one for each commit. The task
/// ends with the writer, not with the store's group: what is stored is answered.
pub(super) fn deliver<E: Send + Sync + 'static>() -> mpsc::Sender<Answers<E>> {
    let (sender, mut commits) = mpsc::channel::<Answers<E>>(CAPACITY);
    tokio::spawn(async move {
        while let Some(answers) = commits.recv().await {
            answers.answer();
        }
    });
    sender
}
