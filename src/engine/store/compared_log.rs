//! Compares a replica with the log on a cluster, commit by commit.
//!
//! Of the log, some entries are in memory at a time, and besides them the last position of each stream.

use foldhash::HashMap;

use super::codec::StoredEvent;
use super::commit_log::{Commit, CommitLog, Entry, Replicated};
use super::computed_head::Chain;
use super::hash_chain::{GENESIS, Hash, NumbersInCommand};
use super::{EventStore as _, MAX_READ, Store, StoreError};
use crate::engine::log::{Position, StreamId};

/// The first position at which the log on the cluster and its replica differ, and how; `None` if they do not, or the store is
/// no replica.
///
/// # Errors
///
/// Returns [`StoreError`] if one of them cannot be read.
pub(in crate::engine) async fn difference_from_log<E: StoredEvent>(
    store: &Store<E>,
) -> Result<Option<(Position, String)>, StoreError> {
    let Some(log) = store.cluster_log() else { return Ok(None) };
    let Some(cluster) = log.cluster() else { return Ok(None) };
    let last = log.end().await?;
    store.come_up_to_date().await?;
    let (mut reader, mut compared) = (cluster.reader(), Compared::new(store, log.as_ref()));
    while compared.read.sequence < last {
        for entry in reader.next(compared.read).await? {
            match compared.take(&entry).await {
                Ok(()) => {}
                Err(Different::At(position, how)) => return Ok(Some((position, how))),
                Err(Different::Unknown(error)) => return Err(error),
            }
        }
    }
    Ok(None)
}

enum Different {
    At(Position, String),
    Unknown(StoreError),
}

impl From<StoreError> for Different {
    fn from(error: StoreError) -> Self {
        Self::Unknown(error)
    }
}

/// How far the log was read, and is what the replica is.
struct Compared<'a, E: 'static> {
    store: &'a Store<E>,
    log: &'a dyn CommitLog,
    read: Replicated,
    /// The position of the last event of each stream.
    streams: HashMap<StreamId, u64>,
    /// The replica's hashes, where it does not store them.
    computed: Chain,
    buffer: Vec<u8>,
}

impl<'a, E: StoredEvent> Compared<'a, E> {
    fn new(store: &'a Store<E>, log: &'a dyn CommitLog) -> Self {
        let (read, streams) = (Replicated::default(), HashMap::default());
        let computed = Chain::going_on(Position::START, GENESIS, []);
        Self { store, log, read, streams, computed, buffer: Vec::new() }
    }

    async fn take(&mut self, entry: &Entry) -> Result<(), Different> {
        let Replicated { position, hash, .. } = self.read;
        let next = position.next();
        let wrong = |what: &dyn ToString| {
            let what = what.to_string();
            Different::At(next, format!("{}: the entry {} of the log {what}", self.log.name(), entry.sequence))
        };
        let Some(commit) = Commit::read(entry).map_err(|error| wrong(&error))? else {
            self.read.sequence = entry.sequence;
            return Ok(());
        };
        if commit.base() != position || commit.before != hash {
            return Err(wrong(&"does not follow the one before it"));
        }
        let hashes = self.hashes(&commit).map_err(|problem| wrong(&problem))?;
        let Some((end, hash)) = hashes.last().copied() else { return Err(wrong(&"has no events")) };
        if let Some(position) = self.first_difference(&hashes).await? {
            let how = format!("the log {} has another event here than its replica", self.log.name());
            return Err(Different::At(position, how));
        }
        if hash != commit.hash {
            return Err(wrong(&"does not match its hash"));
        }
        self.read = Replicated { sequence: entry.sequence, position: end, hash };
        Ok(())
    }

    /// The hash of each event of a commit.
    fn hashes(&mut self, commit: &Commit<'_>) -> Result<Vec<(Position, Hash)>, String> {
        let (mut hash, mut numbers, mut hashes) = (commit.before, NumbersInCommand::default(), Vec::new());
        for event in commit.events() {
            let event = event.map_err(|error| error.to_string())?;
            let previous_position = self.streams.insert(event.stream.clone(), event.position.get()).unwrap_or(0);
            let content = event.content(previous_position, numbers.next(event.metadata.command_id));
            hash = content.hash(&hash, &mut self.buffer);
            hashes.push((event.position, hash));
        }
        Ok(hashes)
    }

    /// The first position at which the replica has another hash, or none.
    async fn first_difference(&mut self, hashes: &[(Position, Hash)]) -> Result<Option<Position>, StoreError> {
        #[cfg(feature = "sqlite")]
        if let Store::Sqlite(store) = self.store {
            let stored = async |at: Position| Ok::<_, StoreError>(store.hash_at(Some(at)).await?.map(|(_, hash)| hash));
            // Where the last one is the same, so are those before it.
            if let Some((last, hash)) = hashes.last()
                && stored(*last).await? == Some(*hash)
            {
                return Ok(None);
            }
            for (position, hash) in hashes {
                if stored(*position).await? != Some(*hash) {
                    return Ok(Some(*position));
                }
            }
            return Ok(None);
        }
        for part in hashes.chunks(MAX_READ) {
            let events = self.store.read_all(self.computed.end().0, part.len()).await?;
            for (index, expected) in part.iter().enumerate() {
                let Some(event) = events.get(index) else { return Ok(Some(expected.0)) };
                self.computed.take(event)?;
                if self.computed.end() != *expected {
                    return Ok(Some(expected.0));
                }
            }
        }
        Ok(None)
    }
}
