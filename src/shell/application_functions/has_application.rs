//! What a domain provides to get the functions of every application.

use super::Words;
use crate::engine::application::Application;
use crate::engine::log::StreamId;
use crate::engine::store::codec::StoredEvent;
use crate::shell::common_errors::{BEHIND, BUSY, DEFECT, STORE_FAILED, UNAVAILABLE};
use crate::shell::error_reason::ErrorReason;
use crate::shell::functions::{Parameter, ParameterKind};
use crate::shell::term::Term;

/// A domain with an application. It provides what the functions of every application need.
pub trait HasApplication: Send + Sync + 'static {
    /// The domain's event.
    type Event: StoredEvent;

    /// The domain's words in replies and help.
    const WORDS: &'static Words;

    /// The parameter that names a stream.
    const STREAM: Parameter = Parameter::needed("stream", ParameterKind::Text);

    /// What every function of the application may reply besides errors of its own.
    const ERRORS: &'static [ErrorReason] =
        &[BUSY, BEHIND, UNAVAILABLE, Self::WORDS.stopped, Self::WORDS.closed, STORE_FAILED, DEFECT];

    /// What an argument may lead to that names a stream.
    const STREAM_ERRORS: &'static [ErrorReason] = &[Self::WORDS.no_stream];

    /// The application.
    ///
    /// # Errors
    ///
    /// The reply when no application is open.
    fn application(&self) -> Result<Application<Self::Event>, Term>;

    /// The stream that an argument names.
    ///
    /// # Errors
    ///
    /// The reply to an invalid name.
    fn stream(name: &str) -> Result<StreamId, Term> {
        Ok(StreamId::named(name))
    }
}
