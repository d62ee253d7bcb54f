//! What an application is made of, and its start.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use super::categories::check_categories;
use super::projection_history::ProjectionHistories;
use super::read::Models;
use super::upkeep::{KnownHandler, Upkeep, refuse_half};
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
use crate::engine::runtime::{Clock, StopReason, Supervisor, time_and_ids};
use crate::engine::store::codec::{StoredEvent, check_types};
use crate::engine::store::memory::MemoryStore;
use crate::engine::store::sqlite::{SqliteOptions, SqliteStore};
use crate::engine::store::{EventStore as _, Store, StoreError, StoreUrl};

type Boxed<'a, R> = Pin<Box<dyn Future<Output = R> + Send + 'a>>;
type StartKind<E> =
    Box<dyn FnOnce(CommandHandlers, Store<E>, Arc<Clock>, Limits, &Supervisor) -> CommandHandlers + Send>;
type Observer<E> = Box<dyn Fn(&RecordedEvent<E>) + Send + Sync>;
type AddProjection<E> = Box<dyn FnOnce(&mut Feed<E>, &Models) + Send>;
type StartHandler<E> = Box<
    dyn for<'a> FnOnce(
            &'a HandlerContext<E>,
            Parts<'a, E>,
            &'a mut Feed<E>,
        ) -> Boxed<'a, Result<HandlerControl, StartError>>
        + Send,
>;

/// What handlers are started with.
struct Parts<'a, E: 'static> {
    commands: &'a CommandHandlers,
    models: &'a Models,
    upkeep: &'a Upkeep<E>,
}

/// Where the events are.
enum Place<E: 'static> {
    /// To be opened, and closed with the application.
    At(StoreUrl),
    /// Open already.
    Open(Store<E>),
}

impl<E: 'static> fmt::Debug for Place<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(url) => fmt::Debug::fmt(url, f),
            Self::Open(store) => fmt::Debug::fmt(store, f),
        }
    }
}

/// What an application is made of. What is not said is as its default.
pub struct Builder<E: 'static> {
    place: Result<Place<E>, StartError>,
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
            .field("place", &self.place)
            .field("categories", &self.categories)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

impl<E: StoredEvent> Builder<E> {
    pub(super) fn at<U: TryInto<StoreUrl, Error: Into<StartError>>>(url: U) -> Self {
        Self::new(url.try_into().map(Place::At).map_err(Into::into))
    }

    pub(super) fn on(store: Store<E>) -> Self {
        Self::new(Ok(Place::Open(store)))
    }

    fn new(place: Result<Place<E>, StartError>) -> Self {
        Self {
            place,
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

    /// Opens a file whose log has lost its end, as it is. What was lost is lost.
    #[must_use]
    pub fn accept_loss(self, accept_loss: bool) -> Self {
        Self { accept_loss, ..self }
    }

    /// Derives ids and times from a number, so that two runs are the same to the byte.
    #[must_use]
    pub fn seed(self, seed: Option<u64>) -> Self {
        Self { seed, ..self }
    }

    /// How much is held at once.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// How often a handler is called again with an event it fails on.
    #[must_use]
    pub fn retry(self, retry: RetryPolicy) -> Self {
        Self { retry, ..self }
    }

    /// A kind of aggregate, to which commands can be dispatched.
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

    /// A projection, which can be read.
    #[must_use]
    pub fn projection<P: Projection<E>>(mut self) -> Self {
        self.names.push(P::NAME);
        self.upkeep.add_projection::<P>();
        self.projections.push(Box::new(|feed, models| models.add(feed.add::<P>())));
        self
    }

    /// What is so in every log of the domain: a log is held against it when it is [verified](Application::verify), and
    /// before it is [imported](Application::import).
    #[must_use]
    pub fn invariants<I: Invariants<E> + Default>(mut self) -> Self {
        self.upkeep.add_invariants::<I>();
        self
    }

    /// Tells an observer of each event that happens, when the projections have taken it in and before an event handler
    /// gets it: trace lines and log messages belong there.
    #[must_use]
    pub fn observe(mut self, observer: impl Fn(&RecordedEvent<E>) + Send + Sync + 'static) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// A process manager, which answers events with commands.
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

    /// An event handler, which does something about events.
    #[must_use]
    pub fn event_handler<H: EventHandler<E> + Clone>(self, handler: H) -> Self {
        self.handler_of(move |_| Ok(handler))
    }

    /// An event handler that asks a projection of the application.
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

    /// Opens the store and starts everything on it, in the order in which a command passes through it. When this
    /// answers, the projections know what has happened.
    ///
    /// # Errors
    ///
    /// [`StartError`]: what stands in the way. Nothing of it goes on then.
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
        // What was started before something stood in the way does not go on.
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
        let Self { place, accept_loss, seed, limits, retry, kinds, .. } = self;
        let Self { projections, handlers: handlers_to_start, observers, upkeep, .. } = self;
        let (url, store, is_of_others) = match place? {
            Place::At(url) => (url.clone(), open(&url, accept_loss, &supervisor).await?, false),
            Place::Open(store) => (store.url(), store, true),
        };
        let upkeep = Arc::new(upkeep);
        let (taken_over, late) = (store.clone(), upkeep.clone());
        let check = move || {
            let (store, upkeep) = (taken_over.clone(), late.clone());
            async move { upkeep.taken_over(&store).await }
        };
        let lease = Lease::new(&store, &supervisor, check);
        if accept_loss || !handlers_to_start.is_empty() {
            lease.want(&store).await?;
        }
        let mut give_up = GiveUpUnlessStarted(Some(lease.clone()));
        refuse_half(&store, &url, accept_loss, &lease).await?;
        let (clock, ids) = time_and_ids(seed, store.end().await?);
        let snapshot_every = limits.snapshot_every.get();
        let mut commands = CommandHandlers::default();
        for start in kinds {
            commands = start(commands, store.clone(), clock.clone(), limits, &supervisor);
        }

        let checkpoints = Checkpoints::of(&supervisor);
        let mut feed = Feed::new(checkpoints.clone());
        if is_of_others {
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
        // Whoever asks gets no answer from before what is known already.
        tokio::select! {
            () = checkpoints.projections_have_passed(end) => {}
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

async fn open<E: StoredEvent>(
    url: &StoreUrl,
    accept_loss: bool,
    supervisor: &Supervisor,
) -> Result<Store<E>, StartError> {
    match url {
        StoreUrl::Memory => Ok(MemoryStore::start(supervisor).into()),
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

/// Whoever opens the store next, with other options say, finds nobody who has the right to run its handlers.
struct GiveUpUnlessStarted(Option<Lease>);

impl Drop for GiveUpUnlessStarted {
    fn drop(&mut self) {
        if let Some(lease) = &self.0 {
            lease.give_up();
        }
    }
}
