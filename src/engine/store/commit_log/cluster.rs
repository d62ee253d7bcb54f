//! What a log on a cluster of servers can do besides: tell how its nodes are, publish events for others, and be read once
//! more from its beginning.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

use super::{Entry, Later, LogError, Replicated};

/// A log on a cluster. Every wait ends: what takes too long is answered with an error.
pub trait Cluster: fmt::Debug + Send + Sync + 'static {
    /// The nodes that keep the log, the leader first, as a leader knows them that a majority follows.
    ///
    /// # Errors
    ///
    /// Returns [`LogError`] if no such leader answers.
    fn nodes(&self) -> Later<'_, Result<Vec<ClusterNode>, LogError>>;

    /// Publishes an event for others. It may arrive twice.
    ///
    /// # Errors
    ///
    /// Returns [`NotPublished`] if it may not have arrived.
    fn publish(&self, publication: Publication) -> Later<'_, Result<(), NotPublished>>;

    /// Reads the log once more, from its first entry on.
    fn reader(&self) -> Box<dyn LogReader>;
}

/// Reads a log from its first entry on, apart from what the replica receives.
pub trait LogReader: Send + Sync {
    /// Some of the entries after what was read, in order; at least one, for which it waits.
    ///
    /// # Errors
    ///
    /// Returns [`LogError`] if none comes.
    fn next(&mut self, read: Replicated) -> Later<'_, Result<Vec<Entry>, LogError>>;
}

/// A server that keeps the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterNode {
    /// Its name.
    pub name: String,
    /// How it takes part.
    pub state: NodeState,
    /// How many entries it lacks that the leader has.
    pub behind: u64,
    /// How long ago the leader heard of it; `None` for the leader itself.
    pub heard: Option<Duration>,
}

/// How a server takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeState {
    /// The others follow it.
    Leader,
    /// It has what the leader has.
    Current,
    /// It lacks something, and catches up, or is not heard of.
    Behind,
    /// The leader knows that it is gone.
    Offline,
}

impl fmt::Display for NodeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Leader => "leader",
            Self::Current => "current",
            Self::Behind => "behind",
            Self::Offline => "offline",
        })
    }
}

/// An event for others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The stream that it is in.
    pub stream: String,
    /// What is said about it, by name. Values are encoded where they need to be.
    pub headers: Vec<(&'static str, String)>,
    /// What it says.
    pub payload: Vec<u8>,
}

/// Why an event is not known to be published.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NotPublished {
    /// The cluster does not answer. It may be asked again.
    #[error("{0}")]
    Unavailable(String),
    /// Somebody who keeps published events refuses this one.
    #[error("{0}")]
    Refused(String),
    /// It has more bytes than a message may have, or its stream's name has.
    #[error("{0}")]
    TooLarge(String),
}
