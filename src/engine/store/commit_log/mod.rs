//! A log outside the store, in which each group commit has to be accepted before it counts.
//!
//! A store that has such a log is a replica of it. It decides a group commit on what it holds, and offers it to the log as
//! one [`Entry`], at the place after the last entry that it holds. Once the log has accepted the entry there, the store
//! commits and answers. If another program was first, the store takes in what came, and decides the same requests again.
//!
//! The log is the truth for positions, hashes and command ids. An entry names the entry that it follows; at any other place
//! it is void for every reader, so that nothing depends on the log's own check.

mod cluster;
mod entry;
mod in_process;
mod others;
mod replica;
mod shared_records;
#[cfg(feature = "sqlite")]
mod wait;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Instant;

use thiserror::Error;
use uuid::Uuid;

pub use self::cluster::{Cluster, ClusterNode, LogReader, NodeState, NotPublished, Publication};
pub(in crate::engine::store) use self::entry::{Commit, EntryEvent, EntryWriter, NotACommit};
pub use self::in_process::{Disturbance, InProcessLog};
pub(in crate::engine::store) use self::others::OtherWriters;
pub(in crate::engine) use self::replica::Replica;
pub use self::shared_records::SharedRecords;
#[cfg(feature = "sqlite")]
pub(in crate::engine::store) use self::wait::{wait_at_most, wait_for};
use super::StoreError;
use crate::engine::log::Position;
use crate::engine::runtime::StoreFailure;

/// An answer that a log gives later.
pub type Later<'a, R> = Pin<Box<dyn Future<Output = R> + Send + 'a>>;

/// An entry of a log: one group commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1, without gaps.
    pub sequence: u64,
    /// What the writer offered.
    pub bytes: Vec<u8>,
}

/// Where a replica has come to: the last entry that it holds, and the end of its events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replicated {
    /// The last entry; 0 for none.
    pub sequence: u64,
    /// The last event.
    pub position: Position,
    /// The hash of all events up to that one.
    pub hash: [u8; 32],
}

/// What became of an offered entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offered {
    /// It stands at the place for which it was offered.
    Accepted,
    /// It does not, and never will: another entry stands there.
    Conflict,
    /// It does not, and never will: the log could not be reached in time, for this reason.
    NotOffered(String),
    /// It may stand there, or may come to stand there; nobody could tell in time, for this reason.
    Unknown(String),
}

/// Why a log gives no answer.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LogError {
    /// It could not be reached in time. It may be asked again.
    #[error("{0}")]
    Unavailable(String),
    /// The log ends before what was seen of it, or has other events there.
    #[error(
        "{log}: events up to position {seen} were seen, but the log {}; only `accept_loss: true` opens it as it is",
        if end < seen { format!("ends at position {end}") } else { format!("has other events by now (it ends at position {end})") }
    )]
    WentBack {
        /// The log's name.
        log: String,
        /// The highest position that was seen.
        seen: Position,
        /// Where the log ends now.
        end: Position,
    },
    /// The log cannot be used any more.
    #[error("{0}")]
    Failed(#[source] StoreFailure),
}

impl From<LogError> for StoreError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Unavailable(reason) => Self::Unavailable(reason),
            went_back @ LogError::WentBack { .. } => Self::Failed(went_back.to_string().into()),
            LogError::Failed(failure) => Self::Failed(failure),
        }
    }
}

/// A log that replicas share. Every wait ends: what takes too long is answered with an error.
pub trait CommitLog: fmt::Debug + Send + Sync + 'static {
    /// What it is called in messages, without anything secret.
    fn name(&self) -> &str;

    /// The maximum size of an entry, in bytes.
    fn most_bytes(&self) -> usize;

    /// Begins to receive the entries after what a replica holds. Comes before all calls below.
    ///
    /// # Errors
    ///
    /// Returns [`LogError`] if the log does not hold what the replica does, or cannot be read.
    fn follow(&self, from: Replicated) -> Later<'_, Result<(), LogError>>;

    /// Offers an entry for the place after the entry `after`.
    ///
    /// # Errors
    ///
    /// Returns [`LogError`] if the log has failed. The entry does not stand there then.
    fn offer(&self, after: u64, entry: Vec<u8>) -> Later<'_, Result<Offered, LogError>>;

    /// Some of the entries after `after` that were received, in order, without waiting. Earlier ones may be forgotten.
    ///
    /// # Errors
    ///
    /// Returns [`LogError`] if the log has failed.
    fn received(&self, after: u64) -> Result<Vec<Entry>, LogError>;

    /// Whether an entry after `after` was received.
    ///
    /// # Errors
    ///
    /// Returns [`LogError`] if the log has failed.
    fn has_received(&self, after: u64) -> Result<bool, LogError> {
        Ok(!self.received(after)?.is_empty())
    }

    /// Waits until an entry after `after` was received, the log has failed, or some seconds have passed.
    fn reception(&self, after: u64) -> Later<'_, ()>;

    /// The number of the last entry that any program's commit was accepted as, before this call.
    ///
    /// # Errors
    ///
    /// Returns [`LogError`] if nobody can tell.
    fn end(&self) -> Later<'_, Result<u64, LogError>>;

    /// Tells the other programs that this one, which writes under this id, was not first, so that they let it have a turn.
    fn ask_for_turn(&self, _writer: Uuid) {}

    /// Which other programs have asked for a turn of late, and when last.
    fn turns_asked(&self) -> Vec<(Uuid, Instant)> {
        Vec::new()
    }

    /// The records of handlers that all replicas share; `None` if each has its own.
    fn records(&self) -> Option<&dyn SharedRecords> {
        None
    }

    /// What else the log can do if it is on a cluster of servers; `None` for any other.
    fn cluster(&self) -> Option<&dyn Cluster> {
        None
    }

    /// Notes how far a replica has come. Nothing is answered from beyond what was noted.
    ///
    /// # Errors
    ///
    /// Returns the system's error if it could not be written down.
    fn note(&self, end: Replicated) -> std::io::Result<()>;
}
