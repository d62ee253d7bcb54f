//! Seams: places where a handler or the event store can be held, or made to fail, to see what happens then.
//!
//! A place has no seam until somebody holds or breaks something there. Its own task is then handed one, and asks it before
//! each event. Without a seam, that question is a look at an empty field, and where all was mended, at a flag.

mod fault;
mod seam;

pub use self::fault::{Fault, WhatBreaks};
pub(in crate::engine) use self::seam::Seam;

/// The name by which the event store is broken.
pub const EVENT_STORE: &str = "event store";

/// What a step has delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stepped {
    /// How many events.
    pub events: u64,
}
