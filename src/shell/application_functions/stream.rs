//! The stream that an argument names.

use super::HasApplication;
use crate::engine::application::Application;
use crate::engine::log::{Moment, StreamId, Version};
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
