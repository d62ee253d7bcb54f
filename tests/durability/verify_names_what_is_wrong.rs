//! `Bank.verify` reads everything, and of what is wrong it names the first position and the problem.

use std::path::Path;

use cqrs_bank::bank::{
    AccountEvent, Bank, BookingDate, BookingDetails, DeclinedDetails, Incoming, Memo, Options, Outgoing, Reversal,
    StoreUrl, Verification, Verified,
};
use cqrs_bank::engine::command_handler::Limits;
use cqrs_bank::engine::log::{Metadata, Position, StreamId, Timestamp, Version};
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::handler_records::{HandlerRecords, ProjectionUpdate};
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use cqrs_bank::engine::store::{Append, EventStore, ExpectedEnd};
use uuid::Uuid;

use crate::accounts::{account, balance, money};
use crate::program::run;

async fn open(path: &Path) -> Bank {
    Bank::open(StoreUrl::Sqlite(path.to_owned())).await.unwrap()
}

/// Adds to a file what no bank would, each event with the snapshot that is to be stored with it.
async fn tamper(path: &Path, events: Vec<(AccountEvent, Option<&str>)>, rows: Option<ProjectionUpdate>) {
    let supervisor = Supervisor::new();
    let store = SqliteStore::<AccountEvent>::open(path, SqliteOptions::default(), &supervisor).unwrap();
    for (event, snapshot) in events {
        let stream = StreamId::new("account", event.account_id().unwrap());
        let end = store.read_stream(&stream, Version::START, 1_024).await.unwrap();
        let append = Append {
            expected_version: end.last().map_or(Version::START, |event| event.version),
            stream,
            time: Timestamp::from_micros(0),
            metadata: Metadata::from_outside(Uuid::new_v4()),
            events: vec![event],
            snapshot: snapshot.map(Into::into),
            expected_end: ExpectedEnd::ANY,
        };
        store.append(vec![append]).await.unwrap().remove(0).unwrap();
    }
    if let Some(rows) = rows {
        store.write_projections(vec![rows]).await.unwrap();
    }
    supervisor.stop(StopReason::Closed);
}

/// The command of Wolfman's deposit.
pub(crate) const DEPOSIT: Uuid = Uuid::from_u128(1);

/// A file with an account that holds 100: two events.
async fn file_of_wolfman(path: &Path) {
    let bank = open(path).await;
    bank.create(&account("Wolfman")).await.unwrap();
    bank.deposit(&account("Wolfman"), money(100)).command_id(DEPOSIT).await.unwrap();
    bank.close().await;
}

/// What is wrong with events that follow those.
pub(crate) async fn problem(events: Vec<AccountEvent>) -> (Option<u64>, String) {
    verified(events).await.expect("it is not whole")
}

/// The same; `None` if they are possible.
pub(crate) async fn verified(events: Vec<AccountEvent>) -> Option<(Option<u64>, String)> {
    verified_with(events.into_iter().map(|event| (event, None)).collect(), None).await
}

async fn problem_of(
    events: Vec<(AccountEvent, Option<&str>)>,
    rows: Option<ProjectionUpdate>,
) -> (Option<u64>, String) {
    verified_with(events, rows).await.expect("it is not whole")
}

async fn verified_with(
    events: Vec<(AccountEvent, Option<&str>)>,
    rows: Option<ProjectionUpdate>,
) -> Option<(Option<u64>, String)> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    file_of_wolfman(&path).await;
    tamper(&path, events, rows).await;
    let options = Options {
        limits: Limits { snapshot_every: 1.try_into().unwrap(), ..Limits::default() },
        ..Options::from(StoreUrl::Sqlite(path.clone()))
    };
    what_is_found(&path, options).await
}

/// What `verify` finds in a file, while another program has the handlers: here they would go on with a transfer that was
/// made up, and be what is found.
async fn what_is_found(path: &Path, options: Options) -> Option<(Option<u64>, String)> {
    let supervisor = Supervisor::new();
    let other = SqliteStore::<AccountEvent>::open(path, SqliteOptions::default(), &supervisor).unwrap();
    let lease = other.try_acquire_lease().await.unwrap();
    assert!(lease.is_some());
    let bank = Bank::open(options).await.unwrap();
    let verification = bank.verify(|_, _| {}).await.unwrap();
    drop(lease);
    supervisor.stop(StopReason::Closed);
    match verification {
        Verification::Broken { position, problem } => Some((position.map(Position::get), problem)),
        Verification::Whole(_) => None,
    }
}

fn transfer(amount: u64) -> Box<Outgoing> {
    let (account_id, payee) = (account("Wolfman"), account("Dracula"));
    Box::new(Outgoing {
        account_id,
        payee,
        transfer_id: Uuid::from_u128(7).into(),
        amount: money(amount),
        details: BookingDetails::NONE,
    })
}

#[tokio::test]
async fn what_is_whole_is_counted() {
    let directory = tempfile::tempdir().unwrap();
    for store in [StoreUrl::Memory, StoreUrl::Sqlite(directory.path().join("bank.db"))] {
        let limits = Limits { snapshot_every: 2.try_into().unwrap(), ..Limits::default() };
        let bank = Bank::open(Options { limits, ..Options::from(store) }).await.unwrap();
        let (wolfman, dracula) = (account("Wolfman"), account("Dracula"));
        bank.create(&wolfman).await.unwrap();
        bank.create(&dracula).await.unwrap();
        bank.deposit(&wolfman, money(100)).await.unwrap();
        bank.transfer(&wolfman, &dracula, money(25), None).await.unwrap();
        bank.withdraw(&dracula, money(5)).await.unwrap();
        bank.transfer(&wolfman, &account("Nobody"), money(5), None).await.unwrap_err();
        bank.rebuild(|_, _| {}).await.unwrap();
        let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let hear = told.clone();
        let verification = bank.verify(move |done, total| hear.lock().unwrap().push((done, total))).await.unwrap();
        assert_eq!(verification, Verification::Whole(Verified { events: 9, streams: 2, snapshots: 4 }));
        assert_eq!(told.lock().unwrap().last(), Some(&(9, 9)));
    }
}

#[tokio::test]
async fn money_out_of_nothing_is_noticed() {
    let withdrawn = AccountEvent::withdrawn(account("Wolfman"), money(101));
    let deposited = AccountEvent::deposited(account("Wolfman"), money(1));
    assert_eq!(
        problem(vec![deposited, withdrawn.clone(), withdrawn]).await,
        (Some(5), "its account falls below its overdraft limit".to_owned())
    );
}

#[tokio::test]
async fn transfers_that_no_process_would_carry_out_are_noticed() {
    let settled = AccountEvent::TransferSettled(transfer(5));
    let reserved = AccountEvent::MoneyReserved(transfer(5));
    let problem = async |events| problem(events).await;
    let nothing = "nothing is reserved for its transfer".to_owned();
    assert_eq!(problem(vec![settled.clone()]).await, (Some(3), nothing));
    let early = "it settles a transfer that is not credited".to_owned();
    assert_eq!(problem(vec![reserved.clone(), settled]).await, (Some(4), early));
    let mut circular = transfer(5);
    circular.payee = circular.account_id.clone();
    let to_itself = "it transfers money from its account to itself".to_owned();
    assert_eq!(problem(vec![AccountEvent::MoneyReserved(circular)]).await, (Some(3), to_itself));
    let other = AccountEvent::TransferSettled(transfer(6));
    let another = "it differs from its reservation".to_owned();
    assert_eq!(problem(vec![reserved, other]).await, (Some(4), another));
}

#[tokio::test]
async fn reversals_that_no_account_would_decide_on_are_noticed() {
    let wolfman = || account("Wolfman");
    let reversed = || AccountEvent::DepositReversed(reversal("Wolfman", DEPOSIT, 100));
    let refill = || AccountEvent::deposited(wolfman(), money(100));
    let twice = "it reverses what was reversed before".to_owned();
    assert_eq!(problem(vec![reversed(), refill(), reversed()]).await, (Some(5), twice));
    let overdrawn = "its account falls below its overdraft limit".to_owned();
    assert_eq!(problem(vec![AccountEvent::withdrawn(wolfman(), money(1)), reversed()]).await, (Some(4), overdrawn));
    let frozen = AccountEvent::AccountFrozen { account_id: wolfman(), reason: None };
    assert_eq!(problem(vec![frozen, refill(), reversed()]).await, (Some(5), "its account is frozen".to_owned()));
    let closed = AccountEvent::AccountClosed { account_id: wolfman(), reason: None };
    let events = vec![AccountEvent::withdrawn(wolfman(), money(100)), closed, refill()];
    assert_eq!(problem(events).await, (Some(5), "its account is closed".to_owned()));
}

fn reversal(name: &str, reverses: Uuid, amount: u64) -> Box<Reversal> {
    Box::new(Reversal::new(account(name), reverses, money(amount), None))
}

#[tokio::test]
async fn reversals_of_what_was_never_booked_are_noticed() {
    let no_deposit = "it reverses no deposit into its account, or one of another amount".to_owned();
    let no_withdrawal = "it reverses no withdrawal from its account, or one of another amount".to_owned();
    let unknown = Uuid::from_u128(7);
    for (events, at, reason) in [
        (vec![AccountEvent::DepositReversed(reversal("Wolfman", unknown, 100))], 3, &no_deposit),
        (vec![AccountEvent::DepositReversed(reversal("Wolfman", DEPOSIT, 99))], 3, &no_deposit),
        (vec![AccountEvent::WithdrawalReversed(reversal("Wolfman", DEPOSIT, 100))], 3, &no_withdrawal),
        (
            vec![
                AccountEvent::AccountCreated {
                    account_id: account("Dracula"),
                    account_holder: (&account("Dracula")).into(),
                },
                AccountEvent::deposited(account("Dracula"), money(100)),
                AccountEvent::DepositReversed(reversal("Dracula", DEPOSIT, 100)),
            ],
            5,
            &no_deposit,
        ),
    ] {
        assert_eq!(problem(events.clone()).await, (Some(at), reason.clone()), "{events:?}");
    }
}

/// A file in which Wolfman has paid Dracula 100, and Nobody nothing: the events after it are those of a transfer back.
async fn problem_of_transfer_back(back: impl Fn(Uuid, Uuid) -> Vec<Outgoing>) -> Option<(Option<u64>, String)> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    file_of_wolfman(&path).await;
    let bank = open(&path).await;
    let (wolfman, dracula) = (account("Wolfman"), account("Dracula"));
    bank.create(&dracula).await.unwrap();
    bank.create(&account("Zoë")).await.unwrap();
    let (settled, released) = (Uuid::from_u128(2), Uuid::from_u128(3));
    bank.transfer(&wolfman, &account("Nobody"), money(100), None).command_id(released).await.unwrap_err();
    bank.transfer(&wolfman, &dracula, money(100), None).command_id(settled).await.unwrap();
    bank.close().await;
    let events = back(settled, released).into_iter().flat_map(|outgoing| {
        let Outgoing { account_id: payer, transfer_id, payee: account_id, amount, details } = outgoing.clone();
        [
            AccountEvent::MoneyReserved(Box::new(outgoing.clone())),
            AccountEvent::TransferCredited(Box::new(Incoming { account_id, transfer_id, payer, amount, details })),
            AccountEvent::TransferSettled(Box::new(outgoing)),
        ]
    });
    tamper(&path, events.map(|event| (event, None)).collect(), None).await;
    what_is_found(&path, StoreUrl::Sqlite(path.clone()).into()).await
}

#[tokio::test]
async fn transfers_back_of_what_was_never_paid_are_noticed() {
    let back = |number, payer, payee, amount, reverses: Uuid| {
        let (account_id, payee, amount) = (account(payer), account(payee), money(amount));
        let data = serde_json::json!({
            "account_id": account_id, "transfer_id": Uuid::from_u128(number), "payee": payee, "amount": amount,
            "reverses": reverses,
        });
        serde_json::from_value::<Outgoing>(data).unwrap()
    };
    let problem = |forged: Outgoing| problem_of_transfer_back(move |_, _| vec![forged.clone()]);
    let (settled, released) = (Uuid::from_u128(2), Uuid::from_u128(3));
    let whole = problem(back(9, "Dracula", "Wolfman", 100, settled)).await;
    assert_eq!(whole, None, "that is how a bank does it");
    let reason = "it reverses no settled transfer, or one of another amount or between other accounts";
    for forged in [
        back(9, "Dracula", "Wolfman", 99, settled),
        back(9, "Dracula", "Zoë", 100, settled),
        back(9, "Dracula", "Wolfman", 100, released),
        back(9, "Dracula", "Wolfman", 100, Uuid::from_u128(7)),
        back(9, "Dracula", "Wolfman", 100, DEPOSIT),
    ] {
        assert_eq!(problem(forged.clone()).await, Some((Some(10), reason.to_owned())), "{forged:?}");
    }
    let twice = problem_of_transfer_back(|settled, _| {
        let forth = Outgoing { details: BookingDetails::NONE, ..back(10, "Wolfman", "Dracula", 100, settled) };
        vec![back(9, "Dracula", "Wolfman", 100, settled), forth, back(11, "Dracula", "Wolfman", 100, settled)]
    });
    assert_eq!(twice.await, Some((Some(16), "it reverses what was reversed before".to_owned())));
    let of_a_reversal = problem_of_transfer_back(|settled, _| {
        let first = back(9, "Dracula", "Wolfman", 100, settled);
        vec![first, back(10, "Wolfman", "Dracula", 100, Uuid::from_u128(9))]
    });
    assert_eq!(of_a_reversal.await, Some((Some(13), reason.to_owned())));
}

#[tokio::test]
async fn a_credit_that_says_something_else_than_its_reservation_is_noticed() {
    let created =
        AccountEvent::AccountCreated { account_id: account("Dracula"), account_holder: (&account("Dracula")).into() };
    let Outgoing { account_id: payer, transfer_id, payee: account_id, amount, .. } = *transfer(5);
    let details = Memo::new("Rent").unwrap().into();
    let credited =
        AccountEvent::TransferCredited(Box::new(Incoming { account_id, transfer_id, payer, amount, details }));
    let events = vec![created, AccountEvent::MoneyReserved(transfer(5)), credited];
    assert_eq!(problem(events).await, (Some(5), "it differs from its reservation".to_owned()));
}

#[tokio::test]
async fn payments_that_no_account_would_decline_are_noticed() {
    let declined = |held, amount| AccountEvent::AccountOverdrawn {
        account_id: account("Wolfman"),
        balance: balance(held),
        amount_requested: money(amount),
        declined: DeclinedDetails::NONE,
    };
    let reason = "it declines a payment for a balance that its account does not have".to_owned();
    assert_eq!(problem(vec![declined(100, 101), declined(7, 101)]).await, (Some(4), reason.clone()));
    assert_eq!(problem(vec![declined(100, 100)]).await, (Some(3), reason));
}

#[tokio::test]
async fn bookings_of_the_future_are_noticed() {
    let day: BookingDate = "2999-01-01".parse().unwrap();
    let details = BookingDetails::new(None, Some(day), day).unwrap();
    let deposited = AccountEvent::MoneyDeposited { account_id: account("Wolfman"), amount: money(1), details };
    let reason = "it is booked on a day after it was recorded".to_owned();
    assert_eq!(problem(vec![deposited]).await, (Some(3), reason));
}

#[tokio::test]
async fn accounts_out_of_nothing_are_noticed() {
    let deposited = AccountEvent::deposited(account("Nobody"), money(1));
    assert_eq!(problem(vec![deposited]).await, (Some(3), "its account was never created".to_owned()));
    let created =
        AccountEvent::AccountCreated { account_id: account("Wolfman"), account_holder: (&account("Wolfman")).into() };
    assert_eq!(problem(vec![created]).await, (Some(3), "its account is created again".to_owned()));
}

#[tokio::test]
async fn a_snapshot_that_tells_something_else_is_noticed() {
    let deposited = |amount| AccountEvent::deposited(account("Wolfman"), money(amount));
    let snapshot =
        r#"{"form":1,"account_id":"Wolfman","balance":102,"lock":{"verifier":null,"wrong_pins":0},"reservations":[]}"#;
    let problem = problem_of(vec![(deposited(1), None), (deposited(2), Some(snapshot)), (deposited(3), None)], None);
    let expected = "the snapshot of account-Wolfman is not what its events make of it".to_owned();
    assert_eq!(problem.await, (Some(4), expected));
}

#[tokio::test]
async fn stored_projections_that_tell_something_else_are_noticed() {
    let update = |rows: &[(&str, Option<&str>)]| ProjectionUpdate {
        projection: "balances 1".to_owned(),
        after: Position::new(2),
        checkpoint: Position::new(3),
        rows: rows.iter().map(|(key, data)| ((*key).into(), data.map(Into::into))).collect(),
        replace_all: true,
    };
    let deposited = || vec![(AccountEvent::deposited(account("Wolfman"), money(1)), None)];
    let problem = async |rows| problem_of(deposited(), Some(rows)).await;
    let wrong = "the stored row \"Wolfman\" of balances is 102, but the log up to position 3 makes it 101".to_owned();
    assert_eq!(problem(update(&[("Wolfman", Some("102"))])).await, (None, wrong));
    let missing = "the stored row \"Wolfman\" of balances is missing, but the log up to position 3 makes it 101";
    assert_eq!(problem(update(&[])).await, (None, missing.to_owned()));
    let surplus = "the stored row \"Nobody\" of balances comes from no event up to position 3".to_owned();
    assert_eq!(problem(update(&[("Nobody", Some("5")), ("Wolfman", Some("101"))])).await, (None, surplus));
}

#[tokio::test]
async fn the_program_replies_and_fails() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    file_of_wolfman(&path).await;
    let statements = format!("Bank.open {path:?}; Bank.verify; Bank.check_balance \"Wolfman\"");
    let whole = run(&["--quiet", "-c", &statements], "");
    let opened = format!("{{:ok, #Bank<sqlite:{}>}}\n", path.display());
    assert_eq!(whole.stdout, format!("{opened}{{:ok, %{{events: 2, streams: 1, snapshots: 0}}}}\n100\n"));
    assert_eq!(whole.exit_code, Some(0));

    tamper(&path, vec![(AccountEvent::TransferSettled(transfer(5)), None)], None).await;
    let broken = run(&["--quiet", "-c", &statements], "");
    let problem = "nothing is reserved for its transfer";
    assert_eq!(broken.stdout, format!("{opened}{{:error, %{{position: 3, problem: \"{problem}\"}}}}\n"));
    let message = format!("error: sqlite:{}: broken at position 3: {problem}\n", path.display());
    assert_eq!((broken.stderr, broken.exit_code), (message, Some(1)));
}
