//! A handler as people see it: what it does, how far it has come, and how it is doing.

use std::fmt;

use crate::engine::log::{Position, Timestamp};

/// What a handler does with events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandlerKind {
    /// It builds a read model.
    Projection,
    /// It has effects outside the bank of events.
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

/// How a handler is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// How often the event after the checkpoint was tried; 0 when there is none or it is the first time.
    pub attempts: u32,
    /// What went wrong last, or what the handler has to say.
    pub last_error: Option<String>,
    /// When the event is tried again.
    pub next_attempt: Option<Timestamp>,
    /// It has stopped: it gets no more events, and nobody waits for it.
    pub stopped: bool,
    /// It runs in another process: here it gets no events as long as that one lives.
    pub elsewhere: bool,
}

/// A handler as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandlerStatus {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub kind: HandlerKind,
    /// The last event it has acknowledged.
    pub checkpoint: Position,
    /// How it is doing.
    pub condition: Condition,
}
