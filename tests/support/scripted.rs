//! Handlers that do with each event what a script says, and an engine that runs two of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::pending;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use cqrs_bank::engine::event_handler::lease::Lease;
use cqrs_bank::engine::event_handler::{
    self, EventHandler, Failure, HandlerContext, HandlerControl, RetryPolicy, StartFrom,
};
use cqrs_bank::engine::feed::Feed;
use cqrs_bank::engine::feed::checkpoints::{Checkpoints, HandlerStatus};
use cqrs_bank::engine::log::{Metadata, Position, RecordedEvent, StreamId, Timestamp, Version};
use cqrs_bank::engine::runtime::{Clock, StopReason, Supervisor};
use cqrs_bank::engine::store::handler_records::ParkedEvent;
use cqrs_bank::engine::store::{Append, EventStore, ExpectedEnd};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::happened::Happened;

pub(crate) const POLICY: RetryPolicy =
    RetryPolicy { first: Duration::from_millis(100), longest: Duration::from_secs(2), attempts: 4 };

/// What a handler does instead of handling an event.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Fail(Failure),
    Panic,
    /// It never comes back.
    Hang,
}

/// What the handlers are to do, and what they were asked to.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) unwanted: Mutex<BTreeSet<u64>>,
    /// Whom the filter asks who lags, each time.
    pub(crate) asked: OnceLock<Checkpoints>,
    /// For a handler and an event what it does, time after time; it handles it once there is nothing left.
    acts: Mutex<BTreeMap<(&'static str, u64), VecDeque<Act>>>,
    calls: Mutex<Vec<Call>>,
}

/// A handler was called with an event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) handler: &'static str,
    pub(crate) number: u64,
    /// How many events the handler remembered to have handled before.
    pub(crate) remembered: u64,
    pub(crate) at: Instant,
}

impl Script {
    pub(crate) fn say(&self, handler: &'static str, number: u64, acts: impl IntoIterator<Item = Act>) {
        self.acts.lock().unwrap().insert((handler, number), acts.into_iter().collect());
    }

    /// The calls of one handler: the event's number and what it remembered, each.
    pub(crate) fn calls(&self, handler: &str) -> Vec<(u64, u64)> {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|call| call.handler == handler).map(|call| (call.number, call.remembered)).collect()
    }

    /// How much time has passed from call to call of one handler with one event.
    pub(crate) fn delays(&self, handler: &str, number: u64) -> Vec<Duration> {
        let calls = self.calls.lock().unwrap();
        let times = calls.iter().filter(|call| call.handler == handler && call.number == number);
        let times: Vec<_> = times.map(|call| call.at).collect();
        times.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}

/// Counts the events that it has handled, and remembers that.
pub(crate) struct Scripted<const AWAITED: bool> {
    script: Arc<Script>,
    handled: u64,
}

pub(crate) const AWAITED: &str = Scripted::<true>::NAME;
pub(crate) const UNAWAITED: &str = Scripted::<false>::NAME;

impl<const WAIT: bool> EventHandler<Happened> for Scripted<WAIT> {
    const NAME: &'static str = if WAIT { "awaited" } else { "not awaited" };
    const AWAITED: bool = WAIT;
    const START: StartFrom = StartFrom::Origin;

    fn filter(&self) -> impl Fn(&RecordedEvent<Happened>) -> bool + Send + Sync + 'static {
        let script = self.script.clone();
        move |event| {
            script.asked.get().map(|checkpoints| checkpoints.lagging(event.position));
            !script.unwanted.lock().unwrap().contains(&event.data.0)
        }
    }

    async fn handle(&mut self, event: &RecordedEvent<Happened>) -> Result<(), Failure> {
        let number = event.data.0;
        let call = Call { handler: Self::NAME, number, remembered: self.handled, at: Instant::now() };
        self.script.calls.lock().unwrap().push(call);
        self.handled += 1;
        let act = self.script.acts.lock().unwrap().get_mut(&(Self::NAME, number)).and_then(VecDeque::pop_front);
        match act {
            None => Ok(()),
            Some(Act::Fail(failure)) => Err(failure),
            Some(Act::Panic) => panic!("over {number}"),
            Some(Act::Hang) => pending().await,
        }
    }

    fn state(&self) -> Option<Box<str>> {
        Some(self.handled.to_string().into())
    }

    fn restore(&mut self, state: &str) {
        self.handled = state.parse().unwrap();
    }
}

/// Both handlers over a store, until the process is said to end.
pub(crate) struct Engine<S> {
    pub(crate) store: S,
    pub(crate) supervisor: Supervisor,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) awaited: HandlerControl,
    pub(crate) unawaited: HandlerControl,
}

impl<S: EventStore<Happened>> Engine<S> {
    pub(crate) async fn start(store: &S, script: &Arc<Script>) -> Self {
        let context = HandlerContext {
            store: cqrs_bank::engine::store::Store::new(store.clone()),
            checkpoints: Checkpoints::new(),
            clock: Arc::new(Clock::simulated(0)),
            lease: Lease::unshared(),
            retry: POLICY,
            supervisor: Supervisor::new(),
        };
        let mut feed = Feed::new(context.checkpoints.clone());
        let (first, second) = (script.clone(), script.clone());
        let make = move || Scripted::<true> { script: first.clone(), handled: 0 };
        let awaited = event_handler::start(make, &context, &mut feed).await.unwrap();
        let make = move || Scripted::<false> { script: second.clone(), handled: 0 };
        let unawaited = event_handler::start(make, &context, &mut feed).await.unwrap();
        feed.start(store.clone(), &context.supervisor);
        let HandlerContext { checkpoints, supervisor, .. } = context;
        Self { store: store.clone(), supervisor, checkpoints, awaited, unawaited }
    }

    /// The process ends in the middle of whatever it does, and another one starts over the same store.
    pub(crate) async fn restart(self, script: &Arc<Script>) -> Self {
        self.supervisor.stop(StopReason::Closed);
        nothing_left_to_do().await;
        let restarted = Self::start(&self.store, script).await;
        nothing_left_to_do().await;
        restarted
    }

    pub(crate) async fn handled_by_all(&self) {
        let end = self.store.end().await.unwrap();
        let late = || self.checkpoints.handlers().iter().any(|handler| handler.checkpoint < end);
        for _ in 0..1_000 {
            if !late() {
                return;
            }
            let _ = timeout(POLICY.longest, pending::<()>()).await;
        }
        panic!("{:?} never come to {end}", self.checkpoints.handlers());
    }

    pub(crate) fn status(&self, handler: &str) -> HandlerStatus {
        self.checkpoints.handlers().into_iter().find(|status| status.name == handler).unwrap()
    }

    pub(crate) async fn parked(&self) -> Vec<ParkedEvent> {
        self.store.read_parked(0, usize::MAX).await.unwrap()
    }
}

/// The clock of these tests moves only when nothing else can happen.
pub(crate) async fn nothing_left_to_do() {
    let _ = timeout(Duration::from_millis(1), pending::<()>()).await;
}

/// Events with these numbers, in one commit.
pub(crate) async fn append(store: &impl EventStore<Happened>, numbers: impl IntoIterator<Item = u64>) -> Position {
    let append = Append {
        stream: StreamId::new("test", &Uuid::new_v4()),
        expected_version: Version::START,
        time: Timestamp::from_micros(0),
        metadata: Metadata::from_outside(Uuid::new_v4()),
        events: numbers.into_iter().map(Happened).collect(),
        snapshot: None,
        expected_end: ExpectedEnd::ANY,
    };
    let committed = store.append(vec![append]).await.unwrap().remove(0).unwrap();
    committed.last().unwrap().position
}
