//! The part of JetStream's API that a log needs.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An answer's error, if it is one.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    pub(super) error: Option<ApiError>,
}

/// Why a server refused a request.
#[derive(Clone, Debug, Deserialize, Error, PartialEq, Eq)]
#[error("{description} (code {err_code})")]
pub(super) struct ApiError {
    #[serde(default)]
    pub(super) err_code: u64,
    #[serde(default)]
    pub(super) description: String,
}

impl ApiError {
    /// There is no such stream, or the server asked does not know it.
    pub(super) const STREAM_NOT_FOUND: u64 = 10_059;
    /// There is no such message.
    pub(super) const NO_MESSAGE: u64 = 10_037;
    /// The stream does not end where the message expects.
    pub(super) const WRONG_LAST_SEQUENCE: u64 = 10_071;
    /// The same, or the leader does not know yet. Also comes where there is no conflict.
    pub(super) const WRONG_LAST_SEQUENCE_CONSTANT: u64 = 10_164;
    /// A server alone has no replicas.
    pub(super) const NO_REPLICAS: u64 = 10_074;
    /// Too few servers, or none with the tags that are asked for.
    pub(super) const NO_SUITABLE_PEERS: u64 = 10_005;

    /// Where the stream ends, if a refusal says so.
    pub(super) fn last_sequence(&self) -> Option<u64> {
        self.description.rsplit_once(": ")?.1.trim().parse().ok()
    }
}

/// Where an accepted message stands.
#[derive(Debug, Deserialize)]
pub(super) struct Acknowledged {
    pub(super) seq: u64,
}

/// A stream as its leader knows it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct StreamInfo {
    pub(super) config: StreamConfig,
    pub(super) state: StreamState,
    #[serde(default)]
    pub(super) cluster: Option<ClusterInfo>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct StreamState {
    pub(super) first_seq: u64,
    pub(super) last_seq: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ClusterInfo {
    #[serde(default)]
    pub(super) leader: Option<String>,
    #[serde(default)]
    pub(super) replicas: Vec<PeerInfo>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PeerInfo {
    #[serde(default)]
    pub(super) name: String,
    /// Whether it has what the leader has.
    #[serde(default)]
    pub(super) current: bool,
    #[serde(default)]
    pub(super) offline: bool,
    /// How many messages it lacks.
    #[serde(default)]
    pub(super) lag: u64,
    /// How long ago the leader heard of it, in nanoseconds.
    #[serde(default)]
    active: u64,
}

impl PeerInfo {
    /// How long ago the leader heard of it.
    pub(super) fn heard(&self) -> Duration {
        Duration::from_nanos(self.active)
    }
}

/// What a stream keeps, and where.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct StreamConfig {
    pub(super) name: String,
    #[serde(default)]
    pub(super) subjects: Vec<String>,
    pub(super) retention: String,
    pub(super) storage: String,
    pub(super) num_replicas: usize,
    pub(super) max_msgs: i64,
    pub(super) max_bytes: i64,
    /// In nanoseconds; 0 for ever.
    pub(super) max_age: i64,
    #[serde(default = "unlimited")]
    pub(super) max_msgs_per_subject: i64,
    #[serde(default)]
    pub(super) discard: String,
    #[serde(default)]
    pub(super) deny_delete: bool,
    #[serde(default)]
    pub(super) deny_purge: bool,
    #[serde(default)]
    pub(super) allow_direct: bool,
    #[serde(default)]
    pub(super) allow_atomic: bool,
    #[serde(default)]
    pub(super) allow_msg_ttl: bool,
    #[serde(default)]
    pub(super) metadata: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) placement: Option<Placement>,
}

fn unlimited() -> i64 {
    -1
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Placement {
    #[serde(default)]
    pub(super) tags: Vec<String>,
}

/// A message as its leader has it.
#[derive(Debug, Deserialize)]
pub(super) struct StoredMessage {
    pub(super) message: RawMessage,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawMessage {
    pub(super) seq: u64,
    /// In base64.
    #[serde(default)]
    pub(super) data: String,
}

/// Asks which streams take messages of a subject.
#[derive(Debug, Serialize)]
pub(super) struct StreamsOf<'a> {
    pub(super) subject: &'a str,
}

/// The streams that were asked for.
#[derive(Debug, Deserialize)]
pub(super) struct StreamNames {
    /// `null` for none.
    #[serde(default)]
    pub(super) streams: Option<Vec<String>>,
}

/// Asks for the last message of a subject.
#[derive(Debug, Serialize)]
pub(super) struct GetLast<'a> {
    pub(super) last_by_subj: &'a str,
}

/// Asks for one message.
#[derive(Debug, Serialize)]
pub(super) struct GetMessage {
    pub(super) seq: u64,
}

/// Makes a consumer that hands out the messages from one on, and goes when nobody asks it any more.
#[derive(Debug, Serialize)]
pub(super) struct CreateConsumer<'a> {
    pub(super) stream_name: &'a str,
    pub(super) config: ConsumerConfig<'a>,
    pub(super) action: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct ConsumerConfig<'a> {
    pub(super) name: &'a str,
    pub(super) deliver_policy: &'static str,
    pub(super) opt_start_seq: u64,
    pub(super) ack_policy: &'static str,
    pub(super) mem_storage: bool,
    pub(super) num_replicas: usize,
    /// In nanoseconds.
    pub(super) inactive_threshold: u64,
}

/// Asks a consumer for messages. Times are in nanoseconds.
#[derive(Debug, Serialize)]
pub(super) struct Pull {
    pub(super) batch: usize,
    pub(super) max_bytes: usize,
    pub(super) expires: u64,
    pub(super) idle_heartbeat: u64,
}

/// An answer of which nothing matters but that it is no error.
#[derive(Debug, Deserialize)]
pub(super) struct Done {}
