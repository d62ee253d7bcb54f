//! What the author of a domain writes: pure decisions and folds, without clock, randomness or I/O.

mod aggregate;
mod contains;
mod event;
mod invariants;
mod title;

pub use self::aggregate::{Aggregate, Command, CommandEvent, CommandRefusal};
pub use self::contains::Contains;
pub(in crate::engine) use self::event::current_version;
pub use self::event::{DomainEvent, Upcast};
pub use self::invariants::Invariants;
pub use self::title::title_of;
