//! A custom projection over the bank's events: `cargo run --example own_projection`.
//!
//! It counts the declined payments of each account. The tests below include a given/when/then test of the rule it relies on:
//! `cargo test --example own_projection`.

use std::error::Error;

use cqrs_bank::bank::{AccountEvent, AccountId, Bank, Money, StoreUrl};
use cqrs_bank::engine::log::RecordedEvent;
use cqrs_bank::engine::projection::{Projection, RowMap, StoredFields, rows};

/// The number of declined payments of each account.
#[derive(Default)]
struct Declines {
    counts: RowMap<AccountId, u32>,
}

impl Projection<AccountEvent> for Declines {
    const NAME: &'static str = "declines";
    /// Stores the counts in the bank's file. Without this line, they are counted again at each start.
    const ROWS: Option<StoredFields<Self>> = rows!(1; counts);

    fn project(&mut self, event: &RecordedEvent<AccountEvent>) {
        if let AccountEvent::AccountOverdrawn { account_id, .. } = &event.data {
            *self.counts.get_or_insert_with(account_id.clone(), || 0) += 1;
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    let bank = Bank::open(StoreUrl::Memory).await?;
    let (wolfman, dracula) = (AccountId::new("Wolfman")?, AccountId::new("Dracula")?);
    for account in [&wolfman, &dracula] {
        bank.create(account).await?;
        bank.withdraw(account, Money::new(5)?).await?;
    }

    // The projection sees past events and new ones.
    let declines = bank.add_projection::<Declines>().await?;
    bank.withdraw(&dracula, Money::new(7)?).await?;
    declines.read(|declines| {
        for (account, count) in declines.counts.iter() {
            println!("{account}: {count}");
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cqrs_bank::bank::{Account, AccountCommand, Balance, DeclinedDetails};
    use cqrs_bank::engine::testing::given;

    #[test]
    fn a_payment_beyond_the_balance_is_declined() {
        let account_id = AccountId::new("Wolfman").unwrap();
        let created = AccountEvent::AccountCreated { account_id: account_id.clone(), account_holder: "Wolfman".into() };
        let amount = Money::new(5).unwrap();
        given::<Account>([created]).when(&AccountCommand::withdrawal(account_id.clone(), amount)).then([
            AccountEvent::AccountOverdrawn {
                account_id,
                balance: Balance::ZERO,
                amount_requested: amount,
                declined: DeclinedDetails::NONE,
            },
        ]);
    }

    #[tokio::test]
    async fn past_and_new_declines_are_counted() {
        let bank = Bank::open(StoreUrl::Memory).await.unwrap();
        let account = AccountId::new("Wolfman").unwrap();
        let amount = Money::new(5).unwrap();
        bank.create(&account).await.unwrap();
        bank.withdraw(&account, amount).await.unwrap();
        let declines = bank.add_projection::<Declines>().await.unwrap();
        bank.withdraw(&account, amount).await.unwrap();
        bank.deposit(&account, amount).await.unwrap();
        bank.withdraw(&account, amount).await.unwrap();
        assert_eq!(declines.read(|declines| declines.counts.get(&account).copied()), Some(2));
    }
}
