//! The handle that programs use.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::timeout;

use super::errors::{CommandFailure, Unavailable};
use super::pin_checker::PinChecker;
use super::receipt::Seen;
use super::transfer::begun_transfer;
use super::{
    Account, AccountCommand, AccountEvent, Accounts, Balances, PendingCommand, Receipt, Refusal, StoreUrl,
    TotalDeposits, Transfers,
};
use crate::engine::checkpoints::{Checkpoints, Consistency, MAX_WAIT};
use crate::engine::clock::Clock;
use crate::engine::command_handler::{CommandError, CommandHandler, Unanswered};
use crate::engine::event::{Metadata, Position, RecordedEvent};
use crate::engine::event_handler::{HandlerControl, RetryPolicy};
use crate::engine::id_source::IdSource;
use crate::engine::lease::Lease;
use crate::engine::projection::{ProjectionsControl, ReadModel};
use crate::engine::store::{Committed, EventStore as _, Store, StoreError};
use crate::engine::supervisor::{StopReason, Supervisor};

/// How long closing waits for handlers to finish what they are at.
const HANDLERS_FINISH: Duration = Duration::from_millis(500);

/// An open bank. Cheap to clone, and made to be shared by many tasks.
///
/// It runs on the tokio runtime it was opened on. Dropping the last handle closes it.
///
/// ```
/// use cqrs_bank::bank::{AccountId, Bank, Money, StoreUrl};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bank = Bank::open(StoreUrl::Memory).await?;
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
    pub(super) consistency: Consistency,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) url: StoreUrl,
    pub(super) store: Store<AccountEvent>,
    pub(super) commands: CommandHandler<Account>,
    pub(super) checkpoints: Checkpoints,
    pub(super) balances: ReadModel<Balances>,
    pub(super) accounts: ReadModel<Accounts>,
    pub(super) total_deposits: ReadModel<TotalDeposits>,
    pub(super) transfers: ReadModel<Transfers>,
    pub(super) pins: Arc<PinChecker>,
    pub(super) handlers: Mutex<Vec<HandlerControl>>,
    pub(super) ids: IdSource,
    /// Events of a stream from one snapshot to the next.
    pub(super) snapshot_every: u64,
    pub(super) supervisor: Supervisor,
    pub(super) projections: ProjectionsControl<AccountEvent>,
    pub(super) clock: Arc<Clock>,
    /// How often handlers try.
    pub(super) retry: RetryPolicy,
    /// The right to run the handlers of this bank.
    pub(super) lease: Lease,
    /// Held while events are imported, or a handler is added.
    pub(super) importing: Arc<tokio::sync::Mutex<()>>,
    /// No more commands from outside are taken.
    pub(super) closing: AtomicBool,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.supervisor.stop(StopReason::Closed);
    }
}

impl Bank {
    /// The store the bank was opened on.
    pub fn store(&self) -> &StoreUrl {
        &self.inner.url
    }

    /// The same bank through a handle that waits for the handlers, or does not.
    pub fn with_consistency(&self, consistency: Consistency) -> Self {
        let inner = self.inner.clone();
        Self { inner, consistency }
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
        if self.inner.closing.load(Ordering::Acquire) {
            return Err(Unavailable::Closed);
        }
        match self.inner.commands.send(command, metadata).await {
            Ok(pending) => Ok(PendingCommand::new(self.clone(), pending)),
            Err(_) => Err(unavailable(self.inner.supervisor.stopped().await)),
        }
    }

    /// Closes the bank for all its handles, when everything sent before has been handled and seen, and when the
    /// processes that had been set going by then have ended. What others do with the store meanwhile is not waited for.
    /// A file that no other program has open is then all there is of the bank: it may be copied, moved or sent.
    ///
    /// It is closed even if the future is dropped before it is done.
    pub async fn close(&self) {
        let bank = self.clone();
        let closing = tokio::spawn(async move {
            // However this ends, nobody shall wait for a bank that takes no more commands.
            let stop = StopOnDrop(&bank.inner.supervisor);
            let Inner { commands, lease, projections, supervisor, .. } = bank.inner.as_ref();
            bank.inner.closing.store(true, Ordering::Release);
            commands.flush().await;
            // What is not there is what has stopped the bank then.
            let _ = bank.in_place().await;
            let _imported = bank.inner.importing.lock().await;
            bank.settle().await;
            // What handlers send has to be answered, so they stop first.
            let have_stopped = lease.end(HANDLERS_FINISH).await;
            commands.close().await;
            if !have_stopped {
                lease.end(HANDLERS_FINISH).await;
            }
            bank.seen_by_projections().await;
            supervisor.will_close();
            projections.keep_rows().await;
            lease.give_up();
            drop(stop);
            supervisor.ended().await;
        });
        // An error says that the runtime is going down, and the bank with it.
        let _ = closing.await;
    }

    /// Waits until the handlers have done what they can with what has happened by now, and with what process managers
    /// make of it.
    pub(super) async fn settle(&self) {
        let settled = async {
            if let Ok(end) = self.inner.store.end().await {
                // When time is up, what is left undone is said where the bank is opened again, or lost with it.
                self.inner.checkpoints.settle(end, MAX_WAIT).await;
            }
        };
        tokio::select! {
            () = settled => {}
            _ = self.inner.supervisor.stopped() => {}
        }
    }

    /// Waits until the projections have seen what has happened by now.
    async fn seen_by_projections(&self) {
        let seen = async {
            if let Ok(end) = self.inner.store.end().await {
                self.inner.checkpoints.projections_have_passed(end).await;
            }
        };
        tokio::select! {
            // What they have not seen they see when the bank is opened again.
            _ = timeout(MAX_WAIT, seen) => {}
            _ = self.inner.supervisor.stopped() => {}
        }
    }

    pub(super) fn event_store(&self) -> &Store<AccountEvent> {
        &self.inner.store
    }

    /// When the store does not answer, the supervisor knows why.
    pub(super) async fn or_unavailable<T>(&self, answer: Result<T, StoreError>) -> Result<T, Unavailable> {
        match answer {
            Ok(answer) => Ok(answer),
            Err(StoreError::Closed) => Err(unavailable(self.inner.supervisor.stopped().await)),
            Err(failed) => Err(Unavailable::Store(failed)),
        }
    }

    /// Why the bank answers nothing any more, if that is so.
    pub(super) fn still_open(&self) -> Result<(), Unavailable> {
        self.inner.supervisor.reason().map_or(Ok(()), |reason| Err(unavailable(reason)))
    }

    pub(super) async fn handle(&self, command: AccountCommand) -> Result<Receipt, CommandFailure> {
        if self.inner.closing.load(Ordering::Acquire) {
            return Err(Unavailable::Closed.into());
        }
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
            Err(error) => {
                if matches!(error, CommandError::Refused(_)) {
                    self.decision_seen().await;
                }
                Err(self.command_failure(error).await)
            }
        }
    }

    /// Whoever hears of a decision that has led to no events asks next about what it was made on. All of that is known to
    /// the store by now. Where the read models do not come to it in time, the decision stands all the same.
    async fn decision_seen(&self) {
        let _ = self.caught_up().await;
    }

    async fn receipt(&self, events: Committed<AccountEvent>) -> Receipt {
        let up_to = events.last().map_or(Position::START, |last| last.position);
        if events.is_empty() {
            self.decision_seen().await;
        }
        let seen = match events.last() {
            // In a box: a caller should not carry along the room for a wait that is mostly not needed.
            Some(last) if !self.is_seen(&events, last) => Box::pin(self.seen(&events, last)).await,
            _ => Seen { up_to, lagging: Vec::new() },
        };
        Receipt::new(events, seen)
    }

    /// Whether there is nothing to wait for.
    fn is_seen(&self, events: &[RecordedEvent<AccountEvent>], last: &RecordedEvent<AccountEvent>) -> bool {
        let checkpoints = &self.inner.checkpoints;
        self.consistency == Consistency::Eventual
            || checkpoints.have_passed(last.position)
                && checkpoints.conversation_goes_on_to(last.metadata.correlation_id).is_none()
                && begun_transfer(events).is_none()
    }

    async fn seen(&self, events: &[RecordedEvent<AccountEvent>], last: &RecordedEvent<AccountEvent>) -> Seen {
        let seen = self.conversation_seen(last.metadata, last.position).await;
        self.transfer_seen(events, seen).await
    }

    /// Waits until the handlers have seen an event and all that process managers have made of it.
    pub(super) async fn conversation_seen(&self, conversation: Metadata, mut up_to: Position) -> Seen {
        let correlation_id = conversation.correlation_id;
        loop {
            let lagging = self.seen_by_all(up_to).await;
            match self.inner.checkpoints.conversation_goes_on_to(correlation_id) {
                Some(further) if lagging.is_empty() && further > up_to => up_to = further,
                _ => return Seen { up_to, lagging },
            }
        }
    }

    /// Waits for the handlers, and not for those that have stopped. Answers who lags.
    pub(super) async fn seen_by_all(&self, position: Position) -> Vec<&'static str> {
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
            CommandError::IdTaken { .. } => Unavailable::Defect(error.to_string()).into(),
            CommandError::OutcomeUnknown { command_id, reason: Unanswered::Store(reason) } => {
                Unavailable::OutcomeUnknown { command_id, reason }.into()
            }
            CommandError::OutcomeUnknown { command_id, reason: Unanswered::Stopped } => {
                let reason = match Box::pin(self.inner.supervisor.stopped()).await {
                    StopReason::StoreFailed { message } => message,
                    stopped => unavailable(stopped).to_string(),
                };
                Unavailable::OutcomeUnknown { command_id, reason }.into()
            }
            CommandError::Store(StoreError::Closed) | CommandError::Stopped => {
                unavailable(Box::pin(self.inner.supervisor.stopped()).await).into()
            }
            CommandError::Store(failed) => Unavailable::Store(failed).into(),
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
