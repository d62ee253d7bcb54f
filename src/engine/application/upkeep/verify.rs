//! Verifies everything that an application has stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(feature = "sqlite")]
use tokio::sync::mpsc;

use super::audit::Audit;
use super::left_behind::LeftBehind;
use super::snapshot_replays::SnapshotReplays;
use super::{FoldedRows, ReadRows};
use crate::engine::application::{Application, Unavailable};
use crate::engine::log::{Moment, Position, RecordedEvent, StreamId, Version};
use crate::engine::runtime::catch_panic;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::log_head::LogHead;
#[cfg(feature = "sqlite")]
use crate::engine::store::sqlite::SqliteStore;
use crate::engine::store::{
    EventStore as _, LogPages, MAX_READ, Store, StoreError, Verification, Verified, difference_from_log,
};

/// How many pages the store may read before they are checked.
#[cfg(feature = "sqlite")]
const PAGES_AHEAD: usize = 4;

/// Why a verification ends early.
enum CheckEnded {
    Broken {
        position: Option<Position>,
        problem: String,
    },
    Failed(StoreError),
    /// The domain's code panicked on an event.
    Panicked(String),
}

impl From<StoreError> for CheckEnded {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl From<(Position, String)> for CheckEnded {
    fn from((position, problem): (Position, String)) -> Self {
        Self::Broken { position: Some(position), problem }
    }
}

impl<E: StoredEvent> Application<E> {
    /// Verifies everything stored by now. The store must be intact, each event must be possible after those before it, the
    /// domain's [invariants](crate::engine::application::Builder::invariants) must hold, and snapshots, stored projections
    /// and the states of process managers must equal a fold of the events. A replica of a log on a cluster must have the same
    /// events as that. `tell` is called now and then with the numbers of events read and in total. The application serves
    /// meanwhile.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the store could not be read.
    pub async fn verify(&self, tell: impl Fn(u64, u64) + Send + Sync + 'static) -> Result<Verification, Unavailable> {
        self.still_open()?;
        let progress = Arc::new(Progress { tell, store: AtomicU64::new(u64::MAX), events: AtomicU64::new(0) });
        let verification = match self.store() {
            Store::Memory(_) | Store::Overlay(_) | Store::Other(_) => self.verify_read(&progress).await,
            #[cfg(feature = "sqlite")]
            Store::Sqlite(store) => self.verify_file(store, progress).await,
        };
        let verification = match verification {
            Ok(verified) => self.compare_with_log().await.map(|()| verified),
            ended => ended,
        };
        let verified = match verification {
            Err(CheckEnded::Broken { position, problem }) => {
                // After a stop, missing data proves nothing.
                self.still_open()?;
                return Ok(Verification::Broken { position, problem });
            }
            Err(CheckEnded::Panicked(message)) => return Err(Unavailable::Defect(message)),
            Err(CheckEnded::Failed(error)) => Err(error),
            Ok(verified) => Ok(Verification::Whole(verified)),
        };
        self.or_unavailable(verified).await
    }

    /// Verifies as [`Application::verify`] does, and also that the log leads to a head noted earlier. This detects a log
    /// that is consistent but was rewritten, and an older copy.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the store could not be read.
    pub async fn verify_head(
        &self,
        noted: LogHead,
        tell: impl Fn(u64, u64) + Send + Sync + 'static,
    ) -> Result<Verification, Unavailable> {
        let verification = self.verify(tell).await?;
        if let Verification::Broken { .. } = verification {
            return Ok(verification);
        }
        let problem = match self.head_at(noted.position()).await? {
            Some(found) if found == noted => return Ok(verification),
            Some(_) => "another event stands here than the one that was noted".to_owned(),
            None => {
                let end = self.store().end().await;
                format!("the log ends at position {}, before the event that was noted", self.or_unavailable(end).await?)
            }
        };
        Ok(Verification::Broken { position: Some(noted.position()), problem })
    }

    /// Verifies a store that answers for its log itself.
    async fn verify_read(&self, progress: &Progress<impl Fn(u64, u64)>) -> Result<Verified, CheckEnded> {
        let mut check = self.check_of_events().await?;
        let mut pages = LogPages::up_to(self.store(), check.end);
        while let Some(page) = pages.next().await? {
            check.take(&page, progress)?;
        }
        self.finish(check).await
    }

    /// Verifies a file. It is read once: the store's thread checks the rows, and this one what the events say.
    #[cfg(feature = "sqlite")]
    async fn verify_file<F: Fn(u64, u64) + Send + Sync + 'static>(
        &self,
        store: &SqliteStore<E>,
        progress: Arc<Progress<F>>,
    ) -> Result<Verified, CheckEnded> {
        // Begun first, so that the file that is read has everything that is compared with its log.
        let check = self.check_of_events().await;
        let (pages, mut read) = mpsc::channel(PAGES_AHEAD);
        progress.store.store(0, Ordering::Relaxed);
        let reported = progress.clone();
        let of_store = store.verify_and_read(move |done, total| reported.tell(&reported.store, done, total), pages);
        let of_events = async {
            let mut check = check?;
            while let Some(page) = read.recv().await {
                check.take(&page, &progress)?;
            }
            drop(read);
            self.finish(check).await
        };
        match tokio::join!(of_store, of_events) {
            // Damage in the store comes first: it may be why events look wrong.
            (Err(error), _) => Err(error.into()),
            (Ok(Verification::Broken { position, problem }), _) => Err(CheckEnded::Broken { position, problem }),
            (Ok(Verification::Whole(verified)), of_events) => of_events.map(|_| verified),
        }
    }

    /// Compares a replica with the log on its cluster, which must have the same events.
    async fn compare_with_log(&self) -> Result<(), CheckEnded> {
        match difference_from_log(self.store()).await? {
            Some((position, problem)) => Err(CheckEnded::Broken { position: Some(position), problem }),
            None => Ok(()),
        }
    }

    async fn check_of_events(&self) -> Result<CheckOfEvents<'_, E>, CheckEnded> {
        let store = self.store();
        let projections = self.stored_projections().await?;
        let left_behind = LeftBehind::read(store, &self.inner.upkeep).await?;
        let end = store.end().await?;
        let replays = self.snapshot_replays(end).await?;
        let audit = self.inner.upkeep.audit();
        Ok(CheckOfEvents { end, read: Position::START, audit, projections, left_behind, replays })
    }

    /// What can be said once all events are read.
    async fn finish(&self, check: CheckOfEvents<'_, E>) -> Result<Verified, CheckEnded> {
        let CheckOfEvents { end, read, audit, projections, left_behind, replays } = check;
        if read < end {
            let problem = format!("the log ends before position {end}");
            return Err(CheckEnded::Broken { position: Some(read), problem });
        }
        if let Some(problem) = projections.into_iter().find_map(FoldedRows::difference) {
            return Err(CheckEnded::Broken { position: None, problem });
        }
        if let Some((position, problem)) = left_behind.first() {
            return Err(CheckEnded::Broken { position: Some(position), problem });
        }
        if let Some(problem) = self.process_manager_difference().await? {
            return Err(CheckEnded::Broken { position: None, problem });
        }
        let mut snapshots = replays.finish()?;
        match self.store() {
            #[cfg(feature = "sqlite")]
            Store::Sqlite(_) => {}
            Store::Memory(_) | Store::Overlay(_) | Store::Other(_) => {
                snapshots += self.verify_snapshots(&audit, end).await?;
            }
        }
        Ok(Verified { events: audit.events(), streams: audit.streams().len() as u64, snapshots })
    }

    /// The stored rows of the projections.
    async fn stored_projections(&self) -> Result<Vec<Box<dyn FoldedRows<E>>>, StoreError> {
        let projections: Vec<ReadRows<E>> = self.inner.upkeep.projections().clone();
        let mut stored = Vec::new();
        for read in projections {
            stored.extend(read(self.store()).await?);
        }
        Ok(stored)
    }

    /// The first difference between the stored state of a process manager and a fold of the log.
    async fn process_manager_difference(&self) -> Result<Option<String>, StoreError> {
        for handler in self.handler_controls() {
            if let Some(problem) = handler.difference().await? {
                return Ok(Some(problem));
            }
        }
        for difference in &self.inner.upkeep.idle_processes {
            if let Some(problem) = difference(self.store()).await? {
                return Ok(Some(problem));
            }
        }
        Ok(None)
    }

    /// The streams of a file that have snapshots, even those that are ignored. They are compared while the log is read.
    #[cfg_attr(not(feature = "sqlite"), expect(unused_variables, reason = "only a file lists them"))]
    async fn snapshot_replays(&self, end: Position) -> Result<SnapshotReplays<E>, StoreError> {
        #[cfg_attr(not(feature = "sqlite"), expect(unused_mut, reason = "only a file lists them"))]
        let mut replays = SnapshotReplays::default();
        #[cfg(feature = "sqlite")]
        if let Store::Sqlite(store) = self.store() {
            for stream in store.streams_with_snapshots().await? {
                let snapshots = store.all_snapshots(&stream, end).await?;
                replays.add(&self.inner.upkeep.kinds, stream, snapshots);
            }
        }
        Ok(replays)
    }

    /// Compares the snapshots of a store that does not list the streams that have any. Returns their number.
    async fn verify_snapshots(&self, audit: &Audit<'_, E>, end: Position) -> Result<u64, CheckEnded> {
        let is_long = |version: &Version| version.get() >= self.inner.snapshot_every;
        let mut count = 0;
        for (stream, _) in audit.streams().iter().filter(|(_, version)| is_long(version)) {
            count += self.verify_stream(stream, end).await?;
        }
        Ok(count)
    }

    /// Compares the snapshots of a stream with a replay. Returns their number.
    async fn verify_stream(&self, stream: &StreamId, end: Position) -> Result<u64, CheckEnded> {
        let (mut until, mut snapshots) = (end, Vec::new());
        while let (Some(snapshot), _) = self.store().read_from_snapshot(stream, Moment::Position(until), 1).await? {
            until = snapshot.position.before();
            snapshots.push(snapshot);
        }
        let Some(last) = snapshots.first().map(|last| last.version) else { return Ok(0) };
        let (mut replays, mut version) = (SnapshotReplays::default(), Version::START);
        replays.add(&self.inner.upkeep.kinds, stream.clone(), snapshots);
        while version < last {
            let page = self.store().read_stream(stream, version, MAX_READ).await?;
            let Some(last) = page.last() else { break };
            version = last.version;
            page.iter().try_for_each(|event| replays.take(event))?;
        }
        Ok(replays.finish()?)
    }
}

/// What is folded from all events up to a position, to be compared with what the store keeps besides.
struct CheckOfEvents<'a, E: 'static> {
    end: Position,
    /// The position of the last event.
    read: Position,
    audit: Audit<'a, E>,
    projections: Vec<Box<dyn FoldedRows<E>>>,
    left_behind: LeftBehind<E>,
    replays: SnapshotReplays<E>,
}

impl<E: StoredEvent> CheckOfEvents<'_, E> {
    /// Checks the next events.
    fn take(&mut self, page: &[RecordedEvent<E>], progress: &Progress<impl Fn(u64, u64)>) -> Result<(), CheckEnded> {
        let Self { end, read, audit, projections, left_behind, replays } = self;
        let taken = catch_panic(|| {
            page.iter().take_while(|event| event.position <= *end).try_for_each(|event| {
                let broken = |problem| CheckEnded::Broken { position: Some(event.position), problem };
                audit.take(event).map_err(broken)?;
                projections.iter_mut().for_each(|projection| projection.take(event));
                left_behind.take(event);
                *read = event.position;
                Ok::<(), CheckEnded>(replays.take(event)?)
            })
        });
        taken.map_err(CheckEnded::Panicked)??;
        progress.tell(&progress.events, audit.events(), end.get());
        Ok(())
    }
}

/// The progress of the store's verification and of that of its events.
struct Progress<F> {
    tell: F,
    store: AtomicU64,
    events: AtomicU64,
}

impl<F: Fn(u64, u64)> Progress<F> {
    fn tell(&self, part: &AtomicU64, done: u64, total: u64) {
        part.store(done, Ordering::Relaxed);
        let slower = self.store.load(Ordering::Relaxed).min(self.events.load(Ordering::Relaxed));
        (self.tell)(slower.min(total), total);
    }
}
