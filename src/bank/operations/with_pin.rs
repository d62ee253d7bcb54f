//! Commands that need a PIN: it is checked outside the account, and the account weighs what came of it.

use crate::bank::errors::Unavailable;
use crate::bank::{Account, AccountCommand, AccountEvent, AccountId, Bank, PendingCommand, Pin, PinVerifier, Refusal};
use crate::engine::domain::{Aggregate, Command as _};
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::log::{StreamId, Version};
use crate::engine::runtime::Origin;
use crate::engine::store::EventStore as _;

/// How often a PIN is checked for one command: a second time if the account was created after the first, and
/// never a third time, for what an account keeps of its PIN does not change.
const MAX_CHECKS: u32 = 2;

/// What is known of an account before its PIN is checked.
enum Kept {
    /// It was created with a PIN, or without one, and that stays so.
    Account(Option<PinVerifier>),
    /// It does not exist yet; a command on its way may create it.
    NoAccount,
}

impl Bank {
    /// Sends a command with a PIN and does not wait for what becomes of it. The PIN is checked first; a command
    /// that needs none is sent as it is.
    ///
    /// Where the account does not exist yet, this waits until the command is decided: if the account is created
    /// just then, the PIN is checked once more before anything else is sent.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the PIN could not be checked, or the command was not taken.
    pub async fn send_with_pin(
        &self,
        mut command: AccountCommand,
        pin: Option<Pin>,
        origin: impl Into<Origin>,
    ) -> Result<PendingCommand, Unavailable> {
        let (origin, consistency) = (origin.into(), self.consistency());
        match (pin, command.pin_check_mut()) {
            (Some(pin), Some(_)) => self.check_and_send(command, pin, origin, consistency).await,
            (None, _) | (_, None) => self.send_as(command, origin, consistency).await,
        }
    }

    /// The same with a PIN that has to be checked.
    pub(in crate::bank) async fn check_and_send(
        &self,
        mut command: AccountCommand,
        pin: Pin,
        origin: Origin,
        consistency: Consistency,
    ) -> Result<PendingCommand, Unavailable> {
        for _ in 0..MAX_CHECKS {
            let kept = self.kept_of(command.target()).await?;
            let verifier = if let Kept::Account(verifier) = &kept { verifier.clone() } else { None };
            let checked = self.own.pins.check(pin.clone(), verifier).await?;
            if let Some(proof) = command.pin_check_mut() {
                *proof = Some(checked);
            }
            let pending = self.send_as(command.clone(), origin.clone(), consistency).await?;
            if matches!(kept, Kept::Account(_)) {
                return Ok(pending);
            }
            let pending = pending.decided().await;
            if !pending.is_refused_for(Refusal::OutdatedPinCheck) {
                return Ok(pending);
            }
        }
        Err(Unavailable::Busy)
    }

    /// How many PINs have been checked so far; one is checked for accounts too that have none or do not exist.
    pub fn pin_checks(&self) -> u64 {
        self.own.pins.checks()
    }

    /// What is kept of an account's PIN, from the event that created it.
    async fn kept_of(&self, account: &AccountId) -> Result<Kept, Unavailable> {
        let stream = StreamId::new(Account::CATEGORY, account);
        let read = self.store().read_stream(&stream, Version::START, 1).await;
        let events = self.or_unavailable(read).await?;
        Ok(match events.first().map(|event| &event.data) {
            None => Kept::NoAccount,
            Some(AccountEvent::AccountCreated { account_holder, .. }) => {
                Kept::Account(account_holder.pin_verifier().cloned())
            }
            Some(_) => Kept::Account(None),
        })
    }
}
