//! Setting overdraft limits, an act of the bank that needs no PIN.

use super::operation::{Operation, OperationKind};
use crate::bank::standing_errors::OverdraftLimitError;
use crate::bank::{AccountCommand, AccountId, Bank, OverdraftLimit, Receipt};

impl Bank {
    /// Sets how far below zero an account's balance may fall. Where that is the limit already, nothing is stored, and the
    /// receipt has no events.
    ///
    /// # Errors
    ///
    /// [`OverdraftLimitError`]: why the limit is the same.
    pub fn set_overdraft_limit(
        &self,
        account: &AccountId,
        limit: OverdraftLimit,
    ) -> Operation<'_, Receipt, OverdraftLimitError> {
        let command = AccountCommand::SetOverdraftLimit { account_id: account.clone(), limit };
        Operation::new(self, OperationKind::Command(command), |_, receipt| Ok(receipt))
    }
}
