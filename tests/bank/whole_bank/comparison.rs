//! The real bank in the terms of the model.

use cqrs_bank::bank::{
    AccountEvent, Bank, BookingDetails, CreateError, DepositError, EmailAddress, HolderName, Memo, NewAccount,
    TransferError, UnlockError, WithdrawError, Withdrawal,
};
use cqrs_bank::engine::domain::DomainEvent as _;
use cqrs_bank::engine::log::RecordedEvent;

use super::{Command, EVERYBODY, Line, Reply, memo_and_date};
use crate::accounts::{account, money};
use crate::answers::NAMES;

/// Calls the public function for a command, and returns its outcome.
pub(crate) async fn call(bank: &Bank, command: Command) -> Reply {
    match command {
        Command::Create { name, pin, email } => {
            let email = email.then(|| EmailAddress::new(&format!("{}@example.org", name.to_lowercase())).unwrap());
            let new = NewAccount {
                account_id: account(name),
                holder: HolderName::new(name).unwrap(),
                email,
                pin: pin_of(pin),
            };
            match bank.create_account(new).await {
                Ok(_) => Reply::Done,
                Err(CreateError::AccountExists) => Reply::AccountExists,
                Err(error) => panic!("{command:?}: {error}"),
            }
        }
        Command::Deposit(name, amount) => {
            match bank.deposit(&account(name), money(amount)).details(details(bank, amount)).await {
                Ok(_) => Reply::Done,
                Err(DepositError::NoAccount) => Reply::NoAccount,
                Err(DepositError::BalanceLimit) => Reply::BalanceLimit,
                Err(error) => panic!("{command:?}: {error}"),
            }
        }
        Command::Withdraw(name, amount, pin) => {
            let outcome = match pin_of(pin) {
                None => bank.withdraw(&account(name), money(amount)).details(details(bank, amount)).await,
                Some(pin) => {
                    bank.withdraw_with_pin(&account(name), money(amount), pin).details(details(bank, amount)).await
                }
            };
            match outcome {
                Ok(Withdrawal::Paid(_)) => Reply::Done,
                Ok(Withdrawal::Declined { balance, .. }) => Reply::Declined { balance: balance.minor_units() },
                Ok(Withdrawal::WrongPin(_)) => Reply::WrongPin,
                Err(WithdrawError::NoAccount) => Reply::NoAccount,
                Err(WithdrawError::PinRequired) => Reply::PinRequired,
                Err(WithdrawError::AccountLocked) => Reply::AccountLocked,
                Err(error) => panic!("{command:?}: {error}"),
            }
        }
        Command::Unlock(name) => match bank.unlock(&account(name)).await {
            Ok(_) => Reply::Done,
            Err(UnlockError::NoAccount) => Reply::NoAccount,
            Err(UnlockError::NotLocked) => Reply::NotLocked,
            Err(error) => panic!("{command:?}: {error}"),
        },
        Command::Transfer { payer, payee, amount, pin } => {
            let transfer = bank.transfer(&account(payer), &account(payee), money(amount), pin_of(pin));
            match transfer.details(details(bank, amount)).await {
                Ok(_) => Reply::Done,
                Err(TransferError::NoAccount) => Reply::NoAccount,
                Err(TransferError::NoPayee) => Reply::NoPayee,
                Err(TransferError::SameAccount) => Reply::SameAccount,
                Err(TransferError::Overdrawn { balance }) => Reply::Declined { balance: balance.minor_units() },
                Err(TransferError::BalanceLimit) => Reply::BalanceLimit,
                Err(TransferError::PinRequired) => Reply::PinRequired,
                Err(TransferError::WrongPin) => Reply::WrongPin,
                Err(TransferError::AccountLocked) => Reply::AccountLocked,
                Err(error) => panic!("{command:?}: {error}"),
            }
        }
    }
}

fn pin_of(digits: super::Pin) -> Option<cqrs_bank::bank::Pin> {
    digits.map(|digits| cqrs_bank::bank::Pin::new(digits).unwrap())
}

pub(crate) fn line(event: &RecordedEvent<AccountEvent>) -> Line {
    let name = match event.data.account_id() {
        Some(account) => NAMES.into_iter().find(|name| *name == account.as_str()).unwrap(),
        None => EVERYBODY,
    };
    let details = event.data.details().filter(|details| !details.are_none()).map(|details| {
        let date = details.booking_date().map(|date| date.to_string());
        format!("{:?} {:?}", details.memo().map(Memo::as_str), date.as_deref())
    });
    (name, event.data.title(), event.data.amount().map(|amount| amount.minor_units()), details)
}

fn details(bank: &Bank, amount: u64) -> BookingDetails {
    let (memo, date) = memo_and_date(amount);
    let (memo, date) = (memo.map(|memo| Memo::new(&memo).unwrap()), date.map(|date| date.parse().unwrap()));
    BookingDetails::new(memo, date, bank.today()).unwrap()
}
