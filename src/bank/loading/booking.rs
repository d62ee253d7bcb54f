//! Books the rows of a plan.

use foldhash::{HashMap, HashSet};

use super::errors::LoadError;
use super::in_flight::{InFlight, Sent, SentRow};
use super::plan::{Plan, PlannedRow, creation_metadata};
use super::report::Loaded;
use crate::bank::{AccountCommand, AccountId, Bank, NewAccount, PinCheck, Unavailable};
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::store::EventStore as _;

/// Rows between two progress reports.
const REPORT_EVERY: usize = 1_024;

impl Bank {
    pub(super) async fn book(
        &self,
        plan: Plan,
        creates: bool,
        effects: bool,
        tell: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<Loaded, LoadError> {
        let end = self.store().end().await;
        let end = self.or_unavailable(end).await?;
        let total = plan.rows.len() as u64;
        let mut in_flight = InFlight::new(self, end);
        let mut sender = Sender::new(self, creates, effects);
        for (number, planned) in plan.rows.into_iter().enumerate() {
            if number.is_multiple_of(REPORT_EVERY) {
                tell(in_flight.landed(), total);
            }
            if let Err(reason) = sender.send(planned, &mut in_flight).await {
                return Err(LoadError::Stopped { loaded: Box::new(in_flight.into_loaded()), reason });
            }
        }
        if let Err(reason) = in_flight.land_all().await {
            return Err(LoadError::Stopped { loaded: Box::new(in_flight.into_loaded()), reason });
        }
        tell(total, total);
        self.catch_up().await?;
        Ok(in_flight.into_loaded())
    }

    /// The check of the PIN of an account that has one, as the bank vouches for it: loading is its own act. `None` for
    /// other accounts.
    pub(super) async fn vouched_pin(&self, account: &AccountId) -> Result<Option<Box<PinCheck>>, Unavailable> {
        if !self.parts.accounts.read(|accounts| accounts.has_pin(account.as_str())) {
            return Ok(None);
        }
        let verifier = self.verifier_of(account).await?;
        Ok(Some(Box::new(PinCheck { verifier, matches: true })))
    }

    /// Whether an account is missing.
    pub(super) fn lacks(&self, account: &AccountId) -> bool {
        self.parts.balances.read(|balances| balances.balance(account.as_str()).is_none())
    }
}

/// Sends the commands of rows.
struct Sender<'a> {
    bank: &'a Bank,
    /// Waits for nothing but the decision: nothing answers most rows.
    unwaiting: Bank,
    creates: bool,
    effects: bool,
    /// The accounts that are there, or are being created.
    there: HashSet<AccountId>,
    pins: HashMap<AccountId, Option<Box<PinCheck>>>,
}

impl<'a> Sender<'a> {
    fn new(bank: &'a Bank, creates: bool, effects: bool) -> Self {
        let unwaiting = bank.with_consistency(Consistency::Eventual);
        Self { bank, unwaiting, creates, effects, there: HashSet::default(), pins: HashMap::default() }
    }

    async fn send(&mut self, planned: PlannedRow, in_flight: &mut InFlight<'_>) -> Result<(), Unavailable> {
        let (account, payee) = (&planned.row.account, planned.row.payee());
        if self.creates {
            for account in [Some(account), payee].into_iter().flatten() {
                self.create(account, in_flight).await?;
            }
        }
        in_flight.wait_for([Some(account), payee]).await?;
        let mut command = planned.command();
        if let Some(pin) = command.pin_check_mut() {
            *pin = self.vouched_pin(account).await?;
        }
        // What is answered is waited for, so that the next row finds it answered.
        let has_answer = payee.is_none() && self.effects && self.bank.may_be_answered(&command);
        let waits = has_answer || payee.is_some();
        let bank = if waits { self.bank } else { &self.unwaiting };
        let pending = bank.send(command, planned.metadata(self.effects)).await?;
        let PlannedRow { row, command_id } = planned;
        let (payee, named) = (row.payee().cloned(), row.id.as_ref().map(|_| command_id));
        in_flight.add(Sent::Row(SentRow { line: row.line, account: row.account, payee, named, pending }));
        if has_answer { in_flight.land_all().await } else { Ok(()) }
    }

    async fn create(&mut self, account: &AccountId, in_flight: &mut InFlight<'_>) -> Result<(), Unavailable> {
        if self.there.contains(account) {
            return Ok(());
        }
        self.there.insert(account.clone());
        if !self.bank.lacks(account) {
            return Ok(());
        }
        in_flight.wait_for([None, None]).await?;
        let creation = self.bank.creation(NewAccount::from(account)).await?;
        let metadata = creation_metadata(account, self.effects);
        in_flight.add(Sent::Creation(self.unwaiting.send(creation, metadata).await?));
        Ok(())
    }

    async fn vouched_pin(&mut self, account: &AccountId) -> Result<Option<Box<PinCheck>>, Unavailable> {
        if let Some(known) = self.pins.get(account) {
            return Ok(known.clone());
        }
        let pin = self.bank.vouched_pin(account).await?;
        self.pins.insert(account.clone(), pin.clone());
        Ok(pin)
    }
}

/// The command that creates an account for its rows, in a dry run.
pub(super) fn creation(account: &AccountId) -> AccountCommand {
    let account_holder = crate::bank::AccountHolder::from(account);
    AccountCommand::CreateAccount { account_id: account.clone(), account_holder }
}
