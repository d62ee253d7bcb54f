//! Freezing accounts, an act of the bank that needs no PIN.

use super::operation::{Operation, OperationKind};
use crate::bank::standing_errors::{FreezeError, UnfreezeError};
use crate::bank::{AccountCommand, AccountId, Bank, Receipt, StatedReason};

impl Bank {
    /// Freezes an account: nothing goes out any more. What comes in comes in, and a transfer that was reserved before is
    /// settled or comes back.
    ///
    /// # Errors
    ///
    /// [`FreezeError`]: why the account was not frozen.
    pub fn freeze(&self, account: &AccountId, reason: Option<StatedReason>) -> Operation<'_, Receipt, FreezeError> {
        let command = AccountCommand::FreezeAccount { account_id: account.clone(), reason };
        Operation::new(self, OperationKind::Command(command), |_, receipt| Ok(receipt))
    }

    /// Ends the freezing of an account.
    ///
    /// # Errors
    ///
    /// [`UnfreezeError`]: why the account is as it was, for instance because it is not frozen.
    pub fn unfreeze(&self, account: &AccountId) -> Operation<'_, Receipt, UnfreezeError> {
        let command = AccountCommand::UnfreezeAccount { account_id: account.clone() };
        Operation::new(self, OperationKind::Command(command), |_, receipt| Ok(receipt))
    }
}
