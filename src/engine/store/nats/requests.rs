//! Requests to the cluster, and what becomes of them.

use std::fmt;
use std::time::Duration;

use async_nats::client::{Request, RequestErrorKind};
use async_nats::connection::State;
use async_nats::{HeaderMap, Message};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::api::{Answer, ApiError, RawMessage};
use super::connection::Connection;

/// How long to wait for an answer before the request is sent again.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// Why a request has no answer.
#[derive(Clone, Debug)]
pub(super) enum Unanswered {
    /// Nobody received it.
    NotSent(String),
    /// Somebody may have received it.
    NoAnswer(String),
    /// It was refused.
    Refused(ApiError),
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(reason) | Self::NoAnswer(reason) => f.write_str(reason),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

impl Connection {
    /// Sends a request and reads the answer.
    pub(super) async fn ask<A: DeserializeOwned>(
        &self,
        subject: String,
        question: &impl Serialize,
    ) -> Result<A, Unanswered> {
        // What is asked here can be written as JSON.
        let question = serde_json::to_vec(question).map_err(|error| Unanswered::NotSent(error.to_string()))?;
        read(&self.send(subject, HeaderMap::new(), question.into()).await?)
    }

    /// Sends a request with headers and waits for the answer.
    pub(super) async fn send(
        &self,
        subject: String,
        headers: HeaderMap,
        payload: Bytes,
    ) -> Result<Message, Unanswered> {
        // What is sent while there is no connection would wait for one, and arrive some time.
        if self.client.connection_state() != State::Connected {
            return Err(Unanswered::NotSent("there is no connection to the cluster".to_owned()));
        }
        let request = Request::new().headers(headers).payload(payload).timeout(Some(ANSWER_WITHIN));
        self.client.send_request(subject, request).await.map_err(|error| match error.kind() {
            RequestErrorKind::NoResponders => Unanswered::NotSent("nobody in the cluster answers".to_owned()),
            RequestErrorKind::TimedOut => Unanswered::NoAnswer("the cluster does not answer".to_owned()),
            _ => Unanswered::NoAnswer(error.to_string()),
        })
    }
}

impl RawMessage {
    /// What the message says.
    pub(super) fn bytes(&self) -> Result<Bytes, Unanswered> {
        let bytes = STANDARD.decode(&self.data).map(Bytes::from);
        bytes.map_err(|error| Unanswered::NoAnswer(format!("the cluster's answer is unreadable: {error}")))
    }
}

/// Reads an answer.
pub(super) fn read<A: DeserializeOwned>(message: &Message) -> Result<A, Unanswered> {
    let unreadable =
        |error: serde_json::Error| Unanswered::NoAnswer(format!("the cluster's answer is unreadable: {error}"));
    match serde_json::from_slice(&message.payload).map_err(unreadable)? {
        Answer { error: Some(error) } => Err(Unanswered::Refused(error)),
        Answer { error: None } => serde_json::from_slice(&message.payload).map_err(unreadable),
    }
}
