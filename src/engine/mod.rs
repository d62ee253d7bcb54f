//! Event sourcing for any domain. The engine knows no account and no book.
//!
//! The traits that a domain implements are in [`domain`], and the types of the log are in [`log`]. A command passes through
//! the modules in this order:
//!
//! 1. The [`command_handler`] takes the command from a bounded queue, loads the aggregate and executes the command.
//! 2. The [`store`] appends the events at the expected version, or answers with a conflict.
//! 3. A [subscription](store::subscription) reads the committed events, first the past ones, then live.
//! 4. The [`feed`] delivers them in order: a [`projection`] folds them into a read model, an [`event_handler`] acts on them,
//!    a [`process_manager`] answers them with commands.
//! 5. With [checkpoints](feed::checkpoints), a caller waits until it can read its own writes, and by
//!    [catching up](feed::catch_up), until it can read the writes of others.
//!
//! An [`application`] puts all of this together; this module re-exports what a domain needs. A supervisor watches the
//! application's tasks on its [`runtime`], which also has clock and ids. At [`seams`], handlers and the store can be held or
//! made to fail. [`disk`] creates files atomically, and [`testing`] has given/when/then for aggregates.

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
pub mod seams;
pub mod store;
pub mod testing;

pub use self::application::{
    Application, Builder, CommandFailure, PendingCommand, QueryError, Receipt, StartError, Unavailable,
};
pub use self::domain::{Aggregate, Command, Contains, DomainEvent, Invariants, Upcast};
pub use self::event_handler::{EventHandler, Failure, NackAction, StartFrom};
pub use self::log::{Moment, Position, RecordedEvent, Timestamp};
pub use self::process_manager::{Answer, Instead, Noted, ProcessManager, Reaction};
pub use self::projection::{LogRow, Projection, RowCell, RowLog, RowMap, StoredFields, rows};
pub use self::runtime::blocking;
pub use self::store::StoreUrl;
pub use self::store::codec::{domain_events, serde_name};
