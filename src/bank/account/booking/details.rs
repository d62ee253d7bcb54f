//! Memo and booking date together, as commands and events carry them.

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use thiserror::Error;
use uuid::Uuid;

use super::date::BookingDate;
use super::memo::Memo;

/// Memo and booking date of a booking, and which transfer a transfer back reverses.
///
/// Most bookings have none of that, which is [`BookingDetails::NONE`]: it needs no memory of its own, and nothing of it is
/// stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BookingDetails(Option<Box<Details>>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Details {
    memo: Option<Memo>,
    booking_date: Option<BookingDate>,
    reverses: Option<Uuid>,
}

/// The booking date is after today.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("nothing is booked on {date}, which is after {today}, the day in UTC")]
pub struct FutureDate {
    /// The booking date.
    pub date: BookingDate,
    /// The day of the bank's clock.
    pub today: BookingDate,
}

impl BookingDetails {
    /// None.
    pub const NONE: Self = Self(None);

    /// A memo, and a booking date that is not after `today`, the day of [the bank's clock](crate::bank::Bank::booking_day).
    ///
    /// Accounts cannot check the date, since their decisions depend on no clock; so there are no details with a date that
    /// was not checked.
    ///
    /// # Errors
    ///
    /// [`FutureDate`] if the booking date is after today.
    pub fn new(memo: Option<Memo>, date: Option<BookingDate>, today: BookingDate) -> Result<Self, FutureDate> {
        match date.filter(|date| *date > today) {
            Some(date) => Err(FutureDate { date, today }),
            None => Ok(Self::from_stored(memo, date)),
        }
    }

    /// Details read from the log, where the date was checked when they were written.
    pub(in crate::bank::account) fn from_stored(memo: Option<Memo>, booking_date: Option<BookingDate>) -> Self {
        match (&memo, &booking_date) {
            (None, None) => Self::NONE,
            (Some(_), _) | (_, Some(_)) => Self(Some(Box::new(Details { memo, booking_date, reverses: None }))),
        }
    }

    /// The same, of a transfer that reverses another.
    pub(in crate::bank) fn reversing(self, command_id: Uuid) -> Self {
        let details = self.0.unwrap_or_else(|| Box::new(Details { memo: None, booking_date: None, reverses: None }));
        Self(Some(Box::new(Details { reverses: Some(command_id), ..*details })))
    }

    /// The id of the command that began the transfer which this one reverses, if it does.
    pub fn reverses(&self) -> Option<Uuid> {
        self.0.as_ref()?.reverses
    }

    /// Whether there are none.
    pub fn are_none(&self) -> bool {
        self.0.is_none()
    }

    /// The memo.
    pub fn memo(&self) -> Option<&Memo> {
        self.0.as_ref()?.memo.as_ref()
    }

    /// The booking date, if it is not the day on which the event is recorded.
    pub fn booking_date(&self) -> Option<BookingDate> {
        self.0.as_ref()?.booking_date
    }
}

/// A memo alone.
impl From<Memo> for BookingDetails {
    fn from(memo: Memo) -> Self {
        Self::from_stored(Some(memo), None)
    }
}

/// Flattened into the data of an event: its fields, as far as they are present.
impl Serialize for BookingDetails {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (memo, date, reverses) = (self.memo(), self.booking_date(), self.reverses());
        let fields = usize::from(memo.is_some()) + usize::from(date.is_some()) + usize::from(reverses.is_some());
        let mut details = serializer.serialize_struct("BookingDetails", fields)?;
        if let Some(memo) = memo {
            details.serialize_field("memo", memo)?;
        }
        if let Some(date) = date {
            details.serialize_field("booking_date", &date)?;
        }
        if let Some(command_id) = reverses {
            details.serialize_field("reverses", &command_id)?;
        }
        details.end()
    }
}
