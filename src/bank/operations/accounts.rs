//! The operations on one account.

use super::operation::{Operation, OperationKind};
use crate::bank::errors::{CommandFailure, CreateError, DepositError, UnlockError, WithdrawError};
use crate::bank::handle::BankParts;
use crate::bank::{
    AccountCommand, AccountEvent, AccountHolder, AccountId, Bank, Money, NewAccount, Opening, Pin, Receipt,
    Unavailable, Withdrawal,
};

impl Bank {
    /// Sends a command, as [`Application::dispatch`](crate::engine::application::Application::dispatch) does, and also
    /// waits for the end of a transfer that another process carries out.
    pub fn dispatch(&self, command: AccountCommand) -> Operation<'_, Receipt, CommandFailure> {
        Operation::new(self, OperationKind::Command(command), |_, receipt| Ok(receipt))
    }

    /// Creates an account whose holder has the same name.
    ///
    /// # Errors
    ///
    /// [`CreateError`]: why the account was not created.
    pub fn create(&self, account: &AccountId) -> Operation<'_, Receipt, CreateError> {
        self.create_account(account.into())
    }

    /// Creates an account. Of its PIN, only a verifier is stored.
    ///
    /// # Errors
    ///
    /// [`CreateError`]: why the account was not created.
    pub fn create_account(&self, account: NewAccount) -> Operation<'_, Receipt, CreateError> {
        Operation::new(self, OperationKind::Creation(account), |_, receipt| Ok(receipt))
    }

    /// Makes the command that creates an account, and the verifier of its PIN.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if the verifier could not be made.
    pub async fn creation(&self, account: NewAccount) -> Result<AccountCommand, Unavailable> {
        let NewAccount { account_id, holder, email, pin, opening } = account;
        let pin_verifier = match pin {
            Some(pin) => {
                let is_first = !self.parts.pins.has_secret();
                let stored_pins = self.stored_pins().await?;
                let verifier = self.parts.pins.verifier(pin, account_id.as_str(), stored_pins).await?;
                if is_first {
                    self.warn_of_another_secret(&verifier).await?;
                }
                Some(verifier)
            }
            None => None,
        };
        let account_holder = AccountHolder::new(holder, email, pin_verifier);
        let opening = (opening != Opening::default()).then(|| Box::new(opening));
        Ok(AccountCommand::CreateAccount { account_id, account_holder, opening })
    }

    /// Deposits an amount.
    ///
    /// # Errors
    ///
    /// [`DepositError`]: why nothing was deposited.
    pub fn deposit(&self, account: &AccountId, amount: Money) -> Operation<'_, Receipt, DepositError> {
        let command = AccountCommand::deposit(account.clone(), amount);
        Operation::new(self, OperationKind::Command(command), |_, receipt| Ok(receipt))
    }

    /// Withdraws an amount from an account without a PIN. A withdrawal beyond the balance is declined, which is not an
    /// error.
    ///
    /// # Errors
    ///
    /// [`WithdrawError`]: why the withdrawal was refused.
    pub fn withdraw(&self, account: &AccountId, amount: Money) -> Operation<'_, Withdrawal, WithdrawError> {
        let command = AccountCommand::withdrawal(account.clone(), amount);
        Operation::new(self, OperationKind::Command(command), withdrawal)
    }

    /// Withdraws an amount with a PIN. A wrong PIN is not an error but an event; three in a row lock the account. An
    /// account without a PIN accepts any PIN.
    ///
    /// # Errors
    ///
    /// [`WithdrawError`]: why the withdrawal was refused.
    pub fn withdraw_with_pin(
        &self,
        account: &AccountId,
        amount: Money,
        pin: Pin,
    ) -> Operation<'_, Withdrawal, WithdrawError> {
        let command = AccountCommand::withdrawal(account.clone(), amount);
        Operation::new(self, OperationKind::WithPin(command, pin), withdrawal)
    }

    /// Unlocks an account after too many wrong PINs.
    ///
    /// # Errors
    ///
    /// [`UnlockError`]: why the account was not unlocked, for instance because it was not locked.
    pub fn unlock(&self, account: &AccountId) -> Operation<'_, Receipt, UnlockError> {
        let command = AccountCommand::UnlockAccount { account_id: account.clone() };
        Operation::new(self, OperationKind::Command(command), |_, receipt| Ok(receipt))
    }
}

fn withdrawal(_: &BankParts, receipt: Receipt) -> Result<Withdrawal, WithdrawError> {
    Ok(match receipt.events().first().map(|event| &event.data) {
        Some(AccountEvent::AccountOverdrawn { balance, .. }) => Withdrawal::Declined { balance: *balance, receipt },
        Some(AccountEvent::InvalidPin { .. }) => Withdrawal::WrongPin(receipt),
        // No other event follows from a withdrawal.
        _ => Withdrawal::Paid(receipt),
    })
}
