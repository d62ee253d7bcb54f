//! What a bank is asked: the answers come from its read models.
//!
//! Under strong consistency they know all that was acknowledged before the question, by whatever program. Under eventual
//! consistency an answer is that of all events up to some position, which for each read model never goes back.

use crate::bank::errors::{CheckBalanceError, QueryError};
use crate::bank::{AccountEntry, AccountId, Accounts, Balances, Bank, Moment, Money};
use crate::engine::projection::ReadModel;
use crate::engine::store::{EventStore as _, MAX_READ};

impl Bank {
    /// What an account holds, as the balance projection has it.
    ///
    /// # Errors
    ///
    /// [`CheckBalanceError`]: why there is no balance to tell.
    pub async fn check_balance(&self, account: &AccountId) -> Result<Money, CheckBalanceError> {
        self.catch_up().await?;
        let balance = self.own.balances.read(|balances| balances.balance(account.as_str()));
        balance.ok_or(CheckBalanceError::NoAccount)
    }

    /// All accounts in order of creation; with a moment, those that there were then.
    ///
    /// # Errors
    ///
    /// [`QueryError`]: why there is no answer.
    pub async fn accounts(&self, moment: Option<Moment>) -> Result<Vec<AccountEntry>, QueryError> {
        self.catch_up_to(moment).await?;
        Ok(self.own.accounts.read(|accounts| match moment {
            None => accounts.entries(),
            Some(moment) => accounts.entries_at(moment),
        }))
    }

    /// The money that the bank holds, in minor units: the sum of all balances, now or at a moment in the past.
    /// An answer about the past reads the log from the last sum kept before that moment.
    ///
    /// # Errors
    ///
    /// [`QueryError`]: why there is no answer.
    pub async fn total_deposits(&self, moment: Option<Moment>) -> Result<u128, QueryError> {
        self.catch_up_to(moment).await?;
        let Some(moment) = moment else {
            return Ok(self.own.total_deposits.read(|deposits| deposits.total()));
        };
        let (mut position, mut total) = self.own.total_deposits.read(|deposits| deposits.kept_before(moment));
        loop {
            let page = self.store().read_all(position, MAX_READ).await;
            let page = self.or_unavailable(page).await?;
            let Some(last) = page.last() else { return Ok(total.minor_units()) };
            position = last.position;
            for event in page.iter() {
                if !moment.is_after(event) {
                    return Ok(total.minor_units());
                }
                total.apply(&event.data);
            }
        }
    }

    /// The balance projection, for questions that [`Bank::check_balance`] does not answer.
    pub fn balances(&self) -> &ReadModel<Balances> {
        &self.own.balances
    }

    /// The account list, for questions that [`Bank::accounts`] does not answer.
    pub fn account_list(&self) -> &ReadModel<Accounts> {
        &self.own.accounts
    }
}
