//! What can be asked of a bank that changes something.

use super::operation::{Asked, Operation};
use crate::bank::errors::{CommandFailure, CreateError, DepositError, UnlockError, WithdrawError};
use crate::bank::handle::Own;
use crate::bank::{
    AccountCommand, AccountEvent, AccountHolder, AccountId, Bank, Money, NewAccount, Pin, Receipt, Unavailable,
    Withdrawal,
};

impl Bank {
    /// Sends a command, as [`Application::dispatch`](crate::engine::application::Application::dispatch) does; a transfer that another program carries out is waited for too,
    /// which the application alone does not know of.
    pub fn dispatch(&self, command: AccountCommand) -> Operation<'_, Receipt, CommandFailure> {
        Operation::new(self, Asked::Command(command), |_, receipt| Ok(receipt))
    }

    /// Opens an account. Its holder is named as the account is.
    ///
    /// # Errors
    ///
    /// [`CreateError`]: why there is no new account.
    pub fn create(&self, account: &AccountId) -> Operation<'_, Receipt, CreateError> {
        self.create_account(account.into())
    }

    /// Opens an account. Of its PIN, only a verifier is kept.
    ///
    /// # Errors
    ///
    /// [`CreateError`]: why there is no new account.
    pub fn create_account(&self, account: NewAccount) -> Operation<'_, Receipt, CreateError> {
        Operation::new(self, Asked::Creation(account), |_, receipt| Ok(receipt))
    }

    /// The command that opens an account: what is left to do is to send it.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the account's PIN cannot be kept.
    pub async fn creation(&self, account: NewAccount) -> Result<AccountCommand, Unavailable> {
        let NewAccount { account_id, holder, email, pin } = account;
        let pin_verifier = match pin {
            Some(pin) => Some(self.own.pins.verifier(pin, account_id.as_str()).await?),
            None => None,
        };
        let account_holder = AccountHolder::new(holder, email, pin_verifier);
        Ok(AccountCommand::CreateAccount { account_id, account_holder })
    }

    /// Pays in.
    ///
    /// # Errors
    ///
    /// [`DepositError`]: why nothing was paid in.
    pub fn deposit(&self, account: &AccountId, amount: Money) -> Operation<'_, Receipt, DepositError> {
        let account_id = account.clone();
        let command = AccountCommand::DepositMoney { account_id, amount };
        Operation::new(self, Asked::Command(command), |_, receipt| Ok(receipt))
    }

    /// Pays out of an account without a PIN, as far as the balance goes: more than that is declined, which is
    /// no error.
    ///
    /// # Errors
    ///
    /// [`WithdrawError`]: why the withdrawal was not handled.
    pub fn withdraw(&self, account: &AccountId, amount: Money) -> Operation<'_, Withdrawal, WithdrawError> {
        let account_id = account.clone();
        let command = AccountCommand::WithdrawMoney { account_id, amount, pin: None };
        Operation::new(self, Asked::Command(command), withdrawal)
    }

    /// Pays out for who knows the PIN. A wrong one is no error either, but an event; three of them in a row lock
    /// the account. An account without a PIN takes any.
    ///
    /// # Errors
    ///
    /// [`WithdrawError`]: why the withdrawal was not handled.
    pub fn withdraw_with_pin(
        &self,
        account: &AccountId,
        amount: Money,
        pin: Pin,
    ) -> Operation<'_, Withdrawal, WithdrawError> {
        let account_id = account.clone();
        let command = AccountCommand::WithdrawMoney { account_id, amount, pin: None };
        Operation::new(self, Asked::WithPin(command, pin), withdrawal)
    }

    /// Forgets the wrong PINs that have locked an account.
    ///
    /// # Errors
    ///
    /// [`UnlockError`]: why nothing was unlocked; an account that is not locked is such a case.
    pub fn unlock(&self, account: &AccountId) -> Operation<'_, Receipt, UnlockError> {
        let command = AccountCommand::UnlockAccount { account_id: account.clone() };
        Operation::new(self, Asked::Command(command), |_, receipt| Ok(receipt))
    }
}

fn withdrawal(_: &Own, receipt: Receipt) -> Result<Withdrawal, WithdrawError> {
    Ok(match receipt.events().first().map(|event| &event.data) {
        Some(AccountEvent::AccountOverdrawn { balance, .. }) => Withdrawal::Declined { balance: *balance, receipt },
        Some(AccountEvent::InvalidPin { .. }) => Withdrawal::WrongPin(receipt),
        // Nothing else is decided on a withdrawal.
        Some(
            AccountEvent::AccountCreated { .. }
            | AccountEvent::MoneyDeposited { .. }
            | AccountEvent::MoneyWithdrawn { .. }
            | AccountEvent::AccountUnlocked { .. }
            | AccountEvent::MoneyReserved(_)
            | AccountEvent::TransferCredited(_)
            | AccountEvent::TransferSettled(_)
            | AccountEvent::TransferReleased(_),
        )
        | None => Withdrawal::Paid(receipt),
    })
}
