//! What can be asked of a bank that changes something.

use super::errors::{CreateError, DepositError, UnlockError, WithdrawError};
use super::{
    AccountCommand, AccountEvent, AccountHolder, AccountId, Bank, EmailAddress, HolderName, Money, Pin, Receipt,
    Unavailable, Withdrawal,
};

/// An account that is to be opened.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its name.
    pub account_id: AccountId,
    /// Whose it is.
    pub holder: HolderName,
    /// Where its holder can be written to.
    pub email: Option<EmailAddress>,
    /// What whoever takes money out has to know.
    pub pin: Option<Pin>,
}

/// An account that is named as its holder is, and has nothing else.
impl From<&AccountId> for NewAccount {
    fn from(account: &AccountId) -> Self {
        Self { account_id: account.clone(), holder: account.into(), email: None, pin: None }
    }
}

impl Bank {
    /// Opens an account. Its holder is named as the account is.
    ///
    /// # Errors
    ///
    /// [`CreateError`]: why there is no new account.
    pub async fn create(&self, account: &AccountId) -> Result<Receipt, CreateError> {
        self.create_account(account.into()).await
    }

    /// Opens an account. Of its PIN, only a verifier is kept.
    ///
    /// # Errors
    ///
    /// [`CreateError`]: why there is no new account.
    pub async fn create_account(&self, account: NewAccount) -> Result<Receipt, CreateError> {
        let command = self.creation(account).await?;
        Ok(self.handle(command).await?)
    }

    /// The command that opens an account: what is left to do is to send it.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the account's PIN cannot be kept.
    pub async fn creation(&self, account: NewAccount) -> Result<AccountCommand, Unavailable> {
        let NewAccount { account_id, holder, email, pin } = account;
        let pin_verifier = match pin {
            Some(pin) => Some(self.own.pins.verifier(pin, &account_id).await?),
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
    pub async fn deposit(&self, account: &AccountId, amount: Money) -> Result<Receipt, DepositError> {
        let account_id = account.clone();
        Ok(self.handle(AccountCommand::DepositMoney { account_id, amount }).await?)
    }

    /// Pays out of an account without a PIN, as far as the balance goes: more than that is declined, which is
    /// no error.
    ///
    /// # Errors
    ///
    /// [`WithdrawError`]: why the withdrawal was not handled.
    pub async fn withdraw(&self, account: &AccountId, amount: Money) -> Result<Withdrawal, WithdrawError> {
        let account_id = account.clone();
        let command = AccountCommand::WithdrawMoney { account_id, amount, pin: None };
        Ok(withdrawal(self.handle(command).await?))
    }

    /// Pays out for who knows the PIN. A wrong one is no error either, but an event; three of them in a row lock
    /// the account. An account without a PIN takes any.
    ///
    /// # Errors
    ///
    /// [`WithdrawError`]: why the withdrawal was not handled.
    pub async fn withdraw_with_pin(
        &self,
        account: &AccountId,
        amount: Money,
        pin: Pin,
    ) -> Result<Withdrawal, WithdrawError> {
        let account_id = account.clone();
        let command = AccountCommand::WithdrawMoney { account_id, amount, pin: None };
        let pending = self.send_with_pin(command, Some(pin), self.start_conversation()).await?;
        Ok(withdrawal(pending.outcome().await?))
    }

    /// Forgets the wrong PINs that have locked an account.
    ///
    /// # Errors
    ///
    /// [`UnlockError`]: why nothing was unlocked; an account that is not locked is such a case.
    pub async fn unlock(&self, account: &AccountId) -> Result<Receipt, UnlockError> {
        Ok(self.handle(AccountCommand::UnlockAccount { account_id: account.clone() }).await?)
    }
}

fn withdrawal(receipt: Receipt) -> Withdrawal {
    match receipt.events().first().map(|event| &event.data) {
        Some(AccountEvent::AccountOverdrawn { balance, .. }) => Withdrawal::Declined { balance: *balance, receipt },
        Some(AccountEvent::InvalidPin { .. }) => Withdrawal::WrongPin(receipt),
        _ => Withdrawal::Paid(receipt),
    }
}
