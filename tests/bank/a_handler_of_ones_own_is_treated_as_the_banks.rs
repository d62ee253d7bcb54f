//! A custom process manager or event handler is treated like the bank's own: it gets each event, sends each command
//! once, is listed with the others, and may fail.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cqrs_bank::bank::{
    AccountCommand, AccountEvent, AddHandlerError, Bank, CeoBonus, HandlerReport, Options, Refusal, StoreUrl,
    Unavailable, Verification, Withdrawal,
};
use cqrs_bank::engine::domain::DomainEvent as _;
use cqrs_bank::engine::event_handler::{EventHandler, Failure, NackAction, ParkedError, RetryPolicy, StartFrom};
use cqrs_bank::engine::feed::checkpoints::HandlerKind;
use cqrs_bank::engine::feed::checkpoints::HandlerState;
use cqrs_bank::engine::log::{Position, RecordedEvent};
use cqrs_bank::engine::process_manager::{Answer, ProcessManager, Reaction, id_of_answer};
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::handler_records::{HandlerRecords as _, ParkedChange, Progress};
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use cqrs_bank::shell::trace::Trace;
use tempfile::TempDir;

use crate::accounts::{account, money};
use crate::listening::listen;

/// Deposits the amount of each withdrawal into the tax collector's account.
#[derive(Clone, Debug, Default)]
struct Tax;

impl ProcessManager for Tax {
    const NAME: &'static str = "tax";
    const TITLE: &'static str = "Tax";
    const START: StartFrom = StartFrom::Origin;
    type Event = AccountEvent;
    type State = ();

    fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
        |event| matches!(event.data, AccountEvent::MoneyWithdrawn { .. })
    }

    fn react(&self, (): &(), event: &RecordedEvent<AccountEvent>) -> Reaction<AccountEvent> {
        let AccountEvent::MoneyWithdrawn { amount, .. } = &event.data else { return Reaction::none() };
        let deposit = AccountCommand::deposit(account("Tax"), *amount);
        Answer::new(deposit).or_note(|refusal| refusal.to_string()).into()
    }
}

/// Records the titles of events, or fails on request.
#[derive(Clone, Debug, Default)]
struct Diary {
    titles: Arc<Mutex<Vec<&'static str>>>,
    failures: Arc<Mutex<VecDeque<Failure>>>,
}

impl Diary {
    fn fails(self, action: NackAction) -> Self {
        self.failures.lock().unwrap().push_back(Failure::retry("no ink").with_action(action));
        self
    }

    fn titles(&self) -> Vec<&'static str> {
        self.titles.lock().unwrap().clone()
    }
}

impl EventHandler<AccountEvent> for Diary {
    const NAME: &'static str = "diary";
    const AWAITED: bool = true;
    const TRACE_TITLE: Option<&'static str> = Some("Diary");

    fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
        |_| true
    }

    async fn handle(&mut self, event: &RecordedEvent<AccountEvent>) -> Result<(), Failure> {
        if let Some(failure) = self.failures.lock().unwrap().pop_front() {
            return Err(failure);
        }
        self.titles.lock().unwrap().push(event.data.title());
        Ok(())
    }
}

#[tokio::test]
async fn what_a_process_does_is_there_when_the_reply_comes() {
    let bank = open(StoreUrl::Memory).await;
    bank.add_process_manager(Tax).await.unwrap();
    let Withdrawal::Paid(receipt) = bank.withdraw(&account("Wolfman"), money(30)).await.unwrap() else {
        panic!("there is enough")
    };
    assert_eq!(balance(&bank, "Tax").await, 30);
    let [withdrawn, deposited] = &bank.conversation(&receipt).await.unwrap()[..] else { panic!("two events") };
    assert_eq!(deposited.metadata.causation_id(), withdrawn.metadata.command_id);
    assert_eq!(deposited.metadata.command_id, id_of_answer::<Tax>(withdrawn));
    let HandlerReport { status, behind, parked } = report(&bank, Tax::NAME).await;
    assert_eq!(
        (status.kind, status.checkpoint, behind, parked),
        (HandlerKind::ProcessManager, deposited.position, 0, 0)
    );
    assert_eq!(status.condition.last_error, None);
}

#[tokio::test]
async fn what_it_has_to_say_is_shown() {
    let bank = Bank::open(StoreUrl::Memory).await.unwrap();
    bank.create(&account("Wolfman")).await.unwrap();
    bank.deposit(&account("Wolfman"), money(100)).await.unwrap();
    bank.add_process_manager(Tax).await.unwrap();
    bank.withdraw(&account("Wolfman"), money(30)).await.unwrap();
    let said = report(&bank, Tax::NAME).await.status.condition.last_error;
    assert_eq!(said.as_deref(), Some(&*Refusal::NoAccount.to_string()));
}

/// Added to a bank with a long log, and then without its checkpoint: all events are redelivered.
#[tokio::test]
async fn a_process_acts_once_whenever_an_event_comes_again() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("bank.db");
    let bank = open(StoreUrl::Sqlite(path.clone())).await;
    for amount in 1..=5 {
        bank.withdraw(&account("Wolfman"), money(amount)).await.unwrap();
    }
    bank.close().await;
    let mut logs = Vec::new();
    for forgets in [false, true, false] {
        if forgets {
            forget_progress(&path).await;
        }
        let bank = Bank::open(StoreUrl::Sqlite(path.clone())).await.unwrap();
        bank.add_process_manager(Tax).await.unwrap();
        bank.close().await;
        let bank = Bank::open(StoreUrl::Sqlite(path.clone())).await.unwrap();
        assert_eq!(balance(&bank, "Tax").await, 1 + 2 + 3 + 4 + 5);
        logs.push(bank.events(Position::START, 100).await.unwrap());
        assert!(matches!(bank.verify(|_, _| {}).await.unwrap(), Verification::Whole(_)));
        bank.close().await;
    }
    assert_eq!(logs[0].len(), 3 + 5 + 5);
    assert!(logs.iter().all(|log| *log == logs[0]));
}

#[tokio::test]
async fn what_happens_while_a_process_is_not_there_is_made_up_for() {
    let directory = TempDir::new().unwrap();
    let store = StoreUrl::Sqlite(directory.path().join("bank.db"));
    let bank = open(store.clone()).await;
    bank.add_process_manager(Tax).await.unwrap();
    bank.withdraw(&account("Wolfman"), money(1)).await.unwrap();
    bank.close().await;
    let bank = Bank::open(store.clone()).await.unwrap();
    bank.withdraw(&account("Wolfman"), money(2)).await.unwrap();
    assert_eq!(balance(&bank, "Tax").await, 1);
    bank.add_process_manager(Tax).await.unwrap();
    bank.withdraw(&account("Wolfman"), money(4)).await.unwrap();
    assert_eq!(balance(&bank, "Tax").await, 1 + 2 + 4);
    bank.close().await;
}

#[tokio::test]
async fn an_event_handler_gets_what_happens_after_it_was_added() {
    let bank = open(StoreUrl::Memory).await;
    let diary = Diary::default();
    bank.add_event_handler(diary.clone()).await.unwrap();
    bank.withdraw(&account("Wolfman"), money(1)).await.unwrap();
    bank.transfer(&account("Wolfman"), &account("Tax"), money(1), None).await.unwrap();
    assert_eq!(diary.titles(), ["Money Withdrawn", "Money Reserved", "Transfer Credited", "Transfer Settled"]);
    assert_eq!(report(&bank, Diary::NAME).await.status.kind, HandlerKind::EventHandler);
}

#[tokio::test]
async fn what_an_event_handler_parks_can_be_tried_again() {
    let bank = open(StoreUrl::Memory).await;
    let diary = Diary::default().fails(NackAction::Park).fails(NackAction::Park);
    bank.add_event_handler(diary.clone()).await.unwrap();
    bank.withdraw(&account("Wolfman"), money(1)).await.unwrap();
    assert_eq!(report(&bank, Diary::NAME).await.parked, 1);
    let number = bank.parked().await.unwrap()[0].0.number;
    assert_eq!(bank.retry_parked(number).await, Err(ParkedError::FailedAgain { reason: "no ink".into() }));
    assert_eq!(diary.titles(), [""; 0]);
    assert_eq!(bank.retry_parked(number).await, Ok(()));
    assert_eq!(diary.titles(), ["Money Withdrawn"]);
    assert_eq!(report(&bank, Diary::NAME).await.parked, 0);
}

/// Zero attempts would park events untried, so it means one.
#[tokio::test]
async fn an_event_is_tried_once_where_no_attempt_is_granted() {
    let retry = RetryPolicy { attempts: 0, ..RetryPolicy::default() };
    let bank = open(Options { retry, ..Options::default() }).await;
    let diary = Diary::default().fails(NackAction::Retry);
    bank.add_event_handler(diary.clone()).await.unwrap();
    bank.withdraw(&account("Wolfman"), money(1)).await.unwrap();
    bank.withdraw(&account("Wolfman"), money(1)).await.unwrap();
    assert_eq!(diary.titles(), ["Money Withdrawn"]);
    let (parked, _) = bank.parked().await.unwrap().remove(0);
    assert_eq!((parked.attempts, &*parked.reason), (1, "no ink"));
}

#[tokio::test]
async fn a_handler_that_has_stopped_is_traced_no_more_and_shown_as_it_is() {
    let trace = Trace::default();
    let _tracing = listen(&trace);
    let bank = open(StoreUrl::Memory).await;
    let diary = Diary::default().fails(NackAction::RetryAfter(Duration::ZERO)).fails(NackAction::Stop);
    bank.add_event_handler(diary.clone()).await.unwrap();
    let mut lines = Vec::new();
    for _ in 0..2 {
        let conversation = bank.start_conversation();
        let _followed = trace.follow(conversation.metadata().correlation_id());
        let deposit = AccountCommand::deposit(account("Wolfman"), money(1));
        let receipt = bank.send(deposit, conversation).await.unwrap().outcome().await.unwrap();
        assert_eq!(receipt.lagging(), [""; 0], "nobody waits for it");
        let mut traced = String::new();
        trace.drain_into(&mut traced);
        lines.push(traced);
    }
    assert_eq!(lines[0], format!("{}Event Handler: Diary\n", lines[1]));
    assert_eq!(diary.titles(), [""; 0]);
    let HandlerReport { status, behind, parked } = report(&bank, Diary::NAME).await;
    assert_eq!((status.checkpoint, behind, parked), (Position::new(3), 2, 0), "it is behind, and that is shown");
    let condition = status.condition;
    assert_eq!(condition.state, HandlerState::Stopped);
    assert_eq!((condition.attempts, condition.last_error.as_deref()), (2, Some("no ink")));
}

#[tokio::test]
async fn a_handler_that_another_program_runs_is_not_traced_here() {
    let trace = Trace::default();
    let _tracing = listen(&trace);
    let directory = TempDir::new().unwrap();
    let store = StoreUrl::Sqlite(directory.path().join("bank.db"));
    let (one, other) = (open(store.clone()).await, Bank::open(store).await.unwrap());
    let (diary, nothing) = (Diary::default(), Diary::default());
    one.add_event_handler(diary.clone()).await.unwrap();
    other.add_event_handler(nothing.clone()).await.unwrap();
    let conversation = other.start_conversation();
    let _followed = trace.follow(conversation.metadata().correlation_id());
    let deposit = AccountCommand::deposit(account("Wolfman"), money(1));
    other.send(deposit, conversation).await.unwrap().outcome().await.unwrap();
    while diary.titles().is_empty() {
        tokio::task::yield_now().await;
    }
    let mut traced = String::new();
    trace.drain_into(&mut traced);
    let count = |line| traced.lines().filter(|traced| *traced == line).count();
    assert_eq!((count("Event Handler: Money Deposited"), count("Event Handler: Diary")), (2, 1), "{traced}");
    assert_eq!(report(&other, Diary::NAME).await.status.condition.state, HandlerState::RunningElsewhere);
    other.close().await;
    one.close().await;
    assert_eq!(nothing.titles(), [""; 0]);
}

#[tokio::test]
async fn two_handlers_cannot_have_one_name() {
    let bank = open(Options { ceo_bonus: Some(account("CEO")), ..Options::default() }).await;
    bank.add_process_manager(Tax).await.unwrap();
    bank.add_event_handler(Diary::default()).await.unwrap();
    let taken = |name| Err(AddHandlerError::NameTaken { name });
    assert_eq!(bank.add_process_manager(Tax).await, taken("tax"));
    assert_eq!(bank.add_event_handler(Diary::default()).await, taken("diary"));
    assert_eq!(bank.add_process_manager(CeoBonus::new(account("Tax"))).await, taken("CEO bonus"));
    bank.withdraw(&account("Wolfman"), money(3)).await.unwrap();
    assert_eq!(balance(&bank, "Tax").await, 3, "one of them is there");
    bank.close().await;
    assert_eq!(bank.add_process_manager(Tax).await, Err(Unavailable::Closed.into()));
}

#[tokio::test]
async fn what_is_imported_is_no_news() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("events.jsonl");
    let bank = open(StoreUrl::Memory).await;
    bank.withdraw(&account("Wolfman"), money(3)).await.unwrap();
    let exported = bank.export(&file, |_, _| {}).await.unwrap();
    let bank = Bank::open(StoreUrl::Memory).await.unwrap();
    let diary = Diary::default();
    bank.add_process_manager(Tax).await.unwrap();
    bank.add_event_handler(diary.clone()).await.unwrap();
    assert_eq!(bank.import(&file, |_, _, _| {}).await.unwrap(), exported);
    assert_eq!(balance(&bank, "Tax").await, 0);
    bank.withdraw(&account("Wolfman"), money(4)).await.unwrap();
    assert_eq!(balance(&bank, "Tax").await, 4);
    assert_eq!(diary.titles(), ["Money Withdrawn", "Money Deposited"]);
}

/// A bank with 100 in Wolfman's account, and an account for the tax collector.
async fn open(options: impl Into<Options>) -> Bank {
    let bank = Bank::open(options).await.unwrap();
    bank.create(&account("Tax")).await.unwrap();
    bank.create(&account("Wolfman")).await.unwrap();
    bank.deposit(&account("Wolfman"), money(100)).await.unwrap();
    bank
}

async fn balance(bank: &Bank, name: &str) -> i64 {
    bank.check_balance(&account(name)).await.unwrap().minor_units()
}

async fn report(bank: &Bank, name: &str) -> HandlerReport {
    let handlers = bank.handlers().await.unwrap();
    handlers.into_iter().find(|handler| handler.status.name == name).unwrap()
}

/// As if the process had ended before it stored a checkpoint.
async fn forget_progress(path: &Path) {
    let supervisor = Supervisor::new();
    let store = SqliteStore::<AccountEvent>::open(path, SqliteOptions::default(), &supervisor).unwrap();
    assert!(store.read_progress(Tax::NAME).await.unwrap().is_some());
    store.write_progress(Tax::NAME, Progress::default(), ParkedChange::None).await.unwrap();
    supervisor.stop(StopReason::Closed);
}
