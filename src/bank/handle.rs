//! The handle that programs use.

use std::sync::Arc;

use super::errors::{CommandFailure, OpenError, Unavailable};
use super::pin_checker::PinChecker;
use super::{
    Account, AccountCommand, AccountEvent, Accounts, Balances, Options, PendingCommand, Receipt, Refusal, Store,
    TotalDeposits,
};
use crate::engine::checkpoints::{Checkpoints, Consistency, MAX_WAIT};
use crate::engine::clock::Clock;
use crate::engine::command_handler::{CommandError, CommandHandler};
use crate::engine::event::{Metadata, Position};
use crate::engine::id_source::IdSource;
use crate::engine::projection::{self, Projection, Projections, ReadModel};
use crate::engine::store::memory::MemoryStore;
use crate::engine::store::{Committed, EventStore, StoreError};
use crate::engine::supervisor::{StopReason, Supervisor};

/// An open bank. Cheap to clone, and made to be shared by many tasks.
///
/// It runs on the tokio runtime it was opened on. Dropping the last handle closes it.
///
/// ```
/// use cqrs_bank::bank::{AccountId, Bank, Money, Store};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bank = Bank::open(Store::Memory).await?;
/// let wolfman = AccountId::new("Wolfman")?;
/// bank.create(&wolfman).await?;
/// bank.deposit(&wolfman, Money::new(100)?).await?;
/// assert_eq!(bank.check_balance(&wolfman).await?.minor_units(), 100);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Bank {
    pub(super) inner: Arc<Inner>,
    consistency: Consistency,
}

#[derive(Debug)]
pub(super) struct Inner {
    kind: Store,
    store: MemoryStore<AccountEvent>,
    commands: CommandHandler<Account>,
    checkpoints: Checkpoints,
    pub(super) balances: ReadModel<Balances>,
    pub(super) accounts: ReadModel<Accounts>,
    pub(super) total_deposits: ReadModel<TotalDeposits>,
    pub(super) pins: Arc<PinChecker>,
    ids: IdSource,
    supervisor: Supervisor,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.supervisor.stop(StopReason::Closed);
    }
}

impl Bank {
    /// Opens a bank.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: what stands in the way.
    #[expect(clippy::unused_async, reason = "stores outside this process are waited for")]
    pub async fn open(options: impl Into<Options>) -> Result<Self, OpenError> {
        let Options { store: kind, seed, limits, pins } = options.into();
        let clock = Arc::new(seed.map_or(Clock::System, Clock::simulated));
        let ids = match seed {
            Some(seed) => IdSource::seeded(clock.clone(), seed),
            None => IdSource::random(clock.clone()),
        };
        let supervisor = Supervisor::new();
        let checkpoints = Checkpoints::new();
        let store = match kind {
            Store::Memory => MemoryStore::start(&supervisor),
        };
        let mut projections = Projections::new(checkpoints.clone());
        let (balances, accounts, total_deposits) = (projections.add(), projections.add(), projections.add());
        projections.start(store.clone(), &supervisor);
        let pins = PinChecker::new(pins, seed);
        let commands = CommandHandler::start(store.clone(), clock, limits, &supervisor);
        let inner =
            Inner { kind, store, commands, checkpoints, balances, accounts, total_deposits, pins, ids, supervisor };
        Ok(Self { inner: Arc::new(inner), consistency: Consistency::Strong })
    }

    /// The store the bank was opened on.
    pub fn store(&self) -> &Store {
        &self.inner.kind
    }

    /// The same bank through a handle that waits for the handlers, or does not.
    pub fn with_consistency(&self, consistency: Consistency) -> Self {
        let inner = self.inner.clone();
        Self { inner, consistency }
    }

    /// Starts a projection of one's own: over everything that has happened, then live. From now on, strong
    /// consistency waits for it too.
    pub fn add_projection<P: Projection<AccountEvent>>(&self) -> ReadModel<P> {
        projection::start(self.inner.store.clone(), &self.inner.checkpoints, &self.inner.supervisor)
    }

    /// A new conversation: the ids under which the next command and all it causes will be known.
    pub fn start_conversation(&self) -> Metadata {
        Metadata::from_outside(self.inner.ids.next())
    }

    /// What has stopped the bank, if anything but [`Bank::close`] has.
    pub fn failure(&self) -> Option<Unavailable> {
        self.inner.supervisor.reason().map(unavailable).filter(|unavailable| *unavailable != Unavailable::Closed)
    }

    /// Sends a command and does not wait for what becomes of it.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the command was not taken.
    pub async fn send(&self, command: AccountCommand, metadata: Metadata) -> Result<PendingCommand, Unavailable> {
        match self.inner.commands.send(command, metadata).await {
            Ok(pending) => Ok(PendingCommand::new(self.clone(), pending)),
            Err(_) => Err(unavailable(self.inner.supervisor.stopped().await)),
        }
    }

    /// Closes the bank for all its handles, when everything sent before has been handled and seen.
    ///
    /// It is closed even if the future is dropped before it is done.
    pub async fn close(&self) {
        let bank = self.clone();
        let closing = tokio::spawn(async move {
            // However this ends, nobody shall wait for a bank that takes no more commands.
            let _stop = StopOnDrop(&bank.inner.supervisor);
            bank.inner.commands.close().await;
            if let Ok(end) = bank.inner.store.end().await {
                bank.seen_by_all(end).await;
            }
        });
        // An error says that the runtime is going down, and the bank with it.
        let _ = closing.await;
    }

    pub(super) fn event_store(&self) -> &MemoryStore<AccountEvent> {
        &self.inner.store
    }

    /// When the store does not answer, the supervisor knows why.
    pub(super) async fn or_unavailable<T>(&self, answer: Result<T, StoreError>) -> Result<T, Unavailable> {
        match answer {
            Ok(answer) => Ok(answer),
            Err(StoreError::Closed) => Err(unavailable(self.inner.supervisor.stopped().await)),
        }
    }

    /// Why the bank answers nothing any more, if that is so.
    pub(super) fn still_open(&self) -> Result<(), Unavailable> {
        self.inner.supervisor.reason().map_or(Ok(()), |reason| Err(unavailable(reason)))
    }

    pub(super) async fn handle(&self, command: AccountCommand) -> Result<Receipt, CommandFailure> {
        match self.inner.commands.send(command, self.start_conversation()).await {
            Ok(pending) => self.outcome(pending.outcome().await).await,
            Err(error) => Err(self.command_failure(error).await),
        }
    }

    pub(super) async fn outcome(
        &self,
        answer: Result<Committed<AccountEvent>, CommandError<Refusal>>,
    ) -> Result<Receipt, CommandFailure> {
        match answer {
            Ok(events) => Ok(self.receipt(events).await),
            Err(error) => Err(self.command_failure(error).await),
        }
    }

    async fn receipt(&self, events: Committed<AccountEvent>) -> Receipt {
        let lagging = match (self.consistency, events.last()) {
            (Consistency::Strong, Some(last)) => self.seen_by_all(last.position).await,
            _ => Vec::new(),
        };
        Receipt::new(events, lagging)
    }

    /// Waits for the handlers, and not for those that have stopped. Answers who lags.
    async fn seen_by_all(&self, position: Position) -> Vec<&'static str> {
        let checkpoints = &self.inner.checkpoints;
        if checkpoints.have_passed(position) {
            return Vec::new();
        }
        tokio::select! {
            lagging = checkpoints.wait(position, MAX_WAIT) => lagging,
            _ = self.inner.supervisor.stopped() => checkpoints.lagging(position),
        }
    }

    async fn command_failure(&self, error: CommandError<Refusal>) -> CommandFailure {
        match error {
            CommandError::Refused(refusal) => CommandFailure::Refused(refusal),
            CommandError::Conflict(_) => Unavailable::Busy.into(),
            CommandError::Panicked { message } => Unavailable::Defect(message).into(),
            CommandError::Store(_) | CommandError::Stopped => unavailable(self.inner.supervisor.stopped().await).into(),
        }
    }
}

struct StopOnDrop<'a>(&'a Supervisor);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.stop(StopReason::Closed);
    }
}

fn unavailable(reason: StopReason) -> Unavailable {
    match reason {
        StopReason::Closed => Unavailable::Closed,
        stopped => Unavailable::Stopped(stopped),
    }
}
