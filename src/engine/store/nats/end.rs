//! The end of a log, and whether it is where it was.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep};

use super::api::{ApiError, GetMessage, StoredMessage, StreamInfo};
use super::connection::Connection;
use super::requests::Unanswered;
use crate::engine::log::Position;
use crate::engine::store::commit_log::{Commit, Entry, LogError, Replicated};

/// How long to look for a leader that may be believed.
const ASK_FOR: Duration = Duration::from_secs(5);

/// A leader that has heard of its followers within this time still is one.
const HEARD_WITHIN: Duration = Duration::from_secs(2);

/// How long to wait before the next attempt.
const RETRY_AFTER: Duration = Duration::from_millis(50);

impl Connection {
    /// The stream as whoever answers for it knows it.
    pub(super) async fn info(&self) -> Result<StreamInfo, Unanswered> {
        self.ask(self.api("STREAM.INFO"), &serde_json::json!({})).await
    }
}

/// The stream as a leader knows it that was not cut off from its followers. One that was answers with old data for some
/// seconds.
pub(super) async fn led_info(connection: &Connection) -> Result<StreamInfo, LogError> {
    let begun = Instant::now();
    loop {
        let reason = match connection.info().await {
            Ok(info) if is_led(&info) => return Ok(info),
            Ok(_) => "the cluster has no leader that its followers hear".to_owned(),
            Err(unanswered) => unanswered.to_string(),
        };
        if begun.elapsed() > ASK_FOR {
            return Err(LogError::Unavailable(reason));
        }
        sleep(RETRY_AFTER).await;
    }
}

fn is_led(info: &StreamInfo) -> bool {
    let Some(cluster) = &info.cluster else { return info.config.num_replicas == 1 };
    let heard = cluster.replicas.iter().filter(|peer| !peer.offline && peer.heard() < HEARD_WITHIN).count();
    cluster.leader.is_some() && 2 * (heard + 1) > info.config.num_replicas
}

/// The last entry.
pub(super) async fn end(connection: &Connection) -> Result<u64, LogError> {
    Ok(led_info(connection).await?.state.last_seq)
}

/// What stands at a place, as whoever answers for the stream knows it.
pub(super) async fn standing_at(connection: &Connection, sequence: u64) -> Result<Option<Bytes>, Unanswered> {
    match connection.ask(connection.api("STREAM.MSG.GET"), &GetMessage { seq: sequence }).await {
        Ok(StoredMessage { message }) => message.bytes().map(Some),
        Err(Unanswered::Refused(refusal)) if refusal.err_code == ApiError::NO_MESSAGE => Ok(None),
        Err(unanswered) => Err(unanswered),
    }
}

/// Checks that the log holds what was seen of it.
pub(super) async fn check_seen(connection: &Connection, seen: Replicated) -> Result<(), LogError> {
    if seen == Replicated::default() {
        return Ok(());
    }
    let last = end(connection).await?;
    let standing = if last < seen.sequence { None } else { entry_at(connection, seen.sequence).await? };
    let is_same = standing.is_some_and(|entry| {
        // A void entry says nothing of what it stands after; the next one does.
        Commit::read(&entry).is_ok_and(|commit| commit.is_none_or(|commit| commit.hash == seen.hash))
    });
    if is_same {
        return Ok(());
    }
    let end = match entry_at(connection, last).await? {
        Some(entry) => Commit::read(&entry).ok().flatten().map_or(Position::START, |commit| commit.end()),
        None => Position::START,
    };
    Err(LogError::WentBack { log: connection.log_name(), seen: seen.position, end })
}

async fn entry_at(connection: &Connection, sequence: u64) -> Result<Option<Entry>, LogError> {
    let begun = Instant::now();
    loop {
        match standing_at(connection, sequence).await {
            Ok(bytes) => return Ok(bytes.map(|bytes| Entry { sequence, bytes: bytes.into() })),
            Err(unanswered) if begun.elapsed() > ASK_FOR => return Err(LogError::Unavailable(unanswered.to_string())),
            Err(_) => sleep(RETRY_AFTER).await,
        }
    }
}
