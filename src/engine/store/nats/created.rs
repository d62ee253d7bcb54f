//! Finds the stream of a log, or makes it.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::api::{ApiError, Placement, StreamConfig, StreamInfo};
use super::check::{DOMAIN, REPLICAS, SYNCED};
use super::connection::Connection;
use super::requests::Unanswered;
use crate::engine::store::commit_log::Replicated;
use crate::engine::store::open_cluster_error::OpenClusterError;

/// How long to look for a leader. An election takes 4 to 9 s.
const ASK_FOR: Duration = Duration::from_secs(15);

/// How long a server may not know a stream that there is, or its peers, such as right after its start.
const UNKNOWN_FOR: Duration = Duration::from_secs(2);

const RETRY_AFTER: Duration = Duration::from_millis(50);

/// Finds the stream of the log and that of the handlers' records, or makes both if it `may_create` them. `seen` is what is
/// remembered of the log. Returns that of the log.
pub(super) async fn found_or_created(
    connection: &Connection,
    domain: &str,
    may_create: bool,
    unsafe_cluster: bool,
    seen: Replicated,
) -> Result<StreamInfo, OpenClusterError> {
    let finding = Finding { connection, may_create, unsafe_cluster, seen };
    // Where there is a log, there are records.
    finding.find(&connection.records_api("STREAM.INFO"), &records(connection)).await?;
    finding.find(&connection.api("STREAM.INFO"), &log(connection, domain)).await
}

struct Finding<'a> {
    connection: &'a Connection,
    may_create: bool,
    unsafe_cluster: bool,
    seen: Replicated,
}

impl Finding<'_> {
    async fn find(&self, question: &str, config: &StreamConfig) -> Result<StreamInfo, OpenClusterError> {
        let begun = Instant::now();
        loop {
            let asked = match self.connection.ask(question.to_owned(), &serde_json::json!({})).await {
                Err(Unanswered::Refused(refusal)) if refusal.err_code == ApiError::STREAM_NOT_FOUND => {
                    if self.may_create {
                        self.create(config.clone(), begun).await.map(Some)
                    } else if begun.elapsed() > UNKNOWN_FOR {
                        let log = self.connection.log_name();
                        return Err(match self.seen.sequence {
                            0 => OpenClusterError::NoLog { log },
                            _ => OpenClusterError::LogGone { log, seen: self.seen.position },
                        });
                    } else {
                        Ok(None)
                    }
                }
                info => info.map(Some),
            };
            match asked {
                Ok(Some(info)) => return Ok(info),
                Ok(None) => {}
                Err(unanswered) if begun.elapsed() > ASK_FOR => {
                    let (url, reason) = (self.connection.log_name(), unanswered.to_string());
                    return Err(OpenClusterError::Unreachable { url, reason });
                }
                Err(unanswered) => tracing::debug!("the stream is not there yet: {unanswered}"),
            }
            sleep(RETRY_AFTER).await;
        }
    }

    /// Makes a stream, on servers that say that they sync each write, if there are such.
    async fn create(&self, mut config: StreamConfig, begun: Instant) -> Result<StreamInfo, Unanswered> {
        loop {
            let question = format!("$JS.API.STREAM.CREATE.{}", config.name);
            let refusal = match self.connection.ask(question, &config).await {
                Err(Unanswered::Refused(refusal)) => refusal,
                answered => return answered,
            };
            match refusal.err_code {
                // A server that has just started is no peer yet: asked for again, it may be.
                ApiError::NO_SUITABLE_PEERS if config.placement.is_some() && begun.elapsed() < UNKNOWN_FOR => {
                    return Err(Unanswered::Refused(refusal));
                }
                // The check says what is missing.
                ApiError::NO_SUITABLE_PEERS if config.placement.is_some() => config.placement = None,
                ApiError::NO_REPLICAS | ApiError::NO_SUITABLE_PEERS
                    if self.unsafe_cluster && config.num_replicas > 1 =>
                {
                    (config.num_replicas, config.placement) = (1, None);
                }
                _ => return Err(Unanswered::Refused(refusal)),
            }
        }
    }
}

fn log(connection: &Connection, domain: &str) -> StreamConfig {
    StreamConfig {
        name: connection.stream().to_owned(),
        subjects: vec![connection.subject()],
        retention: "limits".to_owned(),
        storage: "file".to_owned(),
        num_replicas: REPLICAS,
        max_msgs: -1,
        max_bytes: -1,
        max_age: 0,
        max_msgs_per_subject: -1,
        discard: "new".to_owned(),
        deny_delete: true,
        deny_purge: true,
        allow_direct: false,
        allow_atomic: false,
        allow_msg_ttl: false,
        metadata: BTreeMap::from([(DOMAIN.to_owned(), domain.to_owned())]),
        placement: Some(Placement { tags: vec![SYNCED.to_owned()] }),
    }
}

/// As of a key-value bucket.
fn records(connection: &Connection) -> StreamConfig {
    StreamConfig {
        name: connection.records_stream(),
        subjects: vec![connection.record(">")],
        max_msgs_per_subject: 1,
        allow_atomic: true,
        allow_msg_ttl: true,
        metadata: BTreeMap::new(),
        ..log(connection, "")
    }
}
