//! What a client does with the cluster by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_nats::{Client, HeaderMap};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// As many bytes as the event has with its metadata as a line of JSON, such as an exported log has.
const PAYLOAD: &[u8] = &[b'x'; 360];

/// How long servers may take until they are a cluster.
const READY_WITHIN: Duration = Duration::from_secs(30);

const ASKED_AGAIN: Duration = Duration::from_millis(50);

/// So many messages an atomic batch may have.
const LARGEST_BATCH: usize = 1_000;

/// A stream of three replicas.
pub(crate) struct Raw {
    client: Client,
    stream: String,
}

impl Raw {
    pub(crate) async fn new(url: &str) -> Self {
        let (servers, stream) = url.rsplit_once('/').unwrap();
        let servers = servers.trim_start_matches("nats://").split(',').map(|server| format!("nats://{server}"));
        let client = async_nats::connect(servers.collect::<Vec<_>>()).await.unwrap();
        let raw = Self { client, stream: format!("raw-{stream}") };
        let config = json!({
            "name": raw.stream, "subjects": [format!("{}.>", raw.stream)], "num_replicas": 3, "storage": "file",
            "allow_atomic": true,
        });
        // Servers that have just started know no leader yet.
        let deadline = Instant::now() + READY_WITHIN;
        while let Err(reason) = raw.ask(&format!("$JS.API.STREAM.CREATE.{}", raw.stream), &config).await {
            assert!(Instant::now() < deadline, "{reason}");
            tokio::time::sleep(ASKED_AGAIN).await;
        }
        raw
    }

    async fn ask(&self, subject: &str, question: &Value) -> Result<(), String> {
        let answer = self.client.request(subject.to_owned(), question.to_string().into()).await;
        let payload = answer.map_err(|error| error.to_string())?.payload;
        let answer: Value = serde_json::from_slice(&payload).map_err(|error| error.to_string())?;
        answer.get("error").map_or(Ok(()), |error| Err(error.to_string()))
    }

    fn subject(&self) -> String {
        format!("{}.event", self.stream)
    }

    /// Publishes so many messages, each acknowledged by itself. Returns the time that each took.
    pub(crate) async fn publish(&self, in_flight: usize, events: usize) -> Vec<Duration> {
        let next = Arc::new(AtomicUsize::new(0));
        let mut writers = JoinSet::new();
        for _ in 0..in_flight {
            let (client, subject, next) = (self.client.clone(), self.subject(), next.clone());
            writers.spawn(async move {
                let mut times = Vec::new();
                while next.fetch_add(1, Ordering::Relaxed) < events {
                    let start = Instant::now();
                    let answer = client.request(subject.clone(), PAYLOAD.into()).await.unwrap();
                    assert_stored(&answer);
                    times.push(start.elapsed());
                }
                times
            });
        }
        writers.join_all().await.concat()
    }

    /// Publishes so many messages in atomic batches, with so many messages on their way. Returns the time of each batch.
    pub(crate) async fn publish_batches(&self, in_flight: usize, events: usize) -> Vec<Duration> {
        let size = in_flight.min(LARGEST_BATCH);
        let next = Arc::new(AtomicUsize::new(0));
        let mut writers = JoinSet::new();
        for _ in 0..in_flight.div_ceil(size) {
            let (client, subject, next) = (self.client.clone(), self.subject(), next.clone());
            writers.spawn(async move {
                let mut times = Vec::new();
                loop {
                    let begun = next.fetch_add(size, Ordering::Relaxed);
                    if begun >= events {
                        return times;
                    }
                    let start = Instant::now();
                    publish_batch(&client, &subject, size.min(events - begun)).await;
                    times.push(start.elapsed());
                }
            });
        }
        writers.join_all().await.concat()
    }

    /// Reads so many messages with an ordered push consumer. Returns the time that it took.
    pub(crate) async fn read(&self, events: usize) -> Duration {
        let inbox = self.client.new_inbox();
        let mut messages = self.client.subscribe(inbox.clone()).await.unwrap();
        let start = Instant::now();
        let config = json!({
            "stream_name": self.stream,
            "config": {
                "deliver_subject": inbox, "deliver_policy": "all", "ack_policy": "none", "mem_storage": true,
                "num_replicas": 1, "flow_control": true, "idle_heartbeat": 5_000_000_000_u64, "max_deliver": 1,
            },
        });
        self.ask(&format!("$JS.API.CONSUMER.CREATE.{}", self.stream), &config).await.unwrap();
        let mut read = 0;
        while read < events {
            let message = messages.next().await.unwrap();
            match (message.status, message.reply) {
                (None, _) => read += 1,
                // The server asks whether it may send more.
                (Some(_), Some(reply)) => self.client.publish(reply, "".into()).await.unwrap(),
                (Some(_), None) => {}
            }
        }
        start.elapsed()
    }
}

async fn publish_batch(client: &Client, subject: &str, size: usize) {
    let id = uuid::Uuid::new_v4().simple().to_string();
    for number in 1..=size {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Batch-Id", id.as_str());
        headers.insert("Nats-Batch-Sequence", number.to_string());
        if number < size {
            client.publish_with_headers(subject.to_owned(), headers, PAYLOAD.into()).await.unwrap();
            continue;
        }
        headers.insert("Nats-Batch-Commit", "1");
        let answer = client.request_with_headers(subject.to_owned(), headers, PAYLOAD.into()).await.unwrap();
        assert_stored(&answer);
    }
}

fn assert_stored(answer: &async_nats::Message) {
    assert!(String::from_utf8_lossy(&answer.payload).contains("\"seq\""), "{answer:?}");
}
