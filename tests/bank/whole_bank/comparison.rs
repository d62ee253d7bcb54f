//! The real bank in the terms of the model.

use cqrs_bank::bank::{
    AccountEvent, Bank, BookingDetails, ChangeAccountError, ChangePinError, CloseAccountError, CreateError,
    DepositError, EmailAddress, FreezeError, HolderName, LoadOptions, Loaded, Memo, NewAccount, NotTransferred,
    Opening, OverdraftLimit, OverdraftLimitError, Receipt, Refusal, ReverseError, StatedReason, TransferError,
    UnfreezeError, UnlockError, WhyNotBooked, WithdrawError, Withdrawal,
};
use cqrs_bank::engine::domain::DomainEvent as _;
use cqrs_bank::engine::log::{Position, RecordedEvent};

use super::loading::{self, FileRow, Report};
use super::{Command, EVERYBODY, Line, Reply, memo_and_date};
use crate::accounts::{account, money};
use crate::answers::NAMES;

/// Calls the public function for a command, and returns its outcome.
pub(crate) async fn call(bank: &Bank, command: Command) -> Reply {
    match command {
        Command::Create { name, pin, email, deposit, overdraft } => {
            let email = email.then(|| EmailAddress::new(&format!("{}@example.org", name.to_lowercase())).unwrap());
            let new = NewAccount {
                account_id: account(name),
                holder: HolderName::new(name).unwrap(),
                email,
                pin: pin_of(pin),
                opening: Opening {
                    deposit: deposit.map(money),
                    overdraft_limit: OverdraftLimit::new(overdraft).unwrap(),
                    details: deposit.map_or(BookingDetails::NONE, |amount| details(bank, amount)),
                },
            };
            match bank.create_account(new).await {
                Ok(_) => Reply::Done,
                Err(CreateError::AccountExists) => Reply::AccountExists,
                Err(CreateError::AccountClosed) => Reply::AccountClosed,
                Err(error) => panic!("{command:?}: {error}"),
            }
        }
        Command::Deposit(name, amount) => {
            match bank.deposit(&account(name), money(amount)).details(details(bank, amount)).await {
                Ok(_) => Reply::Done,
                Err(DepositError::NoAccount) => Reply::NoAccount,
                Err(DepositError::AccountClosed) => Reply::AccountClosed,
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
                Err(WithdrawError::AccountClosed) => Reply::AccountClosed,
                Err(WithdrawError::AccountFrozen) => Reply::AccountFrozen,
                Err(WithdrawError::PinRequired) => Reply::PinRequired,
                Err(WithdrawError::AccountLocked) => Reply::AccountLocked,
                Err(error) => panic!("{command:?}: {error}"),
            }
        }
        Command::Unlock(name) => match bank.unlock(&account(name)).await {
            Ok(_) => Reply::Done,
            Err(UnlockError::NoAccount) => Reply::NoAccount,
            Err(UnlockError::AccountClosed) => Reply::AccountClosed,
            Err(UnlockError::NotLocked) => Reply::NotLocked,
            Err(error) => panic!("{command:?}: {error}"),
        },
        Command::Freeze(name) => match bank.freeze(&account(name), StatedReason::new("a law").ok()).await {
            Ok(_) => Reply::Done,
            Err(FreezeError::NoAccount) => Reply::NoAccount,
            Err(FreezeError::AccountClosed) => Reply::AccountClosed,
            Err(FreezeError::AlreadyFrozen) => Reply::AlreadyFrozen,
            Err(error) => panic!("{command:?}: {error}"),
        },
        Command::Unfreeze(name) => match bank.unfreeze(&account(name)).await {
            Ok(_) => Reply::Done,
            Err(UnfreezeError::NoAccount) => Reply::NoAccount,
            Err(UnfreezeError::AccountClosed) => Reply::AccountClosed,
            Err(UnfreezeError::NotFrozen) => Reply::NotFrozen,
            Err(error) => panic!("{command:?}: {error}"),
        },
        Command::SetLimit(name, limit) => {
            match bank.set_overdraft_limit(&account(name), OverdraftLimit::new(limit).unwrap()).await {
                Ok(_) => Reply::Done,
                Err(OverdraftLimitError::NoAccount) => Reply::NoAccount,
                Err(OverdraftLimitError::AccountClosed) => Reply::AccountClosed,
                Err(OverdraftLimitError::OverdraftInUse) => Reply::OverdraftInUse,
                Err(error) => panic!("{command:?}: {error}"),
            }
        }
        Command::Close(name, pin) => match bank.close_account(&account(name), None, pin_of(pin)).await {
            Ok(_) => Reply::Done,
            Err(CloseAccountError::NoAccount) => Reply::NoAccount,
            Err(CloseAccountError::AccountClosed) => Reply::AccountClosed,
            Err(CloseAccountError::AccountFrozen) => Reply::AccountFrozen,
            Err(CloseAccountError::AccountLocked) => Reply::AccountLocked,
            Err(CloseAccountError::PinRequired) => Reply::PinRequired,
            Err(CloseAccountError::WrongPin) => Reply::WrongPin,
            Err(CloseAccountError::BalanceNotZero) => Reply::BalanceNotZero,
            Err(error) => panic!("{command:?}: {error}"),
        },
        Command::ChangeHolder(name, pin) => {
            changed(bank.change_holder(&account(name), HolderName::new("Josh").unwrap(), pin_of(pin)).await)
        }
        Command::ChangeEmail(name, pin, has) => {
            let email = has.then(|| EmailAddress::new("later@example.org").unwrap());
            changed(bank.change_email(&account(name), email, pin_of(pin)).await)
        }
        Command::ChangePin(name, pin, new) => {
            let new = cqrs_bank::bank::Pin::new(new).unwrap();
            match bank.change_pin(&account(name), pin_of(pin), new).await {
                Ok(_) => Reply::Done,
                Err(ChangePinError::NoAccount) => Reply::NoAccount,
                Err(ChangePinError::AccountClosed) => Reply::AccountClosed,
                Err(ChangePinError::AccountLocked) => Reply::AccountLocked,
                Err(ChangePinError::NoPin) => Reply::NoPin,
                Err(ChangePinError::PinRequired) => Reply::PinRequired,
                Err(ChangePinError::WrongPin) => Reply::WrongPin,
                Err(error) => panic!("{command:?}: {error}"),
            }
        }
        Command::Reverse(position) => match bank.reverse(Position::new(position), None).await {
            Ok(_) => Reply::Done,
            Err(ReverseError::NoEvent) => Reply::NoEvent,
            Err(ReverseError::AccountClosed) => Reply::AccountClosed,
            Err(ReverseError::AccountFrozen) => Reply::AccountFrozen,
            Err(ReverseError::NoPayee) => Reply::NoPayee,
            Err(ReverseError::NothingToReverse) => Reply::NothingToReverse,
            Err(ReverseError::IsReversal) => Reply::IsReversal,
            Err(ReverseError::AlreadyReversed) => Reply::AlreadyReversed,
            Err(ReverseError::Overdrawn) => Reply::TooLittle,
            Err(ReverseError::BalanceLimit) => Reply::BalanceLimit,
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
                Err(TransferError::AccountClosed) => Reply::AccountClosed,
                Err(TransferError::AccountFrozen) => Reply::AccountFrozen,
                Err(TransferError::PinRequired) => Reply::PinRequired,
                Err(TransferError::WrongPin) => Reply::WrongPin,
                Err(TransferError::AccountLocked) => Reply::AccountLocked,
                Err(error) => panic!("{command:?}: {error}"),
            }
        }
    }
}

fn changed(outcome: Result<Receipt, ChangeAccountError>) -> Reply {
    match outcome {
        Ok(_) => Reply::Done,
        Err(ChangeAccountError::NoAccount) => Reply::NoAccount,
        Err(ChangeAccountError::AccountClosed) => Reply::AccountClosed,
        Err(ChangeAccountError::AccountLocked) => Reply::AccountLocked,
        Err(ChangeAccountError::PinRequired) => Reply::PinRequired,
        Err(ChangeAccountError::WrongPin) => Reply::WrongPin,
        Err(error) => panic!("{error}"),
    }
}

/// Loads a file of these rows, or finds out what would happen.
pub(crate) async fn load(bank: &Bank, rows: &[FileRow], options: loading::Options, dry_run: bool) -> Report {
    let file = tempfile::NamedTempFile::new().unwrap();
    let decimals = bank.currency().await.unwrap().decimals();
    std::fs::write(file.path(), loading::file(rows, decimals)).unwrap();
    let loading::Options { create, effects } = options;
    let options = LoadOptions { create, effects, dry_run, ..LoadOptions::default() };
    let loaded = bank.load(file.path(), options, |_, _, _| {}).await.unwrap();
    let Loaded { rows: count, new, known, declined, declined_before, refused, created, listed, unread } = loaded;
    assert_eq!((count, unread), (rows.len() as u64, Vec::new()));
    assert_eq!(count, new + known + declined + declined_before + refused);
    let listed = listed.into_iter().map(|row| (row.line, reason(row.why))).collect();
    Report { new, known, declined, declined_before, refused, created, listed }
}

fn reason(why: WhyNotBooked) -> Reply {
    match why {
        WhyNotBooked::Overdrawn { balance } => Reply::Declined { balance: balance.minor_units() },
        WhyNotBooked::OtherContent => Reply::OtherContent,
        WhyNotBooked::NotTransferred(NotTransferred::NoPayee) => Reply::NoPayee,
        WhyNotBooked::NotTransferred(NotTransferred::BalanceLimit) => Reply::BalanceLimit,
        WhyNotBooked::Refused(Refusal::NoAccount) => Reply::NoAccount,
        WhyNotBooked::Refused(Refusal::AccountClosed) => Reply::AccountClosed,
        WhyNotBooked::Refused(Refusal::AccountFrozen) => Reply::AccountFrozen,
        WhyNotBooked::Refused(Refusal::AccountLocked) => Reply::AccountLocked,
        WhyNotBooked::Refused(Refusal::BalanceLimit) => Reply::BalanceLimit,
        other => panic!("{other:?}"),
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
