//! Folding the projections from the whole log anew, page by page, while the old ones go on.

use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use super::members::Members;
use crate::engine::domain::DomainEvent;
use crate::engine::log::{Batch, Position};
use crate::engine::store::{EventStore, MAX_READ, StoreError};

/// Why the projections were not rebuilt.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RebuildError {
    /// The log could not be read, or the rows could not be stored.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A projection panicked on what the log holds.
    #[error("a projection panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// The feed's task has ended.
    #[error("the projections have stopped")]
    Stopped,
}

/// How far the new projections are, if there are any.
#[derive(Debug, Default)]
pub(super) struct Rebuild {
    under_way: Option<UnderWay>,
    /// A projection has panicked meanwhile, and needed the place of the new one for itself.
    pub(super) is_spoiled: bool,
}

#[derive(Debug)]
struct UnderWay {
    position: Position,
    callers: Vec<Caller>,
}

/// Who has asked for it. There may be several, and one rebuild is enough.
#[derive(Debug)]
pub(super) struct Caller {
    /// Hears now and then how far it is.
    pub(super) progress: mpsc::Sender<Position>,
    pub(super) reply: oneshot::Sender<Result<Position, RebuildError>>,
}

impl Rebuild {
    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// Reads the next page of the log.
    ///
    /// Dropping the future loses nothing.
    pub(super) async fn next_page<E: DomainEvent, S: EventStore<E>>(&self, store: &S) -> Result<Batch<E>, StoreError> {
        let position = self.under_way.as_ref().map_or(Position::START, |under_way| under_way.position);
        store.read_all(position, MAX_READ).await
    }

    /// Begins to rebuild, or lets the caller share what is under way.
    pub(super) fn ask<E: DomainEvent>(&mut self, caller: Caller, members: &mut Members<E>) {
        match &mut self.under_way {
            Some(under_way) => under_way.callers.push(caller),
            None => self.begin(vec![caller], members),
        }
    }

    fn begin<E: DomainEvent>(&mut self, callers: Vec<Caller>, members: &mut Members<E>) {
        members.hosts().for_each(|host| host.begin_anew());
        let under_way = Some(UnderWay { position: Position::START, callers });
        *self = Self { under_way, is_spoiled: false };
    }

    /// Folds a page. When the new projections are where the old ones are, they take their place.
    pub(super) fn go_on<E: DomainEvent>(&mut self, page: Result<Batch<E>, StoreError>, members: &mut Members<E>) {
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
                    // Whoever wants to see progress need not see all of it.
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

/// Answers up to where the new projections are now: no further than the old ones.
fn fold<E: DomainEvent>(
    page: &Batch<E>,
    position: Position,
    members: &mut Members<E>,
) -> Result<Position, RebuildError> {
    let done = members.all_done().unwrap_or_default();
    let known = &page[..page.partition_point(|event| event.position <= done)];
    for host in members.hosts() {
        host.replay(known).map_err(|message| RebuildError::Panicked { message })?;
    }
    // An empty page is the end of the log.
    Ok(known.last().map_or_else(|| if page.is_empty() { done } else { position }, |last| last.position))
}

fn answer(callers: Vec<Caller>, rebuilt: &Result<Position, RebuildError>) {
    for caller in callers {
        // A caller that has gone does not want to know.
        let _ = caller.reply.send(rebuilt.clone());
    }
}
