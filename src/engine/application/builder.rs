//! Assembles an application from its parts.

mod part;

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

pub(super) use self::part::{OBSERVER, Part};
use super::StartError;
use super::read::Models;
use super::starting::{KindParts, Parts, StoreSource};
use super::upkeep::{KnownHandler, Upkeep};
use crate::engine::command_handler::{CommandHandler, CommandHandlers, Decisions, Limits};
use crate::engine::domain::{Aggregate, Contains, Invariants};
use crate::engine::event_handler::{self, EventHandler, HandlerContext, HandlerControl, RetryPolicy};
use crate::engine::feed::{Feed, Observer};
use crate::engine::log::RecordedEvent;
use crate::engine::process_manager::{LONGEST_CHAIN, Process, ProcessManager};
use crate::engine::projection::{Projection, ReadModel};
use crate::engine::runtime::{Clock, IdSource};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::{ClusterOptions, Store, StoreUrl};

type BoxFuture<'a, R> = Pin<Box<dyn Future<Output = R> + Send + 'a>>;
type StartKind<E> = Box<dyn FnOnce(CommandHandlers, KindParts<'_, E>) -> CommandHandlers + Send>;
type SharedObserver<E> = Arc<dyn Fn(&RecordedEvent<E>) + Send + Sync>;
type AddProjection<E> = Box<dyn FnOnce(&mut Feed<E>, &Models) + Send>;
type StartHandler<E> = Box<
    dyn for<'a> FnOnce(
            &'a HandlerContext<E>,
            Parts<'a, E>,
            &'a mut Feed<E>,
        ) -> BoxFuture<'a, Result<HandlerControl, StartError>>
        + Send,
>;

/// The parts of an application that is about to [start](Builder::start).
pub struct Builder<E: 'static> {
    pub(super) store: Result<StoreSource<E>, StartError>,
    pub(super) cluster: ClusterOptions,
    pub(super) accept_loss: bool,
    pub(super) foreign: bool,
    pub(super) seed: Option<u64>,
    pub(super) user: Option<String>,
    pub(super) limits: Limits,
    pub(super) retry: RetryPolicy,
    pub(super) longest_chain: u32,
    pub(super) categories: Vec<&'static str>,
    pub(super) kinds: Vec<StartKind<E>>,
    pub(super) names: Vec<&'static str>,
    pub(super) projections: Vec<AddProjection<E>>,
    /// The process managers to start, as a foreign store needs to know them.
    pub(super) process_managers: Vec<KnownHandler<E>>,
    pub(super) handlers: Vec<StartHandler<E>>,
    pub(super) observers: Vec<Observer<E>>,
    pub(super) upkeep: Upkeep<E>,
    /// Everything but the event handlers, for a fork.
    pub(super) parts: Vec<Part<E>>,
    /// Whether projections are folded only when somebody asks.
    pub(super) when_asked: bool,
    pub(super) time_and_ids: Option<(Arc<Clock>, IdSource)>,
    pub(super) decisions: Option<Decisions>,
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
            cluster: ClusterOptions::default(),
            accept_loss: false,
            foreign: false,
            seed: None,
            user: None,
            limits: Limits::default(),
            retry: RetryPolicy::default(),
            longest_chain: LONGEST_CHAIN,
            categories: Vec::new(),
            kinds: Vec::new(),
            names: Vec::new(),
            projections: Vec::new(),
            process_managers: Vec::new(),
            handlers: Vec::new(),
            observers: Vec::new(),
            upkeep: Upkeep::default(),
            parts: Vec::new(),
            when_asked: false,
            time_and_ids: None,
            decisions: None,
        }
    }

    /// Sets how a store on a cluster is opened.
    #[must_use]
    pub fn cluster(self, cluster: ClusterOptions) -> Self {
        Self { cluster, ..self }
    }

    /// Sets where a store on a cluster is remembered, unless its options say where.
    pub(crate) fn remembered_in(mut self, directory: Option<PathBuf>) -> Self {
        self.cluster.directory = self.cluster.directory.or(directory);
        self
    }

    /// Opens a file even if the end of its log is lost, and continues from what is left. An unfinished import is
    /// accepted too.
    #[must_use]
    pub fn accept_loss(self, accept_loss: bool) -> Self {
        Self { accept_loss, ..self }
    }

    /// Opens a file that another user may have written, and trusts nothing in it but its log. The log is verified
    /// first; if it is broken, or contains what no import would accept, the file is refused and stays as it is. Then
    /// snapshots, projections and the progress of the handlers are dropped, and folded anew from the log. Past events
    /// are not delivered to handlers, as after an [import](super::Application::import), except to process managers with
    /// [unfinished](ProcessManager::unfinished) work. The file is refused too while anyone else has it open.
    #[must_use]
    pub fn foreign(self, foreign: bool) -> Self {
        Self { foreign, ..self }
    }

    /// Derives ids and times from a number, which makes two runs identical to the byte.
    #[must_use]
    pub fn seed(self, seed: Option<u64>) -> Self {
        Self { seed, ..self }
    }

    /// Names the user who sends the commands from outside, in the [metadata](crate::engine::log::Metadata::user) of their
    /// events. The name may be any text, and nothing verifies it. Metadata that name another user keep that one.
    #[must_use]
    pub fn user(self, user: Option<String>) -> Self {
        Self { user, ..self }
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

    /// Sets how many causes an event may have that a process manager answers: the command that led to it answered an event
    /// that had a cause, and so on. An event with more is parked, so that process managers that answer each other come to
    /// an end. By default, [`LONGEST_CHAIN`]; `u32::MAX` is no limit.
    #[must_use]
    pub fn longest_chain(self, longest_chain: u32) -> Self {
        Self { longest_chain, ..self }
    }

    /// Folds the projections, and delivers events to the handlers, only when somebody first asks the application for
    /// anything. By default, the start waits for the projections.
    #[must_use]
    pub fn folded_when_asked(self, when_asked: bool) -> Self {
        Self { when_asked, ..self }
    }

    /// Sets the clock, and the source of new ids, instead of those of the machine or of a seed.
    pub(super) fn with_time_and_ids(self, clock: Arc<Clock>, ids: IdSource) -> Self {
        Self { time_and_ids: Some((clock, ids)), ..self }
    }

    /// Notes how commands are decided.
    pub(super) fn noting(self, decisions: Decisions) -> Self {
        Self { decisions: Some(decisions), ..self }
    }

    /// Adds a kind of aggregate, so that its commands can be [dispatched](super::Application::dispatch).
    #[must_use]
    pub fn aggregate<A: Aggregate>(mut self) -> Self
    where
        E: Contains<A::Event>,
    {
        self.parts.push(Part::new(Self::aggregate::<A>));
        self.categories.push(A::CATEGORY);
        self.upkeep.add_kind::<A>();
        self.kinds.push(Box::new(|commands, KindParts { store, clock, limits, supervisor, decisions }| {
            commands.with::<A, E>(CommandHandler::start(store, clock, limits, supervisor).noting(decisions))
        }));
        self
    }

    /// Adds a projection, which can then be [read](super::Application::read).
    #[must_use]
    pub fn projection<P: Projection<E>>(mut self) -> Self {
        self.parts.push(Part::named(P::NAME, Self::projection::<P>));
        self.names.push(P::NAME);
        self.upkeep.add_projection::<P>();
        self.projections.push(Box::new(|feed, models| models.add(feed.add::<P>())));
        self
    }

    /// Adds invariants that every log of the domain satisfies. They are checked when the log is
    /// [verified](super::Application::verify) and before a log is [imported](super::Application::import).
    #[must_use]
    pub fn invariants<I: Invariants<E> + Default>(mut self) -> Self {
        self.parts.push(Part::new(Self::invariants::<I>));
        self.upkeep.add_invariants::<I>();
        self
    }

    /// Adds an observer, for trace lines and log messages. It is called with each new event, after the projections and
    /// before the event handlers.
    #[must_use]
    pub fn observe(self, observer: impl Fn(&RecordedEvent<E>) + Send + Sync + 'static) -> Self {
        self.observe_by(Arc::new(observer))
    }

    fn observe_by(mut self, observer: SharedObserver<E>) -> Self {
        let again = observer.clone();
        self.parts.push(Part::named(OBSERVER, move |builder: Self| builder.observe_by(again.clone())));
        self.observers.push(Box::new(move |event| observer(event)));
        self
    }

    /// Adds a process manager, which answers events with commands.
    #[must_use]
    pub fn process_manager<P>(self, policy: P) -> Self
    where
        P: ProcessManager<Event = E>,
    {
        let again = policy.clone();
        let part = Part::named(P::NAME, move |builder: Self| builder.process_manager(again.clone()));
        self.process_manager_of(policy, part, None, |policy, _| Ok(policy))
    }

    /// Adds a process manager, and gives it a projection of this application to read. What it reads there must be the same
    /// at every delivery of an event, such as what an earlier event has settled for good.
    #[must_use]
    pub fn process_manager_reading<P, M>(
        self,
        policy: P,
        give: impl FnOnce(P, ReadModel<M>) -> P + Clone + Send + Sync + 'static,
    ) -> Self
    where
        P: ProcessManager<Event = E>,
        M: Projection<E>,
    {
        let missing = StartError::NoProjection { handler: P::NAME, projection: M::NAME };
        let again = (policy.clone(), give.clone());
        let part = Part::named(P::NAME, move |builder: Self| {
            let (policy, give) = again.clone();
            builder.process_manager_reading(policy, give)
        });
        let make = |policy, models: &Models| Ok(give(policy, models.of().ok_or(missing)?));
        self.process_manager_of(policy, part, Some(M::NAME), make)
    }

    fn process_manager_of<P>(
        mut self,
        policy: P,
        part: Part<E>,
        reads: Option<&'static str>,
        make: impl FnOnce(P, &Models) -> Result<P, StartError> + Send + 'static,
    ) -> Self
    where
        P: ProcessManager<Event = E>,
    {
        self.parts.push(part);
        self.names.push(P::NAME);
        self.process_managers.push(KnownHandler::process_manager(&policy));
        self.handlers.push(Box::new(move |context, parts, feed| {
            Box::pin(async move {
                let commands = parts.commands.clone();
                parts.upkeep.before_handler(&context.store, KnownHandler::process_manager(&policy)).await?;
                let policy = make(policy, parts.models)?;
                let process = Process::new(policy, commands, context.store.clone(), context.checkpoints.clone())
                    .with_longest_chain(parts.longest_chain);
                Ok(event_handler::start_reading(move || process.clone(), reads, context, feed).await?)
            })
        }));
        self
    }

    /// Names a process manager that does not run now but may have run on this store. A
    /// [verification](super::Application::verify) checks its stored state.
    #[must_use]
    pub fn idle_process_manager<P: ProcessManager<Event = E>>(mut self, policy: P) -> Self {
        let again = policy.clone();
        self.parts.push(Part::new(move |builder: Self| builder.idle_process_manager(again.clone())));
        self.upkeep.add_idle_process(policy);
        self
    }

    /// Adds an event handler.
    #[must_use]
    pub fn event_handler<H: EventHandler<E> + Clone>(self, handler: H) -> Self {
        self.handler_of(None, move |_| Ok(handler))
    }

    /// Adds an event handler that reads a projection of this application.
    #[must_use]
    pub fn event_handler_reading<P, H>(self, make: impl FnOnce(ReadModel<P>) -> H + Send + 'static) -> Self
    where
        P: Projection<E>,
        H: EventHandler<E> + Clone,
    {
        let missing = StartError::NoProjection { handler: H::NAME, projection: P::NAME };
        self.handler_of(Some(P::NAME), move |models| models.of().map(make).ok_or(missing))
    }

    fn handler_of<H: EventHandler<E> + Clone>(
        mut self,
        reads: Option<&'static str>,
        make: impl FnOnce(&Models) -> Result<H, StartError> + Send + 'static,
    ) -> Self {
        self.names.push(H::NAME);
        self.handlers.push(Box::new(move |context, parts, feed| {
            Box::pin(async move {
                parts.upkeep.before_handler(&context.store, KnownHandler::event_handler::<H>()).await?;
                let handler = make(parts.models)?;
                Ok(event_handler::start_reading(move || handler.clone(), reads, context, feed).await?)
            })
        }));
        self
    }
}
