//! The trace: one line from each part of the engine as it does its work.
//!
//! A line is a [`tracing`] event with the target [`TARGET`]. Its field `correlation` says which conversation
//! it belongs to, so that a shell can print what its own commands cause and leave out what others do.
//! With no subscriber interested, a line costs one load and one branch; its arguments are not evaluated. Lines are of
//! the level `debug`: a program that uses the engine and logs what matters to it is not shown how each command goes.
//!
//! What a command causes while it is decided on happens in a span of the same level.

use tracing::Span;

use crate::engine::log::Metadata;

/// The `tracing` target of every trace line.
pub const TARGET: &str = "cqrs_bank::trace";

/// The name of the field that holds the correlation id, as a number of 128 bits.
pub const CORRELATION: &str = "correlation";

/// The `tracing` target of the span that each command runs in.
pub const COMMAND_TARGET: &str = "cqrs_bank::command";

/// The span that a command runs in, from when it is sent until it is answered: a child of the one that the sender is in.
/// Its fields are `title`, `command_id` and `correlation_id`, the latter two as UUIDs.
pub(crate) fn command_span(title: &'static str, metadata: &Metadata) -> Span {
    tracing::debug_span!(
        target: COMMAND_TARGET,
        "command",
        title,
        command_id = %metadata.command_id,
        correlation_id = %metadata.correlation_id,
    )
}

/// Emits a trace line: the correlation id, then the text as `format!` takes it.
#[macro_export]
macro_rules! trace_line {
    ($correlation_id:expr, $($text:tt)+) => {
        ::tracing::debug!(target: $crate::engine::runtime::trace::TARGET, correlation = $correlation_id.as_u128(), $($text)+)
    };
}

pub use trace_line;
