//! Event sourcing, for any domain: the engine names no account and no book.
//!
//! What the author of a domain writes is in [`domain`], and the words a log is told in are in [`log`]. A command travels
//! through the rooms in this order:
//!
//! 1. [`command_handler`] takes it from a bounded queue, loads the aggregate and lets it decide,
//! 2. the [`store`] appends the events at the version the decision was made on, or answers with a conflict,
//! 3. a [subscription](store::subscription) hands over the committed events, first the past and then what happens,
//! 4. the [`feed`] takes them from there to whoever wants them, in order: a [`projection`] folds them into a read model
//!    that answers queries, an [`event_handler`] does something about them, a [`process_manager`] answers them with
//!    commands,
//! 5. its [checkpoints](feed::checkpoints) tell a caller that wants to read its own write when that has happened, and
//!    [catching up](feed::catch_up) serves one that wants to read what others have written.
//!
//! An [`application`] is all of that, put together: whoever writes a domain imports what that takes from here. Its tasks
//! are watched by a supervisor, on the [`runtime`] it was started on, where clock and ids are too; [`disk`] makes files
//! that are there whole or not at all, and [`testing`] lets an aggregate be tried without any of it.

pub mod application;
pub mod command_handler;
pub mod disk;
pub mod domain;
pub mod event_handler;
pub mod feed;
pub mod log;
pub mod process_manager;
pub mod projection;
pub mod runtime;
pub mod store;
pub mod testing;

pub use self::application::{
    Application, Builder, CommandFailure, PendingCommand, QueryError, Receipt, StartError, Unavailable,
};
pub use self::domain::{Aggregate, Command, Contains, DomainEvent, Invariants, Upcast};
pub use self::event_handler::{EventHandler, Failure, NackAction, StartFrom};
pub use self::log::{Moment, Position, RecordedEvent, Timestamp};
pub use self::process_manager::{Answer, Noted, ProcessManager, Reaction};
pub use self::projection::{LogRow, Projection, RowCell, RowLog, RowMap, StoredFields, rows};
pub use self::runtime::blocking;
pub use self::store::StoreUrl;
pub use self::store::codec::domain_events;
