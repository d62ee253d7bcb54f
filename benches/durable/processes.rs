//! What a process manager costs on a file: a transfer, and a deposit that earns a bonus, against a plain deposit.

use std::path::Path;
use std::time::{Duration, Instant};

use cqrs_bank::bank::{AccountId, Bank, Money, Options, StoreUrl};

use crate::directory;
use crate::report::{Bar, Unit, print_table};
use crate::whole_bank::on_current_thread;

/// How many of each, one after the other, of 100: a bonus is 1.
const COMMANDS: u32 = 2_000;

const ROUNDS: usize = 5;

/// A transfer may cost so many times as much as a deposit.
const TRANSFER: f64 = 5.0;

/// A deposit that earns a bonus may cost so many times as much as one that does not.
const WITH_BONUS: f64 = 3.0;

/// Measures, prints, and answers with the bars.
pub(crate) fn run() -> Vec<Bar> {
    let directory = directory();
    let mut best = [Duration::MAX; 3];
    for round in 0..ROUNDS {
        for (kind, best) in [Kind::Deposit, Kind::WithBonus, Kind::Transfer].into_iter().zip(&mut best) {
            let took = measure(&directory.path().join(format!("{kind:?}-{round}.db")), kind);
            *best = took.min(*best);
        }
    }
    let times = |took: Duration| took.as_secs_f64() / best[0].as_secs_f64();
    let row = |name: &str, took: Duration| {
        [
            name.to_owned(),
            format!("{:.0}", took.as_secs_f64() * 1e6 / f64::from(COMMANDS)),
            format!("{:.2}", times(took)),
        ]
    };
    print_table(
        ["one after the other, on a file", "µs each", "x deposit"],
        &[row("deposits", best[0]), row("deposits, each with a bonus", best[1]), row("transfers", best[2])],
    );
    vec![
        Bar::at_most("a deposit with a bonus against a deposit, on a file", WITH_BONUS, times(best[1]), Unit::Times),
        Bar::at_most("a transfer against a deposit, on a file", TRANSFER, times(best[2]), Unit::Times),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Deposit,
    WithBonus,
    Transfer,
}

fn measure(path: &Path, kind: Kind) -> Duration {
    on_current_thread(
        async move |path| {
            let ceo = AccountId::new("CEO").unwrap();
            let (payer, payee) = (AccountId::new("payer").unwrap(), AccountId::new("payee").unwrap());
            let ceo_bonus = (kind == Kind::WithBonus).then(|| ceo.clone());
            let options = Options { ceo_bonus, ..StoreUrl::Sqlite(path).into() };
            let bank = Bank::open(options).await.unwrap();
            for account in [&ceo, &payer, &payee] {
                bank.create(account).await.unwrap();
            }
            bank.deposit(&payer, Money::new(u64::from(COMMANDS) * 100).unwrap()).await.unwrap();
            let amount = Money::new(100).unwrap();
            let start = Instant::now();
            for _ in 0..COMMANDS {
                match kind {
                    Kind::Deposit | Kind::WithBonus => drop(bank.deposit(&payer, amount).await.unwrap()),
                    Kind::Transfer => drop(bank.transfer(&payer, &payee, amount, None).await.unwrap()),
                }
            }
            let elapsed = start.elapsed();
            bank.close().await;
            elapsed
        },
        path.to_owned(),
    )
}
