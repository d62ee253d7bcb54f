//! Unfinished work that lies behind the checkpoint of its process manager, which will never see it again.

use foldhash::HashSet;

use super::Upkeep;
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::process_manager::Unfinished;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::HandlerRecords as _;
use crate::engine::store::{MAX_READ, Store, StoreError};

/// A fold of the log that finds such work. The progress of the handlers is read before the log, so the log contains the
/// answers to all events behind a checkpoint.
pub(super) struct LeftBehind<E> {
    processes: Vec<Process<E>>,
    /// The number of parked events that may have been given up. The store does not record which ones.
    given_up: usize,
}

struct Process<E> {
    name: &'static str,
    checkpoint: Position,
    parked: HashSet<Position>,
    unfinished: Box<dyn Unfinished<E>>,
}

impl<E: StoredEvent> LeftBehind<E> {
    /// Reads the progress of the store's handlers. No event is folded yet.
    pub(super) async fn read(store: &Store<E>, upkeep: &Upkeep<E>) -> Result<Self, StoreError> {
        let mut processes = Vec::new();
        for (name, unfinished) in upkeep.unfinished() {
            if let Some(progress) = store.read_progress(name).await? {
                processes.push(Process {
                    name,
                    checkpoint: progress.checkpoint,
                    parked: HashSet::default(),
                    unfinished,
                });
            }
        }
        let (mut after, mut parked) = (0, 0);
        loop {
            let page = store.read_parked(after, MAX_READ).await?;
            let Some(last) = page.last() else { break };
            after = last.number;
            parked += page.len();
            for event in page {
                if let Some(process) = processes.iter_mut().find(|process| process.name == event.handler) {
                    process.parked.insert(event.position);
                }
            }
        }
        let ever = match store {
            #[cfg(feature = "sqlite")]
            Store::Sqlite(store) => store.parked_ever().await?,
            // No other program can have changed these.
            Store::Memory(_) | Store::Overlay(_) | Store::Other(_) => u64::MAX,
        };
        let given_up = usize::try_from(ever).unwrap_or(usize::MAX).saturating_sub(parked);
        Ok(Self { processes, given_up })
    }

    /// Folds the next event.
    pub(super) fn take(&mut self, event: &RecordedEvent<E>) {
        self.processes.iter_mut().for_each(|process| process.unfinished.take(event));
    }

    /// The first event that was left behind, and the problem.
    pub(super) fn first(&self) -> Option<(Position, String)> {
        let left = |process: &Process<E>| {
            let behind = |position: &Position| *position <= process.checkpoint && !process.parked.contains(position);
            let mut left: Vec<_> = process.unfinished.all().into_iter().filter(behind).collect();
            left.sort_unstable();
            left.into_iter().map(|position| (position, process.name)).collect::<Vec<_>>()
        };
        let all: Vec<_> = self.processes.iter().flat_map(left).collect();
        if all.len() <= self.given_up {
            return None;
        }
        let (position, name) = all.into_iter().min()?;
        Some((position, format!("{name} has passed this event without answering it")))
    }
}
