//! What a bank is asked: the answers come from its read models.

use super::errors::{CheckBalanceError, Unavailable};
use super::{AccountEntry, AccountId, Accounts, Balances, Bank, Moment, Money};
use crate::engine::projection::ReadModel;
use crate::engine::store::MAX_READ;

impl Bank {
    /// What an account holds, as the balance projection has it.
    ///
    /// # Errors
    ///
    /// [`CheckBalanceError`]: why there is no balance to tell.
    #[expect(clippy::unused_async, reason = "a query is awaited like every other operation")]
    pub async fn check_balance(&self, account: &AccountId) -> Result<Money, CheckBalanceError> {
        self.still_open()?;
        let balance = self.inner.balances.read(|balances| balances.balance(account.as_str()));
        balance.ok_or(CheckBalanceError::NoAccount)
    }

    /// All accounts in order of creation; with a moment, those that there were then.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the bank cannot serve.
    #[expect(clippy::unused_async, reason = "a query is awaited like every other operation")]
    pub async fn accounts(&self, moment: Option<Moment>) -> Result<Vec<AccountEntry>, Unavailable> {
        self.still_open()?;
        Ok(self.inner.accounts.read(|accounts| match moment {
            None => accounts.entries().to_vec(),
            Some(moment) => accounts.entries_at(moment).to_vec(),
        }))
    }

    /// The money that the bank holds, in minor units: the sum of all balances, now or at a moment in the past.
    /// An answer about the past reads the log from the last sum kept before that moment.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the bank cannot serve.
    pub async fn total_deposits(&self, moment: Option<Moment>) -> Result<u128, Unavailable> {
        self.still_open()?;
        let Some(moment) = moment else {
            return Ok(self.inner.total_deposits.read(|deposits| deposits.total()));
        };
        let (mut position, mut total) = self.inner.total_deposits.read(|deposits| deposits.kept_before(moment));
        loop {
            let page = self.event_store().read_all(position, MAX_READ).await;
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
        &self.inner.balances
    }

    /// The account list, for questions that [`Bank::accounts`] does not answer.
    pub fn account_list(&self) -> &ReadModel<Accounts> {
        &self.inner.accounts
    }
}
