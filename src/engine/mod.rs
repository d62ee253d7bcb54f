//! Event sourcing, for any domain: the engine names no account and no book.
//!
//! A command travels through the modules in this order:
//!
//! 1. [`command_handler`] takes it from a bounded queue, loads the [`aggregate`] and lets it decide,
//! 2. the [`store`] appends the events at the version the decision was made on, or answers with a conflict,
//! 3. a [`subscription`] hands over the committed events, first the past and then what happens,
//! 4. the [`feed`] takes them from there to whoever wants them, in order: a [`projection`] folds them into a read model
//!    that answers queries, an [`event_handler`] does something about them, a [`process_manager`] answers them with
//!    commands,
//! 5. its [checkpoints](feed::checkpoints) tell a caller that wants to read its own write when that has happened, and
//!    [catching up](feed::catch_up) serves one that wants to read what others have written.
//!
//! An [`application`] is all of that, put together: whoever writes a domain imports what that takes from here. What is so
//! in every log of the domain is told by its [`invariants`].
//!
//! [`supervisor`] watches the tasks all of this runs in, on the [`runtime`] that it was started on, [`trace`] is the line
//! each of them prints when it does its part, [`mod@blocking`] is where work goes that would hold the others up, [`disk`]
//! makes files that are there whole or not at all, and [`testing`] lets an aggregate be tried without any of it.

pub mod aggregate;
pub mod application;
pub mod blocking;
pub mod clock;
pub mod command_handler;
pub mod disk;
pub mod event;
pub mod event_handler;
pub mod feed;
pub mod fingerprint;
pub mod id_source;
pub mod invariants;
pub mod lease;
mod metadata;
pub mod moment;
pub mod origin;
pub mod process_manager;
pub mod projection;
mod queue;
pub mod runtime;
pub mod store;
pub mod subscription;
pub mod supervisor;
pub mod testing;
pub mod trace;

pub use self::aggregate::{Aggregate, Command};
pub use self::application::{
    Application, Builder, CommandFailure, PendingCommand, QueryError, Receipt, StartError, Unavailable,
};
pub use self::blocking::blocking;
pub use self::clock::Timestamp;
pub use self::event::{Contains, DomainEvent, Position, RecordedEvent, Upcast, domain_events};
pub use self::event_handler::{EventHandler, Failure, Starts, Wish};
pub use self::invariants::Invariants;
pub use self::moment::Moment;
pub use self::process_manager::{Answer, Noted, ProcessManager, Reaction};
pub use self::projection::{LogRow, Projection, RowCell, RowLog, RowMap, StoredFields, rows};
pub use self::store::StoreUrl;
