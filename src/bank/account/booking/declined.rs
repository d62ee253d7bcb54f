//! The details of a declined payment.

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::details::BookingDetails;
use crate::bank::account::id::AccountId;

/// The payee of a declined transfer, and memo and booking date of a declined payment.
///
/// Most have none of that, which is [`DeclinedDetails::NONE`]: it needs no memory of its own, and nothing of it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeclinedDetails(Option<Box<Declined>>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Declined {
    payee: Option<AccountId>,
    details: BookingDetails,
}

impl DeclinedDetails {
    /// None.
    pub const NONE: Self = Self(None);

    /// The details of a withdrawal or, with a payee, of a transfer.
    pub fn new(payee: Option<AccountId>, details: BookingDetails) -> Self {
        match payee.is_none() && details.are_none() {
            true => Self::NONE,
            false => Self(Some(Box::new(Declined { payee, details }))),
        }
    }

    /// Whether there are none.
    pub fn are_none(&self) -> bool {
        self.0.is_none()
    }

    /// The payee; `None` for a withdrawal, and for what earlier versions of the program declined.
    pub fn payee(&self) -> Option<&AccountId> {
        self.0.as_ref()?.payee.as_ref()
    }

    /// Memo and booking date.
    pub fn details(&self) -> Option<&BookingDetails> {
        self.0.as_ref().map(|declined| &declined.details)
    }
}

/// Flattened into the data of an event: its fields, as far as they are present.
impl Serialize for DeclinedDetails {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let memo = self.details().and_then(BookingDetails::memo);
        let date = self.details().and_then(BookingDetails::booking_date);
        let fields = [self.payee().is_some(), memo.is_some(), date.is_some()];
        let count = fields.into_iter().filter(|is_present| *is_present).count();
        let mut declined = serializer.serialize_struct("DeclinedDetails", count)?;
        if let Some(payee) = self.payee() {
            declined.serialize_field("payee", payee)?;
        }
        if let Some(memo) = memo {
            declined.serialize_field("memo", memo)?;
        }
        if let Some(date) = date {
            declined.serialize_field("booking_date", &date)?;
        }
        declined.end()
    }
}
