//! The trace: one line from each part of the engine as it does its work.
//!
//! A line is a [`tracing`] event with the target [`TARGET`]. Its field `correlation` names the conversation, so that a shell
//! can print the lines of its own commands only. Without an interested subscriber, a line costs one load and one branch, and
//! its arguments are not evaluated. The level is `debug`, which keeps the lines out of the usual logs of a program that uses
//! the engine.
//!
//! Each command is decided in a span of the same level. What concerns nobody but who looks for a fault is a `debug` event with
//! the target of its module: loads, batches, conflicts, commits and checkpoints, in the span of their command or with the
//! correlation ids of their events.

use std::borrow::Cow;
use std::fmt;

use tracing::Span;
use uuid::Uuid;

use crate::engine::log::{Metadata, RecordedEvent};

/// The `tracing` target of every trace line.
pub const TARGET: &str = "cqrs_bank::trace";

/// The `tracing` target of the lines that are shown only where the whole trace is asked for: how conflicts, attempts, parking,
/// snapshots and duplicates went. It begins with [`TARGET`].
pub const DETAIL: &str = "cqrs_bank::trace::detail";

/// The name of the field of a line that is a [value](crate::engine::domain::Aggregate::trace_value), a 64-bit number.
pub const VALUE: &str = "value";

/// The name of the field with the correlation id, a 128-bit number.
pub const CORRELATION: &str = "correlation";

/// The `tracing` target of the spans of commands.
pub const COMMAND_TARGET: &str = "cqrs_bank::command";

/// The span of a command, from sending to the answer: a child of the sender's span. Its fields are `title`, `command_id` and
/// `correlation_id`, the latter two as UUIDs. The title is made only if a subscriber is interested.
pub(crate) fn command_span(title: impl FnOnce() -> Cow<'static, str>, metadata: &Metadata) -> Span {
    tracing::debug_span!(
        target: COMMAND_TARGET,
        "command",
        title = &*title(),
        command_id = %metadata.command_id,
        correlation_id = %metadata.correlation_id(),
    )
}

/// Emits a trace line. Takes the correlation id, then arguments as for `format!`.
#[macro_export]
macro_rules! trace_line {
    ($correlation_id:expr, $($text:tt)+) => {
        ::tracing::debug!(target: $crate::engine::runtime::trace::TARGET, correlation = $correlation_id.as_u128(), $($text)+)
    };
}

/// Emits a [detail](DETAIL) of the trace, like [`trace_line!`].
macro_rules! detail_line {
    ($correlation_id:expr, $($text:tt)+) => {
        ::tracing::debug!(
            target: $crate::engine::runtime::trace::DETAIL,
            correlation = $correlation_id.as_u128(),
            $($text)+
        )
    };
}

/// Emits a trace line that is a value. Its field `value` lets a shell write it in its own way.
pub(crate) fn trace_value(correlation_id: Uuid, value: i64) {
    tracing::debug!(target: TARGET, correlation = correlation_id.as_u128(), value, "{value}");
}

/// The correlation ids of events, for a field of a log message: each conversation once, and the first few of many.
pub(in crate::engine) struct Conversations<'a, E>(pub(in crate::engine) &'a [RecordedEvent<E>]);

impl<E> fmt::Display for Conversations<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 8;
        let mut shown: Vec<Uuid> = Vec::new();
        for event in self.0 {
            let id = event.metadata.correlation_id();
            if shown.contains(&id) {
                continue;
            }
            if shown.len() == MOST {
                return f.write_str(",…");
            }
            write!(f, "{}{id}", if shown.is_empty() { "" } else { "," })?;
            shown.push(id);
        }
        Ok(())
    }
}

pub(in crate::engine) use detail_line;
pub use trace_line;
