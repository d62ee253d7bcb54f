//! The statement of an account: a period's lines in the order of their booking dates, which add up to the balance.

use super::account_stream::stream_of;
use super::period::Period;
use super::statement_line::{Line, StatementLine};
use super::statement_part::Part;
use crate::bank::errors::CheckBalanceError;
use crate::bank::{AccountId, Bank};
use crate::engine::log::{Moment, Version};

/// A statement of an account.
///
/// The amount brought forward and the amounts of the lines add up to the balance of the last line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The balance before the first line, in minor units; `None` if the lines begin with the account.
    pub brought_forward: Option<i64>,
    /// By booking date, then by position.
    pub lines: Vec<StatementLine>,
    /// How many lines of the period come before these.
    pub earlier: u64,
}

impl Bank {
    /// The statement of an account over a period, as it was known now or at a moment: at most `limit` lines. These are the
    /// latest, so that the last balance is that at the period's end.
    ///
    /// # Errors
    ///
    /// [`CheckBalanceError`]: why the statement could not be read.
    pub async fn statement(
        &self,
        account: &AccountId,
        period: impl Into<Period>,
        until: Option<Moment>,
        limit: usize,
    ) -> Result<Statement, CheckBalanceError> {
        let (period, stream) = (period.into(), stream_of(account));
        self.has_happened(until).await?;
        let end = self.version_at(&stream, until.unwrap_or(Moment::NOW)).await?;
        if end == Version::START {
            return Err(CheckBalanceError::NoAccount);
        }
        let part = Part::of(self, stream, period, end, limit).await?;
        let latest = part.latest().await?;
        let (mut balance, mut lines) = (latest.brought_forward, Vec::with_capacity(latest.lines.len()));
        let reversed = latest.lines.iter().filter_map(|line| line.reversal_of).collect();
        let mut reversed = self.positions_of_bookings(reversed).await?.into_iter();
        for Line { mut line, reversal_of } in latest.lines {
            balance += line.amount.unwrap_or(0);
            line.balance = balance;
            line.reverses = reversal_of.and_then(|_| reversed.next().flatten());
            lines.push(line);
        }
        let begins_with_account = !period.has_beginning() && latest.earlier == 0;
        let brought_forward = (!begins_with_account).then_some(latest.brought_forward);
        Ok(Statement { brought_forward, lines, earlier: latest.earlier })
    }
}
