//! The occasional work of an operator: verification, backup and import. All of it takes time in proportion to the log.

mod aggregate_kinds;
mod audit;
#[cfg(feature = "sqlite")]
mod backup;
#[cfg(not(feature = "sqlite"))]
#[path = "no_backup.rs"]
mod backup;
mod foreign;
mod import;
mod import_appends;
mod import_file;
mod import_marker;
mod left_behind;
mod snapshot_replays;
mod verify;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use self::aggregate_kinds::Kinds;
use self::audit::Audit;
pub(super) use self::foreign::{trust_only, verify_foreign_log};
pub use self::import::{ImportOptions, ImportStep};
pub(super) use self::import_marker::{KnownHandler, refuse_unfinished_import};
use crate::engine::domain::{Aggregate, Contains, Invariants};
use crate::engine::event_handler::Settling;
use crate::engine::log::RecordedEvent;
use crate::engine::process_manager::{ProcessManager, state_difference};
use crate::engine::projection::{Projection, StoredRows};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::{Store, StoreError};

type BoxFuture<'a, R> = Pin<Box<dyn Future<Output = R> + Send + 'a>>;
type BeginInvariants<E> = fn() -> Box<dyn Invariants<E>>;
type Difference<E> =
    Box<dyn for<'a> Fn(&'a Store<E>) -> BoxFuture<'a, Result<Option<String>, StoreError>> + Send + Sync>;
type ReadRows<E> = for<'a> fn(&'a Store<E>) -> BoxFuture<'a, Result<Option<Box<dyn FoldedRows<E>>>, StoreError>>;

/// What upkeep needs to know of the parts of an application.
pub(super) struct Upkeep<E: 'static> {
    kinds: Kinds<E>,
    invariants: Vec<BeginInvariants<E>>,
    /// Checks of the stored states of process managers that do not run now.
    idle_processes: Vec<Difference<E>>,
    /// Behind locks: projections and handlers are also added while the application runs.
    projections: Mutex<Vec<ReadRows<E>>>,
    handlers: Mutex<Vec<KnownHandler<E>>>,
}

impl<E: 'static> Default for Upkeep<E> {
    fn default() -> Self {
        let (invariants, projections, handlers) = (Vec::new(), Mutex::default(), Mutex::default());
        Self { kinds: Kinds::default(), invariants, idle_processes: Vec::new(), projections, handlers }
    }
}

impl<E: 'static> fmt::Debug for Upkeep<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upkeep").field("kinds", &self.kinds).finish_non_exhaustive()
    }
}

impl<E: StoredEvent> Upkeep<E> {
    pub(super) fn add_kind<A: Aggregate>(&mut self)
    where
        E: Contains<A::Event>,
    {
        self.kinds.add::<A>();
    }

    pub(super) fn add_invariants<I: Invariants<E> + Default>(&mut self) {
        self.invariants.push(|| Box::new(I::default()));
    }

    pub(super) fn add_idle_process<P: ProcessManager<Event = E>>(&mut self, policy: P) {
        self.idle_processes.push(Box::new(move |store| {
            let (policy, store) = (policy.clone(), store.clone());
            Box::pin(async move {
                let (mut settling, mut difference) = (Settling::default(), None);
                while let Some(progress) = settling.next(&store, P::NAME).await? {
                    difference = state_difference(&policy, &store, &progress).await?;
                    if difference.is_none() {
                        break;
                    }
                }
                Ok(difference)
            })
        }));
    }

    pub(super) fn add_projection<P: Projection<E>>(&self) {
        self.projections().push(|store| Box::pin(folded_rows::<E, P>(store)));
    }

    /// A new audit of a log.
    fn audit(&self) -> Audit<'_, E> {
        Audit::new(&self.kinds, self.invariants.iter().map(|begin| begin()).collect())
    }

    fn projections(&self) -> MutexGuard<'_, Vec<ReadRows<E>>> {
        self.projections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handlers(&self) -> MutexGuard<'_, Vec<KnownHandler<E>>> {
        self.handlers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stored rows of a projection of any type, and a fold of the log to compare them with.
trait FoldedRows<E>: Send {
    fn take(&mut self, event: &RecordedEvent<E>);

    /// The first difference between rows and fold, in words.
    fn difference(self: Box<Self>) -> Option<String>;
}

impl<E, P: Projection<E>> FoldedRows<E> for StoredRows<P> {
    fn take(&mut self, event: &RecordedEvent<E>) {
        StoredRows::take(self, event);
    }

    fn difference(self: Box<Self>) -> Option<String> {
        StoredRows::difference(*self)
    }
}

async fn folded_rows<E: StoredEvent, P: Projection<E>>(
    store: &Store<E>,
) -> Result<Option<Box<dyn FoldedRows<E>>>, StoreError> {
    let rows = StoredRows::<P>::read(store).await?;
    Ok(rows.map(|rows| Box::new(rows) as Box<dyn FoldedRows<E>>))
}
