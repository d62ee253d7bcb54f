//! The real bank in the terms of the model, for comparison.

use cqrs_bank::bank::{
    AccountCommand, AccountEvent, Balance, Bank, CreateError, DepositError, NewAccount, Options, PendingCommand, Pin,
    PinCost, PinOptions, PinSecret, Receipt, Refusal, UnlockError, WithdrawError, Withdrawal,
};
use cqrs_bank::engine::command_handler::Limits;
use cqrs_bank::engine::domain::DomainEvent;
use cqrs_bank::engine::log::RecordedEvent;
use cqrs_bank::engine::store::codec::DataOf;

use super::{Command, Event, Reply, VERIFIER};
use crate::accounts::{account, money};

/// Calls the public function for a command, and returns its outcome.
pub(crate) async fn call(bank: &Bank, command: &Command) -> (Reply, Option<Event>) {
    match *command {
        Command::Create(name) => match bank.create(&account(name)).await {
            Ok(receipt) => done(&receipt),
            Err(CreateError::AccountExists) => (Reply::AccountExists, None),
            Err(error) => panic!("{command:?}: {error}"),
        },
        Command::Deposit(name, amount) => match bank.deposit(&account(name), money(amount)).await {
            Ok(receipt) => done(&receipt),
            Err(DepositError::NoAccount) => (Reply::NoAccount, None),
            Err(DepositError::BalanceLimit) => (Reply::BalanceLimit, None),
            Err(error) => panic!("{command:?}: {error}"),
        },
        Command::Withdraw(name, amount) => withdrawal(bank.withdraw(&account(name), money(amount)).await),
        Command::WithdrawWith(name, amount, digits) => {
            withdrawal(bank.withdraw_with_pin(&account(name), money(amount), pin(digits)).await)
        }
        Command::CreateWithPin(name, digits) => match bank.create_account(with_pin(name, digits)).await {
            Ok(receipt) => done(&receipt),
            Err(CreateError::AccountExists) => (Reply::AccountExists, None),
            Err(error) => panic!("{command:?}: {error}"),
        },
        Command::Unlock(name) => match bank.unlock(&account(name)).await {
            Ok(receipt) => done(&receipt),
            Err(UnlockError::NoAccount) => (Reply::NoAccount, None),
            Err(UnlockError::NotLocked) => (Reply::NotLocked, None),
            Err(error) => panic!("{command:?}: {error}"),
        },
    }
}

/// Nothing is overdrawn here.
fn units(balance: Balance) -> u64 {
    u64::try_from(balance.minor_units()).unwrap()
}

fn withdrawal(outcome: Result<Withdrawal, WithdrawError>) -> (Reply, Option<Event>) {
    match outcome {
        Ok(Withdrawal::Paid(receipt)) => done(&receipt),
        Ok(Withdrawal::Declined { balance, receipt }) => {
            (Reply::Declined { balance: units(balance) }, only_event(&receipt))
        }
        Ok(Withdrawal::WrongPin(receipt)) => (Reply::WrongPin, only_event(&receipt)),
        Err(WithdrawError::NoAccount) => (Reply::NoAccount, None),
        Err(WithdrawError::PinRequired) => (Reply::PinRequired, None),
        Err(WithdrawError::AccountLocked) => (Reply::AccountLocked, None),
        Err(error) => panic!("{error}"),
    }
}

/// A bank with the cheapest PIN checks.
pub(crate) async fn open(limits: Limits) -> Bank {
    let pins = PinOptions { secret: PinSecret::new("a secret for tests").unwrap().into(), cost: PinCost::CHEAPEST };
    Bank::open(Options { limits, pins, ..Options::default() }).await.unwrap()
}

fn pin(digits: &str) -> Pin {
    Pin::new(digits).unwrap()
}

fn with_pin(name: &str, digits: &str) -> NewAccount {
    NewAccount { pin: Some(pin(digits)), ..NewAccount::from(&account(name)) }
}

fn done(receipt: &Receipt) -> (Reply, Option<Event>) {
    (Reply::Done, only_event(receipt))
}

fn only_event(receipt: &Receipt) -> Option<Event> {
    assert!(receipt.lagging().is_empty(), "{receipt:?}");
    let [event] = receipt.events() else { panic!("one event, not {receipt:?}") };
    assert_eq!(receipt.position(), event.position);
    Some(in_model_words(event))
}

/// The outcome of a command that was sent without waiting.
pub(crate) fn outcome(outcome: Result<&[RecordedEvent<AccountEvent>], Refusal>) -> (Reply, Option<Event>) {
    match outcome {
        Ok([event]) => {
            let reply = match event.data {
                AccountEvent::AccountOverdrawn { balance, .. } => Reply::Declined { balance: units(balance) },
                AccountEvent::InvalidPin { .. } => Reply::WrongPin,
                _ => Reply::Done,
            };
            (reply, Some(in_model_words(event)))
        }
        Ok(events) => panic!("one event, not {events:?}"),
        Err(Refusal::AccountExists) => (Reply::AccountExists, None),
        Err(Refusal::NoAccount) => (Reply::NoAccount, None),
        Err(Refusal::BalanceLimit) => (Reply::BalanceLimit, None),
        Err(Refusal::PinRequired) => (Reply::PinRequired, None),
        Err(Refusal::AccountLocked) => (Reply::AccountLocked, None),
        Err(Refusal::NotLocked) => (Reply::NotLocked, None),
        Err(Refusal::OutdatedPinCheck) => panic!("the bank keeps this to itself"),
        Err(refusal) => panic!("nothing is transferred, reversed, frozen or closed here: {refusal}"),
    }
}

/// Sends a command without waiting for its outcome.
pub(crate) async fn send(bank: &Bank, command: &Command) -> PendingCommand {
    let (command, given) = match *command {
        Command::CreateWithPin(name, digits) => (bank.creation(with_pin(name, digits)).await.unwrap(), None),
        Command::WithdrawWith(name, amount, digits) => {
            (account_command(&Command::Withdraw(name, amount)), Some(pin(digits)))
        }
        _ => (account_command(command), None),
    };
    bank.send_with_pin(command, given, bank.start_conversation()).await.unwrap()
}

/// A command without a PIN.
pub(crate) fn account_command(command: &Command) -> AccountCommand {
    match *command {
        Command::Create(name) => AccountCommand::create(account(name), name.into()),
        Command::Deposit(name, amount) => AccountCommand::deposit(account(name), money(amount)),
        Command::Withdraw(name, amount) => AccountCommand::withdrawal(account(name), money(amount)),
        Command::Unlock(name) => AccountCommand::UnlockAccount { account_id: account(name) },
        Command::CreateWithPin(..) | Command::WithdrawWith(..) => panic!("{command:?} needs a bank"),
    }
}

pub(crate) fn in_model_words(event: &RecordedEvent<AccountEvent>) -> Event {
    let mut data = serde_json::to_value(DataOf(&event.data)).unwrap();
    if let Some(verifier) = data.get_mut("pin_verifier") {
        assert!(verifier.as_str().unwrap().starts_with("$argon2id$"), "{verifier}");
        *verifier = VERIFIER.into();
    }
    Event {
        position: event.position.get(),
        stream: event.stream.to_string(),
        version: event.version.get(),
        event_type: event.data.event_type(),
        data,
    }
}
