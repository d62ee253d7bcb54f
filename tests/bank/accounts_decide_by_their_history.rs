//! An account decides from its own events alone.

use cqrs_bank::bank::{
    Account, AccountCommand, AccountEvent, AccountHolder, AccountId, Balance, BookingDetails, DeclinedDetails,
    EmailAddress, HolderName, Money, Outgoing, PinCheck, PinVerifier, Refusal,
};
use cqrs_bank::engine::domain::Aggregate;
use cqrs_bank::engine::testing::given;
use uuid::Uuid;

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
    let command = AccountCommand::create(wolfman(), "Josh".into());
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

/// A log may hold events that no account would decide today. They are replayed all the same, but the balance stays
/// within range.
#[test]
fn whatever_is_in_a_history_can_be_applied() {
    let limit = Money::MAX.minor_units();
    for (history, expected) in [
        (vec![deposited(1)], None),
        (vec![withdrawn(1)], None),
        (vec![declined(0, 1)], None),
        (vec![invalid_pin(1)], None),
        (vec![unlocked()], None),
        (vec![created(), invalid_pin(1), unlocked()], Some(0)),
        (vec![created(), withdrawn(1)], Some(-1)),
        (vec![created(), deposited(limit), deposited(1)], Some(limit as i64)),
    ] {
        assert_eq!(balance(&given::<Account>(history.clone()).state()), expected, "after {history:?}");
    }
}

#[test]
fn a_withdrawal_is_weighed_on_what_it_would_leave() {
    let account = given::<Account>([created(), deposited(100)]).state();
    assert_eq!(account.trace_value(&withdraw(30)), Some(70));
    assert_eq!(account.trace_value(&withdraw(100)), Some(0));
    assert_eq!(account.trace_value(&withdraw(150)), Some(-50));
    assert_eq!(account.trace_value(&withdraw(Money::MAX.minor_units())), Some(100 - 1_000_000_000_000_000));
}

#[test]
fn nothing_else_is_weighed() {
    let account = given::<Account>([created(), deposited(100)]).state();
    assert_eq!(account.trace_value(&create()), None);
    assert_eq!(account.trace_value(&deposit(30)), None);
    assert_eq!(Account::default().trace_value(&withdraw(30)), None);
    let amount = Money::new(30).unwrap();
    let to_itself = Outgoing {
        account_id: wolfman(),
        transfer_id: Uuid::nil().into(),
        payee: wolfman(),
        amount,
        details: BookingDetails::NONE,
    };
    let transfer = AccountCommand::ReserveMoney { outgoing: Box::new(to_itself), pin: None };
    assert_eq!(account.trace_value(&transfer), None, "it is refused");
}

fn wolfman() -> AccountId {
    AccountId::new("Wolfman").unwrap()
}

fn money(amount: u64) -> Money {
    Money::new(amount).unwrap()
}

fn balance(account: &Account) -> Option<i64> {
    account.balance().map(Balance::minor_units)
}

fn create() -> AccountCommand {
    AccountCommand::create(wolfman(), "Wolfman".into())
}

fn deposit(amount: u64) -> AccountCommand {
    AccountCommand::deposit(wolfman(), money(amount))
}

fn withdraw(amount: u64) -> AccountCommand {
    AccountCommand::withdrawal(wolfman(), money(amount))
}

fn created() -> AccountEvent {
    AccountEvent::AccountCreated { account_id: wolfman(), account_holder: "Wolfman".into() }
}

fn deposited(amount: u64) -> AccountEvent {
    AccountEvent::deposited(wolfman(), money(amount))
}

fn withdrawn(amount: u64) -> AccountEvent {
    AccountEvent::withdrawn(wolfman(), money(amount))
}

fn declined(balance: u64, amount: u64) -> AccountEvent {
    let balance = if balance == 0 { Balance::ZERO } else { money(balance).into() };
    let declined = DeclinedDetails::NONE;
    AccountEvent::AccountOverdrawn { account_id: wolfman(), balance, amount_requested: money(amount), declined }
}

/// Two distinct verifiers, against which no PIN is checked.
const VERIFIERS: [&str; 2] = [
    "$argon2id$v=19$m=16,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=16,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA",
];

fn verifier(which: usize) -> PinVerifier {
    PinVerifier::new(VERIFIERS[which]).unwrap()
}

fn holder() -> AccountHolder {
    let email = EmailAddress::new("josh@example.org").unwrap();
    AccountHolder::new(HolderName::new("Josh").unwrap(), Some(email), Some(verifier(0)))
}

fn created_with_pin() -> AccountEvent {
    AccountEvent::AccountCreated { account_id: wolfman(), account_holder: holder() }
}

fn withdraw_with(amount: u64, pin: PinCheck) -> AccountCommand {
    AccountCommand::WithdrawMoney {
        account_id: wolfman(),
        amount: money(amount),
        details: BookingDetails::NONE,
        pin: Some(Box::new(pin)),
    }
}

fn right() -> PinCheck {
    PinCheck::Checked { verifier: Some(verifier(0)), matches: true }
}

fn wrong() -> PinCheck {
    PinCheck::Checked { verifier: Some(verifier(0)), matches: false }
}

fn unlock() -> AccountCommand {
    AccountCommand::UnlockAccount { account_id: wolfman() }
}

fn invalid_pin(amount: u64) -> AccountEvent {
    let declined = DeclinedDetails::NONE;
    AccountEvent::InvalidPin { account_id: wolfman(), amount_requested: money(amount), declined }
}

fn unlocked() -> AccountEvent {
    AccountEvent::AccountUnlocked { account_id: wolfman() }
}

#[test]
fn what_is_known_of_the_holder_is_kept() {
    let command = AccountCommand::create(wolfman(), holder());
    given::<Account>([]).when(&command).then([created_with_pin()]);
}

#[test]
fn the_right_pin_lets_money_out() {
    given::<Account>([created_with_pin(), deposited(100)])
        .when(&withdraw_with(40, right()))
        .then([withdrawn(40)])
        .when(&withdraw_with(61, right()))
        .then([declined(60, 61)]);
}

#[test]
fn a_wrong_pin_is_an_event_and_moves_nothing() {
    let account = given::<Account>([created_with_pin(), deposited(100)])
        .when(&withdraw_with(40, wrong()))
        .then([invalid_pin(40)])
        .when(&withdraw_with(400, wrong()))
        .then([invalid_pin(400)])
        .state();
    assert_eq!(balance(&account), Some(100));
}

#[test]
fn a_pin_left_out_is_asked_for_and_is_no_wrong_one() {
    let mut account = given::<Account>([created_with_pin(), deposited(100), invalid_pin(1), invalid_pin(1)]);
    for _ in 0..5 {
        account = account.when(&withdraw(40)).then_refused(&Refusal::PinRequired);
    }
    account.when(&withdraw_with(40, right())).then([withdrawn(40)]);
}

#[test]
fn a_deposit_needs_no_pin() {
    given::<Account>([created_with_pin()]).when(&deposit(5)).then([deposited(5)]);
}

#[test]
fn an_account_without_a_pin_takes_any() {
    let none_known = PinCheck::Checked { verifier: None, matches: false };
    given::<Account>([created(), deposited(100)])
        .when(&withdraw_with(40, none_known))
        .then([withdrawn(40)])
        .when(&withdraw_with(40, wrong()))
        .then([withdrawn(40)])
        .when(&withdraw(40))
        .then([declined(20, 40)]);
}

#[test]
fn three_wrong_pins_in_a_row_lock_the_account() {
    given::<Account>([created_with_pin(), deposited(100), invalid_pin(1), invalid_pin(1)])
        .when(&withdraw_with(40, wrong()))
        .then([invalid_pin(40)])
        .when(&withdraw_with(40, wrong()))
        .then_refused(&Refusal::AccountLocked)
        .when(&withdraw_with(40, right()))
        .then_refused(&Refusal::AccountLocked)
        .when(&withdraw(40))
        .then_refused(&Refusal::AccountLocked)
        .when(&deposit(5))
        .then([deposited(5)]);
}

#[test]
fn a_right_pin_in_between_starts_the_count_again() {
    let almost = [created_with_pin(), deposited(100), invalid_pin(1), invalid_pin(1)];
    for (amount, event) in [(40, withdrawn(40)), (400, declined(100, 400))] {
        given::<Account>(almost.clone())
            .when(&withdraw_with(amount, right()))
            .then([event])
            .when(&withdraw_with(1, wrong()))
            .then([invalid_pin(1)])
            .when(&withdraw_with(1, wrong()))
            .then([invalid_pin(1)])
            .when(&withdraw_with(1, right()))
            .then([withdrawn(1)]);
    }
}

#[test]
fn a_deposit_does_not_start_the_count_again() {
    given::<Account>([created_with_pin(), invalid_pin(1), invalid_pin(1), deposited(100), invalid_pin(1)])
        .when(&withdraw_with(1, right()))
        .then_refused(&Refusal::AccountLocked);
}

#[test]
fn only_what_is_locked_is_unlocked() {
    let locked = [created_with_pin(), deposited(100), invalid_pin(1), invalid_pin(1), invalid_pin(1)];
    given::<Account>(locked)
        .when(&unlock())
        .then([unlocked()])
        .when(&unlock())
        .then_refused(&Refusal::NotLocked)
        .when(&withdraw_with(40, wrong()))
        .then([invalid_pin(40)])
        .when(&withdraw_with(40, right()))
        .then([withdrawn(40)]);
    given::<Account>([created()]).when(&unlock()).then_refused(&Refusal::NotLocked);
    given::<Account>([]).when(&unlock()).then_refused(&Refusal::NoAccount);
}

/// The account was created between check and decision, so it is unknown whether the PIN is right.
#[test]
fn a_pin_that_was_checked_against_something_else_decides_nothing() {
    let against_nothing = PinCheck::Checked { verifier: None, matches: false };
    let against_another = PinCheck::Checked { verifier: Some(verifier(1)), matches: true };
    given::<Account>([created_with_pin(), deposited(100)])
        .when(&withdraw_with(40, against_nothing))
        .then_refused(&Refusal::OutdatedPinCheck)
        .when(&withdraw_with(40, against_another))
        .then_refused(&Refusal::OutdatedPinCheck);
}

#[test]
fn only_who_has_the_right_pin_sees_the_balance() {
    let account = given::<Account>([created_with_pin(), deposited(100)]).state();
    assert_eq!(account.trace_value(&withdraw_with(30, right())), Some(70));
    assert_eq!(account.trace_value(&withdraw_with(30, wrong())), None);
    assert_eq!(account.trace_value(&withdraw(30)), None);
    let locked = [created_with_pin(), deposited(100), invalid_pin(1), invalid_pin(1), invalid_pin(1)];
    assert_eq!(given::<Account>(locked).state().trace_value(&withdraw_with(30, right())), None);
}
