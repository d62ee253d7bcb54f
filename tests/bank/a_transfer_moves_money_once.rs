//! A transfer moves money from one account to another once or not at all, and reports which.

use cqrs_bank::bank::{
    AccountEvent, Bank, Ending, Moment, Money, Options, ReleaseReason, StoreUrl, TransferError, TransferState,
};
use cqrs_bank::engine::domain::DomainEvent as _;
use cqrs_bank::engine::feed::checkpoints::HandlerKind;
use cqrs_bank::engine::log::Position;

use crate::accounts::{account, all_balances, money};

const LIMIT: Money = Money::MAX;

async fn bank_with(balances: &[(&str, u64)]) -> Bank {
    let bank = Bank::open(StoreUrl::Memory).await.unwrap();
    for (name, balance) in balances {
        bank.create(&account(name)).await.unwrap();
        if *balance > 0 {
            bank.deposit(&account(name), money(*balance)).await.unwrap();
        }
    }
    bank
}

async fn titles(bank: &Bank, from: u64) -> Vec<String> {
    let events = bank.events(Position::new(from), 100).await.unwrap();
    events.iter().map(|event| format!("{} {}", event.data.account_id().unwrap(), event.data.title())).collect()
}

#[tokio::test]
async fn a_transfer_is_reserved_credited_and_settled() {
    let bank = bank_with(&[("A", 100), ("B", 0)]).await;
    let outcome = bank.transfer(&account("A"), &account("B"), money(25), None).await.unwrap();
    assert_eq!(outcome.state, TransferState::Ended(Ending::Settled));
    assert_eq!(titles(&bank, 4).await, ["A Money Reserved", "B Transfer Credited", "A Transfer Settled"]);
    let balances = bank.balances().read(all_balances);
    assert_eq!((balances["A"], balances["B"]), (75, 25));
    assert_eq!(bank.total_deposits(None).await.unwrap(), 100);

    // One conversation, each step caused by the command before it.
    let events = bank.events(Position::new(4), 9).await.unwrap();
    let first = &events[0].metadata;
    assert!(events.iter().all(|event| event.metadata.correlation_id() == first.correlation_id()));
    assert_eq!(events[1].metadata.causation_id(), first.command_id);
    assert_eq!(events[2].metadata.causation_id(), events[1].metadata.command_id);

    let transfers = bank.transfers(Position::START, 9, None).await.unwrap();
    assert_eq!(transfers.len(), 1);
    let at = |position| transfers[0].state_at(Moment::Position(Position::new(position)));
    assert_eq!(at(3), None);
    assert_eq!(at(4), Some(TransferState::Reserved));
    assert_eq!(at(5), Some(TransferState::Credited));
    assert_eq!(at(6), Some(TransferState::Ended(Ending::Settled)));
}

#[tokio::test]
async fn without_a_payee_the_money_comes_back() {
    let bank = bank_with(&[("A", 100)]).await;
    let refused = bank.transfer(&account("A"), &account("Nobody"), money(25), None).await.unwrap_err();
    assert_eq!(refused, TransferError::NoPayee);
    assert_eq!(titles(&bank, 3).await, ["A Money Reserved", "A Transfer Released"]);
    assert_eq!(bank.check_balance(&account("A")).await.unwrap(), crate::accounts::balance(100));
    let transfers = bank.transfers(Position::START, 9, None).await.unwrap();
    assert_eq!(
        transfers[0].state_at(Moment::NOW),
        Some(TransferState::Ended(Ending::Released(ReleaseReason::NoPayee)))
    );
}

#[tokio::test]
async fn a_payee_who_is_full_gets_nothing() {
    let bank = bank_with(&[("A", 100), ("Rich", LIMIT.minor_units())]).await;
    let refused = bank.transfer(&account("A"), &account("Rich"), money(1), None).await.unwrap_err();
    assert_eq!(refused, TransferError::BalanceLimit);
    assert_eq!(bank.check_balance(&account("A")).await.unwrap(), crate::accounts::balance(100));
}

#[tokio::test]
async fn what_cannot_be_reserved_does_not_begin() {
    let bank = bank_with(&[("A", 100), ("B", 0)]).await;
    let transfer = async |payer, payee, amount| {
        bank.transfer(&account(payer), &account(payee), money(amount), None).await.unwrap_err()
    };
    assert_eq!(transfer("A", "B", 101).await, TransferError::Overdrawn { balance: money(100).into() });
    assert_eq!(titles(&bank, 4).await, ["A Payment Declined"]);
    assert_eq!(transfer("A", "A", 1).await, TransferError::SameAccount);
    assert_eq!(transfer("Nobody", "A", 1).await, TransferError::NoAccount);
    assert_eq!(titles(&bank, 5).await, Vec::<String>::new());
    assert!(bank.transfers(Position::START, 9, None).await.unwrap().is_empty());
}

#[tokio::test]
async fn every_deposit_earns_the_ceo_a_hundredth_until_it_is_enough() {
    let options = Options { ceo_bonus: Some(account("CEO")), ..Options::default() };
    let bank = Bank::open(options).await.unwrap();
    bank.create(&account("A")).await.unwrap();
    bank.deposit(&account("A"), money(10_000)).await.unwrap();
    let note = |handlers: Vec<cqrs_bank::bank::HandlerReport>| {
        let bonus = handlers.into_iter().find(|handler| handler.status.name == "CEO bonus").unwrap();
        assert_eq!(bonus.status.kind, HandlerKind::ProcessManager);
        assert_eq!(bonus.behind, 0);
        bonus.status.condition.last_error
    };
    let handlers = bank.handlers().await.unwrap();
    assert_eq!(note(handlers).as_deref(), Some("there is no account \"CEO\" yet: no bonus"));

    bank.create(&account("CEO")).await.unwrap();
    let balance = async || bank.check_balance(&account("CEO")).await.unwrap().minor_units();
    for (amount, paid) in
        [(99, 0), (100, 1), (199, 2), (1_000, 12), (9_998_700, 99_999), (5_000_000, 149_999), (100, 149_999)]
    {
        bank.deposit(&account("A"), money(amount)).await.unwrap();
        assert_eq!(balance().await, paid, "after {amount}");
    }
    assert_eq!(note(bank.handlers().await.unwrap()), None);
    let bonuses = bank.account_events(&account("CEO"), Position::START, 99).await.unwrap();
    assert!(matches!(&bonuses[1].data, AccountEvent::MoneyDeposited { amount, .. } if *amount == money(1)));
    bank.deposit(&account("CEO"), money(50_000)).await.unwrap();
    assert_eq!(balance().await, 199_999, "the CEO's own deposits earn nothing");
}
