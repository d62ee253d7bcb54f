//! An application of shelves, and all calls on it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use cqrs_bank::engine::application::{Application, Builder, CommandFailure, ExportError, Receipt};
use cqrs_bank::engine::event_handler::{EventHandler, Failure};
use cqrs_bank::engine::log::{Moment, Position, RecordedEvent, StreamId};
use cqrs_bank::engine::projection::Projection;
use cqrs_bank::engine::store::StoreUrl;
use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::shelves::{Changed, FillOrders, Shelf, ShelfCommand, TooFew, What};

pub(crate) type Shelves = Application<Changed>;

/// The number of items put on shelves.
#[derive(Clone, Default)]
pub(crate) struct Put(pub(crate) u64);

impl Projection<Changed> for Put {
    const NAME: &'static str = "put";

    fn project(&mut self, event: &RecordedEvent<Changed>) {
        if let Changed::Added(count) = event.data {
            self.0 += count;
        }
    }
}

/// A projection that is added later.
#[derive(Default)]
pub(crate) struct Lent(pub(crate) u64);

impl Projection<Changed> for Lent {
    const NAME: &'static str = "lent";

    fn project(&mut self, event: &RecordedEvent<Changed>) {
        if let Changed::Lent(count) = event.data {
            self.0 += count;
        }
    }
}

/// An awaited handler that is slow at loans.
#[derive(Clone)]
pub(crate) struct Slow(pub(crate) Arc<Semaphore>);

impl Slow {
    /// Never finishes.
    pub(crate) fn for_ever() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl EventHandler<Changed> for Slow {
    const NAME: &'static str = "slow";
    const AWAITED: bool = true;

    fn filter(&self) -> impl Fn(&RecordedEvent<Changed>) -> bool + Send + Sync + 'static {
        |event| matches!(event.data, Changed::Lent(_))
    }

    async fn handle(&mut self, _: &RecordedEvent<Changed>) -> Result<(), Failure> {
        self.0.acquire().await.unwrap().forget();
        Ok(())
    }
}

pub(crate) fn put(shelf: &str, count: u64) -> ShelfCommand {
    ShelfCommand { shelf: shelf.to_owned(), what: What::Add(count) }
}

pub(crate) fn lend(shelf: &str, count: u64) -> ShelfCommand {
    ShelfCommand { shelf: shelf.to_owned(), what: What::Lend(count) }
}

pub(crate) fn both_stores() -> (TempDir, [StoreUrl; 2]) {
    let directory = tempfile::tempdir().unwrap();
    let file = StoreUrl::Sqlite(directory.path().join("shelves.db"));
    (directory, [StoreUrl::Memory, file])
}

pub(crate) fn shelves(url: StoreUrl) -> Builder<Changed> {
    Application::builder(url).aggregate::<Shelf>().projection::<Put>()
}

/// Starts an application with a few items on the shelves.
pub(crate) async fn start(builder: Builder<Changed>) -> Shelves {
    let shelves = builder.start().await.unwrap();
    for count in [1, 2] {
        shelves.dispatch(put("hall", count)).eventual().await.unwrap();
    }
    shelves
}

type Answer = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// A call, and its name.
pub(crate) type Call = (&'static str, fn(Shelves) -> Answer);

macro_rules! calls {
    ($($name:ident: $shelves:ident => $call:expr;)*) => {
        [$((stringify!($name), |$shelves| Box::pin(async move { ($call).map(drop).map_err(|error| error.to_string()) }))),*]
    };
}

/// All calls on an application. Each can be repeated.
pub(crate) const QUESTIONS: [Call; 15] = calls! {
    dispatch: shelves => shelves.dispatch(put("hall", 1)).await;
    dispatch_eventual: shelves => shelves.dispatch(put("hall", 1)).eventual().await;
    send: shelves => send(&shelves).await;
    read: shelves => shelves.read(|put: &Put| put.0).await;
    read_after: shelves => shelves.read_after(Position::new(2), |put: &Put| put.0).await;
    read_at: shelves => shelves.read_at(Moment::Position(Position::new(1)), |put: &Put| put.0).await;
    events: shelves => shelves.events(Position::START, 9).await;
    stream_events: shelves => shelves.stream_events(&StreamId::new("shelf", &"hall"), Position::START, 9).await;
    state_at: shelves => shelves.state_at::<Shelf>(&StreamId::new("shelf", &"hall"), Moment::NOW).await;
    head: shelves => shelves.head().await;
    handlers: shelves => shelves.handlers().await;
    parked: shelves => shelves.parked().await;
    watch: shelves => async { shelves.watch(Some(Position::new(1))).await?.next().await }.await;
    rebuild: shelves => shelves.rebuild(|_, _| {}).await;
    export: shelves => export(&shelves).await;
};

/// All that can be added to an application.
pub(crate) const ADDITIONS: [Call; 3] = calls! {
    add_projection: shelves => shelves.add_projection::<Lent>().await;
    add_process: shelves => shelves.add_process(FillOrders).await;
    add_event_handler: shelves => shelves.add_event_handler(Slow::for_ever()).await;
};

async fn send(shelves: &Shelves) -> Result<Receipt<Changed>, CommandFailure<TooFew>> {
    shelves.dispatch(put("hall", 1)).send().await?.outcome().await
}

async fn export(shelves: &Shelves) -> Result<u64, ExportError> {
    let directory = tempfile::tempdir().unwrap();
    shelves.export(&directory.path().join("shelves.jsonl"), |_, _| {}).await
}
