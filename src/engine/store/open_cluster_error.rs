//! Why a log on a cluster was not opened.

use thiserror::Error;

use crate::engine::log::Position;
use crate::engine::runtime::StoreFailure;
use crate::engine::store::OpenStoreError;

/// Why a log on a cluster was not opened. It is unchanged.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OpenClusterError {
    /// No server answered, or the cluster has no leader.
    #[error("{url}: the cluster cannot be reached: {reason}")]
    Unreachable {
        /// The cluster, without credentials.
        url: String,
        /// Why.
        reason: String,
    },
    /// The cluster has no such log.
    #[error("{log}: there is no such log; `create: true` makes it")]
    NoLog {
        /// The log.
        log: String,
    },
    /// The cluster has no such log any more.
    #[error(
        "{log}: events up to position {seen} were seen, and there is no such log any more; only `create: true` with \
         `accept_loss: true` makes another one"
    )]
    LogGone {
        /// The log.
        log: String,
        /// The highest position that was seen.
        seen: Position,
    },
    /// The servers are too old.
    #[error("{log}: the servers have version {version}, and 2.12 is needed")]
    TooOld {
        /// The log.
        log: String,
        /// Their version.
        version: String,
    },
    /// The log contains the events of another domain.
    #[error("{log}: this is the log of a {found}, not of a {expected}")]
    OtherDomain {
        /// The log.
        log: String,
        /// Its domain.
        found: String,
        /// The expected domain.
        expected: &'static str,
    },
    /// The cluster may lose what it has acknowledged.
    #[error("{log} may lose what it has acknowledged: {problems}; only `unsafe_cluster: true` opens it")]
    Unsafe {
        /// The log.
        log: String,
        /// What is wrong with it.
        problems: String,
    },
    /// Nobody said where to keep the replica, and what was seen of the log.
    #[error("there is no directory for the replica: neither an option nor the environment names one")]
    NoPlace,
    /// The replica cannot be opened, or does not agree with the log.
    #[error("{0}")]
    Replica(#[source] OpenStoreError),
    /// Any other error, such as of the system.
    #[error("{0}")]
    Failed(#[source] StoreFailure),
}
