//! Closing accounts, and changing holder, e-mail address and PIN.

use super::operation::{InterpretReceipt, Operation, OperationKind};
use super::receipt::SentCommand;
use crate::bank::account::{AccountChange, Change};
use crate::bank::handle::BankParts;
use crate::bank::standing_errors::{ChangeAccountError, ChangePinError, CloseAccountError};
use crate::bank::{
    AccountCommand, AccountEvent, AccountId, Bank, EmailAddress, HolderName, Pin, Receipt, StatedReason, Unavailable,
};
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::runtime::Origin;

impl Bank {
    /// Closes an account for good, with its PIN if it has one. It must hold nothing, and have no transfer under way. Its
    /// history stays, and its name is not given again.
    ///
    /// # Errors
    ///
    /// [`CloseAccountError`]: why the account was not closed.
    pub fn close_account(
        &self,
        account: &AccountId,
        reason: Option<StatedReason>,
        pin: Option<Pin>,
    ) -> Operation<'_, Receipt, CloseAccountError> {
        self.change(account, Change::Close { reason }, pin, |_, receipt| match has_wrong_pin(&receipt) {
            true => Err(CloseAccountError::WrongPin),
            false => Ok(receipt),
        })
    }

    /// Names another holder, with the account's PIN if it has one.
    ///
    /// # Errors
    ///
    /// [`ChangeAccountError`]: why the holder is the same.
    pub fn change_holder(
        &self,
        account: &AccountId,
        holder: HolderName,
        pin: Option<Pin>,
    ) -> Operation<'_, Receipt, ChangeAccountError> {
        self.change(account, Change::Holder(holder), pin, changed)
    }

    /// Sets the holder's e-mail address, or removes it with `None`, with the account's PIN if it has one.
    ///
    /// # Errors
    ///
    /// [`ChangeAccountError`]: why the address is the same.
    pub fn change_email(
        &self,
        account: &AccountId,
        email: impl Into<Option<EmailAddress>>,
        pin: Option<Pin>,
    ) -> Operation<'_, Receipt, ChangeAccountError> {
        self.change(account, Change::Email(email.into()), pin, changed)
    }

    /// Replaces an account's PIN. Of the new one, only a verifier is stored.
    ///
    /// # Errors
    ///
    /// [`ChangePinError`]: why the PIN is the same.
    pub fn change_pin(
        &self,
        account: &AccountId,
        pin: Option<Pin>,
        new_pin: Pin,
    ) -> Operation<'_, Receipt, ChangePinError> {
        let kind = OperationKind::NewPin { account_id: account.clone(), pin, new_pin };
        Operation::new(self, kind, |_, receipt| match has_wrong_pin(&receipt) {
            true => Err(ChangePinError::WrongPin),
            false => Ok(receipt),
        })
    }

    /// Makes the verifier of a new PIN, and sends the command with the result of checking the old one.
    pub(super) async fn send_new_pin(
        &self,
        account_id: AccountId,
        pin: Option<Pin>,
        new_pin: Pin,
        origin: Origin,
        consistency: Consistency,
    ) -> Result<SentCommand, Unavailable> {
        let stored_pins = self.stored_pins().await?;
        // With a seed, the salt is derived from this text, so that two PINs of one account have different ones.
        let salt = format!("{account_id} {}", origin.metadata().command_id);
        let verifier = self.parts.pins.verifier(new_pin, &salt, stored_pins).await?;
        let wanted = AccountChange { account_id, change: Change::Pin(verifier), pin: None };
        let command = AccountCommand::ChangeAccount(Box::new(wanted));
        match pin {
            None => self.offer(command, origin, consistency)?.sent().await,
            Some(pin) => self.check_and_send(command, pin, origin, consistency).await,
        }
    }

    /// Changes an account as its holder asks.
    fn change<E>(
        &self,
        account: &AccountId,
        change: Change,
        pin: Option<Pin>,
        interpret: InterpretReceipt<Receipt, E>,
    ) -> Operation<'_, Receipt, E> {
        let wanted = AccountChange { account_id: account.clone(), change, pin: None };
        let command = AccountCommand::ChangeAccount(Box::new(wanted));
        let kind = match pin {
            None => OperationKind::Command(command),
            Some(pin) => OperationKind::WithPin(command, pin),
        };
        Operation::new(self, kind, interpret)
    }
}

fn changed(_: &BankParts, receipt: Receipt) -> Result<Receipt, ChangeAccountError> {
    if has_wrong_pin(&receipt) { Err(ChangeAccountError::WrongPin) } else { Ok(receipt) }
}

/// Whether a change was declined because of a wrong PIN.
fn has_wrong_pin(receipt: &Receipt) -> bool {
    matches!(receipt.events().first().map(|event| &event.data), Some(AccountEvent::PinRejected { .. }))
}
