//! The trace: one line from each part of the engine as it does its work.
//!
//! A line is a [`tracing`] event with the target [`TARGET`]. Its field `correlation` says which conversation
//! it belongs to, so that a shell can print what its own commands cause and leave out what others do.
//! With no subscriber interested, a line costs one load and one branch; its arguments are not evaluated.

/// The `tracing` target of every trace line.
pub const TARGET: &str = "cqrs_bank::trace";

/// The name of the field that holds the correlation id, as a number of 128 bits.
pub const CORRELATION: &str = "correlation";

/// Emits a trace line: the correlation id, then the text as `format!` takes it.
#[macro_export]
macro_rules! trace_line {
    ($correlation_id:expr, $($text:tt)+) => {
        ::tracing::info!(target: $crate::engine::trace::TARGET, correlation = $correlation_id.as_u128(), $($text)+)
    };
}

pub use trace_line;
