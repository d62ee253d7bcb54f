//! The start of a service.

use std::pin::Pin;

use super::BookEvent;
use crate::engine::application::{Application, Builder, StartError};

type Starting = Pin<Box<dyn Future<Output = Result<Application<BookEvent>, StartError>> + Send>>;

/// The engine of a library is compiled here, and not again into each program that starts a service: a future that is
/// named is compiled where it is awaited.
pub(super) fn start(service: Builder<BookEvent>) -> Starting {
    Box::pin(service.start())
}
