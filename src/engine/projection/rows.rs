//! Projections whose rows a store keeps, so that opening it again is quick however long the log is.
//!
//! The rows that have changed are written now and then, in one transaction with the checkpoint they belong to. What
//! happened after it is folded from the log.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use super::host::Hosted;
use super::rebuild::Caller;
use super::requests::Sender;
use super::{JoinError, Projections, RebuildError, UnreadableRow};
use crate::engine::event::{DomainEvent, Position};
use crate::engine::event_handler::Outlet;
use crate::engine::store::handler_records::{ProjectionUpdate, ProjectionWritten};
use crate::engine::store::{EventStore, StoreError};
use crate::engine::supervisor::StopReason;

/// Events from one writing of rows to the next. As many are folded again at the most when a bank is opened.
const KEEP_EVERY: u64 = 8_192;

/// Which rows of a projection are stored, and which have changed since.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Whether anybody wants to know what changes.
    pub(super) followed: bool,
    /// The checkpoint of the stored rows; nothing where all have to be written.
    pub(super) stored: Option<Position>,
    changed: HashSet<Box<str>, RandomState>,
}

impl Rows {
    pub(super) fn change(&mut self, name: &str) {
        if !self.changed.contains(name) {
            self.changed.insert(name.into());
        }
    }

    /// What is to be stored. It counts as stored until [`Rows::updated`] says otherwise.
    pub(super) fn update(
        &mut self,
        projection: String,
        checkpoint: Position,
        all_rows: impl FnOnce(&mut dyn FnMut(&str)),
        row: impl Fn(&str) -> Option<Box<str>>,
    ) -> Option<ProjectionUpdate> {
        if self.stored == Some(checkpoint) {
            return None;
        }
        let replace_all = self.stored.is_none();
        if replace_all {
            all_rows(&mut |name| self.change(name));
        }
        let rows = self.changed.drain().map(|name| {
            let data = row(&name);
            (name, data)
        });
        let rows = rows.collect();
        let after = self.stored.unwrap_or_default();
        Some(ProjectionUpdate { projection, after, checkpoint, rows, replace_all })
    }

    pub(super) fn updated(&mut self, written: ProjectionWritten, checkpoint: Position) {
        self.stored = match written {
            ProjectionWritten::Stored => Some(checkpoint),
            // What changes from now on is kept in mind, and what another process has stored holds the rest.
            ProjectionWritten::Later { stored } => Some(stored.min(checkpoint)),
            ProjectionWritten::Missing { .. } => None,
        };
    }
}

#[derive(Debug)]
pub(super) enum Request<E> {
    Keep { reply: oneshot::Sender<()> },
    Rebuild(Caller),
    Hold { released: oneshot::Receiver<()>, reply: oneshot::Sender<()> },
    HandOver { outlet: Outlet<E>, reply: oneshot::Sender<()> },
    Join { host: Box<dyn Hosted<E>>, reply: oneshot::Sender<Result<(), JoinError>> },
}

/// As long as this lives, event handlers see nothing of what happens; then all of it.
#[derive(Debug)]
pub struct HandlersHeld {
    _release: oneshot::Sender<()>,
}

/// Asks the projections' task for what does not come with events. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ProjectionsControl<E> {
    pub(super) requests: Sender<Request<E>>,
}

impl<E> ProjectionsControl<E> {
    /// Writes the rows that have changed, so that nothing has to be folded again.
    pub async fn keep_rows(&self) {
        let (reply, kept) = oneshot::channel();
        self.requests.send(Request::Keep { reply });
        // An error says that the task has ended. What is not kept is folded again.
        let _ = kept.await;
    }

    /// Keeps from the event handlers what happens from now on, and lets the projections take it in silently: it is
    /// not new. `None` when the task has ended.
    pub async fn hold_handlers(&self) -> Option<HandlersHeld> {
        let (release, released) = oneshot::channel();
        let (reply, held) = oneshot::channel();
        self.requests.send(Request::Hold { released, reply });
        held.await.ok()?;
        Some(HandlersHeld { _release: release })
    }

    /// Hands over to one more event handler what happens from now on, after the projections have taken it in. What has
    /// happened before is there to be read. `None` when the task has ended.
    pub(in crate::engine) async fn hand_over_to(&self, outlet: Outlet<E>) -> Option<()> {
        let (reply, handed_over) = oneshot::channel();
        self.requests.send(Request::HandOver { outlet, reply });
        handed_over.await.ok()
    }

    /// Folds all projections from the whole log anew, and then shows the new ones. Meanwhile the old ones answer,
    /// and take in what happens. `progress` hears now and then how far the log has been read, if it listens. Who asks
    /// while others have asked already shares what they have begun.
    ///
    /// # Errors
    ///
    /// [`RebuildError`]: why the old ones stay.
    pub async fn rebuild(&self, progress: mpsc::Sender<Position>) -> Result<Position, RebuildError> {
        let (reply, rebuilt) = oneshot::channel();
        self.requests.send(Request::Rebuild(Caller { progress, reply }));
        rebuilt.await.unwrap_or(Err(RebuildError::Stopped))
    }
}

impl<E: DomainEvent> Projections<E> {
    /// Takes back the rows that the store has kept. A projection whose rows are missing, of another form, or
    /// unreadable starts at the beginning.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store's end could not be read, or the store is closed.
    pub async fn restore<S: EventStore<E>>(&mut self, store: &S) -> Result<(), StoreError> {
        self.live_after = store.end().await?;
        for (host, acknowledged) in self.hosted.iter_mut().zip(&self.acknowledged) {
            restore_host(host.as_mut(), store).await?;
            self.checkpoints.advance([acknowledged], host.done());
        }
        Ok(())
    }

    pub(super) fn is_time_to_keep(&self, position: Position) -> bool {
        position.get() - self.kept.get() >= KEEP_EVERY
    }

    /// Writes the rows that have changed.
    pub(super) async fn keep_rows<S: EventStore<E>>(&mut self, store: &S) -> Result<(), StopReason> {
        let updates = self.hosted.iter_mut().enumerate().filter_map(|(host, hosted)| Some((host, hosted.update()?)));
        let (hosts, updates): (Vec<_>, Vec<_>) = updates.unzip();
        self.kept = self.hosted.iter().map(|host| host.done()).min().unwrap_or_default();
        if updates.is_empty() {
            return Ok(());
        }
        let checkpoints: Vec<_> = updates.iter().map(|update| update.checkpoint).collect();
        match store.write_projections(updates).await {
            Ok(written) => {
                for ((host, written), checkpoint) in hosts.into_iter().zip(written).zip(checkpoints) {
                    self.hosted[host].updated(written, checkpoint);
                }
                Ok(())
            }
            Err(StoreError::Closed) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Does what was asked for, where the projections are at `position`.
    pub(super) async fn answer<S: EventStore<E>>(
        &mut self,
        request: Request<E>,
        position: Position,
        store: &S,
    ) -> Result<(), StopReason> {
        // A caller that has gone does not want to know.
        match request {
            Request::Keep { reply } => {
                if store.is_durable() {
                    let kept = self.keep_rows(store).await;
                    kept.inspect_err(|reason| tracing::warn!("projections are not kept, and folded again: {reason}"))?;
                }
                let _ = reply.send(());
            }
            Request::Rebuild(caller) => self.ask_for_rebuild(caller),
            Request::Hold { released, reply } => {
                self.held = Some(released);
                let _ = reply.send(());
            }
            // Nobody would have the read model of a caller that has gone.
            Request::Join { reply, .. } if reply.is_closed() => {}
            Request::Join { host, reply } => {
                let joined = self.join(host, position, store).await;
                let _ = reply.send(joined);
            }
            Request::HandOver { outlet, reply } => {
                if self.held.is_none() {
                    outlet.open_to(position);
                }
                self.hand_over_to(outlet);
                let _ = reply.send(());
            }
        }
        Ok(())
    }
}

/// Why the rows of a projection were not taken back.
#[derive(Debug, Error)]
enum RestoreError {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Row(#[from] UnreadableRow),
}

/// Takes the rows of a projection back, if there are any that can be, and follows from now on which of them change.
pub(super) async fn restore_host<E: DomainEvent, S: EventStore<E>>(
    host: &mut dyn Hosted<E>,
    store: &S,
) -> Result<(), StoreError> {
    if store.is_durable() {
        host.follow_rows();
    }
    let Some(name) = host.rows_name() else { return Ok(()) };
    let restored = match restore_rows(host, store, &name).await {
        Err(RestoreError::Store(StoreError::Closed)) => return Err(StoreError::Closed),
        Err(unreadable) => {
            tracing::warn!("projection {} is folded from the log: {unreadable}", host.name());
            None
        }
        Ok(restored) => restored,
    };
    host.restored(restored);
    Ok(())
}

/// Takes the rows of a projection back. Answers where it was when they were written; `None` where there are none.
async fn restore_rows<E: DomainEvent, S: EventStore<E>>(
    host: &mut dyn Hosted<E>,
    store: &S,
    name: &str,
) -> Result<Option<Position>, RestoreError> {
    let Some(mut stored) = store.read_projection(name).await? else { return Ok(None) };
    while let Some(rows) = stored.next_page().await? {
        host.restore(&rows)?;
    }
    Ok(Some(stored.checkpoint()))
}
