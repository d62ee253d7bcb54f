//! The stream that an argument names.

use super::HasApplication;
use crate::engine::application::Application;
use crate::engine::log::{Moment, Position, StreamId, Version};
use crate::engine::store::codec::StoredEvent;
use crate::shell::function_table::{AS_OF, AT};
use crate::shell::functions::Explanation;
use crate::shell::term::Term;

/// The stream with a name. A stream without events does not exist: the error is the reply that says so, or that there is
/// no answer.
pub(super) async fn existing<D: HasApplication>(
    application: &Application<D::Event>,
    name: &str,
) -> Result<StreamId, Term> {
    let stream = D::stream(name)?;
    let version = application.version_at(&stream, Moment::NOW).await;
    let version = version.map_err(|error| D::WORDS.unavailable(&error))?;
    if version == Version::START { Err(Term::Missing(D::WORDS.no_stream)) } else { Ok(stream) }
}

/// Why something is missing at a moment of the past that exists now. `None` if it never did, or was asked for as it is now.
pub(in crate::shell) async fn not_there_yet<E: StoredEvent>(
    application: &Application<E>,
    stream: &StreamId,
    moment: Option<Moment>,
) -> Option<Explanation> {
    moment?;
    let first = application.stream_events(stream, Position::START.next(), 1).await.ok()?.into_iter().next()?;
    let clause =
        format!("it did not exist yet then: its first event is at position {}, {}", first.position, first.time);
    Some(Explanation { about: &[AT.name, AS_OF.name], clause })
}
