//! What a cluster must be like so that it keeps what it acknowledges.

use super::api::StreamInfo;
use super::connection::Connection;
use crate::engine::store::open_cluster_error::OpenClusterError;

/// The key of the stream's metadata that says what the events are about.
pub(super) const DOMAIN: &str = "domain";

/// How many servers keep a copy: one may be lost, and the other two still agree.
pub(super) const REPLICAS: usize = 3;

/// A tag of servers that sync each write before they acknowledge it. Clients cannot see the option itself, but a stream that
/// is placed by this tag is on no other servers.
pub(super) const SYNCED: &str = "sync_interval:always";

/// Since this version, several messages can be stored as one, and a lease can have a time to live.
const OLDEST: (u32, u32) = (2, 12);

pub(super) fn check(
    connection: &Connection,
    info: &StreamInfo,
    domain: &'static str,
    unsafe_cluster: bool,
) -> Result<(), OpenClusterError> {
    let log = connection.log_name();
    let version = connection.server_version();
    if number(&version).is_none_or(|version| version < OLDEST) {
        return Err(OpenClusterError::TooOld { log, version });
    }
    let config = &info.config;
    if let Some(found) = config.metadata.get(DOMAIN).filter(|found| *found != domain) {
        let found = found.clone();
        return Err(OpenClusterError::OtherDomain { log, found, expected: domain });
    }
    let problems = problems(info);
    if !problems.is_empty() {
        let problems = problems.join("; ");
        if !unsafe_cluster {
            return Err(OpenClusterError::Unsafe { log, problems });
        }
        tracing::warn!("{log} may lose what it has acknowledged: {problems}");
    }
    let is_synced = config.placement.as_ref().is_some_and(|placement| placement.tags.iter().any(|tag| tag == SYNCED));
    if !is_synced {
        tracing::warn!(
            "{log}: nothing shows that its servers sync each write before they acknowledge it; with \
             `sync_interval: always` in their configuration, `server_tags: [\"{SYNCED}\"]` says so to streams that are \
             made then"
        );
    }
    Ok(())
}

fn problems(info: &StreamInfo) -> Vec<String> {
    let config = &info.config;
    let limits = [
        ("max_msgs", config.max_msgs),
        ("max_bytes", config.max_bytes),
        ("max_age", config.max_age),
        ("max_msgs_per_subject", config.max_msgs_per_subject),
    ];
    let limits = limits.into_iter().filter(|(_, limit)| *limit > 0);
    let mut problems: Vec<_> = limits.map(|(name, limit)| format!("`{name}: {limit}` drops messages")).collect();
    if config.num_replicas < REPLICAS {
        problems.push(format!("of three servers, {} keep the events", config.num_replicas));
    }
    if config.storage != "file" {
        problems.push("it is kept in memory".to_owned());
    }
    if config.retention != "limits" {
        problems.push(format!("`retention: {}` drops messages", config.retention));
    }
    if info.state.first_seq > 1 {
        problems.push(format!("its first message is number {}", info.state.first_seq));
    }
    problems
}

fn number(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}
