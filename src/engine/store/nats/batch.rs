//! Several messages that are stored together or not at all.

use async_nats::HeaderMap;
use bytes::Bytes;
use uuid::Uuid;

use super::api::Acknowledged;
use super::connection::Connection;
use super::requests::{Unanswered, read};

/// A message of a batch.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) subject: String,
    pub(super) payload: Bytes,
    /// The last message of the same subject, if that must be the last one; 0 for none.
    pub(super) after: Option<u64>,
    /// After how many seconds it goes by itself.
    pub(super) lives_for: Option<u64>,
}

impl Message {
    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(after) = self.after {
            headers.insert("Nats-Expected-Last-Subject-Sequence", after.to_string());
        }
        if let Some(seconds) = self.lives_for {
            headers.insert("Nats-TTL", format!("{seconds}s"));
        }
        headers
    }
}

impl Connection {
    /// Stores messages together. Returns the place of the first.
    pub(super) async fn store(&self, messages: Vec<Message>) -> Result<u64, Unanswered> {
        let count = messages.len() as u64;
        let id = Uuid::new_v4().simple().to_string();
        let mut messages = messages.into_iter().zip(1_u64..).peekable();
        while let Some((message, number)) = messages.next() {
            let mut headers = message.headers();
            let is_last = messages.peek().is_none();
            if count > 1 {
                headers.insert("Nats-Batch-Id", id.as_str());
                headers.insert("Nats-Batch-Sequence", number.to_string());
                if is_last {
                    headers.insert("Nats-Batch-Commit", "1");
                }
            }
            if is_last {
                let answer = self.send(message.subject, headers, message.payload).await?;
                return read(&answer).map(|Acknowledged { seq }| seq + 1 - count);
            }
            let sent = self.client.publish_with_headers(message.subject, headers, message.payload).await;
            // Without its end, a batch is nothing.
            sent.map_err(|error| Unanswered::NotSent(error.to_string()))?;
        }
        Err(Unanswered::NotSent("there is nothing to store".to_owned()))
    }
}
