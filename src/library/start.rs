//! Starting a service.

use std::pin::Pin;

use super::BookEvent;
use crate::engine::application::{Application, Builder, StartError};

type Starting = Pin<Box<dyn Future<Output = Result<Application<BookEvent>, StartError>> + Send>>;

/// Boxed, so that the engine's code for a library is compiled once, in this crate. An unboxed future would be compiled again
/// in each program that awaits it.
pub(super) fn start(service: Builder<BookEvent>) -> Starting {
    Box::pin(service.start())
}
