//! Closing waits for work that has begun, not for other processes on the file. Stopping a handler this way does not
//! count as a failure.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cqrs_bank::bank::{AccountEvent, Bank, StoreUrl, TransferState};
use cqrs_bank::engine::event_handler::{EventHandler, Failure, NackAction};
use cqrs_bank::engine::feed::checkpoints::Consistency;
use cqrs_bank::engine::log::{Position, RecordedEvent};
use cqrs_bank::engine::runtime::Supervisor;
use cqrs_bank::engine::store::EventStore as _;
use cqrs_bank::engine::store::handler_records::HandlerRecords as _;
use cqrs_bank::engine::store::memory::MemoryStore;
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::accounts::{account, money};
use crate::asked_each_time::ask_each_time;
use crate::scripted::{AWAITED, Act, Engine, POLICY, Script, append};

/// Half of the time that a needless wait would take.
const SHORT: Duration = Duration::from_millis(2_500);

async fn new_bank() -> (TempDir, PathBuf, Bank) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let bank = Bank::open(StoreUrl::Sqlite(path.clone())).await.unwrap();
    for name in ["Wolfman", "Dracula"] {
        bank.create(&account(name)).await.unwrap();
        bank.deposit(&account(name), money(1_000_000)).await.unwrap();
    }
    (directory, path, bank)
}

/// The content of the file, read without handlers.
async fn stored(path: &Path) -> (Vec<RecordedEvent<AccountEvent>>, u32) {
    let store = SqliteStore::open(path, SqliteOptions::default(), &Supervisor::new()).unwrap();
    let attempts = store.read_progress("transfer").await.unwrap().unwrap().attempts;
    (store.read_all(Position::START, usize::MAX).await.unwrap().to_vec(), attempts)
}

#[tokio::test]
async fn others_may_go_on_transferring() {
    let warnings = Warnings::default();
    ask_each_time();
    let _listening = tracing::subscriber::set_default(tracing_subscriber::registry().with(warnings.clone()));
    let (_directory, path, bank) = new_bank().await;
    let other = Bank::open(StoreUrl::Sqlite(path)).await.unwrap();
    let goes_on = Arc::new(AtomicBool::new(true));
    let mut tasks = tokio::task::JoinSet::new();
    for (payer, payee) in [("Wolfman", "Dracula"), ("Dracula", "Wolfman"), ("Wolfman", "Dracula")] {
        let (other, goes_on) = (other.clone(), goes_on.clone());
        tasks.spawn(async move {
            let mut count = 0;
            while goes_on.load(Ordering::Relaxed) {
                let transferred = other.transfer(&account(payer), &account(payee), money(1), None).await.unwrap();
                assert!(matches!(transferred.state, TransferState::Ended(_)), "{transferred:?}");
                count += 1;
            }
            count
        });
    }
    let end = other.events(Position::new(1), usize::MAX).await.unwrap().len();
    while other.events(Position::new(1), usize::MAX).await.unwrap().len() < end + 60 {
        tokio::task::yield_now().await;
    }
    let begun = Instant::now();
    bank.close().await;
    let taken = begun.elapsed();
    goes_on.store(false, Ordering::Relaxed);
    let counts = tasks.join_all().await;
    other.close().await;
    assert!(taken < SHORT, "closing has taken {taken:?}");
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    assert_eq!(warnings.said(), [""; 0]);
}

#[tokio::test]
async fn what_it_has_begun_itself_has_ended() {
    let (_directory, path, bank) = new_bank().await;
    let bank = bank.with_consistency(Consistency::Eventual);
    for _ in 0..20 {
        bank.transfer(&account("Wolfman"), &account("Dracula"), money(1), None).await.unwrap();
    }
    bank.close().await;
    let (log, attempts) = stored(&path).await;
    assert_eq!((log.len(), attempts), (4 + 20 * 3, 0), "each transfer is reserved, credited and settled");
}

/// An awaited handler that takes a permit for each event.
#[derive(Clone, Debug)]
struct Slow(Arc<Semaphore>);

impl EventHandler<AccountEvent> for Slow {
    const NAME: &'static str = "slow";
    const AWAITED: bool = true;

    fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
        |event| matches!(event.data, AccountEvent::MoneyDeposited { .. })
    }

    async fn handle(&mut self, _: &RecordedEvent<AccountEvent>) -> Result<(), Failure> {
        self.0.acquire().await.unwrap().forget();
        Ok(())
    }
}

/// Closing ends even so, and the handler's event is redelivered.
#[tokio::test]
async fn a_handler_that_does_not_finish_keeps_nobody_waiting_for_ever() {
    let (_directory, path, bank) = new_bank().await;
    bank.add_event_handler(Slow(Arc::new(Semaphore::new(0)))).await.unwrap();
    let hasty = bank.with_consistency(Consistency::Eventual);
    hasty.deposit(&account("Wolfman"), money(1)).await.unwrap();
    let begun = Instant::now();
    bank.close().await;
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let bank = Bank::open(StoreUrl::Sqlite(path)).await.unwrap();
    let may_finish = Arc::new(Semaphore::new(1));
    bank.add_event_handler(Slow(may_finish.clone())).await.unwrap();
    bank.close().await;
    assert_eq!(may_finish.available_permits(), 0);
}

/// Untried attempts do not count, however many there are.
#[tokio::test(start_paused = true)]
async fn an_event_that_was_not_tried_is_not_parked() {
    let store = MemoryStore::start(&Supervisor::new());
    let script = Arc::new(Script::default());
    let untried = Act::Fail(Failure::retry("closed").with_action(NackAction::Untried));
    script.say(AWAITED, 1, vec![untried; 3 * POLICY.attempts as usize]);
    let engine = Engine::start(&store, &script).await;
    append(&store, [1, 2]).await;
    engine.handled_by_all().await;
    assert_eq!(script.calls(AWAITED).len(), 3 * POLICY.attempts as usize + 2);
    assert_eq!(engine.parked().await, []);
}

/// The log at the level `warn` and above.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl Warnings {
    fn said(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl<S: tracing::Subscriber> Layer<S> for Warnings {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        struct Text(String);

        impl Visit for Text {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }

        if *event.metadata().level() <= tracing::Level::WARN {
            let mut text = Text(String::new());
            event.record(&mut text);
            self.0.lock().unwrap().push(text.0);
        }
    }
}
