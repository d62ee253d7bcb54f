//! Operations of a bank.

use std::borrow::Cow;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin as Pinned;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use uuid::Uuid;

use super::receipt::SentCommand;
use crate::bank::account::{CHANGE_PIN, CREATE_ACCOUNT, TRANSFER_MONEY};
use crate::bank::errors::{CommandFailure, Unavailable};
use crate::bank::handle::BankParts;
use crate::bank::{AccountCommand, AccountId, Bank, BookingDetails, Money, NewAccount, PendingCommand, Pin, Receipt};
use crate::engine::application::Sending;
use crate::engine::domain::Command as _;
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::log::Metadata;
use crate::engine::runtime::Origin;

/// A command to be sent, with `T` as its outcome and `E` as its error. Awaiting the operation sends the command and
/// waits until its events are stored. Under strong consistency, it also waits until the handlers have seen the events,
/// and until a transfer has ended, in whichever process.
///
/// ```
/// # use cqrs_bank::bank::{AccountId, Bank, Money, StoreUrl};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (bank, wolfman) = (Bank::open(StoreUrl::Memory).await?, AccountId::new("Wolfman")?);
/// bank.create(&wolfman).await?;
/// let conversation = bank.start_conversation();
/// let correlation_id = conversation.metadata().correlation_id();
/// let sent = bank.deposit(&wolfman, Money::new(100)?).metadata(conversation).send().await?;
/// let receipt = sent.outcome().await?;
/// assert_eq!(receipt.events()[0].metadata.correlation_id(), correlation_id);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent before this is awaited"]
pub struct Operation<'a, T, E> {
    bank: &'a Bank,
    kind: OperationKind,
    origin: Option<Origin>,
    consistency: Consistency,
    interpret: InterpretReceipt<T, E>,
}

/// Converts the receipt of a command into the outcome of an operation.
pub(in crate::bank) type InterpretReceipt<T, E> = fn(&BankParts, Receipt) -> Result<T, E>;

/// The kinds of operations, which differ in what happens before the command is sent.
#[derive(Debug)]
pub(in crate::bank) enum OperationKind {
    /// Sends the command as it is.
    Command(AccountCommand),
    /// Makes a verifier of the PIN first.
    Creation(NewAccount),
    /// Checks the PIN first.
    WithPin(AccountCommand, Pin),
    /// Makes a verifier of the new PIN first, and checks the old one, if it was given.
    NewPin { account_id: AccountId, pin: Option<Pin>, new_pin: Pin },
    /// Takes the transfer's id from the command, and checks the PIN, if any.
    Transfer { payer: AccountId, payee: AccountId, amount: Money, details: BookingDetails, pin: Option<Pin> },
}

impl<T, E> fmt::Debug for Operation<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").field("kind", &self.kind).field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl<'a, T, E> Operation<'a, T, E> {
    pub(in crate::bank) fn new(bank: &'a Bank, kind: OperationKind, interpret: InterpretReceipt<T, E>) -> Self {
        Self { bank, kind, origin: None, consistency: bank.consistency(), interpret }
    }

    pub(in crate::bank) fn kind_mut(&mut self) -> &mut OperationKind {
        &mut self.kind
    }

    /// Waits for no handlers.
    pub fn eventual(self) -> Self {
        Self { consistency: Consistency::Eventual, ..self }
    }

    /// Sends the command under an id of the caller's choice; see [`Bank::send`].
    pub fn command_id(self, command_id: Uuid) -> Self {
        self.metadata(Metadata::from_outside(command_id))
    }

    /// Sends the command in a conversation that was [started
    /// before](crate::engine::application::Application::start_conversation), or with other metadata.
    pub fn metadata(self, origin: impl Into<Origin>) -> Self {
        Self { origin: Some(origin.into()), ..self }
    }

    /// The command's title in the trace.
    pub fn title(&self) -> Cow<'static, str> {
        match &self.kind {
            OperationKind::Command(command) | OperationKind::WithPin(command, _) => command.title(),
            OperationKind::Creation(_) => CREATE_ACCOUNT.into(),
            OperationKind::NewPin { .. } => CHANGE_PIN.into(),
            OperationKind::Transfer { .. } => TRANSFER_MONEY.into(),
        }
    }

    /// The account that decides on the command.
    pub fn account(&self) -> &AccountId {
        match &self.kind {
            OperationKind::Command(command) | OperationKind::WithPin(command, _) => command.target(),
            OperationKind::Creation(account) => &account.account_id,
            OperationKind::NewPin { account_id, .. } => account_id,
            OperationKind::Transfer { payer, .. } => payer,
        }
    }

    /// The command, if it is sent as it is; `None` if something else comes first, such as the check of a PIN.
    pub fn into_command(self) -> Option<AccountCommand> {
        match self.kind {
            OperationKind::Command(command) => Some(command),
            OperationKind::Creation(_)
            | OperationKind::WithPin(..)
            | OperationKind::NewPin { .. }
            | OperationKind::Transfer { .. } => None,
        }
    }

    /// Sends the command without waiting for its outcome.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if a PIN could not be checked or its verifier not be made, or if the bank did not accept the
    /// command.
    pub async fn send(self) -> Result<PendingOperation<T, E>, Unavailable> {
        let (bank, interpret) = (self.bank, self.interpret);
        let pending = bank.pending(self.offer()?.sent().await?);
        Ok(PendingOperation { pending, parts: bank.parts.clone(), interpret })
    }

    /// Sends the command. If a PIN must be checked or the queue is full, the caller still has to wait.
    fn offer(self) -> Result<Sending<'a, SentCommand>, Unavailable> {
        let Self { bank, kind, origin, consistency, .. } = self;
        let origin = origin.unwrap_or_else(|| bank.start_conversation().into());
        let (command, pin) = match kind {
            OperationKind::Command(command) => (command, None),
            OperationKind::Creation(account) => {
                return Ok(Sending::Waiting(Box::pin(async move {
                    let command = bank.creation(account).await?;
                    bank.offer(command, origin, consistency)?.sent().await
                })));
            }
            OperationKind::NewPin { account_id, pin, new_pin } => {
                let sent = bank.send_new_pin(account_id, pin, new_pin, origin, consistency);
                return Ok(Sending::Waiting(Box::pin(sent)));
            }
            OperationKind::WithPin(command, pin) => (command, Some(pin)),
            OperationKind::Transfer { payer, payee, amount, details, pin } => {
                let mut command = AccountCommand::begin_transfer(&payer, &payee, amount, origin.metadata());
                command.set_details(details);
                (command, pin)
            }
        };
        match pin {
            None => bank.offer(command, origin, consistency),
            Some(pin) => Ok(Sending::Waiting(Box::pin(bank.check_and_send(command, pin, origin, consistency)))),
        }
    }
}

impl<'a, T: 'static, E: From<CommandFailure> + From<Unavailable> + 'static> IntoFuture for Operation<'a, T, E> {
    type Output = Result<T, E>;
    type IntoFuture = AwaitedOperation<'a, T, E>;

    fn into_future(self) -> AwaitedOperation<'a, T, E> {
        AwaitedOperation { bank: self.bank, interpret: self.interpret, stage: Stage::Unsent(Some(self)) }
    }
}

/// The future of an [`Operation`]. Written by hand: an `async` block would hold the command once for each function that it
/// passes through, and copy it as often.
#[must_use = "nothing is sent before this is awaited"]
pub struct AwaitedOperation<'a, T, E> {
    bank: &'a Bank,
    interpret: InterpretReceipt<T, E>,
    stage: Stage<'a, T, E>,
}

enum Stage<'a, T, E> {
    /// `None` once sending has begun.
    Unsent(Option<Operation<'a, T, E>>),
    Sending(Pinned<Box<dyn Future<Output = Result<SentCommand, Unavailable>> + Send + 'a>>),
    Sent(SentCommand),
}

impl<T, E> fmt::Debug for AwaitedOperation<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwaitedOperation").finish_non_exhaustive()
    }
}

impl<T: 'static, E: From<CommandFailure> + From<Unavailable> + 'static> Future for AwaitedOperation<'_, T, E> {
    type Output = Result<T, E>;

    fn poll(self: Pinned<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T, E>> {
        let Self { bank, interpret, stage } = self.get_mut();
        loop {
            *stage = match stage {
                Stage::Unsent(operation) => {
                    #[expect(clippy::expect_used, reason = "a future is not polled after it was ready")]
                    let operation = operation.take().expect("an operation that has failed is not polled again");
                    match operation.offer()? {
                        Sending::Sent(sent) => Stage::Sent(sent),
                        Sending::Waiting(sent) => Stage::Sending(sent),
                    }
                }
                Stage::Sending(sent) => Stage::Sent(ready!(sent.as_mut().poll(context))?),
                Stage::Sent(sent) => {
                    let receipt = ready!(sent.poll_outcome(bank.application.base(), context))?;
                    return Poll::Ready(interpret(&bank.parts, receipt));
                }
            };
        }
    }
}

/// An operation whose command was sent. Dropping it does not cancel the command. It does not keep the bank open.
pub struct PendingOperation<T, E> {
    pending: PendingCommand,
    parts: Arc<BankParts>,
    interpret: InterpretReceipt<T, E>,
}

impl<T, E> fmt::Debug for PendingOperation<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PendingOperation").field(&self.pending).finish()
    }
}

impl<T, E: From<CommandFailure>> PendingOperation<T, E> {
    /// Waits for the outcome, as awaiting the [`Operation`] does.
    ///
    /// # Errors
    ///
    /// Why the operation failed.
    pub async fn outcome(self) -> Result<T, E> {
        (self.interpret)(&self.parts, self.pending.await?)
    }

    /// Waits likewise, and returns the receipt of the command.
    ///
    /// # Errors
    ///
    /// [`CommandFailure`]: why the command led to no events.
    pub async fn receipt(self) -> Result<Receipt, CommandFailure> {
        self.pending.await
    }
}
