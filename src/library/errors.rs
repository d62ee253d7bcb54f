//! The errors of the services.

use super::Refusal;
use crate::engine::application;
pub use crate::engine::application::{QueryError, Unavailable};

/// Why a command led to no events.
pub type CommandFailure = application::CommandFailure<Refusal>;
