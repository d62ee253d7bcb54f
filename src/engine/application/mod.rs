//! An event-sourced application: a store, and everything that runs on it.
//!
//! A [`Builder`] takes the domain's aggregates, projections, process managers and event handlers, and starts an
//! [`Application`]. Callers [dispatch commands](Application::dispatch) to the application and
//! [read](Application::read) its projections. Each other ability has its own file: [`handlers`], [`watch`], history,
//! export, upkeep and so on.

mod add;
mod base;
mod builder;
mod catch_up;
mod categories;
mod cause;
mod close;
mod cluster;
mod conversation_tree;
mod deliveries;
mod dispatch;
mod errors;
mod export;
mod fork;
pub mod handlers;
mod head;
mod held_and_broken;
mod history;
mod not_moved;
mod pending_command;
mod projection_history;
#[cfg(feature = "nats")]
mod publisher;
mod read;
mod rebuild;
mod receipt;
mod seams;
mod snapshots;
mod start;
mod starting;
mod strong_consistency;
mod under_way;
mod upkeep;
pub mod watch;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use self::base::Base;
pub use self::builder::Builder;
use self::builder::Part;
pub use self::cause::Cause;
pub use self::conversation_tree::{CommandNode, ConversationTree, EventNode, MOST_COMMANDS};
pub use self::dispatch::Dispatch;
pub(crate) use self::dispatch::Sending;
pub use self::errors::{
    AddHandlerError, BackupError, CommandFailure, ExportError, ForkError, ImportError, QueryError, StartError,
    Unavailable,
};
pub use self::held_and_broken::{Broken, Held, Seams};
pub use self::pending_command::PendingCommand;
pub(crate) use self::pending_command::SentCommand;
use self::projection_history::ProjectionHistories;
use self::read::Models;
pub use self::receipt::Receipt;
pub(crate) use self::receipt::Seen;
pub use self::seams::{Released, SeamError};
#[cfg(all(feature = "library", feature = "sqlite"))]
pub(crate) use self::start::open_store;
use self::upkeep::Upkeep;
pub use self::upkeep::{ImportOptions, ImportStep};
use super::command_handler::{CommandHandler, CommandHandlers, Decisions, Limits};
use super::event_handler::{HandlerContext, HandlerControl, RetryPolicy};
use super::feed::FeedHandle;
use super::feed::checkpoints::{Checkpoints, Consistency};
use super::store::{Store, StoreError, StoreUrl};
use crate::engine::domain::{Aggregate, Command, CommandEvent, Contains};
use crate::engine::event_handler::lease::Lease;
use crate::engine::log::{Metadata, Timestamp};
use crate::engine::runtime::{Clock, Conversation, IdSource, StopReason, Supervisor};
use crate::engine::store::codec::StoredEvent;

/// A running application with events `E`. Cheap to clone, and made to be shared by many tasks.
///
/// The application's tasks, timers and threads belong to the tokio runtime it was started on, which must be driven. Calls
/// may come from any other runtime, or from none; once the application's own runtime has ended, every call fails.
/// Dropping the last handle ends the application without the waiting that [`Application::close`] does. Watches, pending
/// commands and read models do not keep the application open.
///
/// A handler must not hold one: it would keep the application open, and a command that it dispatches under strong
/// consistency would wait for the handler itself. What answers events with commands is a
/// [`ProcessManager`](crate::engine::process_manager::ProcessManager).
#[derive(Clone, Debug)]
pub struct Application<E: 'static> {
    inner: Arc<Inner<E>>,
    consistency: Consistency,
}

struct Inner<E: 'static> {
    url: StoreUrl,
    base: Arc<Base<E>>,
    commands: CommandHandlers,
    /// How commands were decided, as far as no event tells it.
    decisions: Decisions,
    models: Models,
    histories: ProjectionHistories,
    feed: FeedHandle<E>,
    handlers: Mutex<Vec<HandlerControl>>,
    ids: IdSource,
    /// What clock and ids derive from, and those of a fork.
    seed: Option<u64>,
    /// The details that the metadata of each command from outside share.
    sender: Metadata,
    clock: Arc<Clock>,
    retry: RetryPolicy,
    limits: Limits,
    longest_chain: u32,
    /// The right to run this store's handlers.
    lease: Lease,
    /// What verification, backup and import need of the domain's parts.
    upkeep: Arc<Upkeep<E>>,
    /// What it was built of, but for the event handlers.
    parts: Mutex<Vec<Part<E>>>,
    /// Events between two snapshots of a stream.
    snapshot_every: u64,
    /// Held while a log is imported or backed up, and while handlers are added or removed.
    changing: Arc<tokio::sync::Mutex<()>>,
    /// What is held and broken.
    seams: Seams,
    /// Whether commands from outside are refused.
    closing: AtomicBool,
}

impl<E: 'static> fmt::Debug for Inner<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application").field("url", &self.url).field("commands", &self.commands).finish_non_exhaustive()
    }
}

impl<E: 'static> Drop for Inner<E> {
    fn drop(&mut self) {
        self.base.supervisor.stop(StopReason::Closed);
    }
}

impl<E: StoredEvent> Application<E> {
    /// Begins to build an application on the store at a URL: `memory`, or the path of a file. An invalid URL is an error
    /// of [`Builder::start`].
    pub fn builder<U: TryInto<StoreUrl, Error: Into<StartError>>>(url: U) -> Builder<E> {
        Builder::at(url)
    }

    /// Begins to build an application on an open store, which may be shared. The store stays open when the application
    /// is closed. When the store's owner closes it, the application closes too.
    pub fn on(store: impl Into<Store<E>>) -> Builder<E> {
        Builder::on(store.into())
    }

    /// The URL of its store.
    pub fn url(&self) -> &StoreUrl {
        &self.inner.url
    }

    /// Its store.
    pub fn store(&self) -> &Store<E> {
        &self.inner.base.store
    }

    /// Another handle on the same application, with this consistency.
    #[must_use]
    pub fn with_consistency(&self, consistency: Consistency) -> Self {
        let inner = self.inner.clone();
        Self { inner, consistency }
    }

    /// The consistency of this handle's commands and questions.
    pub fn consistency(&self) -> Consistency {
        self.consistency
    }

    /// The time of its clock, without advancing a simulated one.
    pub fn time(&self) -> Timestamp {
        self.inner.clock.reached()
    }

    /// Starts a conversation: new ids for the next command and everything it causes, and the [user](Builder::user) of the
    /// command.
    pub fn start_conversation(&self) -> Conversation {
        Conversation::begun_by(Metadata::from_outside(self.inner.ids.next()).or_sent_by(&self.inner.sender))
    }

    /// Why the application stopped, if it was not [closed](Application::close).
    pub fn failure(&self) -> Option<Unavailable> {
        let reason = self.supervisor().reason().map(Unavailable::from);
        reason.filter(|unavailable| *unavailable != Unavailable::Closed)
    }

    /// The command handler of a kind of aggregate; `None` if the application was started without it.
    pub(crate) fn command_handler<A: Aggregate>(&self) -> Option<&CommandHandler<A, E>>
    where
        E: Contains<A::Event>,
    {
        self.inner.commands.of()
    }

    /// What its pending commands share.
    pub(crate) fn base(&self) -> &Arc<Base<E>> {
        &self.inner.base
    }

    pub(crate) fn supervisor(&self) -> &Supervisor {
        &self.inner.base.supervisor
    }

    pub(crate) fn checkpoints(&self) -> &Checkpoints {
        &self.inner.base.checkpoints
    }

    /// The controls of all event handlers and process managers.
    fn handler_controls(&self) -> Vec<HandlerControl> {
        self.inner.handlers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces [`StoreError::Closed`] by the supervisor's reason for the stop.
    pub(crate) async fn or_unavailable<T>(&self, answer: Result<T, StoreError>) -> Result<T, Unavailable> {
        self.inner.base.or_unavailable(answer).await
    }

    /// An error once the application has stopped.
    pub(crate) fn still_open(&self) -> Result<(), Unavailable> {
        self.inner.base.still_open()
    }

    /// An error once the application is closing.
    fn takes_commands(&self) -> Result<(), Unavailable> {
        if self.inner.closing.load(Ordering::Acquire) { Err(Unavailable::Closed) } else { Ok(()) }
    }

    fn handler_context(&self) -> HandlerContext<E> {
        let Inner { base, clock, lease, retry, .. } = self.inner.as_ref();
        let Base { store, checkpoints, supervisor } = base.as_ref();
        HandlerContext {
            store: store.clone(),
            checkpoints: checkpoints.clone(),
            clock: clock.clone(),
            lease: lease.clone(),
            retry: *retry,
            supervisor: supervisor.clone(),
        }
    }

    /// Sends a command when the returned [`Dispatch`] is awaited; see there for the options.
    pub fn dispatch<C: Command>(&self, command: C) -> Dispatch<'_, E, C::Aggregate>
    where
        E: Contains<CommandEvent<C>>,
    {
        Dispatch::new(self, command)
    }
}
