//! Folds the projections anew from the whole log, page by page, while the old ones answer.

use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use super::projections::Members;
use crate::engine::domain::DomainEvent;
use crate::engine::log::{Batch, Position};
use crate::engine::store::read_ahead::ReadAhead;
use crate::engine::store::{EventStore, StoreError};

/// Why the projections were not rebuilt.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RebuildError {
    /// The log could not be read, or the rows could not be stored.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A projection panicked at an event of the log.
    #[error("a projection panicked: {message}")]
    Panicked {
        /// The panic's message.
        message: String,
    },
    /// The feed's task has ended.
    #[error("the projections have stopped")]
    Stopped,
}

/// The progress of a rebuild, if one is under way.
#[derive(Debug)]
pub(super) struct Rebuild<E> {
    under_way: Option<UnderWay>,
    ahead: ReadAhead<E>,
    /// A projection has panicked or joined meanwhile. The rebuild begins again.
    pub(super) is_spoiled: bool,
}

#[derive(Debug)]
struct UnderWay {
    position: Position,
    callers: Vec<Caller>,
}

/// A caller that asked for the rebuild. Several callers share one.
#[derive(Debug)]
pub(super) struct Caller {
    /// Receives the position reached now and then.
    pub(super) progress: mpsc::Sender<Position>,
    pub(super) reply: oneshot::Sender<Result<Position, RebuildError>>,
}

impl<E> Default for Rebuild<E> {
    fn default() -> Self {
        Self { under_way: None, ahead: ReadAhead::default(), is_spoiled: false }
    }
}

impl<E: DomainEvent> Rebuild<E> {
    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// Reads the next page of the log.
    ///
    /// Cancel-safe.
    pub(super) async fn next_page<S: EventStore<E>>(&mut self, store: &S) -> Result<Batch<E>, StoreError> {
        let position = self.under_way.as_ref().map_or(Position::START, |under_way| under_way.position);
        // Boxed: the feed makes this future before it knows whether a rebuild is under way.
        Box::pin(self.ahead.next(store, position)).await
    }

    /// Begins a rebuild, or shares the one under way.
    pub(super) fn ask(&mut self, caller: Caller, members: &mut Members<E>) {
        match &mut self.under_way {
            Some(under_way) => under_way.callers.push(caller),
            None => self.begin(vec![caller], members),
        }
    }

    fn begin(&mut self, callers: Vec<Caller>, members: &mut Members<E>) {
        members.hosts().for_each(|host| host.begin_anew());
        let under_way = Some(UnderWay { position: Position::START, callers });
        *self = Self { under_way, ..Self::default() };
    }

    /// Folds a page. Once the new projections have caught up with the old ones, they replace them.
    pub(super) fn go_on(&mut self, page: Result<Batch<E>, StoreError>, members: &mut Members<E>) {
        let Some(UnderWay { position, callers }) = self.under_way.take() else { return };
        if self.is_spoiled {
            return self.begin(callers, members);
        }
        let done = members.hosts().map(|host| host.done()).max().unwrap_or_default();
        match page.map_err(RebuildError::from).and_then(|page| fold(&page, position, members)) {
            Err(error) => {
                members.hosts().for_each(|host| host.begin_anew());
                answer(callers, &Err(error));
            }
            Ok(position) if position < done => {
                for caller in &callers {
                    // Progress may be skipped.
                    let _ = caller.progress.try_send(position);
                }
                self.under_way = Some(UnderWay { position, callers });
            }
            Ok(_) => {
                members.hosts().for_each(|host| host.replace());
                answer(callers, &Ok(done));
            }
        }
    }
}

/// Returns the position that the new projections have reached: never beyond the old ones.
fn fold<E: DomainEvent>(
    page: &Batch<E>,
    position: Position,
    members: &mut Members<E>,
) -> Result<Position, RebuildError> {
    // One that is held behind the others folds up to where it is.
    let done = members.hosts().map(|host| host.done()).max().unwrap_or_default();
    let known = &page[..page.partition_point(|event| event.position <= done)];
    for host in members.hosts() {
        host.replay(known).map_err(|message| RebuildError::Panicked { message })?;
    }
    // An empty page is the end of the log.
    Ok(known.last().map_or_else(|| if page.is_empty() { done } else { position }, |last| last.position))
}

fn answer(callers: Vec<Caller>, rebuilt: &Result<Position, RebuildError>) {
    for caller in callers {
        // A caller that is gone needs no reply.
        let _ = caller.reply.send(rebuilt.clone());
    }
}
