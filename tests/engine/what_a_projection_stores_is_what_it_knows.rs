//! The stored rows of a projection always equal the fold of its events, whatever the projection changes, removes or
//! resets, and after a panic or a rebuild. A reopened projection continues from its rows, and folds no stored event
//! again.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use cqrs_bank::engine::feed::checkpoints::Checkpoints;
use cqrs_bank::engine::feed::{Feed, FeedHandle};
use cqrs_bank::engine::log::{Position, RecordedEvent};
use cqrs_bank::engine::projection::{
    LogRow, Projection, ReadModel, RowCell, RowLog, RowMap, StoredFields, StoredRows, rows,
};
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::EventStore as _;
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::happened::Happened;
use crate::scripted::append;

/// The key of a map entry, whose order as text differs from its own order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Pair(u64, u64);

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.1, self.0)
    }
}

impl FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (second, first) = text.split_once('/').ok_or("no pair")?;
        let number = |text: &str| text.parse().map_err(|_| "no number".to_owned());
        Ok(Self(number(first)?, number(second)?))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    position: Position,
    number: u64,
    changes: u32,
}

impl LogRow for Entry {
    type Key = u64;

    fn position(&self) -> Position {
        self.position
    }

    fn key(&self) -> Option<u64> {
        self.number.is_multiple_of(3).then_some(self.number)
    }
}

/// Handles each number differently.
#[derive(Debug, Default, PartialEq)]
struct Keeper {
    sums: RowMap<Pair, u64>,
    entries: RowLog<Entry>,
    last: RowCell<u64>,
}

/// Panics once at each of these numbers, in the middle of a change.
const BAD: [u64; 2] = [1_017, 2_034];

static PROJECTED: AtomicU64 = AtomicU64::new(0);
static LAST_PANIC: AtomicU64 = AtomicU64::new(0);

impl Projection<Happened> for Keeper {
    const NAME: &'static str = "keeper";
    const ROWS: Option<StoredFields<Self>> = rows!(1; sums: "sum ", last: "last", entries);

    fn project(&mut self, event: &RecordedEvent<Happened>) {
        PROJECTED.fetch_add(1, Ordering::Relaxed);
        let (position, number) = (event.position, event.data.0);
        let pair = Pair(number % 7, number % 11);
        match number % 16 {
            0..4 => *self.sums.get_or_insert_with(pair, || 0) += number,
            4..6 => drop(self.sums.insert(pair, number)),
            6 => drop(self.sums.remove(&pair)),
            7 => self.sums.get_mut(&pair).into_iter().for_each(|sum| *sum += 1),
            8..12 => self.entries.push(Entry { position, number, changes: 0 }),
            12 => {
                // One of the last few entries.
                let found = self.entries.find_mut(&((number - 1).saturating_sub(48 * (number % 5)) / 3 * 3));
                found.into_iter().for_each(|entry| entry.changes += 1);
            }
            13 => *self.last.get_mut() = number,
            14 if number.is_multiple_of(9) => self.sums = RowMap::default(),
            14 if number.is_multiple_of(7) => self.entries = RowLog::default(),
            _ => {}
        }
        if BAD.contains(&number) && LAST_PANIC.fetch_max(number, Ordering::Relaxed) < number {
            self.sums.insert(Pair(number, number), number);
            panic!("at {number} for the first time");
        }
    }
}

/// A process that has the file open.
struct Program {
    store: SqliteStore<Happened>,
    keeper: ReadModel<Keeper>,
    feed: FeedHandle<Happened>,
    checkpoints: Checkpoints,
    supervisor: Supervisor,
}

impl Program {
    async fn start(path: &Path) -> Self {
        let (supervisor, checkpoints) = (Supervisor::new(), Checkpoints::new());
        let store = SqliteStore::open(path, SqliteOptions::default(), &supervisor).unwrap();
        let mut feed = Feed::new(checkpoints.clone());
        let keeper = feed.add();
        feed.restore(&store).await.unwrap();
        let feed = feed.start(store.clone(), &supervisor);
        Self { store, keeper, feed, checkpoints, supervisor }
    }

    async fn happens(&self, numbers: impl IntoIterator<Item = u64>) {
        let end = append(&self.store, numbers).await;
        self.checkpoints.projections_have_seen(end).await;
    }

    async fn log(&self) -> Vec<RecordedEvent<Happened>> {
        let mut events = Vec::new();
        loop {
            let position = events.last().map_or(Position::START, |event: &RecordedEvent<_>| event.position);
            let page = self.store.read_all(position, usize::MAX).await.unwrap();
            if page.is_empty() {
                return events;
            }
            events.extend_from_slice(&page);
        }
    }

    async fn is_the_fold(&self, when: &str) {
        let mut fold = Keeper::default();
        self.log().await.iter().for_each(|event| fold.project(event));
        self.keeper.read(|keeper| assert_eq!(*keeper, fold, "{when}"));
    }

    async fn keeps_what_it_knows(&self, when: &str) {
        self.feed.keep_rows().await;
        let mut stored: StoredRows<Keeper> = StoredRows::read(&self.store).await.unwrap().unwrap();
        self.log().await.iter().for_each(|event| stored.take(event));
        assert_eq!(stored.difference(), None, "{when}");
    }

    async fn stop(self) {
        self.supervisor.stop(StopReason::Closed);
        self.supervisor.ended().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_each_step_the_rows_are_the_fold_of_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("happened.db");
    let mut program = Program::start(&path).await;
    let mut happened = 0;
    for step in 0..120 {
        let count = 1 + step * step % 37;
        program.happens(happened..happened + count).await;
        happened += count;
        let when = format!("step {step}");
        if step % 23 == 22 {
            program.feed.rebuild(mpsc::channel(1).0).await.unwrap();
        }
        if step % 3 > 0 {
            program.keeps_what_it_knows(&when).await;
        }
        if step % 5 == 4 {
            program.keeps_what_it_knows(&when).await;
            program.stop().await;
            let before = PROJECTED.load(Ordering::Relaxed);
            program = Program::start(&path).await;
            assert_eq!(PROJECTED.load(Ordering::Relaxed), before, "what was stored is not folded");
        }
        program.is_the_fold(&when).await;
    }
    assert_eq!(LAST_PANIC.load(Ordering::Relaxed), BAD[1], "it has panicked");
    program.stop().await;
}
