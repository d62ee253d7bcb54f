//! Memo and booking date of operations.

use super::operation::{Operation, OperationKind};
use crate::bank::errors::{DepositError, TransferError, WithdrawError};
use crate::bank::{Bank, BookingDate, BookingDetails};

impl Bank {
    /// The day of the bank's clock, in UTC: no [booking date](BookingDetails::new) is after it.
    pub fn today(&self) -> BookingDate {
        BookingDate::of(self.time())
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
