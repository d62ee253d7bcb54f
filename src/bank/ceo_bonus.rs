//! Company policy: of every deposit, the CEO gets a hundredth.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::{Account, AccountCommand, AccountEvent, AccountId, Money, Refusal};
use crate::engine::event::{Metadata, RecordedEvent};
use crate::engine::event_handler::Starts;
use crate::engine::process_manager::{ProcessManager, id_of_answer};
use crate::engine::store::{EventStore, StoreError};

/// As long as less than this was paid in bonuses, the next deposit earns one: the last may go over.
const ENOUGH: u64 = 100_000;

/// A hundredth, rounded down, of each deposit into another account.
#[derive(Clone, Debug)]
pub struct CeoBonus {
    account: AccountId,
    paid: Paid,
    /// Told to the filter, so that no deposit wakes the process up for nothing once enough was paid.
    is_enough: Arc<AtomicBool>,
    note: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Paid {
    paid: u64,
}

impl CeoBonus {
    /// Bonuses for this account; none is paid yet.
    pub fn new(account: AccountId) -> Self {
        Self { account, paid: Paid::default(), is_enough: Arc::default(), note: None }
    }

    fn set_paid(&mut self, paid: u64) {
        self.paid = Paid { paid };
        self.is_enough.store(paid >= ENOUGH, Ordering::Relaxed);
    }

    /// The bonus that an event has paid, in minor units: a deposit whose command answers one that is stored.
    async fn paid_by<S>(event: &RecordedEvent<AccountEvent>, store: &S) -> Result<u64, StoreError>
    where
        S: EventStore<AccountEvent>,
    {
        let Metadata { command_id, causation_id, .. } = event.metadata;
        let AccountEvent::MoneyDeposited { amount, .. } = &event.data else { return Ok(0) };
        if causation_id == command_id {
            return Ok(0);
        }
        let causes = store.read_command(causation_id).await?;
        let mut causes = causes.iter().flat_map(|causes| causes.iter());
        let is_bonus = causes.any(|cause| {
            matches!(cause.data, AccountEvent::MoneyDeposited { .. }) && id_of_answer::<Self>(cause) == command_id
        });
        Ok(if is_bonus { amount.minor_units() } else { 0 })
    }

    /// What a deposit earns.
    fn hundredth(amount: Money) -> Option<Money> {
        Money::new(amount.minor_units() / 100).ok()
    }
}

/// The bonuses that a log tells of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PaidBonuses(Paid);

impl PaidBonuses {
    /// Counts those among events that are stored. What goes beyond enough makes no difference.
    pub(super) async fn count<S>(&mut self, events: &[RecordedEvent<AccountEvent>], store: &S) -> Result<(), StoreError>
    where
        S: EventStore<AccountEvent>,
    {
        for event in events {
            if self.0.paid < ENOUGH {
                self.0.paid += CeoBonus::paid_by(event, store).await?;
            }
        }
        Ok(())
    }

    /// What the process remembers that has paid them.
    pub(super) fn state(self) -> Option<Box<str>> {
        serde_json::to_string(&self.0).ok().map(String::into_boxed_str)
    }
}

impl ProcessManager for CeoBonus {
    const NAME: &'static str = "CEO bonus";
    const TITLE: &'static str = "CEO Bonus";
    const STARTS: Starts = Starts::AtTheEnd;
    type Aggregate = Account;

    fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
        let (bonus_account, is_enough) = (self.account.clone(), self.is_enough.clone());
        move |event| match &event.data {
            AccountEvent::MoneyDeposited { account_id, amount } => {
                !is_enough.load(Ordering::Relaxed) && Self::hundredth(*amount).is_some() && *account_id != bonus_account
            }
            _ => false,
        }
    }

    fn react(&self, event: &RecordedEvent<AccountEvent>) -> Option<AccountCommand> {
        match &event.data {
            AccountEvent::MoneyDeposited { account_id, amount }
                if *account_id != self.account && self.paid.paid < ENOUGH =>
            {
                let (account_id, amount) = (self.account.clone(), Self::hundredth(*amount)?);
                Some(AccountCommand::DepositMoney { account_id, amount })
            }
            _ => None,
        }
    }

    fn accepted(&mut self, command: &AccountCommand) {
        if let AccountCommand::DepositMoney { amount, .. } = command {
            self.set_paid(self.paid.paid + amount.minor_units());
            self.note = None;
        }
    }

    fn refused(&mut self, _: &AccountCommand, refusal: &Refusal) -> Option<AccountCommand> {
        self.note = Some(match refusal {
            Refusal::NoAccount => format!("there is no account {:?} yet: no bonus", self.account),
            other => format!("no bonus for {:?}: {other}", self.account),
        });
        None
    }

    fn state(&self) -> Option<Box<str>> {
        PaidBonuses(self.paid).state()
    }

    fn restore(&mut self, state: &str) {
        // What cannot be read was written by another version, and counted from nothing there too.
        let Paid { paid } = serde_json::from_str(state).unwrap_or_default();
        self.set_paid(paid);
    }

    fn note(&self) -> Option<String> {
        self.note.clone()
    }
}
