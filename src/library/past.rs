//! Inventories of moments in the past.
//!
//! One is folded from the log. The last few are kept: turning pages at a moment, or going on from it, folds what has
//! happened in between and nothing twice.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{BookEvent, Inventory};
use crate::engine::clock::Timestamp;
use crate::engine::event::{Position, RecordedEvent};
use crate::engine::moment::Moment;
use crate::engine::projection::Projection as _;
use crate::engine::store::{EventStore as _, MAX_READ, Store, StoreError};

/// So many are kept at the most.
const KEPT: usize = 4;

/// The inventories that were asked for last.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// The one that was used last stands at the end.
    kept: Mutex<Vec<Arc<Then>>>,
}

/// An inventory, and the last event it knows of.
#[derive(Clone, Debug, Default)]
pub(super) struct Then {
    pub(super) inventory: Inventory,
    last: Option<(Position, Timestamp)>,
}

impl Then {
    fn position(&self) -> Position {
        self.last.map_or(Position::START, |(position, _)| position)
    }

    fn is_before(&self, moment: Moment) -> bool {
        self.last.is_none_or(|(position, time)| moment.includes(position, time))
    }

    fn project(&mut self, event: &RecordedEvent<BookEvent>) {
        self.inventory.project(event);
        self.last = Some((event.position, event.time));
    }
}

impl Past {
    /// The inventory at a moment.
    pub(super) async fn at(&self, moment: Moment, store: &Store<BookEvent>) -> Result<Arc<Then>, StoreError> {
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

    fn last_before(&self, moment: Moment) -> Arc<Then> {
        let kept = self.lock();
        let before = kept.iter().filter(|then| then.is_before(moment));
        before.max_by_key(|then| then.position()).cloned().unwrap_or_default()
    }

    fn keep(&self, then: &Arc<Then>) {
        let mut kept = self.lock();
        kept.retain(|known| known.position() != then.position());
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push(then.clone());
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Then>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
