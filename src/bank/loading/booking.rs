//! Books the rows of a plan.

use std::pin::Pin;

use foldhash::{HashMap, HashSet};
use uuid::Uuid;

use super::errors::LoadError;
use super::in_flight::{InFlight, Sent, SentRow};
use super::known::ToDo;
use super::plan::{Plan, PlannedRow, creation_id};
use super::report::{Known, Loaded};
use crate::bank::{AccountCommand, AccountEvent, AccountId, Bank, NewAccount, PinCheck, Unavailable};
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::log::Metadata;
use crate::engine::runtime::Origin;
use crate::engine::store::{Committed, EventStore as _, MAX_READ};

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
        let booked = sender.send_all(plan.rows, &mut in_flight, |landed| tell(landed, total)).await;
        if let Err(reason) = booked {
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
    /// Has the details of all rows: who sends them, and whether they have effects.
    sender: Metadata,
    creates: bool,
    effects: bool,
    /// The accounts that are there, or are being created.
    there: HashSet<AccountId>,
    pins: HashMap<AccountId, Option<Box<PinCheck>>>,
}

/// What is known of the rows of a page, while those of the page before are sent.
type LookedUp = Pin<Box<dyn Future<Output = Result<Vec<Option<Committed<AccountEvent>>>, Unavailable>> + Send>>;

impl<'a> Sender<'a> {
    fn new(bank: &'a Bank, creates: bool, effects: bool) -> Self {
        let unwaiting = bank.with_consistency(Consistency::Eventual);
        let sender = bank.start_conversation().metadata().clone();
        let sender = if effects { sender } else { sender.without_effects() };
        Self { bank, unwaiting, sender, creates, effects, there: HashSet::default(), pins: HashMap::default() }
    }

    /// Sends all rows, and takes their outcomes. `tell` gets the number of those that have theirs.
    async fn send_all(
        &mut self,
        rows: Vec<PlannedRow>,
        in_flight: &mut InFlight<'_>,
        mut tell: impl FnMut(u64) + Send,
    ) -> Result<(), Unavailable> {
        let mut next = self.look_up(rows.iter());
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let known = next.await?;
            let page = known.len();
            next = self.look_up(rows.as_slice()[page..].iter());
            for (planned, known) in rows.by_ref().take(page).zip(known) {
                self.send(planned, known, in_flight).await?;
            }
            tell(in_flight.landed());
        }
        in_flight.land_all().await
    }

    /// Begins to look up the next rows: those that were booked before are stored.
    fn look_up<'r>(&self, rows: impl Iterator<Item = &'r PlannedRow>) -> LookedUp {
        let ids: Vec<Uuid> = rows.take(MAX_READ).map(|planned| planned.command_id).collect();
        let bank = self.bank.clone();
        let reading = self.bank.supervisor().runtime().spawn(async move {
            let known = bank.store().read_commands(ids).await;
            bank.or_unavailable(known).await
        });
        Box::pin(async move { reading.await.unwrap_or_else(|ended| Err(Unavailable::Defect(ended.to_string()))) })
    }

    async fn send(
        &mut self,
        mut planned: PlannedRow,
        known: Option<Committed<AccountEvent>>,
        in_flight: &mut InFlight<'_>,
    ) -> Result<(), Unavailable> {
        let named = planned.named_content().map(|content| (planned.command_id, content));
        let repeated = match named {
            Some((name, content)) => in_flight.stored_under(name).await?.map(|stored| match stored == content {
                true => Known::Booked,
                false => Known::OtherContent,
            }),
            None => None,
        };
        let to_do = match repeated {
            Some(repeated) => ToDo::Nothing(repeated),
            None => self.bank.look_back(&mut planned, known, in_flight.end()).await?,
        };
        if let ToDo::Nothing(known) = to_do {
            in_flight.add(Sent::Known { row: planned.row, known });
            return in_flight.wait_for([None, None]).await;
        }
        let (account, payee) = (&planned.row.account, planned.row.payee());
        let mut command = planned.command();
        if self.creates && to_do == ToDo::Send {
            for account in [Some(account), payee].into_iter().flatten() {
                self.create(account, in_flight).await?;
            }
        }
        in_flight.wait_for([Some(account), payee]).await?;
        if let Some(payee) = payee {
            // Where another program runs the transfers, it would credit the payee before those of its rows that met a
            // conflict and are decided again.
            in_flight.wait_for_rows_of(payee).await?;
        }
        if let Some(pin) = command.pin_check_mut() {
            *pin = self.vouched_pin(account).await?;
        }
        // What is answered is waited for, so that the next row finds it answered.
        let has_answer = payee.is_none() && self.effects && self.bank.may_be_answered(&command);
        let waits = has_answer || payee.is_some();
        let bank = if waits { self.bank } else { &self.unwaiting };
        let metadata = planned.metadata(&command, &self.sender);
        // Not looked up once more: if another program books the same row meanwhile, the store says so.
        let origin = if payee.is_none() { Origin::Here(metadata) } else { Origin::Outside(metadata) };
        let pending = bank.send(command, origin).await?;
        let PlannedRow { row, .. } = planned;
        let payee = row.payee().cloned();
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
        let command_id = creation_id(account);
        let metadata = self.sender.with_ids(command_id, command_id, command_id);
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
    AccountCommand::create(account.clone(), account.into())
}
