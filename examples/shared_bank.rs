//! Many tasks share one bank: `cargo run --example shared_bank`.

use std::error::Error;

use cqrs_bank::bank::{AccountId, Bank, Money, StoreUrl, Withdrawal};

fn main() -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    let bank = Bank::open(StoreUrl::Memory).await?;
    let wolfman = AccountId::new("Wolfman")?;
    bank.create(&wolfman).await?;
    bank.deposit(&wolfman, Money::new(100)?).await?;

    // Ten tasks withdraw 30 each; the account decides which of them get it.
    let mut tasks = Vec::new();
    for _ in 0..10 {
        let (bank, wolfman, amount) = (bank.clone(), wolfman.clone(), Money::new(30)?);
        tasks.push(tokio::spawn(async move { bank.withdraw(&wolfman, amount).await }));
    }
    let mut paid = 0;
    for task in tasks {
        match task.await?? {
            Withdrawal::Paid(_) => paid += 1,
            Withdrawal::Declined { .. } => {}
            Withdrawal::WrongPin(_) => println!("the PIN was wrong"),
        }
    }

    let balance = bank.check_balance(&wolfman).await?;
    println!("{paid} of 10 withdrawals were paid, and {balance} is left");
    Ok(())
}
