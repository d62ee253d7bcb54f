//! An event-sourced application of any domain: a store, and everything that runs on it.
//!
//! Whoever writes a domain names its aggregates, projections, process managers and event handlers to a [`Builder`]; what
//! starts is an [`Application`], to which [commands are dispatched](Application::dispatch) and whose projections are
//! [read](Application::read). What every application can do besides stands in a file each: what is known of its
//! [`handlers`], [`watch`]ing it, its history, its export, its upkeep, and so on.

mod add;
mod base;
mod builder;
mod catch_up;
mod categories;
mod cause;
mod close;
mod dispatch;
mod errors;
mod export;
pub mod handlers;
mod head;
mod history;
mod in_place;
mod pending_command;
mod projection_history;
mod read;
mod rebuild;
mod receipt;
mod seen;
mod upkeep;
pub mod watch;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use self::base::Base;
pub use self::builder::Builder;
pub use self::cause::Cause;
pub use self::dispatch::Dispatch;
pub use self::errors::{
    AddHandlerError, BackupError, CommandFailure, ExportError, ImportError, QueryError, StartError, Unavailable,
};
pub use self::pending_command::PendingCommand;
use self::projection_history::ProjectionHistories;
use self::read::Models;
pub use self::receipt::Receipt;
pub(crate) use self::seen::Seen;
pub use self::upkeep::ImportStep;
use self::upkeep::Upkeep;
use super::command_handler::{CommandHandler, CommandHandlers};
use super::event_handler::{HandlerContext, HandlerControl, RetryPolicy};
use super::feed::FeedHandle;
use super::feed::checkpoints::{Checkpoints, Consistency};
use super::store::{Store, StoreError, StoreUrl};
use crate::engine::domain::{Aggregate, Command, Contains};
use crate::engine::event_handler::lease::Lease;
use crate::engine::runtime::{Clock, Conversation, IdSource, StopReason, Supervisor};
use crate::engine::store::codec::StoredEvent;

/// An application that runs, on events `E`. Cheap to clone, and made to be shared by many tasks.
///
/// It runs on the tokio runtime it was started on, which has to be driven: its tasks, timers and threads are there. It may
/// be called from wherever, another runtime or none; once its own has ended, each call says so. Dropping the last handle
/// ends it, wherever that is, without what [`Application::close`] waits for; a watch, a command that was sent, and a read
/// model do not keep it open.
#[derive(Clone, Debug)]
pub struct Application<E: 'static> {
    inner: Arc<Inner<E>>,
    consistency: Consistency,
}

struct Inner<E: 'static> {
    url: StoreUrl,
    base: Arc<Base<E>>,
    commands: CommandHandlers,
    models: Models,
    histories: ProjectionHistories,
    feed: FeedHandle<E>,
    handlers: Mutex<Vec<HandlerControl>>,
    ids: IdSource,
    clock: Arc<Clock>,
    retry: RetryPolicy,
    /// The right to run the handlers of this store.
    lease: Lease,
    /// What has to be known of all its parts to verify it, and to fill it from elsewhere.
    upkeep: Arc<Upkeep<E>>,
    /// Events of a stream from one snapshot to the next.
    snapshot_every: u64,
    /// Held while the log is replaced, or a handler is added.
    changing: Arc<tokio::sync::Mutex<()>>,
    /// No more commands from outside are taken.
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
    /// Says where an application keeps its events, to be told what it is made of: by a URL, such as `memory` or the path
    /// of a file. One that names no store is an error [at the start](Builder::start).
    pub fn builder<U: TryInto<StoreUrl, Error: Into<StartError>>>(url: U) -> Builder<E> {
        Builder::at(url)
    }

    /// The same for a store that is open already. It may be shared with others, and stays open when the application is
    /// closed; when it is closed by whoever opened it, the application is.
    pub fn on(store: impl Into<Store<E>>) -> Builder<E> {
        Builder::on(store.into())
    }

    /// Where its events are.
    pub fn url(&self) -> &StoreUrl {
        &self.inner.url
    }

    /// The store it runs on.
    pub fn store(&self) -> &Store<E> {
        &self.inner.base.store
    }

    /// The same application through a handle that waits for the handlers, or does not.
    #[must_use]
    pub fn with_consistency(&self, consistency: Consistency) -> Self {
        let inner = self.inner.clone();
        Self { inner, consistency }
    }

    /// Whether this handle waits for the handlers.
    pub fn consistency(&self) -> Consistency {
        self.consistency
    }

    /// A new conversation: the ids under which the next command and all it causes will be known.
    pub fn start_conversation(&self) -> Conversation {
        self.inner.ids.start_conversation()
    }

    /// What has stopped it, if anything but [`Application::close`] has.
    pub fn failure(&self) -> Option<Unavailable> {
        let reason = self.supervisor().reason().map(Unavailable::from);
        reason.filter(|unavailable| *unavailable != Unavailable::Closed)
    }

    /// Where commands of a kind of aggregate are decided; `None` for one that the application was started without.
    pub(crate) fn command_handler<A: Aggregate>(&self) -> Option<&CommandHandler<A, E>>
    where
        E: Contains<A::Event>,
    {
        self.inner.commands.of()
    }

    pub(crate) fn supervisor(&self) -> &Supervisor {
        &self.inner.base.supervisor
    }

    pub(crate) fn checkpoints(&self) -> &Checkpoints {
        &self.inner.base.checkpoints
    }

    /// Decides about the parked events of each handler.
    fn handler_controls(&self) -> Vec<HandlerControl> {
        self.inner.handlers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When the store does not answer, the supervisor knows why.
    pub(crate) async fn or_unavailable<T>(&self, answer: Result<T, StoreError>) -> Result<T, Unavailable> {
        self.inner.base.or_unavailable(answer).await
    }

    /// Why nothing is answered any more, if that is so.
    pub(crate) fn still_open(&self) -> Result<(), Unavailable> {
        self.inner.base.still_open()
    }

    /// Why no more commands are taken, if that is so.
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

    /// Sends a command; see [`Dispatch`] for what can be said besides, and for what awaiting it answers.
    pub fn dispatch<C: Command>(&self, command: C) -> Dispatch<'_, E, C::Aggregate>
    where
        E: Contains<<C::Aggregate as Aggregate>::Event>,
    {
        Dispatch::new(self, command)
    }
}
