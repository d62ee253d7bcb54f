//! A domain at a prompt that is an application.

use super::Words;
use crate::engine::application::Application;
use crate::engine::log::StreamId;
use crate::engine::store::codec::StoredEvent;
use crate::shell::functions::Parameter;
use crate::shell::term::Term;

/// What the functions of every application have to know of a domain.
pub trait HasApplication: Send + Sync + 'static {
    /// What can happen in it.
    type Event: StoredEvent;

    /// What its application is called, and what help says of it.
    const WORDS: &'static Words;

    /// The parameter that names a stream.
    const STREAM: Parameter;

    /// The application, as questions are put to it.
    ///
    /// # Errors
    ///
    /// The reply where there is none.
    fn application(&self) -> Result<Application<Self::Event>, Term>;

    /// The stream that a word names.
    ///
    /// # Errors
    ///
    /// The reply to a word that names none.
    fn stream(name: &str) -> Result<StreamId, Term> {
        Ok(StreamId::named(name))
    }
}
