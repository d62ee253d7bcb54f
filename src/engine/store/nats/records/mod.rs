//! Handlers' progress and parked events, in a second stream: a key-value bucket that all programs share.

mod lease;
mod parked;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use self::lease::{Lease, unavailable};
use super::api::{ApiError, GetLast, StoredMessage};
use super::batch::Message;
use super::connection::Connection;
use super::requests::Unanswered;
use super::token::token;
use crate::engine::log::Position;
use crate::engine::runtime::{StoreFailure, StoreFailureKind};
use crate::engine::store::StoreError;
use crate::engine::store::handler_records::{ParkedChange, Progress};

/// How long to ask for a record, or to store one without a lease.
const ASK_FOR: Duration = Duration::from_secs(15);

/// How long to wait before the next attempt.
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// Cheap to clone.
#[derive(Clone, Debug)]
pub(in crate::engine::store::nats) struct Records {
    connection: Arc<Connection>,
    /// This program, as the lease names it.
    holder: Uuid,
    lease: Arc<Mutex<Lease>>,
    /// When the lease was asked for last.
    asked: Arc<Mutex<Option<Instant>>>,
}

#[derive(Serialize, Deserialize)]
struct StoredProgress {
    checkpoint: Position,
    attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<Box<str>>,
}

impl Records {
    pub(in crate::engine::store::nats) fn new(connection: Arc<Connection>) -> Self {
        Self { connection, holder: Uuid::new_v4(), lease: Arc::default(), asked: Arc::default() }
    }

    pub(in crate::engine::store::nats) async fn read_progress(
        &self,
        handler: &str,
    ) -> Result<Option<Progress>, StoreError> {
        let found = self.read::<StoredProgress>(&self.progress_subject(handler)).await?;
        Ok(found.map(|(_, stored)| stored.into()))
    }

    pub(in crate::engine::store::nats) async fn begin_progress(
        &self,
        handler: &str,
        start: Progress,
    ) -> Result<Progress, StoreError> {
        let subject = self.progress_subject(handler);
        let begun = Instant::now();
        loop {
            if let Some((_, stored)) = self.read::<StoredProgress>(&subject).await? {
                return Ok(stored.into());
            }
            // A refusal says that another program was first, and anything else that nobody knows: look again. A stream that
            // was just made has nobody to answer until its leader is known everywhere.
            match self.connection.store(vec![message(&subject, &StoredProgress::from(start.clone()), Some(0))?]).await {
                Ok(_) => return Ok(start),
                Err(unanswered) if begun.elapsed() > ASK_FOR => return Err(unavailable(&unanswered)),
                Err(_) => sleep(RETRY_AFTER).await,
            }
        }
    }

    pub(in crate::engine::store::nats) async fn write_progress(
        &self,
        handler: &str,
        progress: Progress,
        change: ParkedChange,
    ) -> Result<(), StoreError> {
        let mut messages = vec![message(&self.progress_subject(handler), &StoredProgress::from(progress), None)?];
        messages.extend(self.parked_messages(change).await?);
        self.store_under_lease(messages).await
    }

    /// Stores messages without a lease. To store them twice is as once.
    async fn store_anyway(&self, messages: Vec<Message>) -> Result<(), StoreError> {
        let begun = Instant::now();
        loop {
            match self.connection.store(messages.clone()).await {
                Ok(_) => return Ok(()),
                Err(unanswered) if begun.elapsed() > ASK_FOR => return Err(unavailable(&unanswered)),
                Err(_) => sleep(RETRY_AFTER).await,
            }
        }
    }

    /// The last message of a subject and its place, as whoever answers for the stream knows it.
    async fn last(&self, subject: &str) -> Result<Option<(u64, Bytes)>, Unanswered> {
        let question = GetLast { last_by_subj: subject };
        match self.connection.ask::<StoredMessage>(self.connection.records_api("STREAM.MSG.GET"), &question).await {
            Ok(StoredMessage { message }) => Ok(Some((message.seq, message.bytes()?))),
            Err(Unanswered::Refused(refusal)) if refusal.err_code == ApiError::NO_MESSAGE => Ok(None),
            Err(unanswered) => Err(unanswered),
        }
    }

    async fn read<T: DeserializeOwned>(&self, subject: &str) -> Result<Option<(u64, T)>, StoreError> {
        let begun = Instant::now();
        loop {
            match self.last(subject).await {
                Ok(None) => return Ok(None),
                Ok(Some((revision, payload))) => {
                    let read = serde_json::from_slice(&payload);
                    return read.map(|read| Some((revision, read))).map_err(|error| {
                        let what = format!("{subject} cannot be read: {error}");
                        StoreError::Failed(StoreFailure::of_kind(what, StoreFailureKind::Damaged))
                    });
                }
                Err(unanswered) if begun.elapsed() > ASK_FOR => return Err(unavailable(&unanswered)),
                Err(_) => sleep(RETRY_AFTER).await,
            }
        }
    }

    fn lease_subject(&self) -> String {
        self.connection.record("lease")
    }

    fn progress_subject(&self, handler: &str) -> String {
        self.connection.record(&format!("progress_{}", token(handler)))
    }
}

fn message(subject: &str, record: &impl Serialize, after: Option<u64>) -> Result<Message, StoreError> {
    let payload = serde_json::to_vec(record).map_err(|error| StoreError::Failed(error.to_string().into()))?;
    Ok(Message { subject: subject.to_owned(), payload: payload.into(), after, lives_for: None })
}

impl From<Progress> for StoredProgress {
    fn from(Progress { checkpoint, attempts, state }: Progress) -> Self {
        Self { checkpoint, attempts, state }
    }
}

impl From<StoredProgress> for Progress {
    fn from(StoredProgress { checkpoint, attempts, state }: StoredProgress) -> Self {
        Self { checkpoint, attempts, state }
    }
}
