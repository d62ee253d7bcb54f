//! What would happen to the rows of a plan: the accounts decide on copies of their states.

use foldhash::HashMap;
use uuid::Uuid;

use super::booking::creation;
use super::errors::LoadError;
use super::known::{ToDo, would_be_released};
use super::plan::{Plan, PlannedRow};
use super::report::{Known, Loaded, NotBooked, WhyNotBooked};
use crate::bank::{
    Account, AccountCommand, AccountEvent, AccountId, Bank, CeoBonus, Incoming, Money, NotTransferred, Outgoing,
    PaidBonuses, Refusal, ReleaseReason, Unavailable,
};
use crate::engine::domain::{Aggregate, Command as _};
use crate::engine::log::{Fingerprint, Moment, Position, StreamId};
use crate::engine::process_manager::state_up_to;
use crate::engine::store::{Committed, EventStore as _, MAX_READ};

impl Bank {
    /// What would become of the rows if they were booked now, and nothing else meanwhile.
    pub(super) async fn would_book(
        &self,
        mut plan: Plan,
        creates: bool,
        effects: bool,
        tell: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<Loaded, LoadError> {
        self.catch_up().await?;
        let end = self.store().end().await;
        let end = self.or_unavailable(end).await?;
        let bonus = if effects { self.bonuses(end).await? } else { None };
        let total = plan.rows.len() as u64;
        let mut trial = Trial {
            bank: self,
            end,
            creates,
            bonus,
            accounts: HashMap::default(),
            named: HashMap::default(),
            loaded: Loaded { unread: plan.unread, ..Loaded::default() },
        };
        for rows in plan.rows.chunks_mut(MAX_READ) {
            let ids = rows.iter().map(|planned| planned.command_id).collect();
            let known = self.store().read_commands(ids).await;
            let known = self.or_unavailable(known).await?;
            for (planned, known) in rows.iter_mut().zip(known) {
                trial.book(planned, known).await?;
            }
            tell(trial.loaded.rows, total);
        }
        Ok(trial.loaded)
    }

    /// The policy of this bank, if it pays bonuses, and what was paid.
    async fn bonuses(&self, end: Position) -> Result<Option<(CeoBonus, PaidBonuses)>, Unavailable> {
        let Some(policy) = self.parts.ceo_bonus.clone() else { return Ok(None) };
        let policy = policy.reading(self.parts.accounts.clone());
        let paid = state_up_to(&policy, self.store(), end).await;
        Ok(Some((policy, self.or_unavailable(paid).await?)))
    }
}

/// A load on copies of the accounts.
struct Trial<'a> {
    bank: &'a Bank,
    /// The end of the log.
    end: Position,
    creates: bool,
    /// The bonuses that the rows earn.
    bonus: Option<(CeoBonus, PaidBonuses)>,
    accounts: HashMap<AccountId, Account>,
    /// What the rows say that would be stored and that their file names, which may name one twice.
    named: HashMap<Uuid, Fingerprint>,
    loaded: Loaded,
}

impl Trial<'_> {
    async fn book(
        &mut self,
        planned: &mut PlannedRow,
        known: Option<Committed<AccountEvent>>,
    ) -> Result<(), Unavailable> {
        let named = planned.named_content().map(|content| (planned.command_id, content));
        let to_do = match named.and_then(|(name, content)| Some(*self.named.get(&name)? == content)) {
            Some(true) => ToDo::Nothing(Known::Booked),
            Some(false) => ToDo::Nothing(Known::OtherContent),
            None => self.bank.look_back(planned, known, self.end).await?,
        };
        let (row, command) = (&planned.row, planned.command());
        let known = match &to_do {
            ToDo::Nothing(known) => Some(known.clone()),
            // What its end will be is not known.
            ToDo::Wait => Some(Known::Booked),
            ToDo::Send | ToDo::SendAgain => None,
        };
        if let Some(known) = known {
            self.loaded.known(row.line, &row.account, known);
            return Ok(());
        }
        for account in [Some(&row.account), row.payee()].into_iter().flatten() {
            self.load(account, self.creates).await?;
        }
        if to_do == ToDo::SendAgain
            && let Some(payee) = row.payee()
            && let (Some(payer), Some(payee)) = (self.accounts.get(&row.account), self.accounts.get(payee))
            && let Some(reason) = would_be_released(planned, payer, payee)
        {
            self.loaded.known(row.line, &row.account, Known::Released(reason));
            return Ok(());
        }
        let decided = self.decide(&command);
        if let Some((name, content)) = named.filter(|_| decided.is_ok()) {
            self.named.insert(name, content);
        }
        let why = match decided {
            Err(refusal) => Some(WhyNotBooked::Refused(refusal)),
            Ok(Some(AccountEvent::AccountOverdrawn { balance, .. })) => Some(WhyNotBooked::Overdrawn { balance }),
            Ok(Some(AccountEvent::MoneyReserved(outgoing))) => {
                self.transfer(&outgoing).err().map(WhyNotBooked::NotTransferred)
            }
            Ok(Some(AccountEvent::MoneyDeposited { account_id, amount, .. })) => {
                self.pay_bonus(&account_id, amount).await?;
                None
            }
            Ok(_) => None,
        };
        match why {
            None => self.loaded.booked(false),
            Some(why) => self.loaded.not_booked(NotBooked { line: row.line, account: row.account.clone(), why }),
        }
        Ok(())
    }

    /// Pays the bonus that a deposit earns, if its account can take it.
    async fn pay_bonus(&mut self, account_id: &AccountId, amount: Money) -> Result<(), Unavailable> {
        let earned = self.bonus.as_ref().and_then(|(policy, paid)| policy.earned(paid, account_id, amount));
        let Some((bonus_account, bonus)) = earned.map(|(account, bonus)| (account.clone(), bonus)) else {
            return Ok(());
        };
        self.load(&bonus_account, false).await?;
        let is_paid = self.decide(&AccountCommand::deposit(bonus_account, bonus)).is_ok();
        if let Some((_, paid)) = self.bonus.as_mut().filter(|_| is_paid) {
            paid.add(bonus);
        }
        Ok(())
    }

    /// Loads an account, and creates it if it is missing and that was asked for.
    async fn load(&mut self, account: &AccountId, creates: bool) -> Result<(), Unavailable> {
        let is_missing = match self.accounts.get(account) {
            Some(loaded) => loaded.balance().is_none(),
            None => {
                let stream = StreamId::new(Account::CATEGORY, account);
                let state: Account = self.bank.state_up_to(&stream, Moment::NOW).await?;
                let is_missing = state.balance().is_none();
                self.accounts.insert(account.clone(), state);
                is_missing
            }
        };
        if is_missing && creates && self.decide(&creation(account)).is_ok() {
            self.loaded.created += 1;
        }
        Ok(())
    }

    /// Lets an account decide. Returns its first event.
    fn decide(&mut self, command: &AccountCommand) -> Result<Option<AccountEvent>, Refusal> {
        let account = self.accounts.entry(command.target().clone()).or_default();
        let events = account.execute(command)?;
        events.iter().for_each(|event| account.apply(event));
        Ok(events.into_iter().next())
    }

    /// The steps of a transfer after its reservation.
    fn transfer(&mut self, outgoing: &Outgoing) -> Result<(), NotTransferred> {
        let Outgoing { account_id, transfer_id, .. } = outgoing.clone();
        let incoming = Incoming::of(outgoing.clone());
        let refusal = match self.decide(&AccountCommand::CreditTransfer(Box::new(incoming))) {
            Ok(_) => {
                // An account never refuses to settle what it has reserved.
                let _ = self.decide(&AccountCommand::SettleTransfer { account_id, transfer_id });
                return Ok(());
            }
            Err(refusal) => refusal,
        };
        let reason = ReleaseReason::of_refused_credit(&refusal);
        let _ = self.decide(&AccountCommand::ReleaseTransfer { account_id, transfer_id, reason });
        Err(reason.into())
    }
}
