//! Books the rows of a plan.

use std::pin::Pin;

use foldhash::HashSet;
use uuid::Uuid;

use super::errors::LoadError;
use super::known::{ToDo, would_be_released};
use super::plan::{Plan, PlannedRow, creation_id};
use super::report::{Known, Loaded};
use super::rows_in_flight::{RowsInFlight, Sent, SentRow};
use crate::bank::queries::stream_of;
use crate::bank::{
    Account, AccountCommand, AccountEvent, AccountId, Bank, Moment, NewAccount, NotTransferred, Unavailable,
};
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::log::{Fingerprint, Metadata};
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
        let mut in_flight = RowsInFlight::new(self, end, Loaded { unread: plan.unread, ..Loaded::default() });
        let mut sender = Sender::new(self, creates, effects);
        let booked = sender.send_all(plan.rows, &mut in_flight, |landed| tell(landed, total)).await;
        if let Err(reason) = booked {
            return Err(LoadError::Stopped { loaded: Box::new(in_flight.into_loaded()), reason });
        }
        tell(total, total);
        self.catch_up().await?;
        Ok(in_flight.into_loaded())
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
    /// The same for rows with ids, with a fingerprint in whose place theirs come.
    sender_of_named: Metadata,
    creates: bool,
    effects: bool,
    /// The accounts that are there, or are being created.
    there: HashSet<AccountId>,
}

/// What is known of the rows of a page, while those of the page before are sent.
type LookedUp = Pin<Box<dyn Future<Output = Result<Vec<Option<Committed<AccountEvent>>>, Unavailable>> + Send>>;

impl<'a> Sender<'a> {
    fn new(bank: &'a Bank, creates: bool, effects: bool) -> Self {
        let unwaiting = bank.with_consistency(Consistency::Eventual);
        let sender = bank.start_conversation().metadata().clone();
        let sender = if effects { sender } else { sender.without_effects() };
        let sender_of_named = sender.clone().with_fingerprint(Fingerprint::of(&[]));
        Self { bank, unwaiting, sender, sender_of_named, creates, effects, there: HashSet::default() }
    }

    /// Sends all rows, and takes their outcomes. `tell` gets the number of those that have theirs.
    async fn send_all(
        &mut self,
        rows: Vec<PlannedRow>,
        in_flight: &mut RowsInFlight<'_>,
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
        in_flight: &mut RowsInFlight<'_>,
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
        let known = match &to_do {
            ToDo::Nothing(known) => Some(known.clone()),
            ToDo::SendAgain => self.released_again(&planned, in_flight).await?.map(Known::Released),
            ToDo::Send | ToDo::Wait => None,
        };
        if let Some(known) = known {
            in_flight.add(Sent::Known { row: planned.row, known });
            return in_flight.wait_for([None, None]).await;
        }
        let content = match named {
            Some((name, content)) if name == planned.command_id => Some(content),
            // A transfer that is tried again has another id, which is part of what it says.
            _ => planned.named_content(),
        };
        let command = planned.take_command();
        let (account, payee) = (&planned.row.account, planned.row.payee());
        if self.creates && to_do != ToDo::Wait {
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
        // What is answered is waited for, so that the next row finds it answered.
        let has_answer = payee.is_none() && self.effects && self.bank.may_be_answered(&command);
        let waits = has_answer || payee.is_some();
        let bank = if waits { self.bank } else { &self.unwaiting };
        let sender = if content.is_some() { &self.sender_of_named } else { &self.sender };
        let metadata = planned.metadata(content, sender);
        // Not looked up once more: if another program books the same row meanwhile, the store says so.
        let origin = if payee.is_none() { Origin::Here(metadata) } else { Origin::Outside(metadata) };
        let pending = bank.send(command, origin).await?;
        let PlannedRow { row, .. } = planned;
        let payee = row.payee().cloned();
        in_flight.add(Sent::Row(SentRow { line: row.line, account: row.account, payee, named, pending }));
        if has_answer { in_flight.land_all().await } else { Ok(()) }
    }

    async fn create(&mut self, account: &AccountId, in_flight: &mut RowsInFlight<'_>) -> Result<(), Unavailable> {
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

    /// Why a transfer that was released before would be released again. Waits for what may change that.
    async fn released_again(
        &self,
        planned: &PlannedRow,
        in_flight: &mut RowsInFlight<'_>,
    ) -> Result<Option<NotTransferred>, Unavailable> {
        let Some(payee) = planned.row.payee() else { return Ok(None) };
        if self.creates && self.bank.lacks(payee) {
            return Ok(None);
        }
        let payer = &planned.row.account;
        in_flight.wait_for([Some(payer), Some(payee)]).await?;
        in_flight.wait_for_rows_of(payer).await?;
        in_flight.wait_for_rows_of(payee).await?;
        let payer: Account = self.bank.state_up_to(&stream_of(payer), Moment::NOW).await?;
        let payee: Account = self.bank.state_up_to(&stream_of(payee), Moment::NOW).await?;
        Ok(would_be_released(planned, &payer, &payee))
    }
}

/// The command that creates an account for its rows, in a dry run.
pub(super) fn creation(account: &AccountId) -> AccountCommand {
    AccountCommand::create(account.clone(), account.into())
}
