//! A custom process manager over the bank's events: `cargo run --example own_process`.
//!
//! A tenth of each deposit over 1,000 is moved to a savings account, exactly once per deposit, whenever a crash happens. The
//! policy is a pure function, with tests below: `cargo test --example own_process`.

use std::error::Error;

use cqrs_bank::bank::{AccountCommand, AccountEvent, AccountId, Bank, BookingDetails, Money, Outgoing, StoreUrl};
use cqrs_bank::engine::event_handler::StartFrom;
use cqrs_bank::engine::log::RecordedEvent;
use cqrs_bank::engine::process_manager::{Answer, ProcessManager, Reaction, id_of_answer};

/// Only deposits above this amount are saved from.
const SAVING_THRESHOLD: u64 = 1_000;

/// Moves a tenth of each large deposit to a savings account.
#[derive(Clone, Debug)]
struct Savings {
    account: AccountId,
    savings: AccountId,
}

impl ProcessManager for Savings {
    const NAME: &'static str = "savings";
    const TITLE: &'static str = "Savings";
    const START: StartFrom = StartFrom::Now;
    type Event = AccountEvent;
    /// Each deposit holds all that its answer needs.
    type State = ();

    fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
        let account = self.account.clone();
        move |event| match &event.data {
            AccountEvent::MoneyDeposited { account_id, amount, .. } => {
                *account_id == account && amount.minor_units() > SAVING_THRESHOLD
            }
            _ => false,
        }
    }

    fn react(&self, (): &(), event: &RecordedEvent<AccountEvent>) -> Reaction<AccountEvent> {
        let AccountEvent::MoneyDeposited { amount, .. } = &event.data else { return Reaction::none() };
        let Ok(tenth) = Money::new(amount.minor_units() / 10) else { return Reaction::none() };
        let outgoing = Outgoing {
            account_id: self.account.clone(),
            // Unique to the event, and the same at each delivery.
            transfer_id: id_of_answer::<Self>(event).into(),
            payee: self.savings.clone(),
            amount: tenth,
            details: BookingDetails::NONE,
        };
        let reserve = AccountCommand::ReserveMoney { outgoing: Box::new(outgoing), pin: None };
        Answer::new(reserve).or_note(|refusal| format!("nothing was saved: {refusal}")).into()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    let bank = Bank::open(StoreUrl::Memory).await?;
    let (account, savings) = (AccountId::new("Wolfman")?, AccountId::new("Wolfman's savings")?);
    bank.create(&account).await?;
    bank.create(&savings).await?;
    bank.add_process_manager(Savings { account: account.clone(), savings: savings.clone() }).await?;

    // Each call returns after the process manager has acted.
    bank.deposit(&account, Money::new(500)?).await?;
    bank.deposit(&account, Money::new(2_000)?).await?;
    for account in [&account, &savings] {
        println!("{account}: {}", bank.check_balance(account).await?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cqrs_bank::bank::{Ending, TransferState};
    use cqrs_bank::engine::log::{Metadata, Moment, Position, StreamId, Version};

    fn policy() -> Savings {
        let (account, savings) = (AccountId::new("Wolfman").unwrap(), AccountId::new("savings").unwrap());
        Savings { account, savings }
    }

    fn deposit(account: &str, amount: u64) -> RecordedEvent<AccountEvent> {
        let (account_id, amount) = (AccountId::new(account).unwrap(), Money::new(amount).unwrap());
        RecordedEvent {
            position: Position::new(7),
            stream: StreamId::new("account", &account_id),
            version: Version::START.plus(2),
            time: "2026-01-01T00:00:00Z".parse().unwrap(),
            metadata: Metadata::from_outside(uuid::Uuid::from_u128(7)),
            data: AccountEvent::deposited(account_id, amount),
        }
    }

    #[test]
    fn only_large_deposits_into_the_account_are_delivered() {
        let filter = policy().filter();
        for (account, amount, expected) in
            [("Wolfman", 1_001, true), ("Wolfman", 1_000, false), ("savings", 5_000, false)]
        {
            assert_eq!(filter(&deposit(account, amount)), expected, "{amount} into {account}");
        }
    }

    #[test]
    fn a_tenth_is_moved_to_the_savings() {
        let reaction = policy().react(&(), &deposit("Wolfman", 1_239));
        let reserve = reaction.answer::<AccountCommand>(0).map(Answer::command);
        let Some(AccountCommand::ReserveMoney { outgoing, .. }) = reserve else { panic!("expected a reservation") };
        assert_eq!((outgoing.payee.as_str(), outgoing.amount.minor_units()), ("savings", 123));
    }

    #[tokio::test]
    async fn the_savings_are_made_before_the_reply() {
        let bank = Bank::open(StoreUrl::Memory).await.unwrap();
        let policy = policy();
        for account in [&policy.account, &policy.savings] {
            bank.create(account).await.unwrap();
        }
        bank.add_process_manager(policy.clone()).await.unwrap();
        bank.deposit(&policy.account, Money::new(2_000).unwrap()).await.unwrap();
        assert_eq!(bank.check_balance(&policy.account).await.unwrap().minor_units(), 1_800);
        assert_eq!(bank.check_balance(&policy.savings).await.unwrap().minor_units(), 200);
        let transfers = bank.transfers(Position::START, 9, None).await.unwrap();
        assert_eq!(transfers.len(), 1);
        assert_eq!(transfers[0].state_at(Moment::NOW), Some(TransferState::Ended(Ending::Settled)));
    }
}
