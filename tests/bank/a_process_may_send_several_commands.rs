//! A process manager may answer an event with several commands: each has its own commit, a refusal undoes no other, and
//! the reply comes when all are handled. Its state is a fold of the log at any moment.

use std::path::Path;

use cqrs_bank::bank::{AccountCommand, AccountEvent, Bank, Options, Receipt, StoreUrl, Verification};
use cqrs_bank::engine::event_handler::StartFrom;
use cqrs_bank::engine::log::{Position, RecordedEvent};
use cqrs_bank::engine::process_manager::{Answer, Instead, Noted, ProcessManager, Reaction, id_of_answer, state_up_to};
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::handler_records::{HandlerRecords as _, ParkedChange, Progress};
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};

use crate::accounts::{account, money};

/// Answers each deposit into Wolfman's account with deposits for Dracula; for Mummy, or else for Igor; and for Freddy.
#[derive(Clone, Debug)]
struct Presents;

/// The numbers of presents and of deposits.
type Given = (u64, u64);

impl ProcessManager for Presents {
    const NAME: &'static str = "presents";
    const TITLE: &'static str = "Presents";
    const START: StartFrom = StartFrom::Origin;
    type Event = AccountEvent;
    type State = Given;

    fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
        |event| matches!(&event.data, AccountEvent::MoneyDeposited { account_id, .. } if *account_id == account("Wolfman"))
    }

    fn react(&self, _: &Given, event: &RecordedEvent<AccountEvent>) -> Reaction<AccountEvent> {
        let AccountEvent::MoneyDeposited { amount, .. } = event.data else { return Reaction::none() };
        let present = move |name| AccountCommand::deposit(account(name), amount);
        Reaction::none()
            .and(Answer::new(present("Dracula")).or_note(|refusal| format!("Dracula: {refusal}")))
            .and(Answer::new(present("Mummy")).or_else(move |_| Instead::send(present("Igor"))))
            .and(Answer::new(present("Freddy")))
    }

    fn apply((deposits, presents): &mut Given, event: Noted<'_, Self>) {
        match event {
            Noted::Event(_) => *deposits += 1,
            Noted::Outcome(_) => *presents += 1,
        }
    }

    fn note((deposits, presents): &Given) -> Option<String> {
        Some(format!("{presents} for {deposits}"))
    }
}

async fn open(store: StoreUrl, names: &[&str]) -> Bank {
    let bank = Bank::open(Options::from(store)).await.unwrap();
    for name in names {
        bank.create(&account(name)).await.unwrap();
    }
    bank.add_process_manager(Presents).await.unwrap();
    bank
}

async fn deposit(bank: &Bank) -> Receipt {
    bank.deposit(&account("Wolfman"), money(5)).await.unwrap()
}

/// The accounts that received something in a conversation, in order.
async fn given(bank: &Bank, receipt: &Receipt) -> Vec<String> {
    let events = bank.conversation(receipt).await.unwrap();
    events.iter().skip(1).map(|event| event.data.account_id().unwrap().to_string()).collect()
}

async fn said(bank: &Bank) -> String {
    let handlers = bank.handlers().await.unwrap();
    let report = handlers.into_iter().find(|handler| handler.status.name == Presents::NAME).unwrap();
    report.status.condition.last_error.unwrap_or_default()
}

async fn is_whole(bank: &Bank) -> bool {
    matches!(bank.verify(|_, _| {}).await.unwrap(), Verification::Whole(_))
}

#[tokio::test]
async fn the_reply_comes_when_all_have_ended_and_none_is_undone_by_anothers_refusal() {
    let directory = tempfile::tempdir().unwrap();
    for store in [StoreUrl::Memory, StoreUrl::Sqlite(directory.path().join("bank.db"))] {
        let bank = open(store, &["Wolfman", "Dracula", "Mummy"]).await;
        let receipt = deposit(&bank).await;
        assert_eq!(given(&bank, &receipt).await, ["Dracula", "Mummy"], "nobody is there for the third");
        assert_eq!(said(&bank).await, "2 for 1");
        bank.create(&account("Freddy")).await.unwrap();
        let receipt = deposit(&bank).await;
        assert_eq!(given(&bank, &receipt).await, ["Dracula", "Mummy", "Freddy"]);
        let events = bank.conversation(&receipt).await.unwrap();
        assert_eq!(events[1].metadata.command_id, id_of_answer::<Presents>(&events[0]));
        assert!(events[1..].iter().all(|event| event.metadata.causation_id() == events[0].metadata.command_id));
        assert_eq!(bank.parked().await.unwrap(), []);
        assert!(is_whole(&bank).await);
        bank.close().await;
    }
}

#[tokio::test]
async fn what_follows_a_refusal_takes_the_refused_ones_place() {
    let bank = open(StoreUrl::Memory, &["Wolfman", "Igor", "Freddy"]).await;
    let receipt = deposit(&bank).await;
    assert_eq!(given(&bank, &receipt).await, ["Igor", "Freddy"]);
    assert_eq!(said(&bank).await, "2 for 1", "the note is gone as the next is accepted");
}

/// A present and its fallback were refused. Once there is an account, the missing present is paid, and takes its place
/// in the state.
#[tokio::test]
async fn what_was_parked_and_is_tried_again_is_remembered_in_its_place() {
    let directory = tempfile::tempdir().unwrap();
    for store in [StoreUrl::Memory, StoreUrl::Sqlite(directory.path().join("bank.db"))] {
        let bank = open(store.clone(), &["Wolfman", "Dracula", "Freddy"]).await;
        let receipt = deposit(&bank).await;
        assert_eq!(given(&bank, &receipt).await, ["Dracula", "Freddy"]);
        assert_eq!(said(&bank).await, "a command that follows a refusal was refused too");
        bank.create(&account("Igor")).await.unwrap();
        assert!(is_whole(&bank).await, "what has come of it counts already");
        deposit(&bank).await;
        assert_eq!(said(&bank).await, "5 for 2");
        let [(parked, _)] = &bank.parked().await.unwrap()[..] else { panic!("one is parked") };
        bank.retry_parked(parked.number).await.unwrap();
        assert!(is_whole(&bank).await);
        let third = deposit(&bank).await;
        assert_eq!(given(&bank, &third).await, ["Dracula", "Igor", "Freddy"]);
        assert_eq!(said(&bank).await, "9 for 3");
        assert!(is_whole(&bank).await);
        bank.close().await;
    }
}

#[tokio::test]
async fn they_are_sent_once_however_often_the_event_comes_and_the_log_tells_what_is_remembered() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let bank = open(StoreUrl::Sqlite(path.clone()), &["Wolfman", "Dracula", "Igor", "Freddy"]).await;
    for _ in 0..3 {
        deposit(&bank).await;
    }
    let log = bank.events(Position::START, 100).await.unwrap();
    bank.close().await;
    // First without the checkpoint, and then without the stored state.
    for progress in [Progress::default(), Progress { checkpoint: Position::new(16), ..Progress::default() }] {
        let states = with_store(&path, async |store| {
            store.write_progress(Presents::NAME, progress, ParkedChange::None).await.unwrap();
            let mut states = Vec::new();
            for position in [0, 4, 5, 8, 9, 16] {
                states.push(state_up_to(&Presents, store, Position::new(position)).await.unwrap());
            }
            states
        });
        assert_eq!(states.await, [(0, 0), (0, 0), (1, 3), (1, 3), (2, 6), (3, 9)]);
        let bank = open(StoreUrl::Sqlite(path.clone()), &[]).await;
        bank.close().await;
        let bank = open(StoreUrl::Sqlite(path.clone()), &[]).await;
        assert_eq!(bank.events(Position::START, 100).await.unwrap(), log);
        // The process manager runs once its task has started.
        while said(&bank).await.is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(said(&bank).await, "9 for 3");
        assert!(is_whole(&bank).await);
        bank.close().await;
    }
}

#[tokio::test]
async fn what_is_remembered_and_did_not_happen_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let bank = open(StoreUrl::Sqlite(path.clone()), &["Wolfman", "Dracula", "Igor", "Freddy"]).await;
    deposit(&bank).await;
    bank.close().await;
    with_store(&path, async |store| {
        let progress = store.read_progress(Presents::NAME).await.unwrap().unwrap();
        assert_eq!(progress.state.as_deref(), Some("[1,3]"));
        let forged = Progress { state: Some("[1,2]".into()), ..progress };
        store.write_progress(Presents::NAME, forged, ParkedChange::None).await.unwrap();
    })
    .await;
    let bank = open(StoreUrl::Sqlite(path), &[]).await;
    let Verification::Broken { position: None, problem } = bank.verify(|_, _| {}).await.unwrap() else {
        panic!("it is not whole")
    };
    let expected = "the stored state of presents is [1,2], but the log up to position 5 makes it [1,3]";
    assert_eq!(problem, expected);
    bank.close().await;
}

async fn with_store<T>(path: &Path, work: impl AsyncFnOnce(&SqliteStore<AccountEvent>) -> T) -> T {
    let supervisor = Supervisor::new();
    let store = SqliteStore::<AccountEvent>::open(path, SqliteOptions::default(), &supervisor).unwrap();
    let done = work(&store).await;
    supervisor.stop(StopReason::Closed);
    supervisor.ended().await;
    done
}
