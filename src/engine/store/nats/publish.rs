//! Publishes an event for others, and knows that it has arrived.

use std::sync::atomic::Ordering;

use async_nats::HeaderMap;
use bytes::Bytes;

use super::api::{Acknowledged, StreamNames, StreamsOf};
use super::connection::Connection;
use super::requests::{Unanswered, read};
use super::token::token;
use crate::engine::store::commit_log::{NotPublished, Publication};

/// The longest subject: with everything else in the first line of a message, a server takes 4,096 bytes.
const LONGEST_SUBJECT: usize = 3_072;

impl Connection {
    /// Publishes an event. It has arrived when a stream that keeps such messages has acknowledged it, or, if there is none,
    /// when a server has taken it.
    pub(super) async fn publish(&self, publication: Publication) -> Result<(), NotPublished> {
        let subject = format!("{}.events.{}", self.stream(), token(&publication.stream));
        if subject.len() > LONGEST_SUBJECT {
            return Err(NotPublished::TooLarge("the name of its stream is too long for a subject".to_owned()));
        }
        let mut headers = HeaderMap::new();
        let mut length = publication.payload.len();
        for (name, value) in &publication.headers {
            // A header is a line, with a colon between.
            length += name.len() + value.len() + 4;
            headers.insert(*name, value.as_str());
        }
        // The first line of the headers is `NATS/1.0`, and an empty one ends them.
        if length + 12 > self.max_payload() {
            return Err(NotPublished::TooLarge(format!("a message may have {} bytes", self.max_payload())));
        }
        let payload = Bytes::from(publication.payload);
        match self.is_kept(&subject).await.map_err(unavailable)? {
            true => {
                let answer = self.send(subject, headers, payload).await.map_err(unavailable)?;
                read::<Acknowledged>(&answer).map(drop).map_err(|unanswered| match unanswered {
                    Unanswered::Refused(refusal) => NotPublished::Refused(refusal.to_string()),
                    unanswered => unavailable(unanswered),
                })
            }
            false => {
                let connects = self.connects();
                let sent = self.client.publish_with_headers(subject.clone(), headers, payload).await;
                sent.map_err(|error| NotPublished::Unavailable(error.to_string()))?;
                // A server takes what comes by one connection in order: with the answer, it has the event.
                self.is_kept(&subject).await.map_err(unavailable)?;
                if self.connects() == connects {
                    return Ok(());
                }
                Err(NotPublished::Unavailable("the connection to the cluster broke".to_owned()))
            }
        }
    }

    /// Whether a stream keeps the messages of a subject.
    async fn is_kept(&self, subject: &str) -> Result<bool, Unanswered> {
        let question = StreamsOf { subject };
        let StreamNames { streams } = self.ask("$JS.API.STREAM.NAMES".to_owned(), &question).await?;
        Ok(streams.is_some_and(|streams| !streams.is_empty()))
    }

    /// How often the client has connected.
    fn connects(&self) -> u64 {
        self.client.statistics().connects.load(Ordering::Relaxed)
    }
}

fn unavailable(unanswered: Unanswered) -> NotPublished {
    NotPublished::Unavailable(unanswered.to_string())
}
