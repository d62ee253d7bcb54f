//! What would happen to the rows of a plan: the accounts decide on copies of their states.

use foldhash::HashMap;
use uuid::Uuid;

use super::booking::creation;
use super::errors::LoadError;
use super::plan::{Plan, PlannedRow};
use super::report::{Loaded, NotBooked, WhyNotBooked};
use crate::bank::{
    Account, AccountCommand, AccountEvent, AccountId, Bank, Incoming, NotTransferred, Outgoing, Refusal, ReleaseReason,
    Unavailable,
};
use crate::engine::domain::{Aggregate, Command as _};
use crate::engine::log::{Metadata, Moment, StreamId};
use crate::engine::store::{EventStore as _, MAX_READ};

impl Bank {
    /// What would become of the rows if they were booked now, and nothing else meanwhile. Bonuses are left out.
    pub(super) async fn would_book(
        &self,
        plan: Plan,
        creates: bool,
        tell: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<Loaded, LoadError> {
        self.catch_up().await?;
        let total = plan.rows.len() as u64;
        let mut trial = Trial {
            bank: self,
            creates,
            accounts: HashMap::default(),
            named: HashMap::default(),
            loaded: Loaded::default(),
        };
        for rows in plan.rows.chunks(MAX_READ) {
            let ids = rows.iter().map(|planned| planned.command_id).collect();
            let known = self.store().read_commands(ids).await;
            let known = self.or_unavailable(known).await?;
            for (planned, known) in rows.iter().zip(known) {
                let known = known.and_then(|events| events.first().map(|event| event.metadata.clone()));
                trial.book(planned, known.as_ref()).await?;
            }
            tell(trial.loaded.rows, total);
        }
        Ok(trial.loaded)
    }
}

/// A load on copies of the accounts.
struct Trial<'a> {
    bank: &'a Bank,
    creates: bool,
    accounts: HashMap<AccountId, Account>,
    /// The commands that would be stored and are named by their file, which may name one twice.
    named: HashMap<Uuid, Metadata>,
    loaded: Loaded,
}

impl Trial<'_> {
    async fn book(&mut self, planned: &PlannedRow, known: Option<&Metadata>) -> Result<(), Unavailable> {
        let mut command = planned.command();
        let row = &planned.row;
        let not_booked = |why| NotBooked { line: row.line, account: row.account.clone(), why };
        if let Some(known) = known.or(self.named.get(&planned.command_id)) {
            match planned.is_same_as(&command, known) {
                true => self.loaded.booked(true),
                false => self.loaded.not_booked(not_booked(WhyNotBooked::OtherContent), false),
            }
            return Ok(());
        }
        for account in [Some(&row.account), row.payee()].into_iter().flatten() {
            self.load(account).await?;
        }
        if let Some(pin) = command.pin_check_mut() {
            *pin = self.bank.vouched_pin(&row.account).await?;
        }
        let decided = self.decide(&command);
        if row.id.is_some() && decided.is_ok() {
            let nobody = Metadata::from_outside(planned.command_id);
            self.named.insert(planned.command_id, planned.metadata(&command, &nobody));
        }
        match decided {
            Err(refusal) => self.loaded.not_booked(not_booked(WhyNotBooked::Refused(refusal)), false),
            Ok(Some(AccountEvent::AccountOverdrawn { balance, .. })) => {
                self.loaded.not_booked(not_booked(WhyNotBooked::Overdrawn { balance }), false);
            }
            Ok(Some(AccountEvent::MoneyReserved(outgoing))) => match self.transfer(&outgoing) {
                Ok(()) => self.loaded.booked(false),
                Err(reason) => self.loaded.not_booked(not_booked(WhyNotBooked::NotTransferred(reason)), false),
            },
            Ok(_) => self.loaded.booked(false),
        }
        Ok(())
    }

    /// Loads an account, and creates it if it is missing and that was asked for.
    async fn load(&mut self, account: &AccountId) -> Result<(), Unavailable> {
        if self.accounts.contains_key(account) {
            return Ok(());
        }
        let stream = StreamId::new(Account::CATEGORY, account);
        let state: Account = self.bank.state_up_to(&stream, Moment::NOW).await?;
        let is_missing = state.balance().is_none();
        self.accounts.insert(account.clone(), state);
        if is_missing && self.creates && self.decide(&creation(account)).is_ok() {
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
        let Outgoing { account_id, transfer_id, payee, amount, details } = outgoing.clone();
        let incoming = Incoming { account_id: payee, transfer_id, payer: account_id.clone(), amount, details };
        let refused = match self.decide(&AccountCommand::CreditTransfer(Box::new(incoming))) {
            Ok(_) => {
                // An account never refuses to settle what it has reserved.
                let _ = self.decide(&AccountCommand::SettleTransfer { account_id, transfer_id });
                return Ok(());
            }
            Err(Refusal::BalanceLimit) => (ReleaseReason::BalanceLimit, NotTransferred::BalanceLimit),
            Err(_) => (ReleaseReason::NoPayee, NotTransferred::NoPayee),
        };
        let (reason, not_transferred) = refused;
        let _ = self.decide(&AccountCommand::ReleaseTransfer { account_id, transfer_id, reason });
        Err(not_transferred)
    }
}
