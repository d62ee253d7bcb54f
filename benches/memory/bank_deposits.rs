//! This bank through its public API, deposits only, with its handlers off or on.

use std::fmt;
use std::time::{Duration, Instant};

use cqrs_bank::bank::{AccountId, EmailTarget, Money, Options};

use crate::prepared_bank::{PreparedBank, on_current_thread};
use crate::workload::Workload;

/// How many deposits are on their way at once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// One after the other.
    Sequential,
    /// Many.
    InFlight,
}

/// Which handlers run besides those that every bank has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handlers {
    /// None.
    None,
    /// All there are, and they have nothing to do: no account has an address, and enough bonuses were paid.
    Idle,
    /// All there are, and each deposit earns the CEO a bonus.
    Paying,
}

/// The bonuses that are paid at the most, as long as each of them is 1.
pub(crate) const ENOUGH: u32 = 100_000;

impl Pace {
    pub(crate) const ALL: [Self; 2] = [Self::Sequential, Self::InFlight];

    /// Carries out the workload's commands; answers with the time that they took.
    pub(crate) async fn handle(self, prepared: &PreparedBank, workload: &Workload) -> Duration {
        let start = Instant::now();
        match self {
            Self::InFlight => prepared.handle_in_flight(workload.commands.iter().copied()).await,
            Self::Sequential => {
                for request in &workload.commands {
                    prepared.handle(*request).await;
                }
            }
        }
        start.elapsed()
    }
}

impl Handlers {
    pub(crate) const ALL: [Self; 3] = [Self::None, Self::Idle, Self::Paying];

    fn options(self) -> Options {
        if self == Self::None {
            return Options::default();
        }
        // Nothing is ever written there.
        let outbox: EmailTarget = "outbox/".parse().unwrap();
        Options { ceo_bonus: Some(ceo()), email: Some(outbox), ..Options::default() }
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sequential => "sequential",
            Self::InFlight => "256 in flight",
        })
    }
}

impl fmt::Display for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "",
            Self::Idle => ", all handlers on",
            Self::Paying => ", each with a bonus",
        })
    }
}

/// Runs the workload's deposits; answers with the time that they took, bonuses included.
pub(crate) fn run(workload: Workload, pace: Pace, handlers: Handlers) -> Duration {
    let workload = workload.into_deposits();
    on_current_thread(async move {
        let mut prepared = PreparedBank::for_workload_with(handlers.options(), &workload).await;
        prepared.create(ceo().as_str()).await;
        if handlers == Handlers::Idle {
            prepared.create("a rich one").await;
            let (rich, bank) = (prepared.accounts.last().unwrap(), &prepared.bank);
            bank.deposit(rich, Money::new(ENOUGH * 100).unwrap()).await.unwrap();
        }
        let elapsed = pace.handle(&prepared, &workload).await;
        prepared.assert_balances("bank with deposits", &workload);
        let bonuses = match handlers {
            Handlers::None => 0,
            Handlers::Idle => u64::from(ENOUGH),
            Handlers::Paying => workload.commands.len() as u64,
        };
        assert_eq!(prepared.bank.check_balance(&ceo()).await.unwrap().minor_units(), bonuses as i64, "in bonuses");
        elapsed
    })
}

fn ceo() -> AccountId {
    AccountId::new("CEO").unwrap()
}
