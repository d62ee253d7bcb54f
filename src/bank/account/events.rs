//! The events of accounts.

use serde::{Deserialize, Serialize};

use super::balance::{Balance, OverdraftLimit};
use super::booking::{self, BookingDetails, DeclinedDetails};
use super::change::CHANGE_PIN;
use super::email_address::EmailAddress;
use super::holder::{self, AccountHolder, HolderName};
use super::id::AccountId;
use super::money::Money;
use super::reversal::Reversal;
use super::stated_reason::StatedReason;
use super::transfer::{Incoming, Outgoing, Released, TRANSFER_MONEY, TransferId};
use crate::bank::currency::CurrencyChosen;
use crate::bank::pin::PinVerifier;
use crate::engine::domain::{DomainEvent, Upcast};
use crate::engine::store::codec::serde_name;

/// Something that happened to an account, or to the ledger of all of them.
///
/// The stored type names are those of the cqrs-bank kata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AccountEvent {
    /// The account was created.
    #[serde(rename = "bank_account_created", deserialize_with = "holder::deserialize_account")]
    AccountCreated {
        /// The account's name.
        account_id: AccountId,
        /// The holder.
        #[serde(flatten)]
        account_holder: AccountHolder,
    },
    /// Money was deposited.
    #[serde(rename = "money_deposited_into_bank_account", deserialize_with = "booking::deserialize")]
    MoneyDeposited {
        /// The account.
        account_id: AccountId,
        /// The amount.
        amount: Money,
        /// Memo and booking date.
        #[serde(flatten)]
        details: BookingDetails,
    },
    /// Money was withdrawn.
    #[serde(rename = "money_withdrawn_from_bank_account", deserialize_with = "booking::deserialize")]
    MoneyWithdrawn {
        /// The account.
        account_id: AccountId,
        /// The amount.
        amount: Money,
        /// Memo and booking date.
        #[serde(flatten)]
        details: BookingDetails,
    },
    /// A payment beyond what balance and overdraft limit cover was declined.
    #[serde(deserialize_with = "booking::deserialize_overdrawn")]
    AccountOverdrawn {
        /// The account.
        account_id: AccountId,
        /// The balance, which is unchanged.
        balance: Balance,
        /// The amount requested.
        amount_requested: Money,
        /// Payee, memo and booking date.
        #[serde(flatten)]
        declined: DeclinedDetails,
    },
    /// A payment with a wrong PIN was declined.
    #[serde(deserialize_with = "booking::deserialize_wrong_pin")]
    InvalidPin {
        /// The account.
        account_id: AccountId,
        /// The amount requested.
        amount_requested: Money,
        /// Payee, memo and booking date.
        #[serde(flatten)]
        declined: DeclinedDetails,
    },
    /// A change that needs the PIN was declined because of a wrong one.
    PinRejected {
        /// The account.
        account_id: AccountId,
    },
    /// The locked account was unlocked.
    AccountUnlocked {
        /// The account.
        account_id: AccountId,
    },
    /// The account was frozen.
    AccountFrozen {
        /// The account.
        account_id: AccountId,
        /// Why, if the bank says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<StatedReason>,
    },
    /// The account was frozen no longer.
    AccountUnfrozen {
        /// The account.
        account_id: AccountId,
    },
    /// The overdraft limit was set.
    OverdraftLimitSet {
        /// The account.
        account_id: AccountId,
        /// How far below zero the balance may fall from now on.
        limit: OverdraftLimit,
    },
    /// Another holder was named.
    HolderChanged {
        /// The account.
        account_id: AccountId,
        /// The new holder's name.
        account_holder: HolderName,
    },
    /// The holder's e-mail address was set, or removed.
    EmailChanged {
        /// The account.
        account_id: AccountId,
        /// The new address; `None` if it was removed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email: Option<EmailAddress>,
    },
    /// The PIN was replaced.
    PinChanged {
        /// The account.
        account_id: AccountId,
        /// The verifier of the new PIN.
        pin_verifier: PinVerifier,
    },
    /// The account was closed.
    AccountClosed {
        /// The account.
        account_id: AccountId,
        /// Why, if somebody says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<StatedReason>,
    },
    /// Money was reserved for a transfer.
    #[serde(rename = "money_reserved_for_transfer")]
    MoneyReserved(Box<Outgoing>),
    /// A transfer was credited to the payee.
    TransferCredited(Box<Incoming>),
    /// A transfer ended: the payee has the money.
    TransferSettled(Box<Outgoing>),
    /// A transfer ended: the payer has the money back.
    TransferReleased(Box<Released>),
    /// A deposit was taken back out of the account.
    DepositReversed(Box<Reversal>),
    /// A withdrawal was paid back into the account.
    WithdrawalReversed(Box<Reversal>),
    /// The currency of the bank was chosen, before there was an account.
    CurrencyChosen(CurrencyChosen),
}

impl AccountEvent {
    /// The title of the command that led to the event.
    pub fn command_title(&self) -> &'static str {
        match self {
            Self::AccountCreated { .. } => "Create Account",
            Self::MoneyDeposited { .. } => "Deposit Money",
            Self::MoneyWithdrawn { .. } => "Withdraw Money",
            Self::AccountOverdrawn { declined, .. } | Self::InvalidPin { declined, .. }
                if declined.payee().is_some() =>
            {
                TRANSFER_MONEY
            }
            // Earlier versions did not say whether it was a transfer.
            Self::AccountOverdrawn { .. } | Self::InvalidPin { .. } => "Withdraw or Transfer Money",
            Self::AccountUnlocked { .. } => "Unlock Account",
            Self::AccountFrozen { .. } => "Freeze Account",
            Self::AccountUnfrozen { .. } => "Unfreeze Account",
            Self::OverdraftLimitSet { .. } => "Set Overdraft Limit",
            Self::HolderChanged { .. } => "Change Holder",
            Self::EmailChanged { .. } => "Change E-Mail",
            Self::PinChanged { .. } => CHANGE_PIN,
            Self::AccountClosed { .. } => "Close Account",
            Self::PinRejected { .. } => "Change Account",
            Self::MoneyReserved(_) => TRANSFER_MONEY,
            Self::TransferCredited(_) => "Credit Transfer",
            Self::TransferSettled(_) => "Settle Transfer",
            Self::TransferReleased(_) => "Release Transfer",
            Self::DepositReversed(_) => "Reverse Deposit",
            Self::WithdrawalReversed(_) => "Reverse Withdrawal",
            Self::CurrencyChosen(_) => "Choose Currency",
        }
    }

    /// Whether the event ends this transfer.
    pub fn ends(&self, transfer_id: TransferId) -> bool {
        matches!(self, Self::TransferSettled(_) | Self::TransferReleased(_)) && self.transfer_id() == Some(transfer_id)
    }

    /// The amount in the event, moved or not.
    pub fn amount(&self) -> Option<Money> {
        match self {
            Self::MoneyDeposited { amount, .. } | Self::MoneyWithdrawn { amount, .. } => Some(*amount),
            Self::AccountOverdrawn { amount_requested, .. } | Self::InvalidPin { amount_requested, .. } => {
                Some(*amount_requested)
            }
            Self::MoneyReserved(outgoing) | Self::TransferSettled(outgoing) => Some(outgoing.amount),
            Self::TransferCredited(incoming) => Some(incoming.amount),
            Self::TransferReleased(released) => Some(released.outgoing.amount),
            Self::DepositReversed(reversal) | Self::WithdrawalReversed(reversal) => Some(reversal.amount),
            _ => None,
        }
    }

    /// The account concerned; `None` for what concerns all of them.
    pub fn account_id(&self) -> Option<&AccountId> {
        Some(match self {
            Self::AccountCreated { account_id, .. }
            | Self::MoneyDeposited { account_id, .. }
            | Self::MoneyWithdrawn { account_id, .. }
            | Self::AccountOverdrawn { account_id, .. }
            | Self::InvalidPin { account_id, .. }
            | Self::AccountUnlocked { account_id }
            | Self::AccountFrozen { account_id, .. }
            | Self::AccountUnfrozen { account_id }
            | Self::OverdraftLimitSet { account_id, .. }
            | Self::HolderChanged { account_id, .. }
            | Self::EmailChanged { account_id, .. }
            | Self::PinChanged { account_id, .. }
            | Self::AccountClosed { account_id, .. }
            | Self::PinRejected { account_id } => account_id,
            Self::MoneyReserved(outgoing) | Self::TransferSettled(outgoing) => &outgoing.account_id,
            Self::TransferCredited(incoming) => &incoming.account_id,
            Self::TransferReleased(released) => &released.outgoing.account_id,
            Self::DepositReversed(reversal) | Self::WithdrawalReversed(reversal) => &reversal.account_id,
            Self::CurrencyChosen(_) => return None,
        })
    }
}

impl DomainEvent for AccountEvent {
    const DOMAIN: &'static str = "bank";

    fn event_type(&self) -> &'static str {
        serde_name(self)
    }

    fn title(&self) -> &'static str {
        match self {
            Self::AccountCreated { .. } => "Account Created",
            Self::MoneyDeposited { .. } => "Money Deposited",
            Self::MoneyWithdrawn { .. } => "Money Withdrawn",
            Self::AccountOverdrawn { .. } | Self::InvalidPin { .. } => "Payment Declined",
            Self::AccountUnlocked { .. } => "Account Unlocked",
            Self::AccountFrozen { .. } => "Account Frozen",
            Self::AccountUnfrozen { .. } => "Account Unfrozen",
            Self::OverdraftLimitSet { .. } => "Overdraft Limit Set",
            Self::HolderChanged { .. } => "Holder Changed",
            Self::EmailChanged { .. } => "E-Mail Changed",
            Self::PinChanged { .. } => "PIN Changed",
            Self::AccountClosed { .. } => "Account Closed",
            Self::PinRejected { .. } => "Request Declined",
            Self::MoneyReserved(_) => "Money Reserved",
            Self::TransferCredited(_) => "Transfer Credited",
            Self::TransferSettled(_) => "Transfer Settled",
            Self::TransferReleased(_) => "Transfer Released",
            Self::DepositReversed(_) => "Deposit Reversed",
            Self::WithdrawalReversed(_) => "Withdrawal Reversed",
            Self::CurrencyChosen(chosen) => chosen.title(),
        }
    }

    fn hides(field: &str) -> bool {
        field == "pin_verifier"
    }

    /// Version 2 of the bookings, and of what was declined, adds their details.
    fn upcast(event_type: &str, schema_version: u16) -> Option<Upcast> {
        Self::only_adds(event_type, schema_version).then_some(|data| data)
    }

    fn only_adds(event_type: &str, schema_version: u16) -> bool {
        booking::only_adds(event_type, schema_version)
    }

    fn written_version(&self) -> Option<u16> {
        self.version_with_details()
    }
}

mod currency;
#[cfg(test)]
mod tests;
