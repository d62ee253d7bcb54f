//! Projections as they were at moments in the past, folded from the log.
//!
//! The states used last are cached, so that paging through one moment, or moving on to a later one, folds no event twice.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::HashMap;
use thiserror::Error;

use crate::engine::log::{Moment, Position, RecordedEvent, Timestamp};
use crate::engine::projection::Projection;
use crate::engine::runtime::catch_panic;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::{EventStore as _, MAX_READ, Store, StoreError};

/// The most states cached for one projection.
const MAX_CACHED: usize = 4;

/// The cached states, by the type of the projection.
#[derive(Default)]
pub(super) struct ProjectionHistories(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl fmt::Debug for ProjectionHistories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProjectionHistories")
    }
}

impl ProjectionHistories {
    pub(super) fn of<P: Send + Sync + 'static>(&self) -> Arc<ProjectionHistory<P>> {
        let mut histories = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let history =
            histories.entry(TypeId::of::<P>()).or_insert_with(|| Arc::new(ProjectionHistory::<P>::default())).clone();
        // The key is its type, so this never fails.
        history.downcast().unwrap_or_default()
    }
}

/// Why there is no state of a projection at a moment.
#[derive(Debug, Error)]
pub(super) enum NotFolded {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The projection panicked at one of the events, with this message.
    #[error("the projection panicked: {0}")]
    Panicked(String),
}

/// A projection at the moments asked about last.
pub(super) struct ProjectionHistory<P> {
    /// The state used last is at the end.
    cached: Mutex<Vec<Arc<StateAt<P>>>>,
}

impl<P> Default for ProjectionHistory<P> {
    fn default() -> Self {
        Self { cached: Mutex::default() }
    }
}

/// A projection, and the last event folded into it.
#[derive(Clone, Default)]
pub(super) struct StateAt<P> {
    pub(super) projection: P,
    last: Option<(Position, Timestamp)>,
}

impl<P> StateAt<P> {
    fn position(&self) -> Position {
        self.last.map_or(Position::START, |(position, _)| position)
    }

    fn is_before(&self, moment: Moment) -> bool {
        self.last.is_none_or(|(position, time)| moment.includes(position, time))
    }

    fn project<E>(&mut self, event: &RecordedEvent<E>)
    where
        P: Projection<E>,
    {
        self.projection.project(event);
        self.last = Some((event.position, event.time));
    }
}

impl<P: Clone + Default> ProjectionHistory<P> {
    /// The projection at a moment.
    pub(super) async fn at<E>(&self, moment: Moment, store: &Store<E>) -> Result<Arc<StateAt<P>>, NotFolded>
    where
        E: StoredEvent,
        P: Projection<E>,
    {
        let mut state = self.last_before(moment);
        loop {
            let events = store.read_all(state.position(), MAX_READ).await?;
            let happened = events.iter().take_while(|event| moment.is_after(event)).count();
            if happened > 0 {
                // Copies a cached state before the first change, and nothing on later pages.
                let state = Arc::make_mut(&mut state);
                // What a panic has left half folded is dropped with the error.
                catch_panic(|| events[..happened].iter().for_each(|event| state.project(event)))
                    .map_err(NotFolded::Panicked)?;
            }
            if happened == 0 || happened < events.len() {
                self.cache(&state);
                return Ok(state);
            }
        }
    }

    fn last_before(&self, moment: Moment) -> Arc<StateAt<P>> {
        let cached = self.lock();
        let before = cached.iter().filter(|state| state.is_before(moment));
        before.max_by_key(|state| state.position()).cloned().unwrap_or_default()
    }

    fn cache(&self, state: &Arc<StateAt<P>>) {
        let mut cached = self.lock();
        cached.retain(|other| other.position() != state.position());
        if cached.len() == MAX_CACHED {
            cached.remove(0);
        }
        cached.push(state.clone());
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<StateAt<P>>>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
