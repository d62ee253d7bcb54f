//! A handler as users see it: its checkpoint, and how it is doing.

use std::fmt;

use crate::engine::log::{Position, Timestamp};

/// What a handler does with events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandlerKind {
    /// It builds a read model.
    Projection,
    /// It has effects outside the event store.
    EventHandler,
    /// It sends commands.
    ProcessManager,
}

impl fmt::Display for HandlerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Projection => "projection",
            Self::EventHandler => "event handler",
            Self::ProcessManager => "process manager",
        })
    }
}

/// What a handler is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HandlerState {
    /// It handles events as they come.
    #[default]
    Running,
    /// It failed at the event after its checkpoint, and tries that event again.
    WaitingToRetry {
        /// When it tries again.
        at: Timestamp,
    },
    /// It has stopped: it gets no more events, and no caller waits for it.
    Stopped,
    /// Another process runs it. It gets no events here until that process ends.
    RunningElsewhere,
    /// It was [made to crash](crate::engine::seams::Fault::CrashBeforeAck), and gets no events until that is mended.
    Crashed,
}

/// How a handler is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// What it is doing.
    pub state: HandlerState,
    /// How often it has tried the event after its checkpoint; 0 if that event has not been tried.
    pub attempts: u32,
    /// Its last failure, or a note of its own.
    pub last_error: Option<String>,
}

/// A handler as users see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandlerStatus {
    /// Its name.
    pub name: &'static str,
    /// What it does with events.
    pub kind: HandlerKind,
    /// The position of the last event it has acknowledged.
    pub checkpoint: Position,
    /// How it is doing.
    pub condition: Condition,
    /// Whether it is [held](crate::engine::application::Application::hold).
    pub is_held: bool,
}
