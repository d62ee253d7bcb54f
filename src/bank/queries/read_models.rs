//! Queries on the read models.
//!
//! Under strong consistency, an answer includes every event acknowledged before the query, in any process. Under
//! eventual consistency, an answer includes all events up to some position, which never decreases for a read model.

use crate::bank::errors::{CheckBalanceError, QueryError};
use crate::bank::{AccountEntry, AccountFilter, AccountId, Accounts, Balance, Balances, Bank, Moment};
use crate::engine::projection::ReadModel;
use crate::engine::store::{EventStore as _, MAX_READ};

impl Bank {
    /// The balance of an account.
    ///
    /// # Errors
    ///
    /// [`CheckBalanceError`]: why the balance could not be read.
    pub async fn check_balance(&self, account: &AccountId) -> Result<Balance, CheckBalanceError> {
        self.catch_up().await?;
        let balance = self.parts.balances.read(|balances| balances.balance(account.as_str()));
        balance.ok_or(CheckBalanceError::NoAccount)
    }

    /// All accounts that are not closed, in order of creation, now or at a moment.
    ///
    /// # Errors
    ///
    /// [`QueryError`]: why the query failed.
    pub async fn accounts(&self, moment: Option<Moment>) -> Result<Vec<AccountEntry>, QueryError> {
        self.filtered_accounts(&AccountFilter::default(), moment).await
    }

    /// The accounts that a filter lets through, in order of creation, now or at a moment.
    ///
    /// # Errors
    ///
    /// [`QueryError`]: why the query failed.
    pub async fn filtered_accounts(
        &self,
        filter: &AccountFilter,
        moment: Option<Moment>,
    ) -> Result<Vec<AccountEntry>, QueryError> {
        self.catch_up_to(moment).await?;
        Ok(self.parts.accounts.read(|accounts| accounts.entries_at(moment.unwrap_or(Moment::NOW), filter)))
    }

    /// The sum of all balances in minor units, which may be negative, now or at a moment. A query about the past folds the
    /// log from the last stored total before that moment.
    ///
    /// # Errors
    ///
    /// [`QueryError`]: why the query failed.
    pub async fn total_deposits(&self, moment: Option<Moment>) -> Result<i128, QueryError> {
        self.catch_up_to(moment).await?;
        let Some(moment) = moment else {
            return Ok(self.parts.total_deposits.read(|deposits| deposits.total()));
        };
        let (mut position, mut total) = self.parts.total_deposits.read(|deposits| deposits.past_total_before(moment));
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

    /// The balance projection, for queries that [`Bank::check_balance`] does not answer.
    pub fn balances(&self) -> &ReadModel<Balances> {
        &self.parts.balances
    }

    /// The account list, for queries that [`Bank::accounts`] does not answer.
    pub fn account_list(&self) -> &ReadModel<Accounts> {
        &self.parts.accounts
    }
}
