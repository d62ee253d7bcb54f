//! With PINs, transfers, bonuses, files of transactions, failing e-mails and crashes, the bank answers like a simple model,
//! money is conserved at every position, and queries about the past have the answers of that time.

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;

use cqrs_bank::bank::{Bank, ClusterOptions, Currency, Moment, Options, PinCost, PinOptions, PinSecret, StoreUrl};
use cqrs_bank::engine::command_handler::Limits;
use cqrs_bank::engine::event_handler::RetryPolicy;
use cqrs_bank::engine::feed::checkpoints::Consistency;
use cqrs_bank::engine::log::Position;
use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::accounts::{account, signed_balances};
use crate::answers::{CEO, Fold, NAMES, ask};
use crate::outbox::Outbox;
use crate::rest::{at_rest, log};
use crate::whole_bank::comparison::{call, line, load};
use crate::whole_bank::loading::{FileRow, Options as LoadOptions};
use crate::whole_bank::{Command, LIMIT, ModelBank, Pin};

/// Longer than any case takes on a busy machine, so that a hang fails the test.
const HANG: Duration = Duration::from_secs(120);

const RIGHT: Pin = Some("1234");
const WRONG: Pin = Some("9999");

#[derive(Clone, Debug)]
enum Step {
    Ask(Command),
    /// Loads a file, several times.
    Load(Vec<FileRow>, LoadOptions, u8),
    EmailsWork(bool),
    /// Closes and reopens a bank, unless it is in memory.
    CloseAndOpen,
    /// Kills the bank in a file after a command, when so many events of it have been answered, and opens what is left.
    Crash(Command, u8),
}

#[derive(Clone, Copy, Debug)]
struct Setting {
    pays_bonuses: bool,
    cached_aggregates: usize,
    snapshot_every: u64,
    decimals: Option<u8>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_memory(steps in any_history(), setting in any_setting()) {
        run(compare(StoreUrl::Memory, &steps, setting));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_a_file(steps in any_history(), setting in any_setting()) {
        let folder = tempfile::tempdir().unwrap();
        run(compare(StoreUrl::Sqlite(folder.path().join("bank.db")), &steps, setting));
    }
}

#[cfg(feature = "nats")]
proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    #[ignore = "needs nats-server"]
    fn on_a_cluster(steps in any_history(), setting in any_setting()) {
        run(compare(crate::nats_servers::new_log_url().parse().unwrap(), &steps, setting));
    }
}

async fn compare(mut store: StoreUrl, steps: &[Step], setting: Setting) {
    let (mut folders, state) = (Vec::new(), tempfile::tempdir().unwrap());
    let outbox = Outbox::new();
    let mut bank = open(&store, setting, &outbox, &state).await;
    let mut model = ModelBank::new(setting.pays_bonuses, setting.decimals);
    if let Some(decimals) = setting.decimals {
        bank.choose_currency(Currency::with_decimals(decimals).unwrap()).await.unwrap();
    }
    let mut answers = vec![(Position::START, ask(&bank, None).await)];
    for step in steps {
        match step {
            Step::Ask(command) => assert_eq!(call(&bank, *command).await, model.handle(*command), "{command:?}"),
            Step::Load(rows, options, times) => {
                for _ in 0..*times {
                    let before = model.log.len();
                    let expected = model.load(rows, *options);
                    assert_eq!(load(&bank, rows, *options, true).await, expected, "a dry run of {step:?}");
                    assert_eq!(load(&bank, rows, *options, false).await, expected, "{step:?}");
                    let stored: Vec<_> = log(&bank).await.iter().map(line).collect();
                    assert!(model.reorder(before, &stored[before..]), "after {step:?}: {:?}", &stored[before..]);
                }
            }
            Step::EmailsWork(works) => outbox.works(*works),
            Step::CloseAndOpen if store != StoreUrl::Memory => {
                bank.close().await;
                bank = open(&store, setting, &outbox, &state).await;
            }
            Step::CloseAndOpen => {}
            Step::Crash(command, answered) => match store.clone() {
                StoreUrl::Sqlite(path) => {
                    let (folder, left) = crash(&bank, &path, *command, *answered).await;
                    store = StoreUrl::Sqlite(left);
                    folders.push(folder);
                    bank.close().await;
                    bank = open(&store, setting, &outbox, &state).await;
                    at_rest(&bank).await;
                    model.handle(*command);
                }
                _ => assert_eq!(call(&bank, *command).await, model.handle(*command), "{command:?}"),
            },
        }
        let log = log(&bank).await;
        assert_eq!(log.iter().map(line).collect::<Vec<_>>(), model.log, "after {step:?}");
        assert_eq!(bank.balances().read(signed_balances), model.balances(), "after {step:?}");
        assert_eq!(holders(&bank).await, model.holders(), "after {step:?}");
        answers.push((log.last().map_or(Position::START, |event| event.position), ask(&bank, None).await));
    }

    let log = log(&bank).await;
    for (position, then) in answers {
        assert_eq!(ask(&bank, Some(Moment::Position(position))).await, then, "at {position}");
        let next = log.iter().position(|event| event.position > position).unwrap_or(log.len());
        // A time stands for the last event at that time.
        if let Some(event) = next.checked_sub(1).map(|last| &log[last])
            && log.get(next).is_none_or(|next| next.time > event.time)
        {
            assert_eq!(ask(&bank, Some(Moment::Time(event.time))).await, then, "as of {}", event.time);
        }
    }
    let mut fold = Fold::default();
    for event in &log {
        fold.take(event);
        fold.agrees_with(&ask(&bank, Some(Moment::Position(event.position))).await);
    }
    assert_eq!(fold.balances, model.balances());
    everybody_is_thanked(&bank, &outbox, model.thanked.len()).await;
    bank.close().await;
}

/// Sends a command, lets the process managers answer so many events, and returns a copy of the file as it is then: what a
/// killed program leaves.
async fn crash(bank: &Bank, path: &Path, command: Command, answered: u8) -> (TempDir, PathBuf) {
    const PROCESSES: [&str; 2] = ["transfer", "CEO bonus"];
    for process in PROCESSES {
        // Not every bank pays bonuses.
        let _ = bank.hold(process).await;
    }
    call(&bank.with_consistency(Consistency::Eventual), command).await;
    for _ in 0..answered {
        for process in PROCESSES {
            let _ = bank.step(process, 1).await;
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let left = folder.path().join("bank.db");
    let named = |path: &Path, suffix: &str| PathBuf::from(format!("{}{suffix}", path.display()));
    // The end first: it says how much is there at least.
    for suffix in ["-end", "", "-wal"] {
        fs::copy(named(path, suffix), named(&left, suffix)).unwrap();
    }
    (folder, left)
}

async fn holders(bank: &Bank) -> BTreeMap<String, String> {
    let accounts = bank.accounts(None).await.unwrap();
    accounts.into_iter().map(|account| (account.account_id.to_string(), account.holder.to_string())).collect()
}

/// Each e-mail is sent or parked. Once sending works again, the parked ones are sent.
async fn everybody_is_thanked(bank: &Bank, outbox: &Outbox, thanked: usize) {
    at_rest(bank).await;
    let parked = bank.parked().await.unwrap();
    assert!(outbox.sent().len() + parked.len() >= thanked, "{:?} {parked:?}", outbox.sent());
    outbox.works(true);
    for (parked, _) in parked {
        bank.retry_parked(parked.number).await.unwrap();
    }
    assert_eq!(bank.parked().await.unwrap(), []);
    assert_eq!(outbox.sent().len(), thanked);
}

async fn open(store: &StoreUrl, setting: Setting, outbox: &Outbox, state: &TempDir) -> Bank {
    let limits = Limits {
        cached_aggregates: NonZeroUsize::new(setting.cached_aggregates).unwrap(),
        snapshot_every: NonZeroU64::new(setting.snapshot_every).unwrap(),
        ..Limits::default()
    };
    let options = Options {
        store: store.clone(),
        cluster: ClusterOptions { create: true, directory: Some(state.path().into()), ..ClusterOptions::default() },
        // A simulated clock advances with every event, so that most times differ.
        seed: Some(1),
        limits,
        pins: PinOptions { secret: PinSecret::new("a secret for tests").unwrap().into(), cost: PinCost::CHEAPEST },
        ceo_bonus: setting.pays_bonuses.then(|| account(CEO)),
        email: Some(outbox.target()),
        retry: RetryPolicy { first: Duration::ZERO, longest: Duration::ZERO, attempts: 2 },
        ..Options::default()
    };
    Bank::open(options).await.unwrap()
}

/// Some accounts first, then any commands.
fn any_history() -> impl Strategy<Value = Vec<Step>> {
    let steps = (vec(any_creation().prop_map(Step::Ask), 0..8), vec(any_steps(), 1..50));
    steps.prop_map(|(accounts, steps)| accounts.into_iter().chain(steps.into_iter().flatten()).collect())
}

fn any_steps() -> impl Strategy<Value = Vec<Step>> {
    prop_oneof![
        30 => any_command().prop_map(|command| vec![Step::Ask(command)]),
        1 => (any_name(), 3..5_usize).prop_map(|(name, count)| vec![Step::Ask(Command::Withdraw(name, 1, WRONG)); count]),
        3 => (vec(any_row(), 1..8), any::<bool>(), any::<bool>(), 1..3_u8).prop_map(|(rows, create, effects, times)| {
            vec![Step::Load(rows, LoadOptions { create, effects }, times)]
        }),
        1 => any::<bool>().prop_map(|work| vec![Step::EmailsWork(work)]),
        1 => Just(vec![Step::CloseAndOpen]),
        4 => (any_command(), 0..3_u8).prop_map(|(command, answered)| vec![Step::Crash(command, answered)]),
    ]
}

/// Some are equal to others, and some have the ids of others.
fn any_row() -> impl Strategy<Value = FileRow> {
    let amount = prop_oneof![2 => Just(50), 2 => 1..=300_i64, 1 => 1..=6_000_000_i64];
    let kind = prop_oneof![2 => Just((1, false)), 1 => Just((-1, false)), 2 => Just((-1, true))];
    let id = proptest::option::weighted(0.3, 1..3_u8);
    (1..4_u8, any_name(), amount, kind, any_name(), id).prop_map(
        |(day, account, amount, (sign, is_transfer), to, id)| {
            let to = (is_transfer && to != account).then_some(to);
            FileRow { day, account, amount: sign * amount, to, id }
        },
    )
}

fn any_command() -> impl Strategy<Value = Command> {
    let with_pin = || (any_name(), any_amount(), any_pin());
    prop_oneof![
        1 => any_creation(),
        6 => (any_name(), any_amount()).prop_map(|(name, amount)| Command::Deposit(name, amount)),
        3 => with_pin().prop_map(|(name, amount, pin)| Command::Withdraw(name, amount, pin)),
        1 => any_name().prop_map(Command::Unlock),
        6 => (0..50_u64).prop_map(Command::Reverse),
        1 => any_name().prop_map(Command::Freeze),
        2 => any_name().prop_map(Command::Unfreeze),
        2 => (any_name(), any_pin()).prop_map(|(name, pin)| Command::Close(name, pin)),
        2 => (any_name(), any_limit()).prop_map(|(name, limit)| Command::SetLimit(name, limit)),
        1 => (any_name(), any_pin()).prop_map(|(name, pin)| Command::ChangeHolder(name, pin)),
        1 => (any_name(), any_pin(), any::<bool>()).prop_map(|(name, pin, has)| Command::ChangeEmail(name, pin, has)),
        1 => (any_name(), any_pin(), proptest::sample::select(&["1234", "9999"]))
            .prop_map(|(name, pin, new)| Command::ChangePin(name, pin, new)),
        6 => (any_name(), with_pin())
            .prop_map(|(payee, (payer, amount, pin))| Command::Transfer { payer, payee, amount, pin }),
    ]
}

fn any_creation() -> impl Strategy<Value = Command> {
    let details =
        (any_name(), any::<bool>(), any::<bool>(), proptest::option::weighted(0.3, any_amount()), any_limit());
    details.prop_map(|(name, has_pin, email, deposit, overdraft)| {
        let pin = if has_pin { RIGHT } else { None };
        Command::Create { name, pin, email, deposit, overdraft }
    })
}

fn any_name() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(&NAMES)
}

fn any_pin() -> impl Strategy<Value = Pin> {
    prop_oneof![1 => Just(None), 6 => Just(RIGHT), 1 => Just(WRONG)]
}

/// Amounts near typical balances, amounts that earn bonuses, and amounts near the limit.
fn any_amount() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 1..=300_u64, 3 => 1..=6_000_000_u64, 1 => LIMIT - 300..=LIMIT]
}

fn any_limit() -> impl Strategy<Value = u64> {
    prop_oneof![4 => Just(0), 3 => 1..=500_u64, 1 => LIMIT - 300..=LIMIT]
}

fn any_setting() -> impl Strategy<Value = Setting> {
    let any_decimals = proptest::option::of(0..=3_u8);
    (any::<bool>(), 1..4_usize, 1..5_u64, any_decimals).prop_map(
        |(pays_bonuses, cached_aggregates, snapshot_every, decimals)| Setting {
            pays_bonuses,
            cached_aggregates,
            snapshot_every,
            decimals,
        },
    )
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async { timeout(HANG, test).await }).unwrap();
}
