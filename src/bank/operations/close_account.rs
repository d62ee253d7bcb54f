//! Closing accounts.

use super::operation::{InterpretReceipt, Operation, OperationKind};
use crate::bank::account::{AccountChange, Change};
use crate::bank::standing_errors::CloseAccountError;
use crate::bank::{AccountCommand, AccountEvent, AccountId, Bank, Pin, Receipt, StatedReason};

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

    /// Changes an account as its holder asks.
    pub(super) fn change<E>(
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

/// Whether a change was declined because of a wrong PIN.
pub(super) fn has_wrong_pin(receipt: &Receipt) -> bool {
    matches!(receipt.events().first().map(|event| &event.data), Some(AccountEvent::PinRejected { .. }))
}
