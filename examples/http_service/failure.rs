//! The bank's errors as HTTP responses.

use std::fmt::Display;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use cqrs_bank::bank::{CommandFailure, QueryError, Refusal, Unavailable};
use cqrs_bank::engine::store::StoreError;
use serde::Serialize;
use serde_json::{Value, json};

/// A status with a JSON body.
pub(crate) struct Failure {
    status: StatusCode,
    body: Value,
    is_retryable: bool,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, error: &str, message: impl Display) -> Self {
        let body = json!({ "error": error, "message": message.to_string() });
        Self { status, body, is_retryable: false }
    }

    pub(crate) fn with(mut self, field: &str, value: impl Serialize) -> Self {
        self.body[field] = json!(value);
        self
    }

    pub(crate) fn retryable(self) -> Self {
        Self { is_retryable: true, ..self }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let retry_after = self.is_retryable.then_some([(header::RETRY_AFTER, "1")]);
        (self.status, retry_after, Json(self.body)).into_response()
    }
}

impl From<CommandFailure> for Failure {
    fn from(failure: CommandFailure) -> Self {
        let (status, error) = match failure {
            CommandFailure::Unavailable(unavailable) => return unavailable.into(),
            CommandFailure::IdTaken { .. } => (StatusCode::CONFLICT, "key_taken"),
            CommandFailure::Refused(Refusal::NoAccount) => (StatusCode::NOT_FOUND, "no_account"),
            CommandFailure::Refused(Refusal::InvalidName(_)) => (StatusCode::UNPROCESSABLE_ENTITY, "bad_name"),
            CommandFailure::Refused(Refusal::AccountExists) => (StatusCode::CONFLICT, "account_exists"),
            CommandFailure::Refused(Refusal::TooManyTransfers) => (StatusCode::CONFLICT, "too_many_transfers"),
            // A service for accounts with PINs opens the bank with their secret, and sends commands with `send_with_pin`.
            CommandFailure::Refused(Refusal::PinRequired) => (StatusCode::FORBIDDEN, "pin_required"),
            CommandFailure::Refused(Refusal::AccountLocked) => (StatusCode::FORBIDDEN, "account_locked"),
            CommandFailure::Refused(_) => (StatusCode::UNPROCESSABLE_ENTITY, "refused"),
        };
        Self::new(status, error, failure)
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Unavailable(unavailable) => unavailable.into(),
            QueryError::NotYet(not_yet) => Self::new(StatusCode::PRECONDITION_FAILED, "not_yet", not_yet),
        }
    }
}

impl From<Unavailable> for Failure {
    fn from(unavailable: Unavailable) -> Self {
        let failure = |status, error| Self::new(status, error, &unavailable);
        match unavailable {
            // Sending it again under the same key is safe: the command takes effect once.
            Unavailable::OutcomeUnknown { .. } => failure(StatusCode::GATEWAY_TIMEOUT, "outcome_unknown"),
            Unavailable::Closed => failure(StatusCode::SERVICE_UNAVAILABLE, "closed").retryable(),
            Unavailable::Busy | Unavailable::Behind { .. } | Unavailable::Store(StoreError::Busy(_)) => {
                failure(StatusCode::SERVICE_UNAVAILABLE, "busy").retryable()
            }
            Unavailable::Defect(_) | Unavailable::Missing(_) => failure(StatusCode::INTERNAL_SERVER_ERROR, "defect"),
            Unavailable::Stopped(_) | Unavailable::Store(_) | Unavailable::Lacking { .. } => {
                failure(StatusCode::SERVICE_UNAVAILABLE, "unavailable")
            }
        }
    }
}
