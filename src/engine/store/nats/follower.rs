//! Receives the entries of a log, one after another, across elections and broken connections.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{Message, StatusCode, Subscriber};
use futures_core::Stream as _;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::api::{ConsumerConfig, CreateConsumer, Done, Pull};
use super::connection::Connection;
use super::end;
use super::received::Received;
use super::requests::Unanswered;
use crate::engine::runtime::{StoreFailure, StoreFailureKind};
use crate::engine::store::commit_log::{Entry, LogError};

/// How many messages one request is for.
const BATCH: usize = 256;

/// How many bytes one request is for, at least one message.
const BATCH_BYTES: usize = 8 * 1_024 * 1_024;

/// How long a request waits for messages.
const EXPIRES: Duration = Duration::from_secs(30);

/// How often a consumer without messages shows that it is there …
const HEARTBEAT: Duration = Duration::from_millis(500);

/// … and how long it may be silent before another one is made.
const SILENT_FOR: Duration = Duration::from_millis(1_600);

/// How long a consumer stays that nobody asks.
const INACTIVE_FOR: Duration = Duration::from_secs(60);

const LOST_ON_ITS_WAY: &str = "a message was lost on its way";

/// How long to wait before another consumer is made.
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// The task; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Follower(JoinHandle<()>);

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Why a consumer hands out nothing more.
enum Ended {
    /// Another one may.
    Silent(String),
    Failed(LogError),
}

impl From<Unanswered> for Ended {
    fn from(unanswered: Unanswered) -> Self {
        Self::Silent(unanswered.to_string())
    }
}

impl Follower {
    /// Starts to receive the entries from `next` on.
    pub(super) fn start(connection: Arc<Connection>, received: Arc<Received>, next: u64) -> Self {
        Self(tokio::spawn(follow(connection, received, next)))
    }
}

async fn follow(connection: Arc<Connection>, received: Arc<Received>, mut next: u64) {
    loop {
        match receive(&connection, &received, &mut next).await {
            Ended::Failed(error) => {
                tracing::error!("{error}");
                return received.fail(error);
            }
            Ended::Silent(reason) => tracing::debug!("receiving from {next} on: {reason}"),
        }
        sleep(RETRY_AFTER).await;
        // A log that has lost its end must not be taken for one without news.
        match end::check_seen(&connection, received.noted()).await {
            Err(error @ (LogError::WentBack { .. } | LogError::Failed(_))) => {
                tracing::error!("{error}");
                return received.fail(error);
            }
            Err(LogError::Unavailable(_)) | Ok(()) => {}
        }
    }
}

async fn receive(connection: &Connection, received: &Received, next: &mut u64) -> Ended {
    match try_receive(connection, received, next).await {
        Ok(never) => match never {},
        Err(ended) => ended,
    }
}

async fn try_receive(
    connection: &Connection,
    received: &Received,
    next: &mut u64,
) -> Result<std::convert::Infallible, Ended> {
    let silent = |error: &dyn ToString| Ended::Silent(error.to_string());
    let inbox = connection.client.new_inbox();
    let mut messages = connection.client.subscribe(inbox.clone()).await.map_err(|error| silent(&error))?;
    let consumer = create_consumer(connection, *next).await?;
    let subject = format!("{}.{consumer}", connection.api("CONSUMER.MSG.NEXT"));
    let pull = Pull {
        batch: BATCH,
        max_bytes: BATCH_BYTES.max(connection.max_payload()),
        expires: nanoseconds(EXPIRES),
        idle_heartbeat: nanoseconds(HEARTBEAT),
    };
    let pull = serde_json::to_vec(&pull).map_err(|error| silent(&error))?;
    let mut sent = Sent::default();
    loop {
        received.room().await;
        let asked = connection.client.publish_with_reply(subject.clone(), inbox.clone(), pull.clone().into()).await;
        asked.map_err(|error| silent(&error))?;
        let mut missing = BATCH;
        while missing > 0 {
            let message =
                timeout(SILENT_FOR, next_message(&mut messages)).await.map_err(|_| silent(&"no sign of life"))?;
            let message = message.ok_or_else(|| silent(&"the subscription has ended"))?;
            match message.status {
                None => {
                    let place = place(&message).ok_or_else(|| silent(&"a message without a place"))?;
                    if sent.is_wanted(&place, *next)? {
                        received.add(Entry { sequence: *next, bytes: message.payload.into() });
                        *next += 1;
                    }
                    missing -= 1;
                }
                Some(StatusCode::IDLE_HEARTBEAT) if last_sent(&message).is_some_and(|last| last > sent.last) => {
                    return Err(silent(&LOST_ON_ITS_WAY));
                }
                Some(StatusCode::IDLE_HEARTBEAT) => {}
                // The request has expired, or there is nothing for it.
                Some(StatusCode::TIMEOUT | StatusCode::NOT_FOUND) => break,
                // As many bytes as were asked for.
                Some(status) if status.as_u16() == 409 && is_full(&message) => break,
                Some(status) => {
                    return Err(silent(&format_args!("{status} {}", message.description.unwrap_or_default())));
                }
            }
        }
    }
}

fn is_full(message: &Message) -> bool {
    message.description.as_deref().is_some_and(|description| description.starts_with("Message Size Exceeds"))
}

async fn create_consumer(connection: &Connection, next: u64) -> Result<String, Ended> {
    let name = Uuid::new_v4().simple().to_string();
    let config = ConsumerConfig {
        name: &name,
        deliver_policy: "by_start_sequence",
        opt_start_seq: next,
        ack_policy: "none",
        mem_storage: true,
        num_replicas: 1,
        inactive_threshold: nanoseconds(INACTIVE_FOR),
    };
    let create = CreateConsumer { stream_name: connection.stream(), config, action: "create" };
    let _: Done = connection.ask(format!("{}.{name}", connection.api("CONSUMER.CREATE")), &create).await?;
    Ok(name)
}

/// The next message of a subscription.
async fn next_message(messages: &mut Subscriber) -> Option<Message> {
    std::future::poll_fn(|context| Pin::new(&mut *messages).poll_next(context)).await
}

/// Where a message stands.
#[derive(Debug, PartialEq)]
struct Place {
    /// In the stream.
    sequence: u64,
    /// Among those that its consumer has sent.
    number: u64,
}

/// What a consumer has sent. It numbers its messages, and some get lost on their way when a connection breaks.
#[derive(Debug, Default)]
struct Sent {
    last: u64,
}

impl Sent {
    /// Whether a message holds the entry that comes next.
    fn is_wanted(&mut self, place: &Place, next: u64) -> Result<bool, Ended> {
        if place.number != self.last + 1 {
            return Err(Ended::Silent(LOST_ON_ITS_WAY.to_owned()));
        }
        self.last = place.number;
        if place.sequence > next { Err(Ended::Failed(gap(next, place.sequence))) } else { Ok(place.sequence == next) }
    }
}

/// The place of a message, from the subject for its acknowledgement:
/// `$JS.ACK.<stream>.<consumer>.<times delivered>.<sequence>.<number>.…`, with two more names before the stream where the
/// server knows of domains.
fn place(message: &Message) -> Option<Place> {
    let tokens: Vec<_> = message.reply.as_ref()?.as_str().split('.').collect();
    let index = if tokens.len() >= 11 { 7 } else { 5 };
    let token = |index: usize| tokens.get(index)?.parse().ok();
    Some(Place { sequence: token(index)?, number: token(index + 1)? })
}

/// The number of the last message that a consumer has sent, as its sign of life says.
fn last_sent(heartbeat: &Message) -> Option<u64> {
    heartbeat.headers.as_ref()?.get("Nats-Last-Consumer")?.as_str().parse().ok()
}

fn gap(next: u64, found: u64) -> LogError {
    let what = format!("the log has lost an entry: after {} comes {found}", next - 1);
    LogError::Failed(StoreFailure::of_kind(what, StoreFailureKind::Damaged))
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place_in(reply: &str) -> Option<Place> {
        let message = Message {
            subject: "bank.log".into(),
            reply: Some(reply.into()),
            payload: Default::default(),
            headers: None,
            status: None,
            description: None,
            length: 0,
        };
        place(&message)
    }

    #[test]
    fn a_message_knows_its_place() {
        let expected = Some(Place { sequence: 38, number: 4 });
        assert_eq!(place_in("$JS.ACK.bank.consumer.1.38.4.1700000000000000000.0"), expected);
        assert_eq!(place_in("$JS.ACK.domain.hash.bank.consumer.1.38.4.1700000000000000000.0.random"), expected);
        assert_eq!(place_in("bank.log"), None);
    }

    #[test]
    fn what_was_lost_on_its_way_is_no_hole_in_the_log() {
        let at = |sequence, number| Place { sequence, number };
        let mut sent = Sent::default();
        assert!(matches!(sent.is_wanted(&at(36, 1), 37), Ok(false)));
        assert!(matches!(sent.is_wanted(&at(37, 2), 37), Ok(true)));
        assert!(matches!(sent.is_wanted(&at(39, 4), 38), Err(Ended::Silent(_))));
        assert!(matches!(sent.is_wanted(&at(39, 3), 38), Err(Ended::Failed(LogError::Failed(_)))));
    }
}
