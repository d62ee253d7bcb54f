//! The real bank in the words of the model, so that the two can be compared.
#![allow(dead_code, reason = "each test file needs a part of this")]

use cqrs_bank::bank::{
    AccountCommand, AccountEvent, Bank, CreateError, DepositError, Receipt, Refusal, WithdrawError, Withdrawal,
};
use cqrs_bank::engine::event::{DomainEvent, RecordedEvent};

use super::{Command, Event, Reply};
use crate::accounts::{account, money};

/// Calls the function that a program would call, waits for it, and tells what came of it.
pub(crate) async fn call(bank: &Bank, command: &Command) -> (Reply, Option<Event>) {
    match *command {
        Command::Create(name) => match bank.create(&account(name)).await {
            Ok(receipt) => done(&receipt),
            Err(CreateError::AccountExists) => (Reply::AccountExists, None),
            Err(CreateError::Unavailable(unavailable)) => panic!("{command:?}: {unavailable}"),
        },
        Command::Deposit(name, amount) => match bank.deposit(&account(name), money(amount)).await {
            Ok(receipt) => done(&receipt),
            Err(DepositError::NoAccount) => (Reply::NoAccount, None),
            Err(DepositError::BalanceLimit) => (Reply::BalanceLimit, None),
            Err(DepositError::Unavailable(unavailable)) => panic!("{command:?}: {unavailable}"),
        },
        Command::Withdraw(name, amount) => match bank.withdraw(&account(name), money(amount)).await {
            Ok(Withdrawal::Paid(receipt)) => done(&receipt),
            Ok(Withdrawal::Declined { balance, receipt }) => {
                (Reply::Declined { balance: balance.minor_units() }, only_event(&receipt))
            }
            Ok(Withdrawal::WrongPin(receipt)) => panic!("{command:?}: {receipt:?}"),
            Err(WithdrawError::NoAccount) => (Reply::NoAccount, None),
            Err(error @ (WithdrawError::PinRequired | WithdrawError::AccountLocked)) => panic!("{command:?}: {error}"),
            Err(WithdrawError::Unavailable(unavailable)) => panic!("{command:?}: {unavailable}"),
        },
    }
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

/// What came of a command that was sent without waiting.
pub(crate) fn outcome(outcome: Result<&[RecordedEvent<AccountEvent>], Refusal>) -> (Reply, Option<Event>) {
    match outcome {
        Ok([event]) => {
            let reply = match event.data {
                AccountEvent::AccountOverdrawn { balance, .. } => Reply::Declined { balance: balance.minor_units() },
                _ => Reply::Done,
            };
            (reply, Some(in_model_words(event)))
        }
        Ok(events) => panic!("one event, not {events:?}"),
        Err(Refusal::AccountExists) => (Reply::AccountExists, None),
        Err(Refusal::NoAccount) => (Reply::NoAccount, None),
        Err(Refusal::BalanceLimit) => (Reply::BalanceLimit, None),
        Err(other) => panic!("{other}"),
    }
}

pub(crate) fn account_command(command: &Command) -> AccountCommand {
    match *command {
        Command::Create(name) => {
            AccountCommand::CreateAccount { account_id: account(name), account_holder: name.into() }
        }
        Command::Deposit(name, amount) => {
            AccountCommand::DepositMoney { account_id: account(name), amount: money(amount) }
        }
        Command::Withdraw(name, amount) => {
            AccountCommand::WithdrawMoney { account_id: account(name), amount: money(amount), pin: None }
        }
    }
}

pub(crate) fn in_model_words(event: &RecordedEvent<AccountEvent>) -> Event {
    Event {
        position: event.position.get(),
        stream: event.stream.to_string(),
        version: event.version.get(),
        event_type: event.data.event_type(),
        data: serde_json::to_value(&event.data).unwrap(),
    }
}
