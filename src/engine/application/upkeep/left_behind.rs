//! Work that a process manager has left behind its checkpoint, where it will never look again.

use foldhash::HashSet;

use super::Upkeep;
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::process_manager::Unfinished;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::HandlerRecords as _;
use crate::engine::store::{MAX_READ, Store, StoreError};

/// A fold of the log that finds such work. What handlers have done is read before the log, so that whatever lies behind
/// a checkpoint has its answers in the log.
pub(super) struct LeftBehind<E> {
    processes: Vec<Process<E>>,
    /// How many events may have been parked and given up: nothing else is known of those.
    given_up: usize,
}

struct Process<E> {
    name: &'static str,
    checkpoint: Position,
    parked: HashSet<Position>,
    unfinished: Box<dyn Unfinished<E>>,
}

impl<E: StoredEvent> LeftBehind<E> {
    /// What the handlers of a store have done, before the first event of the log.
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
            // Nobody else can have changed what these know.
            Store::Memory(_) | Store::Other(_) => u64::MAX,
        };
        let given_up = usize::try_from(ever).unwrap_or(usize::MAX).saturating_sub(parked);
        Ok(Self { processes, given_up })
    }

    /// Folds the next event.
    pub(super) fn take(&mut self, event: &RecordedEvent<E>) {
        self.processes.iter_mut().for_each(|process| process.unfinished.take(event));
    }

    /// The first event that was left behind, and what is wrong with it.
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
        Some((position, format!("{name} has passed over this event and not answered it")))
    }
}
