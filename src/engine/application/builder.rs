//! Assembles an application from its parts and starts it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use super::categories::check_categories;
use super::projection_history::ProjectionHistories;
use super::read::Models;
use super::upkeep::{KnownHandler, Upkeep, refuse_unfinished_import};
use super::{Application, Base, Inner, StartError};
use crate::engine::command_handler::{CommandHandler, CommandHandlers, Limits};
use crate::engine::domain::{Aggregate, Contains, Invariants};
use crate::engine::event_handler::lease::Lease;
use crate::engine::event_handler::{self, EventHandler, HandlerContext, HandlerControl, RetryPolicy};
use crate::engine::feed::Feed;
use crate::engine::feed::checkpoints::{Checkpoints, Consistency};
use crate::engine::log::RecordedEvent;
use crate::engine::process_manager::{Process, ProcessManager};
use crate::engine::projection::{Projection, ReadModel};
use crate::engine::runtime::{Clock, time_and_ids};
use crate::engine::runtime::{StopReason, Supervisor};
#[cfg(feature = "sqlite")]
use crate::engine::store::StoreError;
use crate::engine::store::codec::{StoredEvent, check_types};
use crate::engine::store::memory::MemoryStore;
#[cfg(feature = "sqlite")]
use crate::engine::store::sqlite::{SqliteOptions, SqliteStore};
use crate::engine::store::{EventStore as _, Store, StoreUrl};

type BoxFuture<'a, R> = Pin<Box<dyn Future<Output = R> + Send + 'a>>;
type StartKind<E> =
    Box<dyn FnOnce(CommandHandlers, Store<E>, Arc<Clock>, Limits, &Supervisor) -> CommandHandlers + Send>;
type Observer<E> = Box<dyn Fn(&RecordedEvent<E>) + Send + Sync>;
type AddProjection<E> = Box<dyn FnOnce(&mut Feed<E>, &Models) + Send>;
type StartHandler<E> = Box<
    dyn for<'a> FnOnce(
            &'a HandlerContext<E>,
            Parts<'a, E>,
            &'a mut Feed<E>,
        ) -> BoxFuture<'a, Result<HandlerControl, StartError>>
        + Send,
>;

/// What starting a handler may need.
struct Parts<'a, E: 'static> {
    commands: &'a CommandHandlers,
    models: &'a Models,
    upkeep: &'a Upkeep<E>,
}

enum StoreSource<E: 'static> {
    /// The application opens the store and closes it.
    Url(StoreUrl),
    /// The store is open and outlives the application.
    Open(Store<E>),
}

impl<E: 'static> fmt::Debug for StoreSource<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => fmt::Debug::fmt(url, f),
            Self::Open(store) => fmt::Debug::fmt(store, f),
        }
    }
}

/// The parts of an application that is about to [start](Builder::start).
pub struct Builder<E: 'static> {
    store: Result<StoreSource<E>, StartError>,
    accept_loss: bool,
    seed: Option<u64>,
    limits: Limits,
    retry: RetryPolicy,
    categories: Vec<&'static str>,
    kinds: Vec<StartKind<E>>,
    names: Vec<&'static str>,
    projections: Vec<AddProjection<E>>,
    handlers: Vec<StartHandler<E>>,
    observers: Vec<Observer<E>>,
    upkeep: Upkeep<E>,
}

impl<E: 'static> fmt::Debug for Builder<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("store", &self.store)
            .field("categories", &self.categories)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

impl<E: StoredEvent> Builder<E> {
    pub(super) fn at<U: TryInto<StoreUrl, Error: Into<StartError>>>(url: U) -> Self {
        Self::new(url.try_into().map(StoreSource::Url).map_err(Into::into))
    }

    pub(super) fn on(store: Store<E>) -> Self {
        Self::new(Ok(StoreSource::Open(store)))
    }

    fn new(store: Result<StoreSource<E>, StartError>) -> Self {
        Self {
            store,
            accept_loss: false,
            seed: None,
            limits: Limits::default(),
            retry: RetryPolicy::default(),
            categories: Vec::new(),
            kinds: Vec::new(),
            names: Vec::new(),
            projections: Vec::new(),
            handlers: Vec::new(),
            observers: Vec::new(),
            upkeep: Upkeep::default(),
        }
    }

    /// Opens a file even if the end of its log is lost, and continues from what is left. An unfinished import is
    /// accepted too.
    #[must_use]
    pub fn accept_loss(self, accept_loss: bool) -> Self {
        Self { accept_loss, ..self }
    }

    /// Derives ids and times from a number, which makes two runs identical to the byte.
    #[must_use]
    pub fn seed(self, seed: Option<u64>) -> Self {
        Self { seed, ..self }
    }

    /// Sets the sizes of the command queue, of its batches and of the aggregate cache, and the snapshot interval.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Sets how often a failed event is redelivered before it is parked.
    #[must_use]
    pub fn retry(self, retry: RetryPolicy) -> Self {
        Self { retry, ..self }
    }

    /// Adds a kind of aggregate, so that its commands can be [dispatched](Application::dispatch).
    #[must_use]
    pub fn aggregate<A: Aggregate>(mut self) -> Self
    where
        E: Contains<A::Event>,
    {
        self.categories.push(A::CATEGORY);
        self.upkeep.add_kind::<A>();
        self.kinds.push(Box::new(|commands, store, clock, limits, supervisor| {
            commands.with::<A, E>(CommandHandler::start(store, clock, limits, supervisor))
        }));
        self
    }

    /// Adds a projection, which can then be [read](Application::read).
    #[must_use]
    pub fn projection<P: Projection<E>>(mut self) -> Self {
        self.names.push(P::NAME);
        self.upkeep.add_projection::<P>();
        self.projections.push(Box::new(|feed, models| models.add(feed.add::<P>())));
        self
    }

    /// Adds invariants that every log of the domain satisfies. They are checked when the log is
    /// [verified](Application::verify) and before a log is [imported](Application::import).
    #[must_use]
    pub fn invariants<I: Invariants<E> + Default>(mut self) -> Self {
        self.upkeep.add_invariants::<I>();
        self
    }

    /// Adds an observer, for trace lines and log messages. It is called with each new event, after the projections and
    /// before the event handlers.
    #[must_use]
    pub fn observe(mut self, observer: impl Fn(&RecordedEvent<E>) + Send + Sync + 'static) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Adds a process manager, which answers events with commands.
    #[must_use]
    pub fn process_manager<P>(mut self, policy: P) -> Self
    where
        P: ProcessManager<Event = E>,
    {
        self.names.push(P::NAME);
        self.handlers.push(Box::new(move |context, parts, feed| {
            Box::pin(async move {
                let commands = parts.commands.clone();
                parts.upkeep.before_handler(&context.store, KnownHandler::process_manager(&policy)).await?;
                let process = Process::new(policy, commands, context.store.clone(), context.checkpoints.clone());
                Ok(event_handler::start(move || process.clone(), context, feed).await?)
            })
        }));
        self
    }

    /// Names a process manager that does not run here, but may have run on this store: its stored state is checked when
    /// the log is [verified](Application::verify).
    #[must_use]
    pub fn idle_process_manager<P: ProcessManager<Event = E>>(mut self, policy: P) -> Self {
        self.upkeep.add_idle_process(policy);
        self
    }

    /// Adds an event handler.
    #[must_use]
    pub fn event_handler<H: EventHandler<E> + Clone>(self, handler: H) -> Self {
        self.handler_of(move |_| Ok(handler))
    }

    /// Adds an event handler that reads a projection of this application.
    #[must_use]
    pub fn event_handler_reading<P, H>(self, make: impl FnOnce(ReadModel<P>) -> H + Send + 'static) -> Self
    where
        P: Projection<E>,
        H: EventHandler<E> + Clone,
    {
        let missing = StartError::NoProjection { handler: H::NAME, projection: P::NAME };
        self.handler_of(move |models| models.of().map(make).ok_or(missing))
    }

    fn handler_of<H: EventHandler<E> + Clone>(
        mut self,
        make: impl FnOnce(&Models) -> Result<H, StartError> + Send + 'static,
    ) -> Self {
        self.names.push(H::NAME);
        self.handlers.push(Box::new(move |context, parts, feed| {
            Box::pin(async move {
                parts.upkeep.before_handler(&context.store, KnownHandler::event_handler::<H>()).await?;
                let handler = make(parts.models)?;
                Ok(event_handler::start(move || handler.clone(), context, feed).await?)
            })
        }));
        self
    }

    /// Opens the store, starts all parts, and waits until the projections have caught up with the log.
    ///
    /// # Errors
    ///
    /// [`StartError`]: why the application did not start. Whatever had started is stopped again.
    pub async fn start(self) -> Result<Application<E>, StartError> {
        check_categories(&self.categories)?;
        check_types::<E>()?;
        for (number, name) in self.names.iter().enumerate() {
            if self.names[..number].contains(name) {
                return Err(StartError::NameTaken { name });
            }
        }
        let supervisor = Supervisor::new();
        supervisor.runtime().check()?;
        // Also stops what has started if this future is dropped.
        let mut stop = StopUnlessStarted(Some(supervisor.clone()));
        let started = self.start_in(supervisor.clone()).await;
        match &started {
            Ok(_) => stop.0 = None,
            Err(_) => {
                drop(stop);
                supervisor.ended().await;
            }
        }
        started
    }

    async fn start_in(self, supervisor: Supervisor) -> Result<Application<E>, StartError> {
        let Self { store, accept_loss, seed, limits, retry, kinds, .. } = self;
        let Self { projections, handlers: handlers_to_start, observers, upkeep, .. } = self;
        let (url, store, is_shared) = match store? {
            StoreSource::Url(url) => (url.clone(), open(&url, accept_loss, &supervisor).await?, false),
            StoreSource::Open(store) => (store.url(), store, true),
        };
        let upkeep = Arc::new(upkeep);
        let (lease_store, lease_upkeep) = (store.clone(), upkeep.clone());
        let on_late_acquisition = move || {
            let (store, upkeep) = (lease_store.clone(), lease_upkeep.clone());
            async move { upkeep.taken_over(&store).await }
        };
        let lease = Lease::new(&store, &supervisor, on_late_acquisition);
        if accept_loss || !handlers_to_start.is_empty() {
            lease.want(&store).await?;
        }
        let mut give_up = GiveUpUnlessStarted(Some(lease.clone()));
        refuse_unfinished_import(&store, &url, accept_loss, &lease).await?;
        let (clock, ids) = time_and_ids(seed, store.end().await?);
        let snapshot_every = limits.snapshot_every.get();
        let mut commands = CommandHandlers::default();
        for start in kinds {
            commands = start(commands, store.clone(), clock.clone(), limits, &supervisor);
        }

        let checkpoints = Checkpoints::of(&supervisor);
        let mut feed = Feed::new(checkpoints.clone());
        if is_shared {
            feed.end_with_store();
        }
        let models = Models::default();
        projections.into_iter().for_each(|add| add(&mut feed, &models));
        observers.into_iter().for_each(|observer| feed.observe(observer));
        feed.restore(&store).await?;

        let context = HandlerContext {
            store: store.clone(),
            checkpoints: checkpoints.clone(),
            clock: clock.clone(),
            lease: lease.clone(),
            retry,
            supervisor: supervisor.clone(),
        };
        let mut handlers = Vec::new();
        for start in handlers_to_start {
            let parts = Parts { commands: &commands, models: &models, upkeep: &upkeep };
            handlers.push(start(&context, parts, &mut feed).await?);
        }
        let end = store.end().await?;
        let feed = feed.start(store.clone(), &supervisor);
        // The first question already sees everything stored before the start.
        tokio::select! {
            () = checkpoints.projections_have_seen(end) => {}
            _ = supervisor.stopped() => {}
        }
        give_up.0 = None;
        let inner = Inner {
            url,
            base: Arc::new(Base { store, checkpoints, supervisor }),
            commands,
            models,
            histories: ProjectionHistories::default(),
            feed,
            handlers: Mutex::new(handlers),
            ids,
            clock,
            retry,
            lease,
            upkeep,
            snapshot_every,
            changing: Arc::default(),
            closing: AtomicBool::new(false),
        };
        Ok(Application { inner: Arc::new(inner), consistency: Consistency::Strong })
    }
}

#[cfg_attr(
    not(feature = "sqlite"),
    allow(unused_variables, clippy::unused_async, reason = "only opening a file needs them")
)]
async fn open<E: StoredEvent>(
    url: &StoreUrl,
    accept_loss: bool,
    supervisor: &Supervisor,
) -> Result<Store<E>, StartError> {
    match url {
        StoreUrl::Memory => Ok(MemoryStore::start(supervisor).into()),
        #[cfg(feature = "sqlite")]
        StoreUrl::Sqlite(path) => {
            let (path, watched) = (path.clone(), supervisor.clone());
            let options = SqliteOptions { accept_loss, ..SqliteOptions::default() };
            let opened = supervisor.runtime().blocking(move || SqliteStore::open(&path, options, &watched)).await;
            let store = opened.map_err(|not_done| StoreError::Failed(not_done.to_string().into()))??;
            Ok(store.into())
        }
    }
}

struct StopUnlessStarted(Option<Supervisor>);

impl Drop for StopUnlessStarted {
    fn drop(&mut self) {
        if let Some(supervisor) = &self.0 {
            supervisor.stop(StopReason::Closed);
        }
    }
}

/// Releases the lease after a failed start, so that the next one, perhaps with other options, can take it.
struct GiveUpUnlessStarted(Option<Lease>);

impl Drop for GiveUpUnlessStarted {
    fn drop(&mut self) {
        if let Some(lease) = &self.0 {
            lease.give_up();
        }
    }
}
