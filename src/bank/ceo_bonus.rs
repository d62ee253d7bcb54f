//! Company policy: the CEO gets a hundredth of every deposit.

use serde::{Deserialize, Serialize};

use super::{AccountCommand, AccountEvent, AccountId, Accounts, Currency, Money, Refusal};
use crate::engine::event_handler::StartFrom;
use crate::engine::log::RecordedEvent;
use crate::engine::process_manager::{Answer, Noted, ProcessManager, Reaction};
use crate::engine::projection::ReadModel;

/// No bonus is paid once this much was paid, in whole units of the bank's currency. The last bonus may exceed the limit.
const BONUS_LIMIT: u64 = 100_000;

/// The process manager that pays a hundredth, rounded down, of each deposit into another account.
#[derive(Clone, Debug)]
pub struct CeoBonus {
    /// The account that receives the bonuses. `None` only checks what was paid before.
    account: Option<AccountId>,
    /// Knows the bank's currency. Without it, a bank has whole amounts.
    accounts: Option<ReadModel<Accounts>>,
}

/// The bonuses paid so far, into any account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidBonuses {
    paid: u64,
}

impl PaidBonuses {
    /// Their sum, in minor units.
    pub fn minor_units(self) -> u64 {
        self.paid
    }

    pub(super) fn add(&mut self, bonus: Money) {
        self.paid = self.paid.saturating_add(bonus.minor_units());
    }
}

impl CeoBonus {
    /// Pays bonuses into an account.
    pub fn new(account: AccountId) -> Self {
        Self { account: Some(account), accounts: None }
    }

    /// For a bank that pays no bonuses now but may have paid some.
    pub(super) fn unpaid() -> Self {
        Self { account: None, accounts: None }
    }

    /// The same in a bank whose currency the account list knows.
    pub(super) fn reading(self, accounts: ReadModel<Accounts>) -> Self {
        Self { accounts: Some(accounts), ..self }
    }

    /// The limit in minor units; `None` as long as the currency is not known, when nothing can have been paid either, and
    /// where nothing is paid. The currency is older than any deposit, so that the same log leads to the same bonuses.
    fn limit(&self) -> Option<u64> {
        self.account.as_ref()?;
        let currency = match &self.accounts {
            Some(accounts) => accounts.read(|accounts| accounts.currency())?,
            None => Currency::default(),
        };
        Some(BONUS_LIMIT.saturating_mul(currency.minor_units_of_one()))
    }

    /// Whether a deposit may earn a bonus.
    pub(super) fn may_be_due(&self, account_id: &AccountId, amount: Money) -> bool {
        let is_to_another = |bonus_account: &AccountId| account_id != bonus_account;
        Self::hundredth(amount).is_some() && self.account.as_ref().is_some_and(is_to_another)
    }

    /// The bonus that a deposit earns, and the account it goes to, after these were paid.
    pub(super) fn earned(
        &self,
        paid: &PaidBonuses,
        account_id: &AccountId,
        amount: Money,
    ) -> Option<(&AccountId, Money)> {
        let is_due = self.may_be_due(account_id, amount) && !self.has_ended(paid);
        self.account.as_ref().filter(|_| is_due).zip(Self::hundredth(amount))
    }

    /// The bonus for a deposit; `None` if it rounds down to zero.
    fn hundredth(amount: Money) -> Option<Money> {
        Money::new(amount.minor_units() / 100).ok()
    }
}

impl ProcessManager for CeoBonus {
    const NAME: &'static str = "CEO bonus";
    const TITLE: &'static str = "CEO Bonus";
    const START: StartFrom = StartFrom::Now;
    type Event = AccountEvent;
    type State = PaidBonuses;

    fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
        let bonus = self.clone();
        move |event| match &event.data {
            AccountEvent::MoneyDeposited { account_id, amount, .. } => {
                bonus.may_be_due(account_id, *amount) && event.metadata.has_effects()
            }
            _ => false,
        }
    }

    /// Includes deposits into the bonus account: earlier bonuses may have gone to another account.
    fn remembers(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
        |event| matches!(&event.data, AccountEvent::MoneyDeposited { amount, .. } if Self::hundredth(*amount).is_some())
    }

    fn react(&self, paid: &PaidBonuses, event: &RecordedEvent<AccountEvent>) -> Reaction<AccountEvent> {
        let AccountEvent::MoneyDeposited { account_id, amount, .. } = &event.data else { return Reaction::none() };
        match self.earned(paid, account_id, *amount) {
            Some((bonus_account, amount)) if event.metadata.has_effects() => {
                let account_id = bonus_account.clone();
                let bonus = AccountCommand::deposit(account_id.clone(), amount);
                let no_bonus = move |refusal: &Refusal| match refusal {
                    Refusal::NoAccount => format!("there is no account {account_id:?} yet: no bonus"),
                    other => format!("no bonus for {account_id:?}: {other}"),
                };
                Answer::new(bonus).or_note(no_bonus).into()
            }
            Some(_) | None => Reaction::none(),
        }
    }

    fn apply(bonuses: &mut PaidBonuses, event: Noted<'_, Self>) {
        if let Noted::Outcome(RecordedEvent { data: AccountEvent::MoneyDeposited { amount, .. }, .. }) = event {
            bonuses.add(*amount);
        }
    }

    fn has_ended(&self, bonuses: &PaidBonuses) -> bool {
        self.limit().is_some_and(|limit| bonuses.paid >= limit)
    }
}
