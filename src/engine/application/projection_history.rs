//! Projections as they were at moments in the past.
//!
//! One is folded from the log. The last few are kept: turning pages at a moment, or going on from it, folds what has
//! happened in between and nothing twice.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::HashMap;

use crate::engine::log::{Moment, Position, RecordedEvent, Timestamp};
use crate::engine::projection::Projection;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::{EventStore as _, MAX_READ, Store, StoreError};

/// So many are kept of a projection at the most.
const KEPT: usize = 4;

/// What is kept, by the type of the projection.
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
        let past =
            histories.entry(TypeId::of::<P>()).or_insert_with(|| Arc::new(ProjectionHistory::<P>::default())).clone();
        // It was put there under its own type.
        past.downcast().unwrap_or_default()
    }
}

/// A projection at the moments that were asked for last.
pub(super) struct ProjectionHistory<P> {
    /// The one that was used last stands at the end.
    kept: Mutex<Vec<Arc<StateAt<P>>>>,
}

impl<P> Default for ProjectionHistory<P> {
    fn default() -> Self {
        Self { kept: Mutex::default() }
    }
}

/// A projection, and the last event it knows of.
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
    pub(super) async fn at<E>(&self, moment: Moment, store: &Store<E>) -> Result<Arc<StateAt<P>>, StoreError>
    where
        E: StoredEvent,
        P: Projection<E>,
    {
        let mut then = self.last_before(moment);
        loop {
            let events = store.read_all(then.position(), MAX_READ).await?;
            let happened = events.iter().take_while(|event| moment.is_after(event)).count();
            if happened > 0 {
                // One that is kept stays as it is; this one belongs to nobody else from its second page on.
                let then = Arc::make_mut(&mut then);
                events[..happened].iter().for_each(|event| then.project(event));
            }
            if happened == 0 || happened < events.len() {
                self.keep(&then);
                return Ok(then);
            }
        }
    }

    fn last_before(&self, moment: Moment) -> Arc<StateAt<P>> {
        let kept = self.lock();
        let before = kept.iter().filter(|then| then.is_before(moment));
        before.max_by_key(|then| then.position()).cloned().unwrap_or_default()
    }

    fn keep(&self, then: &Arc<StateAt<P>>) {
        let mut kept = self.lock();
        kept.retain(|known| known.position() != then.position());
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push(then.clone());
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<StateAt<P>>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
