//! Memo and booking date of operations.

use super::operation::{Operation, OperationKind};
use crate::bank::errors::{DepositError, TransferError, WithdrawError};
use crate::bank::{Bank, BookingDate, BookingDetails, Unavailable};
use crate::engine::store::EventStore as _;

impl Bank {
    /// The day of the machine's clock, in UTC: no [booking date](BookingDetails::new) is after it, unless the log is [ahead
    /// of it](Bank::booking_day).
    pub fn today(&self) -> BookingDate {
        BookingDate::of(self.time())
    }

    /// The day on which a booking without a date is booked now: the day of the bank's clock, which is never behind its log.
    /// After an import of events of the future it is the day of the last event, and otherwise [today](Bank::today). No
    /// booking date is after it.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if the log could not be read.
    pub async fn booking_day(&self) -> Result<BookingDate, Unavailable> {
        let end = self.store().end().await;
        let last = self.events(self.or_unavailable(end).await?, 1).await?;
        Ok(last.last().map_or(self.today(), |last| BookingDate::of(last.time).max(self.today())))
    }
}

/// The errors of operations that book an amount.
pub trait Booking {}

impl Booking for DepositError {}
impl Booking for WithdrawError {}
impl Booking for TransferError {}

impl<T, E: Booking> Operation<'_, T, E> {
    /// Adds a memo and a booking date. A transfer has them at both accounts, and if it is released, the money returns under
    /// the same date.
    ///
    /// ```
    /// # use cqrs_bank::bank::{AccountId, Bank, BookingDetails, Memo, Money, StoreUrl};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (bank, wolfman) = (Bank::open(StoreUrl::Memory).await?, AccountId::new("Wolfman")?);
    /// bank.create(&wolfman).await?;
    /// let details = BookingDetails::new(Some(Memo::new("Salary")?), Some("2024-01-17".parse()?), bank.today())?;
    /// bank.deposit(&wolfman, Money::new(100)?).details(details).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn details(mut self, new: BookingDetails) -> Self {
        match self.kind_mut() {
            OperationKind::Command(command) | OperationKind::WithPin(command, _) => command.set_details(new),
            OperationKind::Transfer { details, .. } => *details = new,
            OperationKind::Creation(_) | OperationKind::NewPin { .. } => {}
        }
        self
    }
}
