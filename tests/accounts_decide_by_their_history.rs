//! An account decides by its own history, and by nothing else.

use cqrs_bank::bank::{Account, AccountCommand, AccountEvent, AccountId, Money, Refusal};
use cqrs_bank::engine::aggregate::Aggregate;
use cqrs_bank::engine::testing::given;

#[test]
fn an_account_is_created() {
    given::<Account>([]).when(&create()).then([created()]);
}

#[test]
fn an_account_is_created_only_once() {
    given::<Account>([created(), deposited(100)])
        .when(&create())
        .then_refused(&Refusal::AccountExists)
        .when(&withdraw(100))
        .then([withdrawn(100)]);
}

#[test]
fn the_holder_is_kept_as_it_was_given() {
    let command = AccountCommand::CreateAccount { account_id: wolfman(), account_holder: "Josh".into() };
    let event = AccountEvent::AccountCreated { account_id: wolfman(), account_holder: "Josh".into() };
    given::<Account>([]).when(&command).then([event]);
}

#[test]
fn a_missing_account_takes_no_money_and_pays_none() {
    given::<Account>([])
        .when(&deposit(100))
        .then_refused(&Refusal::NoAccount)
        .when(&withdraw(100))
        .then_refused(&Refusal::NoAccount);
}

#[test]
fn deposits_add_up() {
    let account = given::<Account>([created()])
        .when(&deposit(100))
        .then([deposited(100)])
        .when(&deposit(50))
        .then([deposited(50)])
        .state();
    assert_eq!(balance(&account), Some(150));
}

#[test]
fn a_withdrawal_may_take_the_balance_to_nothing() {
    let account = given::<Account>([created(), deposited(100)]).when(&withdraw(100)).then([withdrawn(100)]).state();
    assert_eq!(balance(&account), Some(0));
}

#[test]
fn more_than_the_balance_is_declined_and_the_decline_is_an_event() {
    let account = given::<Account>([created(), deposited(100)])
        .when(&withdraw(101))
        .then([declined(100, 101)])
        .when(&withdraw(100))
        .then([withdrawn(100)])
        .when(&withdraw(1))
        .then([declined(0, 1)])
        .state();
    assert_eq!(balance(&account), Some(0));
}

#[test]
fn a_balance_reaches_the_limit_and_never_exceeds_it() {
    let limit = Money::MAX.minor_units();
    given::<Account>([created(), deposited(limit - 1)])
        .when(&deposit(2))
        .then_refused(&Refusal::BalanceLimit)
        .when(&deposit(1))
        .then([deposited(1)])
        .when(&deposit(1))
        .then_refused(&Refusal::BalanceLimit)
        .when(&withdraw(limit))
        .then([withdrawn(limit)]);
}

#[test]
fn every_kind_of_event_changes_the_balance_as_it_says() {
    let mut account = Account::default();
    assert_eq!(balance(&account), None);
    for (event, expected) in
        [(created(), 0), (deposited(100), 100), (declined(100, 500), 100), (withdrawn(40), 60), (deposited(1), 61)]
    {
        account.apply(&event);
        assert_eq!(balance(&account), Some(expected), "after {event:?}");
    }
}

/// A log can hold what no decision of today would lead to. It is replayed all the same, and never to a balance
/// that is out of range.
#[test]
fn whatever_is_in_a_history_can_be_applied() {
    let limit = Money::MAX.minor_units();
    for (history, expected) in [
        (vec![deposited(1)], None),
        (vec![withdrawn(1)], None),
        (vec![declined(0, 1)], None),
        (vec![created(), withdrawn(1)], Some(0)),
        (vec![created(), deposited(limit), deposited(1)], Some(limit)),
    ] {
        assert_eq!(balance(&given::<Account>(history.clone()).state()), expected, "after {history:?}");
    }
}

#[test]
fn a_withdrawal_is_weighed_on_what_it_would_leave() {
    let account = given::<Account>([created(), deposited(100)]).state();
    assert_eq!(account.weigh(&withdraw(30)), Some(70));
    assert_eq!(account.weigh(&withdraw(100)), Some(0));
    assert_eq!(account.weigh(&withdraw(150)), Some(-50));
    assert_eq!(account.weigh(&withdraw(Money::MAX.minor_units())), Some(100 - 1_000_000_000_000_000));
}

#[test]
fn nothing_else_is_weighed() {
    let account = given::<Account>([created(), deposited(100)]).state();
    assert_eq!(account.weigh(&create()), None);
    assert_eq!(account.weigh(&deposit(30)), None);
    assert_eq!(Account::default().weigh(&withdraw(30)), None);
}

fn wolfman() -> AccountId {
    AccountId::new("Wolfman").unwrap()
}

fn money(amount: u64) -> Money {
    Money::new(amount).unwrap()
}

fn balance(account: &Account) -> Option<u64> {
    account.balance().map(Money::minor_units)
}

fn create() -> AccountCommand {
    AccountCommand::CreateAccount { account_id: wolfman(), account_holder: "Wolfman".into() }
}

fn deposit(amount: u64) -> AccountCommand {
    AccountCommand::DepositMoney { account_id: wolfman(), amount: money(amount) }
}

fn withdraw(amount: u64) -> AccountCommand {
    AccountCommand::WithdrawMoney { account_id: wolfman(), amount: money(amount) }
}

fn created() -> AccountEvent {
    AccountEvent::AccountCreated { account_id: wolfman(), account_holder: "Wolfman".into() }
}

fn deposited(amount: u64) -> AccountEvent {
    AccountEvent::MoneyDeposited { account_id: wolfman(), amount: money(amount) }
}

fn withdrawn(amount: u64) -> AccountEvent {
    AccountEvent::MoneyWithdrawn { account_id: wolfman(), amount: money(amount) }
}

fn declined(balance: u64, amount: u64) -> AccountEvent {
    let balance = if balance == 0 { Money::ZERO } else { money(balance) };
    AccountEvent::AccountOverdrawn { account_id: wolfman(), balance, amount_requested: money(amount) }
}
