//! An account is closed for good, once it holds nothing.

use cqrs_bank::bank::{
    AccountFilter, AccountId, Bank, CloseAccountError, CreateError, DepositError, FreezeError, Moment, NewAccount,
    NotTransferred, Options, Pin, PinCost, PinOptions, PinSecret, StatedReason, StoreUrl, TransferError, UnfreezeError,
    UnlockError, WithdrawError,
};
use cqrs_bank::engine::domain::DomainEvent as _;
use cqrs_bank::engine::feed::checkpoints::Consistency;
use cqrs_bank::engine::log::Position;

use crate::accounts::{account, balance, money};
use crate::rest::log;

async fn open(store: StoreUrl) -> Bank {
    let pins = PinOptions { secret: PinSecret::new("a secret for tests").unwrap().into(), cost: PinCost::CHEAPEST };
    Bank::open(Options { store, pins, ..Options::default() }).await.unwrap()
}

async fn listed(bank: &Bank, closed: bool, moment: Option<u64>) -> Vec<(String, Option<u64>)> {
    let filter = AccountFilter { closed, ..AccountFilter::default() };
    let moment = moment.map(|position| Moment::Position(Position::new(position)));
    let entries = bank.filtered_accounts(&filter, moment).await.unwrap();
    entries.iter().map(|entry| (entry.account_id.to_string(), entry.closed.map(Position::get))).collect()
}

fn pin(digits: &str) -> Pin {
    Pin::new(digits).unwrap()
}

async fn with_pin(bank: &Bank, name: &AccountId) {
    bank.create_account(NewAccount { pin: Some(pin("1234")), ..NewAccount::from(name) }).await.unwrap();
}

#[tokio::test]
async fn every_command_to_it_is_refused_and_its_history_stays() {
    let directory = tempfile::tempdir().unwrap();
    let file = || StoreUrl::Sqlite(directory.path().join("bank.db"));
    let mut bank = open(file()).await;
    let (ada, grace) = (account("Ada"), account("Grace"));
    for name in [&ada, &grace] {
        bank.create(name).await.unwrap();
        bank.deposit(name, money(100)).await.unwrap();
    }
    assert_eq!(bank.close_account(&ada, None, None).await.unwrap_err(), CloseAccountError::BalanceNotZero);
    bank.withdraw(&ada, money(100)).await.unwrap();
    bank.freeze(&ada, None).await.unwrap();
    assert_eq!(bank.close_account(&ada, None, None).await.unwrap_err(), CloseAccountError::AccountFrozen);
    bank.unfreeze(&ada).await.unwrap();
    bank.close_account(&ada, StatedReason::new("moved away").ok(), None).await.unwrap();
    for _ in 0..2 {
        assert_eq!(bank.close_account(&ada, None, None).await.unwrap_err(), CloseAccountError::AccountClosed);
        assert_eq!(bank.create(&ada).await.unwrap_err(), CreateError::AccountClosed);
        assert_eq!(bank.deposit(&ada, money(1)).await.unwrap_err(), DepositError::AccountClosed);
        assert_eq!(bank.withdraw(&ada, money(1)).await.unwrap_err(), WithdrawError::AccountClosed);
        assert_eq!(bank.transfer(&ada, &ada, money(1), None).await.unwrap_err(), TransferError::AccountClosed);
        assert_eq!(bank.unlock(&ada).await.unwrap_err(), UnlockError::AccountClosed);
        assert_eq!(bank.freeze(&ada, None).await.unwrap_err(), FreezeError::AccountClosed);
        assert_eq!(bank.unfreeze(&ada).await.unwrap_err(), UnfreezeError::AccountClosed);
        assert_eq!(bank.transfer(&grace, &ada, money(1), None).await.unwrap_err(), NotTransferred::NoPayee.into());
        assert_eq!(bank.check_balance(&grace).await, Ok(balance(100)));
        assert_eq!(listed(&bank, false, None).await, [("Grace".to_owned(), None)]);
        let both = [("Ada".to_owned(), Some(8)), ("Grace".to_owned(), None)];
        assert_eq!(listed(&bank, true, None).await, both);
        let before = [("Ada".to_owned(), None), ("Grace".to_owned(), None)];
        assert_eq!(listed(&bank, false, Some(7)).await, before);
        assert_eq!(listed(&bank, true, Some(7)).await, before);
        assert_eq!(listed(&bank, false, Some(8)).await, before[1..]);
        let third = Moment::Position(Position::new(3));
        assert_eq!(bank.check_balance_at(&ada, third).await, Ok(balance(100)));
        let statement = bank.statement(&ada, Position::START, None, 10).await.unwrap();
        assert_eq!(statement.lines.last().unwrap().what, "Account Closed");
        bank.verify(|_, _| ()).await.unwrap();
        bank.close().await;
        bank = open(file()).await;
    }
}

#[tokio::test]
async fn closing_needs_the_pin_and_counts_wrong_ones() {
    let bank = open(StoreUrl::Memory).await;
    let ada = account("Ada");
    with_pin(&bank, &ada).await;
    let close = |digits: Option<&str>| bank.close_account(&ada, None, digits.map(pin));
    assert_eq!(close(None).await.unwrap_err(), CloseAccountError::PinRequired);
    for _ in 0..3 {
        assert_eq!(close(Some("0000")).await.unwrap_err(), CloseAccountError::WrongPin);
    }
    assert_eq!(log(&bank).await.last().unwrap().data.title(), "Request Declined");
    assert_eq!(close(Some("1234")).await.unwrap_err(), CloseAccountError::AccountLocked);
    let payment = bank.withdraw_with_pin(&ada, money(1), pin("1234")).await;
    assert_eq!(payment.unwrap_err(), WithdrawError::AccountLocked);
    bank.unlock(&ada).await.unwrap();
    close(Some("1234")).await.unwrap();
    assert_eq!(close(Some("1234")).await.unwrap_err(), CloseAccountError::AccountClosed);
}

/// While the transfer has not ended, the payer has nothing but a reservation.
#[tokio::test]
async fn an_account_with_a_transfer_under_way_is_not_closed() {
    use cqrs_bank::bank::{
        Account, AccountChange, AccountCommand, AccountEvent, BookingDetails, Change, Outgoing, Refusal,
    };
    use cqrs_bank::engine::testing::given;

    let (ada, payee, transfer_id) = (account("Ada"), account("Grace"), uuid::Uuid::nil().into());
    let (account_id, details) = (ada.clone(), BookingDetails::NONE);
    let outgoing = Outgoing { account_id, transfer_id, payee, amount: money(5), details };
    let history = [
        AccountEvent::AccountCreated { account_id: ada.clone(), account_holder: (&ada).into() },
        AccountEvent::deposited(ada.clone(), money(5)),
        AccountEvent::MoneyReserved(Box::new(outgoing.clone())),
    ];
    let change = AccountChange { account_id: ada.clone(), change: Change::Close { reason: None }, pin: None };
    let close = AccountCommand::ChangeAccount(Box::new(change));
    let settle = AccountCommand::SettleTransfer { account_id: ada.clone(), transfer_id };
    given::<Account>(history)
        .when(&close)
        .then_refused(&Refusal::TransferUnderWay)
        .when(&settle)
        .then([AccountEvent::TransferSettled(Box::new(outgoing))])
        .when(&close)
        .then([AccountEvent::AccountClosed { account_id: ada, reason: None }])
        .when(&settle)
        .then_refused(&Refusal::AccountClosed);
}

/// Whichever comes first, the other is refused.
#[tokio::test]
async fn of_a_close_and_a_deposit_at_once_one_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = StoreUrl::Sqlite(directory.path().join("bank.db"));
    let banks = [open(file.clone()).await, open(file).await].map(|bank| bank.with_consistency(Consistency::Eventual));
    for number in 0..20 {
        let name = account(&format!("{number}"));
        banks[0].create(&name).await.unwrap();
        let (closed, deposited) =
            tokio::join!(banks[0].close_account(&name, None, None), banks[1].deposit(&name, money(1)));
        match (closed.map(|_| ()), deposited.map(|_| ())) {
            (Ok(()), Err(DepositError::AccountClosed)) | (Err(CloseAccountError::BalanceNotZero), Ok(())) => {}
            other => panic!("{other:?}"),
        }
    }
    banks[1].close().await;
    banks[0].verify(|_, _| ()).await.unwrap();
}
