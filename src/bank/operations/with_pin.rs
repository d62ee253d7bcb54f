//! Commands that need a PIN: the PIN is checked outside the account, which decides on the result.

use super::receipt::SentCommand;
use crate::bank::errors::Unavailable;
use crate::bank::{
    Account, AccountCommand, AccountEvent, AccountId, Accounts, Bank, PendingCommand, Pin, PinVerifier, Refusal,
    StoredPins,
};
use crate::engine::domain::{Aggregate, Command as _};
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::log::{StreamId, Version};
use crate::engine::runtime::Origin;
use crate::engine::store::EventStore as _;

/// The maximum number of PIN checks for one command. Another check follows if the account was created or its PIN changed
/// after the first.
const MAX_CHECKS: u32 = 4;

/// What is known of an account when its PIN is checked.
enum KnownAccount {
    /// The account exists. Without a verifier, it never has one.
    Created(Option<PinVerifier>),
    /// The account does not exist yet; a queued command may create it.
    Missing,
}

impl Bank {
    /// Checks a PIN and sends a command with the result, without waiting for the outcome. A command that needs no PIN
    /// is sent as it is.
    ///
    /// This waits for the decision, unless the account has no PIN: if the account is created or its PIN changed meanwhile,
    /// the PIN is checked again and the command sent again.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if the PIN could not be checked, or the bank did not accept the command.
    pub async fn send_with_pin(
        &self,
        mut command: AccountCommand,
        pin: Option<Pin>,
        origin: impl Into<Origin>,
    ) -> Result<PendingCommand, Unavailable> {
        let (origin, consistency) = (origin.into(), self.consistency());
        let sent = match (pin, command.pin_check_mut()) {
            (Some(pin), Some(_)) => self.check_and_send(command, pin, origin, consistency).await?,
            (None, _) | (_, None) => self.offer(command, origin, consistency)?.sent().await?,
        };
        Ok(self.pending(sent))
    }

    /// Checks the PIN and sends a command that needs it.
    pub(in crate::bank) async fn check_and_send(
        &self,
        mut command: AccountCommand,
        pin: Pin,
        origin: Origin,
        consistency: Consistency,
    ) -> Result<SentCommand, Unavailable> {
        for check in 0..MAX_CHECKS {
            if check > 0 {
                // Another program may have changed the PIN.
                self.with_consistency(Consistency::Strong).catch_up().await?;
            }
            let account = self.known_account(command.target()).await?;
            let verifier = if let KnownAccount::Created(verifier) = &account { verifier.clone() } else { None };
            let stored_pins = if verifier.is_some() { StoredPins::Some } else { self.stored_pins().await? };
            let pin_check = self.parts.pins.check(pin.clone(), verifier, stored_pins).await?;
            if let Some(slot) = command.pin_check_mut() {
                *slot = Some(Box::new(pin_check));
            }
            let sent = self.offer(command.clone(), origin.clone(), consistency)?.sent().await?;
            if matches!(account, KnownAccount::Created(None)) {
                return Ok(sent);
            }
            let sent = sent.decided().await;
            if !sent.is_refused_for(Refusal::OutdatedPinCheck) {
                return Ok(sent);
            }
        }
        Err(Unavailable::Busy)
    }

    /// Whether every PIN is taken for the right one, as in a [fork](Bank::fork) and in a [rehearsal](Bank::rehearsal). Nothing
    /// counts wrong PINs there, so that they must not tell which one is right.
    pub fn takes_any_pin(&self) -> bool {
        self.parts.pins.takes_any()
    }

    /// The number of PINs checked so far, including those for accounts that have no PIN or do not exist.
    pub fn pin_checks(&self) -> u64 {
        self.parts.pins.checks()
    }

    /// Whether the bank has PINs, which a new secret would not verify.
    pub(in crate::bank) async fn stored_pins(&self) -> Result<StoredPins, Unavailable> {
        // The secret is read only once, so that the answer no longer matters.
        if self.parts.pins.has_secret() {
            return Ok(StoredPins::Some);
        }
        self.with_consistency(Consistency::Strong).catch_up().await?;
        Ok(if self.parts.accounts.read(Accounts::have_pins) { StoredPins::Some } else { StoredPins::None })
    }

    /// Warns if the last account with a PIN got it with another secret than this verifier. That is not refused: it is
    /// all that can be done once a secret is lost.
    pub(in crate::bank) async fn warn_of_another_secret(&self, verifier: &PinVerifier) -> Result<(), Unavailable> {
        let Some(last) = self.parts.accounts.read(Accounts::last_with_pin) else { return Ok(()) };
        if let KnownAccount::Created(Some(known)) = self.known_account(&last).await?
            && known.has_other_secret(verifier)
        {
            tracing::warn!(
                "the PIN of account {:?} was stored with another secret than the current one: no secret verifies both \
                 that PIN and a new one",
                last.as_str()
            );
        }
        Ok(())
    }

    /// Reads an account's verifier from the event that created it, or that changed the PIN last.
    async fn known_account(&self, account: &AccountId) -> Result<KnownAccount, Unavailable> {
        let stream = StreamId::new(Account::CATEGORY, account);
        let changed = self.parts.accounts.read(|accounts| accounts.pin_changed(account.as_str()));
        let before = changed.map_or(Version::START, |version| Version::new(version.get() - 1));
        let read = self.store().read_stream(&stream, before, 1).await;
        let events = self.or_unavailable(read).await?;
        Ok(match events.first().map(|event| &event.data) {
            None => KnownAccount::Missing,
            Some(AccountEvent::AccountCreated { account_holder, .. }) => {
                KnownAccount::Created(account_holder.pin_verifier().cloned())
            }
            Some(AccountEvent::PinChanged { pin_verifier, .. }) => KnownAccount::Created(Some(pin_verifier.clone())),
            Some(_) => KnownAccount::Created(None),
        })
    }
}
