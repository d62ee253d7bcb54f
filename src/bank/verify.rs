//! Reads everything that a bank has stored and says whether it fits together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::audit::Audit;
use super::{
    Account, AccountEvent, Accounts, Balances, Bank, TotalDeposits, Transfers, Unavailable, Verification, Verified,
};
use crate::engine::aggregate::{Aggregate, restored_from};
use crate::engine::event::{Position, RecordedEvent, StreamId, Version};
use crate::engine::moment::Moment;
use crate::engine::projection::StoredRows;
use crate::engine::store::{EventStore as _, MAX_READ, Snapshot, Store, StoreError};

type Event = RecordedEvent<AccountEvent>;

/// What ends a verification early.
enum Ended {
    Broken { position: Option<Position>, problem: String },
    Failed(StoreError),
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl Bank {
    /// Reads everything there is, as it is when this begins: whether the store is whole, whether each event can have
    /// happened after those before it, whether the balances and what is reserved are what was paid in and not out, and
    /// whether snapshots, stored projections and what processes remember are what the events make of them. `tell` hears
    /// now and then how many events of how many were read. The bank serves meanwhile.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: it could not be read at all.
    pub async fn verify(&self, tell: impl Fn(u64, u64) + Send + Sync + 'static) -> Result<Verification, Unavailable> {
        let progress = Arc::new(Progress { tell, store: AtomicU64::new(u64::MAX), bank: AtomicU64::new(0) });
        let own = self.verify_events(&progress);
        let verification = match self.store() {
            Store::Memory(_) | Store::Other(_) => own.await,
            Store::Sqlite(store) => {
                progress.store.store(0, Ordering::Relaxed);
                let told = progress.clone();
                let theirs = store.verify(move |done, total| told.tell(&told.store, done, total));
                match tokio::join!(theirs, own) {
                    // What is wrong with the store comes first: the events may be none.
                    (Err(error), _) => Err(error.into()),
                    (Ok(Verification::Broken { position, problem }), _) => Err(Ended::Broken { position, problem }),
                    (Ok(Verification::Whole(verified)), own) => own.map(|_| verified),
                }
            }
        };
        let verified = match verification {
            Err(Ended::Broken { position, problem }) => return Ok(Verification::Broken { position, problem }),
            Err(Ended::Failed(error)) => Err(error),
            Ok(verified) => Ok(Verification::Whole(verified)),
        };
        self.or_unavailable(verified).await
    }

    async fn verify_events(&self, progress: &Progress<impl Fn(u64, u64)>) -> Result<Verified, Ended> {
        let store = self.store();
        let mut projections = StoredProjections::read(store).await?;
        let end = store.end().await?;
        let mut audit = Audit::default();
        let mut position = Position::START;
        while position < end {
            let page = store.read_all(position, MAX_READ).await?;
            let Some(last) = page.last() else {
                let problem = format!("the log ends before position {end}");
                return Err(Ended::Broken { position: Some(position), problem });
            };
            position = last.position;
            for event in page.iter().take_while(|event| event.position <= end) {
                let broken = |problem| Ended::Broken { position: Some(event.position), problem };
                audit.take(event).map_err(broken)?;
                projections.take(event);
            }
            progress.tell(&progress.bank, audit.events(), end.get());
        }
        if let Some(problem) = projections.difference() {
            return Err(Ended::Broken { position: None, problem });
        }
        if let Some(problem) = self.difference_of_processes().await? {
            return Err(Ended::Broken { position: None, problem });
        }
        let snapshots = self.verify_snapshots(&audit, end).await?;
        Ok(Verified { events: audit.events(), streams: audit.streams().len() as u64, snapshots })
    }

    /// How what the store has of a process manager's memory is not what the log makes of it, if that is so.
    async fn difference_of_processes(&self) -> Result<Option<String>, StoreError> {
        for handler in self.handler_controls() {
            if let Some(problem) = handler.difference().await? {
                return Ok(Some(problem));
            }
        }
        Ok(None)
    }

    /// Answers how many snapshots there are.
    async fn verify_snapshots(&self, audit: &Audit, end: Position) -> Result<u64, Ended> {
        let mut found = 0;
        for (stream, (version, _)) in audit.streams() {
            if version.get() >= self.snapshot_every() {
                let snapshots = self.snapshots(stream, end).await?;
                found += snapshots.len() as u64;
                self.verify_stream(stream, snapshots).await?;
            }
        }
        Ok(found)
    }

    /// The snapshots of a stream, the last one first.
    async fn snapshots(&self, stream: &StreamId, end: Position) -> Result<Vec<Snapshot>, StoreError> {
        let (mut until, mut snapshots) = (end, Vec::new());
        while let (Some(snapshot), _) = self.store().read_from_snapshot(stream, Moment::Position(until), 1).await? {
            until = snapshot.position.before();
            snapshots.push(snapshot);
        }
        Ok(snapshots)
    }

    /// Holds the snapshots of a stream, the last one first, against a replay.
    async fn verify_stream(&self, stream: &StreamId, mut snapshots: Vec<Snapshot>) -> Result<(), Ended> {
        let (mut state, mut version) = (Account::default(), Version::START);
        while !snapshots.is_empty() {
            let page = self.store().read_stream(stream, version, MAX_READ).await?;
            let Some(last) = page.last() else { break };
            version = last.version;
            for event in page.iter() {
                state.apply(&event.data);
                let Some(snapshot) = snapshots.pop_if(|snapshot| snapshot.version == event.version) else { continue };
                // One that cannot be read decides nothing: the events are replayed.
                let restored: Option<Account> = restored_from(stream, &snapshot.state);
                if snapshot.position != event.position || restored.is_some_and(|restored| restored != state) {
                    let problem = format!("the snapshot of {stream} is not what its events make of it");
                    return Err(Ended::Broken { position: Some(snapshot.position), problem });
                }
            }
        }
        match snapshots.pop() {
            None => Ok(()),
            Some(snapshot) => {
                let problem = format!("a snapshot of {stream} stands after no event");
                Err(Ended::Broken { position: Some(snapshot.position), problem })
            }
        }
    }
}

/// How far the store's verification and the bank's own have come.
struct Progress<F> {
    tell: F,
    store: AtomicU64,
    bank: AtomicU64,
}

impl<F: Fn(u64, u64)> Progress<F> {
    fn tell(&self, whose: &AtomicU64, done: u64, total: u64) {
        whose.store(done, Ordering::Relaxed);
        let slower = self.store.load(Ordering::Relaxed).min(self.bank.load(Ordering::Relaxed));
        (self.tell)(slower.min(total), total);
    }
}

/// What the store has kept of the bank's projections.
struct StoredProjections {
    balances: Option<StoredRows<Balances>>,
    accounts: Option<StoredRows<Accounts>>,
    total_deposits: Option<StoredRows<TotalDeposits>>,
    transfers: Option<StoredRows<Transfers>>,
}

impl StoredProjections {
    async fn read(store: &Store<AccountEvent>) -> Result<Self, StoreError> {
        Ok(Self {
            balances: StoredRows::read(store).await?,
            accounts: StoredRows::read(store).await?,
            total_deposits: StoredRows::read(store).await?,
            transfers: StoredRows::read(store).await?,
        })
    }

    fn take(&mut self, event: &Event) {
        let Self { balances, accounts, total_deposits, transfers } = self;
        balances.iter_mut().for_each(|rows| rows.take(event));
        accounts.iter_mut().for_each(|rows| rows.take(event));
        total_deposits.iter_mut().for_each(|rows| rows.take(event));
        transfers.iter_mut().for_each(|rows| rows.take(event));
    }

    fn difference(self) -> Option<String> {
        let Self { balances, accounts, total_deposits, transfers } = self;
        balances
            .and_then(StoredRows::difference)
            .or_else(|| accounts.and_then(StoredRows::difference))
            .or_else(|| total_deposits.and_then(StoredRows::difference))
            .or_else(|| transfers.and_then(StoredRows::difference))
    }
}
