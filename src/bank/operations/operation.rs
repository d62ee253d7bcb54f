//! An operation of a bank, about to be carried out.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin as Pinned;
use std::sync::Arc;

use uuid::Uuid;

use crate::bank::account::{CREATE_ACCOUNT, TRANSFER_MONEY};
use crate::bank::errors::{CommandFailure, Unavailable};
use crate::bank::handle::Own;
use crate::bank::{AccountCommand, AccountId, Bank, Money, NewAccount, PendingCommand, Pin, Receipt};
use crate::engine::domain::Command as _;
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::log::Metadata;
use crate::engine::runtime::Origin;

/// Something that a bank is asked to do. To await it sends the command, and waits until its events are stored and, under
/// strong consistency, seen by all handlers, and until a transfer has ended, whichever program carries it out; what it
/// answers is `T`, or as `E` why it was not done.
///
/// ```
/// # use cqrs_bank::bank::{AccountId, Bank, Money, StoreUrl};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (bank, wolfman) = (Bank::open(StoreUrl::Memory).await?, AccountId::new("Wolfman")?);
/// bank.create(&wolfman).await?;
/// let conversation = bank.start_conversation();
/// let correlation_id = conversation.metadata().correlation_id;
/// let sent = bank.deposit(&wolfman, Money::new(100)?).metadata(conversation).send().await?;
/// let receipt = sent.outcome().await?;
/// assert_eq!(receipt.events()[0].metadata.correlation_id, correlation_id);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent before this is awaited"]
pub struct Operation<'a, T, E> {
    bank: &'a Bank,
    asked: Asked,
    origin: Option<Origin>,
    consistency: Consistency,
    outcome: ToOutcome<T, E>,
}

/// What the receipt of a command means to who asked for it.
pub(in crate::bank) type ToOutcome<T, E> = fn(&Own, Receipt) -> Result<T, E>;

/// What a bank is asked, and what is to be done before an account can decide on it.
#[derive(Debug)]
pub(in crate::bank) enum Asked {
    /// Nothing is.
    Command(AccountCommand),
    /// A verifier is made of the PIN.
    Creation(NewAccount),
    /// The PIN is checked.
    WithPin(AccountCommand, Pin),
    /// It gets the id of its command, and a PIN is checked.
    Transfer { payer: AccountId, payee: AccountId, amount: Money, pin: Option<Pin> },
}

impl<T, E> fmt::Debug for Operation<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").field("asked", &self.asked).field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl<'a, T, E> Operation<'a, T, E> {
    pub(in crate::bank) fn new(bank: &'a Bank, asked: Asked, outcome: ToOutcome<T, E>) -> Self {
        Self { bank, asked, origin: None, consistency: bank.consistency(), outcome }
    }

    /// Waits for no handler.
    pub fn eventual(self) -> Self {
        Self { consistency: Consistency::Eventual, ..self }
    }

    /// Gives the command an id that the caller knows: [`Bank::send`] says what that means.
    pub fn command_id(self, command_id: Uuid) -> Self {
        self.metadata(Metadata::from_outside(command_id))
    }

    /// Gives the command ids that were made before: those of a conversation that
    /// [was begun](crate::engine::application::Application::start_conversation), or such as [`Operation::command_id`]
    /// makes.
    pub fn metadata(self, origin: impl Into<Origin>) -> Self {
        Self { origin: Some(origin.into()), ..self }
    }

    /// What the command is called in the trace.
    pub fn title(&self) -> &'static str {
        match &self.asked {
            Asked::Command(command) | Asked::WithPin(command, _) => command.title(),
            Asked::Creation(_) => CREATE_ACCOUNT,
            Asked::Transfer { .. } => TRANSFER_MONEY,
        }
    }

    /// The account that decides.
    pub fn account(&self) -> &AccountId {
        match &self.asked {
            Asked::Command(command) | Asked::WithPin(command, _) => command.target(),
            Asked::Creation(account) => &account.account_id,
            Asked::Transfer { payer, .. } => payer,
        }
    }

    /// Sends the command and does not wait for what becomes of it.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: a PIN could be neither kept nor checked, or the command was not taken.
    pub async fn send(self) -> Result<PendingOperation<T, E>, Unavailable> {
        let Self { bank, asked, origin, consistency, outcome } = self;
        let origin = origin.unwrap_or_else(|| bank.start_conversation().into());
        let pending = match asked {
            Asked::Command(command) => bank.send_as(command, origin, consistency).await?,
            Asked::Creation(account) => bank.send_as(bank.creation(account).await?, origin, consistency).await?,
            Asked::WithPin(command, pin) => bank.check_and_send(command, pin, origin, consistency).await?,
            Asked::Transfer { payer, payee, amount, pin } => {
                let command = AccountCommand::begin_transfer(&payer, &payee, amount, origin.metadata());
                match pin {
                    None => bank.send_as(command, origin, consistency).await?,
                    Some(pin) => bank.check_and_send(command, pin, origin, consistency).await?,
                }
            }
        };
        Ok(PendingOperation { pending, own: bank.own.clone(), outcome })
    }
}

impl<'a, T: 'static, E: From<CommandFailure> + From<Unavailable> + 'static> IntoFuture for Operation<'a, T, E> {
    type Output = Result<T, E>;
    type IntoFuture = Pinned<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.send().await?.outcome().await })
    }
}

/// An operation on its way. Dropping it does not take the command back. It does not keep the bank open.
pub struct PendingOperation<T, E> {
    pending: PendingCommand,
    own: Arc<Own>,
    outcome: ToOutcome<T, E>,
}

impl<T, E> fmt::Debug for PendingOperation<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PendingOperation").field(&self.pending).finish()
    }
}

impl<T, E: From<CommandFailure>> PendingOperation<T, E> {
    /// Waits for what awaiting the [`Operation`] waits for.
    ///
    /// # Errors
    ///
    /// Why it was not done.
    pub async fn outcome(self) -> Result<T, E> {
        (self.outcome)(&self.own, self.pending.outcome().await?)
    }

    /// The same, told by the events of the command and not by what they mean.
    ///
    /// # Errors
    ///
    /// [`CommandFailure`]: why there are no events.
    pub async fn receipt(self) -> Result<Receipt, CommandFailure> {
        self.pending.outcome().await
    }
}
