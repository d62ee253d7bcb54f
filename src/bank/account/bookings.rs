//! What events say of their bookings: memo, booking date, the other account, and what is reversed.

use uuid::Uuid;

use super::booking::BookingDetails;
use super::events::AccountEvent;
use super::id::AccountId;
use super::money::Money;
use super::stated_reason::StatedReason;
use super::transfer::TransferId;

impl AccountEvent {
    /// A deposit without memo and booking date.
    pub fn deposited(account_id: AccountId, amount: Money) -> Self {
        Self::MoneyDeposited { account_id, amount, details: BookingDetails::NONE }
    }

    /// A withdrawal without memo and booking date.
    pub fn withdrawn(account_id: AccountId, amount: Money) -> Self {
        Self::MoneyWithdrawn { account_id, amount, details: BookingDetails::NONE }
    }

    /// The memo and the booking date, if the event is a booking that may have them, or declines one.
    pub fn details(&self) -> Option<&BookingDetails> {
        match self {
            Self::MoneyDeposited { details, .. } | Self::MoneyWithdrawn { details, .. } => Some(details),
            Self::MoneyReserved(outgoing) | Self::TransferSettled(outgoing) => Some(&outgoing.details),
            Self::TransferCredited(incoming) => Some(&incoming.details),
            Self::TransferReleased(released) => Some(&released.outgoing.details),
            Self::DepositReversed(reversal) | Self::WithdrawalReversed(reversal) => Some(&reversal.details),
            Self::AccountOverdrawn { declined, .. } | Self::InvalidPin { declined, .. } => declined.details(),
            _ => None,
        }
    }

    /// The transfer that the event is a step of, if any.
    pub fn transfer_id(&self) -> Option<TransferId> {
        match self {
            Self::MoneyReserved(outgoing) | Self::TransferSettled(outgoing) => Some(outgoing.transfer_id),
            Self::TransferCredited(incoming) => Some(incoming.transfer_id),
            Self::TransferReleased(released) => Some(released.outgoing.transfer_id),
            _ => None,
        }
    }

    /// The other account of a transfer, also of a declined one.
    pub fn other_account(&self) -> Option<&AccountId> {
        match self {
            Self::MoneyReserved(outgoing) | Self::TransferSettled(outgoing) => Some(&outgoing.payee),
            Self::TransferCredited(incoming) => Some(&incoming.payer),
            Self::TransferReleased(released) => Some(&released.outgoing.payee),
            Self::AccountOverdrawn { declined, .. } | Self::InvalidPin { declined, .. } => declined.payee(),
            _ => None,
        }
    }

    /// The amount of a payment that the event declined.
    pub fn declined_amount(&self) -> Option<Money> {
        match self {
            Self::AccountOverdrawn { amount_requested, .. } | Self::InvalidPin { amount_requested, .. } => {
                Some(*amount_requested)
            }
            _ => None,
        }
    }

    /// Whether a request was declined because of a wrong PIN.
    pub fn is_wrong_pin(&self) -> bool {
        matches!(self, Self::InvalidPin { .. } | Self::PinRejected { .. })
    }

    /// The id of the command whose booking the event reverses, or begins to reverse.
    pub fn reversed_command(&self) -> Option<Uuid> {
        match self {
            Self::DepositReversed(reversal) | Self::WithdrawalReversed(reversal) => Some(reversal.reverses),
            Self::MoneyReserved(outgoing) => outgoing.details.reverses(),
            _ => None,
        }
    }

    /// The id of the command whose booking the event is part of reversing: of each step of a transfer back too.
    pub fn reversal_of(&self) -> Option<Uuid> {
        self.reversed_command().or_else(|| self.details()?.reverses())
    }

    /// The reason that was stated for the event.
    pub fn stated_reason(&self) -> Option<&StatedReason> {
        match self {
            Self::AccountFrozen { reason, .. } | Self::AccountClosed { reason, .. } => reason.as_ref(),
            _ => None,
        }
    }

    /// The schema version that has what the event has: version 2 of the bookings, and of what was declined, adds their
    /// details.
    pub(super) fn version_with_details(&self) -> Option<u16> {
        match self {
            Self::DepositReversed(_) | Self::WithdrawalReversed(_) => None,
            Self::AccountOverdrawn { declined, .. } | Self::InvalidPin { declined, .. } => {
                Some(if declined.are_none() { 1 } else { 2 })
            }
            booking => booking.details().map(|details| if details.are_none() { 1 } else { 2 }),
        }
    }
}
