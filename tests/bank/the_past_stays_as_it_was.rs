//! A query about a past moment has the answer given at that moment.

use cqrs_bank::bank::{
    AccountEntry, AccountId, Balance, Bank, CheckBalanceError, Moment, Money, Options, Statement, StoreUrl,
};
use cqrs_bank::engine::log::Position;
use proptest::prelude::*;

const NAMES: [&str; 3] = ["Wolfman", "Dracula", "Igor"];

#[derive(Clone, Debug)]
enum Step {
    Create(usize),
    Deposit(usize, u64),
    Withdraw(usize, u64),
}

fn step() -> impl Strategy<Value = Step> {
    let name = 0..NAMES.len();
    prop_oneof![
        1 => name.clone().prop_map(Step::Create),
        3 => (name.clone(), 1..100_u64).prop_map(|(name, amount)| Step::Deposit(name, amount)),
        3 => (name, 1..100_u64).prop_map(|(name, amount)| Step::Withdraw(name, amount)),
    ]
}

fn accounts() -> Vec<AccountId> {
    NAMES.iter().map(|name| AccountId::new(name).unwrap()).collect()
}

/// Refusals are ignored: only the answers afterwards count.
async fn run(bank: &Bank, step: &Step) {
    let accounts = accounts();
    match step {
        Step::Create(name) => drop(bank.create(&accounts[*name]).await),
        Step::Deposit(name, amount) => drop(bank.deposit(&accounts[*name], Money::new(*amount).unwrap()).await),
        Step::Withdraw(name, amount) => drop(bank.withdraw(&accounts[*name], Money::new(*amount).unwrap()).await),
    }
}

/// All balances, the account list and the total.
type Answers = (Vec<Result<Balance, CheckBalanceError>>, Vec<AccountEntry>, i128);

async fn answers(bank: &Bank, moment: Option<Moment>) -> Answers {
    let mut balances = Vec::new();
    for account in accounts() {
        balances.push(match moment {
            None => bank.check_balance(&account).await,
            Some(moment) => bank.check_balance_at(&account, moment).await,
        });
    }
    (balances, bank.accounts(moment).await.unwrap(), bank.total_deposits(moment).await.unwrap())
}

async fn compare(steps: Vec<Step>) {
    // A simulated clock advances with every event, so that all times differ.
    let bank = Bank::open(Options { seed: Some(1), ..Options::from(StoreUrl::Memory) }).await.unwrap();
    let mut given = vec![(Position::START, answers(&bank, None).await)];
    for step in &steps {
        run(&bank, step).await;
        let events = bank.events(Position::START, usize::MAX).await.unwrap();
        let end = events.last().map_or(Position::START, |event| event.position);
        given.push((end, answers(&bank, None).await));
    }
    for (position, then) in &given {
        assert_eq!(&answers(&bank, Some(Moment::Position(*position))).await, then, "at position {position}");
        let events = bank.events(*position, 1).await.unwrap();
        if let Some(event) = events.first().filter(|event| event.position == *position) {
            assert_eq!(&answers(&bank, Some(Moment::Time(event.time))).await, then, "as of {}", event.time);
        }
    }
    for account in accounts() {
        let statement = bank.statement(&account, Position::START, None, usize::MAX).await;
        match (statement, bank.check_balance(&account).await) {
            (Ok(Statement { lines, .. }), Ok(balance)) => {
                assert_eq!(lines.last().unwrap().balance, balance.minor_units());
                for line in lines {
                    let then = bank.check_balance_at(&account, Moment::Position(line.position)).await.unwrap();
                    assert_eq!(then.minor_units(), line.balance, "{line:?}");
                }
            }
            (Err(none), Err(no_balance)) => assert_eq!(none, no_balance),
            (statement, balance) => panic!("{statement:?} and {balance:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn balances_of_the_past_are_those_of_then(steps in prop::collection::vec(step(), 0..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(compare(steps));
    }
}

#[tokio::test]
async fn a_history_longer_than_one_read_is_read_to_its_end() {
    let bank = Bank::open(StoreUrl::Memory).await.unwrap();
    let account = AccountId::new("Wolfman").unwrap();
    bank.create(&account).await.unwrap();
    let one = Money::new(1).unwrap();
    for _ in 0..2_500 {
        bank.deposit(&account, one).await.unwrap();
    }
    assert_eq!(bank.events(Position::new(2), 2_400).await.unwrap().len(), 2_400);
    assert_eq!(bank.account_events(&account, Position::new(2_000), 10_000).await.unwrap().len(), 502);
    let then = bank.check_balance_at(&account, Moment::Position(Position::new(2_001))).await;
    assert_eq!(then.unwrap().minor_units(), 2_000);
    let statement = bank.statement(&account, Position::new(100), None, 10).await.unwrap();
    assert_eq!(
        statement.lines.iter().map(|line| line.balance).collect::<Vec<_>>(),
        (2_491..=2_500).collect::<Vec<_>>()
    );
    assert_eq!((statement.brought_forward, statement.earlier), (Some(2_490), 2_392));
}

#[tokio::test]
async fn a_total_of_the_past_is_right_around_every_sum_that_is_kept() {
    let bank = Bank::open(Options { seed: Some(1), ..Options::from(StoreUrl::Memory) }).await.unwrap();
    let account = AccountId::new("Wolfman").unwrap();
    bank.create(&account).await.unwrap();
    for _ in 0..2_100 {
        bank.deposit(&account, Money::new(3).unwrap()).await.unwrap();
    }
    for position in [0, 1, 2, 1_023, 1_024, 1_025, 2_047, 2_048, 2_049, 2_101] {
        let expected = Ok(i128::from(position.clamp(1, 2_101_u64) - 1) * 3);
        let moment = Moment::Position(Position::new(position));
        assert_eq!(bank.total_deposits(Some(moment)).await, expected, "at {position}");
        if let Some(event) = bank.events(Position::new(position.max(1)), 1).await.unwrap().first() {
            let expected = Ok(i128::from(event.position.get() - 1) * 3);
            assert_eq!(bank.total_deposits(Some(Moment::Time(event.time))).await, expected, "as of {}", event.time);
        }
    }
}
