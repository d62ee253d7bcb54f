//! Commands that need a PIN: it is checked outside the account, and the account weighs what came of it.

use super::errors::{CommandFailure, Unavailable};
use super::{
    Account, AccountCommand, AccountEvent, AccountId, Bank, PendingCommand, Pin, PinVerifier, Receipt, Refusal,
};
use crate::engine::aggregate::{Aggregate, Command as _};
use crate::engine::event::{Metadata, StreamId, Version};

/// How often a PIN is checked for one command. A second time is needed only when the account was created after
/// the first; a third never is.
const MAX_CHECKS: u32 = 3;

/// A command that was sent with a PIN, and what it takes to send it again.
#[derive(Debug)]
pub(super) struct WithPin {
    command: AccountCommand,
    pin: Pin,
    metadata: Metadata,
}

impl Bank {
    /// Sends a command with a PIN and does not wait for what becomes of it. The PIN is checked first; a command
    /// that needs none is sent as it is.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the PIN could not be checked, or the command was not taken.
    pub async fn send_with_pin(
        &self,
        mut command: AccountCommand,
        pin: Option<Pin>,
        metadata: Metadata,
    ) -> Result<PendingCommand, Unavailable> {
        let (Some(pin), Some(_)) = (pin, command.pin_check_mut()) else {
            return self.send(command, metadata).await;
        };
        self.check_pin(&mut command, &pin).await?;
        let pending = self.send(command.clone(), metadata).await?;
        Ok(pending.with_pin(WithPin { command, pin, metadata }))
    }

    /// How many PINs have been checked so far; one is checked for accounts too that have none or do not exist.
    pub fn pin_checks(&self) -> u64 {
        self.inner.pins.checks()
    }

    /// Checks the PIN against what is the account's by now, and sends the command with the new proof.
    pub(super) async fn check_again(&self, with_pin: WithPin) -> Result<Receipt, CommandFailure> {
        let WithPin { mut command, pin, metadata } = with_pin;
        for _ in 1..MAX_CHECKS {
            self.check_pin(&mut command, &pin).await?;
            let outcome = self.handle_as(command.clone(), metadata).await;
            if !matches!(outcome, Err(CommandFailure::Refused(Refusal::OutdatedPinCheck))) {
                return outcome;
            }
        }
        Err(Unavailable::Busy.into())
    }

    async fn check_pin(&self, command: &mut AccountCommand, pin: &Pin) -> Result<(), Unavailable> {
        let kept = self.kept_verifier(command.target()).await?;
        let checked = self.inner.pins.check(pin.clone(), kept).await?;
        if let Some(proof) = command.pin_check_mut() {
            *proof = Some(checked);
        }
        Ok(())
    }

    /// The verifier of an account's PIN, from the event that created it.
    async fn kept_verifier(&self, account: &AccountId) -> Result<Option<PinVerifier>, Unavailable> {
        let stream = StreamId::new(Account::CATEGORY, account);
        let read = self.event_store().read_stream(&stream, Version::START, 1).await;
        let events = self.or_unavailable(read).await?;
        Ok(match events.first().map(|event| &event.data) {
            Some(AccountEvent::AccountCreated { account_holder, .. }) => account_holder.pin_verifier().cloned(),
            _ => None,
        })
    }
}
