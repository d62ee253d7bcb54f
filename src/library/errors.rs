//! Why a service does not do what it was asked.

use super::Refusal;
use crate::engine::application;
pub use crate::engine::application::{QueryError, Unavailable};

/// Why a command has no events to show.
pub type CommandFailure = application::CommandFailure<Refusal>;
