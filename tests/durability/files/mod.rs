//! Files with events in them, opened and closed at will.

pub(crate) mod write_ahead_log;

use std::fs;
use std::path::{Path, PathBuf};

use cqrs_bank::engine::log::{Metadata, Position, RecordedEvent, StreamId, Timestamp, Version};
use cqrs_bank::engine::runtime::{Clock, IdSource, StopReason, Supervisor};
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use cqrs_bank::engine::store::{Append, EventStore, ExpectedEnd, OpenStoreError};
use std::sync::{Arc, LazyLock};
use uuid::Uuid;

use crate::happened::Happened;

/// What stands beside the file while it is open, or afterwards.
pub(crate) const COMPANIONS: [&str; 3] = ["", "-wal", "-end"];

/// An open file. It closes when this is dropped, which waits until it has.
pub(crate) struct OpenFile {
    pub(crate) store: SqliteStore<Happened>,
    supervisor: Supervisor,
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        self.supervisor.stop(StopReason::Closed);
        wait_until_ended(&self.supervisor);
    }
}

/// Waits where there is no time for others.
fn wait_until_ended(supervisor: &Supervisor) {
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    std::thread::scope(|scope| scope.spawn(|| runtime().block_on(supervisor.ended())).join().unwrap());
}

pub(crate) fn try_open(path: &Path) -> Result<OpenFile, OpenStoreError> {
    open_with(path, SqliteOptions::default())
}

pub(crate) fn open_with(path: &Path, options: SqliteOptions) -> Result<OpenFile, OpenStoreError> {
    let supervisor = Supervisor::new();
    let store = SqliteStore::open(path, options, &supervisor)?;
    Ok(OpenFile { store, supervisor })
}

pub(crate) fn open(path: &Path) -> OpenFile {
    try_open(path).unwrap()
}

impl OpenFile {
    /// Waits until the store has stopped, and answers why.
    pub(crate) async fn stopped(&self) -> StopReason {
        self.supervisor.stopped().await
    }

    pub(crate) async fn append(&self, name: &str, expected_version: u64, numbers: &[u64]) {
        let append = append(new_id(), name, expected_version, numbers);
        self.store.append(vec![append]).await.unwrap().remove(0).unwrap();
    }

    pub(crate) async fn log(&self) -> Vec<RecordedEvent<Happened>> {
        let mut events = Vec::new();
        let mut position = Position::START;
        loop {
            let read = self.store.read_all(position, usize::MAX).await.unwrap();
            let Some(last) = read.last() else { return events };
            position = last.position;
            events.extend_from_slice(&read);
        }
    }

    pub(crate) async fn numbers(&self) -> Vec<u64> {
        self.log().await.iter().map(|event| event.data.0).collect()
    }
}

pub(crate) fn new_id() -> Uuid {
    static IDS: LazyLock<IdSource> = LazyLock::new(|| IdSource::random(Arc::new(Clock::System)));
    IDS.next()
}

pub(crate) fn stream(name: &str) -> StreamId {
    StreamId::new("test", &name)
}

pub(crate) fn append(command_id: Uuid, name: &str, expected_version: u64, numbers: &[u64]) -> Append<Happened> {
    Append {
        stream: stream(name),
        expected_version: Version::new(expected_version),
        time: Timestamp::from_micros(1_767_225_600_000_000),
        metadata: Metadata::from_outside(command_id),
        events: numbers.iter().copied().map(Happened).collect(),
        snapshot: None,
        expected_end: ExpectedEnd::ANY,
    }
}

pub(crate) fn companion(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The file and its companions as they are now; nothing where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Copy(pub(crate) [Option<Vec<u8>>; 3]);

impl Copy {
    pub(crate) fn of(path: &Path) -> Self {
        Self(COMPANIONS.map(|suffix| fs::read(companion(path, suffix)).ok()))
    }

    /// Makes the files what they were, but new ones, which nobody has open; SQLite's index of its write-ahead log
    /// goes, as in a crash of the machine.
    pub(crate) fn put_back(&self, path: &Path) {
        let _ = fs::remove_file(companion(path, "-shm"));
        for (suffix, bytes) in COMPANIONS.into_iter().zip(&self.0) {
            let path = companion(path, suffix);
            let _ = fs::remove_file(&path);
            if let Some(bytes) = bytes {
                fs::write(path, bytes).unwrap();
            }
        }
    }
}

/// How far a file is written: what follows are zeros, such as those that the write-ahead log is lengthened with.
pub(crate) fn written(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}
