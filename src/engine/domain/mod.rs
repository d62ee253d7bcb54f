//! What the author of a domain writes. It is pure: it decides and folds, and touches no clock, no randomness and no I/O.

mod aggregate;
mod contains;
mod event;
mod invariants;

pub use self::aggregate::{Aggregate, Command};
pub use self::contains::Contains;
pub(in crate::engine) use self::event::current_version;
pub use self::event::{DomainEvent, Upcast};
pub use self::invariants::Invariants;
