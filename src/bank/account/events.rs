//! The events of accounts.

use serde::{Deserialize, Serialize};

use super::booking::{self, BookingDetails};
use super::holder::{self, AccountHolder};
use super::id::AccountId;
use super::money::{self, Money};
use super::transfer::{Incoming, Outgoing, Released, TransferId};
use crate::bank::currency::CurrencyChosen;
use crate::engine::domain::{Contains, DomainEvent, Upcast};

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
    /// A payment beyond the balance was declined.
    AccountOverdrawn {
        /// The account.
        account_id: AccountId,
        /// The balance, which is unchanged.
        balance: Money,
        /// The amount requested.
        #[serde(deserialize_with = "money::deserialize_amount")]
        amount_requested: Money,
    },
    /// A payment with a wrong PIN was declined.
    InvalidPin {
        /// The account.
        account_id: AccountId,
        /// The amount requested.
        #[serde(deserialize_with = "money::deserialize_amount")]
        amount_requested: Money,
    },
    /// The locked account was unlocked.
    AccountUnlocked {
        /// The account.
        account_id: AccountId,
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
    /// The currency of the bank was chosen, before there was an account.
    CurrencyChosen(CurrencyChosen),
}

impl From<CurrencyChosen> for AccountEvent {
    fn from(chosen: CurrencyChosen) -> Self {
        Self::CurrencyChosen(chosen)
    }
}

impl Contains<CurrencyChosen> for AccountEvent {
    fn part(&self) -> Option<&CurrencyChosen> {
        match self {
            Self::CurrencyChosen(chosen) => Some(chosen),
            _ => None,
        }
    }
}

/// The change of a balance by an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Movement {
    /// An increase by this amount.
    In(Money),
    /// A decrease by this amount.
    Out(Money),
}

impl Movement {
    /// The balance after the movement; `None` if it would be out of range.
    pub fn applied_to(self, balance: Money) -> Option<Money> {
        match self {
            Self::In(amount) => balance.checked_add(amount),
            Self::Out(amount) => balance.checked_sub(amount),
        }
    }
}

impl AccountEvent {
    /// A deposit without memo and booking date.
    pub fn deposited(account_id: AccountId, amount: Money) -> Self {
        Self::MoneyDeposited { account_id, amount, details: BookingDetails::NONE }
    }

    /// A withdrawal without memo and booking date.
    pub fn withdrawn(account_id: AccountId, amount: Money) -> Self {
        Self::MoneyWithdrawn { account_id, amount, details: BookingDetails::NONE }
    }

    /// The change of the account's balance, if any.
    pub fn movement(&self) -> Option<Movement> {
        match self {
            Self::MoneyDeposited { amount, .. } => Some(Movement::In(*amount)),
            Self::MoneyWithdrawn { amount, .. } => Some(Movement::Out(*amount)),
            Self::MoneyReserved(outgoing) => Some(Movement::Out(outgoing.amount)),
            Self::TransferCredited(incoming) => Some(Movement::In(incoming.amount)),
            Self::TransferReleased(released) => Some(Movement::In(released.outgoing.amount)),
            Self::AccountCreated { .. }
            | Self::AccountOverdrawn { .. }
            | Self::InvalidPin { .. }
            | Self::AccountUnlocked { .. }
            | Self::TransferSettled(_)
            | Self::CurrencyChosen(_) => None,
        }
    }

    /// The title of the command that led to the event.
    pub fn command_title(&self) -> &'static str {
        match self {
            Self::AccountCreated { .. } => "Create Account",
            Self::MoneyDeposited { .. } => "Deposit Money",
            Self::MoneyWithdrawn { .. } => "Withdraw Money",
            // A declined transfer has the same event as a declined withdrawal.
            Self::AccountOverdrawn { .. } | Self::InvalidPin { .. } => "Withdraw or Transfer Money",
            Self::AccountUnlocked { .. } => "Unlock Account",
            Self::MoneyReserved(_) => "Transfer Money",
            Self::TransferCredited(_) => "Credit Transfer",
            Self::TransferSettled(_) => "Settle Transfer",
            Self::TransferReleased(_) => "Release Transfer",
            Self::CurrencyChosen(_) => "Choose Currency",
        }
    }

    /// The transfer that the event is a step of, if any.
    pub fn transfer_id(&self) -> Option<TransferId> {
        match self {
            Self::MoneyReserved(outgoing) | Self::TransferSettled(outgoing) => Some(outgoing.transfer_id),
            Self::TransferCredited(incoming) => Some(incoming.transfer_id),
            Self::TransferReleased(released) => Some(released.outgoing.transfer_id),
            Self::AccountCreated { .. }
            | Self::MoneyDeposited { .. }
            | Self::MoneyWithdrawn { .. }
            | Self::AccountOverdrawn { .. }
            | Self::InvalidPin { .. }
            | Self::AccountUnlocked { .. }
            | Self::CurrencyChosen(_) => None,
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
            Self::AccountCreated { .. } | Self::AccountUnlocked { .. } | Self::CurrencyChosen(_) => None,
        }
    }

    /// The memo and the booking date, if the event is a booking that may have them.
    pub fn details(&self) -> Option<&BookingDetails> {
        match self {
            Self::MoneyDeposited { details, .. } | Self::MoneyWithdrawn { details, .. } => Some(details),
            Self::MoneyReserved(outgoing) | Self::TransferSettled(outgoing) => Some(&outgoing.details),
            Self::TransferCredited(incoming) => Some(&incoming.details),
            Self::TransferReleased(released) => Some(&released.outgoing.details),
            Self::AccountCreated { .. }
            | Self::AccountOverdrawn { .. }
            | Self::InvalidPin { .. }
            | Self::AccountUnlocked { .. }
            | Self::CurrencyChosen(_) => None,
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
            | Self::AccountUnlocked { account_id } => account_id,
            Self::MoneyReserved(outgoing) | Self::TransferSettled(outgoing) => &outgoing.account_id,
            Self::TransferCredited(incoming) => &incoming.account_id,
            Self::TransferReleased(released) => &released.outgoing.account_id,
            Self::CurrencyChosen(_) => return None,
        })
    }
}

impl DomainEvent for AccountEvent {
    const DOMAIN: &'static str = "bank";

    fn event_type(&self) -> &'static str {
        match self {
            Self::AccountCreated { .. } => "bank_account_created",
            Self::MoneyDeposited { .. } => "money_deposited_into_bank_account",
            Self::MoneyWithdrawn { .. } => "money_withdrawn_from_bank_account",
            Self::AccountOverdrawn { .. } => "account_overdrawn",
            Self::InvalidPin { .. } => "invalid_pin",
            Self::AccountUnlocked { .. } => "account_unlocked",
            Self::MoneyReserved(_) => "money_reserved_for_transfer",
            Self::TransferCredited(_) => "transfer_credited",
            Self::TransferSettled(_) => "transfer_settled",
            Self::TransferReleased(_) => "transfer_released",
            Self::CurrencyChosen(chosen) => chosen.event_type(),
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::AccountCreated { .. } => "Account Created",
            Self::MoneyDeposited { .. } => "Money Deposited",
            Self::MoneyWithdrawn { .. } => "Money Withdrawn",
            Self::AccountOverdrawn { .. } | Self::InvalidPin { .. } => "Payment Declined",
            Self::AccountUnlocked { .. } => "Account Unlocked",
            Self::MoneyReserved(_) => "Money Reserved",
            Self::TransferCredited(_) => "Transfer Credited",
            Self::TransferSettled(_) => "Transfer Settled",
            Self::TransferReleased(_) => "Transfer Released",
            Self::CurrencyChosen(chosen) => chosen.title(),
        }
    }

    /// Version 2 of the bookings adds memo and booking date.
    fn upcast(event_type: &str, schema_version: u16) -> Option<Upcast> {
        Self::only_adds(event_type, schema_version).then_some(|data| data)
    }

    fn only_adds(event_type: &str, schema_version: u16) -> bool {
        schema_version == 1 && BOOKINGS.contains(&event_type)
    }

    fn written_version(&self) -> Option<u16> {
        self.details().map(|details| if details.are_none() { 1 } else { 2 })
    }
}

/// The types of the events that may have a memo and a booking date.
const BOOKINGS: [&str; 6] = [
    "money_deposited_into_bank_account",
    "money_withdrawn_from_bank_account",
    "money_reserved_for_transfer",
    "transfer_credited",
    "transfer_settled",
    "transfer_released",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::{Currency, EmailAddress, HolderName, PinVerifier};
    use crate::engine::store::codec::{StoredEvent as _, UnreadableEvent, check_types};

    const VERIFIER: &str =
        "$argon2id$v=19$m=16,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn events() -> Vec<(AccountEvent, String)> {
        let account_id = AccountId::new("1").unwrap();
        let amount = Money::new(5).unwrap();
        let holder = AccountHolder::new(
            HolderName::new("Josh").unwrap(),
            Some(EmailAddress::new("josh@example.org").unwrap()),
            Some(PinVerifier::new(VERIFIER).unwrap()),
        );
        let created = |account_holder| AccountEvent::AccountCreated { account_id: account_id.clone(), account_holder };
        vec![
            (created((&account_id).into()), r#"{"account_id":"1","account_holder":"1"}"#.to_owned()),
            (created("Josh".into()), r#"{"account_id":"1","account_holder":"Josh"}"#.to_owned()),
            (
                created(holder),
                format!(
                    r#"{{"account_id":"1","account_holder":"Josh","email":"josh@example.org","pin_verifier":"{VERIFIER}"}}"#
                ),
            ),
            (AccountEvent::deposited(account_id.clone(), amount), r#"{"account_id":"1","amount":5}"#.to_owned()),
            (AccountEvent::withdrawn(account_id.clone(), amount), r#"{"account_id":"1","amount":5}"#.to_owned()),
            (
                AccountEvent::AccountOverdrawn {
                    account_id: account_id.clone(),
                    balance: Money::ZERO,
                    amount_requested: amount,
                },
                r#"{"account_id":"1","balance":0,"amount_requested":5}"#.to_owned(),
            ),
            (
                AccountEvent::InvalidPin { account_id: account_id.clone(), amount_requested: amount },
                r#"{"account_id":"1","amount_requested":5}"#.to_owned(),
            ),
            (AccountEvent::AccountUnlocked { account_id }, r#"{"account_id":"1"}"#.to_owned()),
            (
                CurrencyChosen::from(Currency::with_code("EUR").unwrap()).into(),
                r#"{"currency":"EUR","decimals":2}"#.to_owned(),
            ),
            (CurrencyChosen::from(Currency::with_decimals(3).unwrap()).into(), r#"{"decimals":3}"#.to_owned()),
        ]
    }

    #[test]
    fn every_event_is_stored_under_its_name_in_the_kata_and_read_back() {
        for (event, data) in events() {
            assert_eq!(event.to_json().unwrap(), data);
            let read = AccountEvent::from_stored(event.event_type(), event.schema_version(), &data);
            assert_eq!(read, Ok(event));
        }
    }

    #[test]
    fn unknown_types_and_versions_are_named() {
        let read = |event_type, version, data| AccountEvent::from_stored(event_type, version, data).unwrap_err();
        let unknown = UnreadableEvent::UnknownType { event_type: "money_burnt".to_owned() };
        assert_eq!(read("money_burnt", 1, "{}"), unknown);
        let event_type = "account_unlocked".to_owned();
        let newer = UnreadableEvent::UnknownVersion { event_type, schema_version: 2 };
        assert_eq!(read("account_unlocked", 2, r#"{"account_id":"1"}"#), newer);
    }

    #[test]
    fn broken_data_is_refused() {
        for (event_type, data, reason) in [
            ("account_unlocked", "", "EOF while parsing"),
            ("account_unlocked", "{}", "missing field `account_id`"),
            ("account_unlocked", r#"{"account_id":""}"#, "a name cannot be empty"),
            ("account_unlocked", r#"{"account_id":"1"} x"#, "trailing characters"),
            ("account_unlocked", r#"{"account_id":"1","amount":1}"#, "unknown field `amount`"),
            ("money_deposited_into_bank_account", r#"{"account_id":"1","amount":0}"#, "an amount is a whole number"),
            ("money_withdrawn_from_bank_account", r#"{"account_id":"1","amount":-1}"#, "invalid value"),
            (
                "account_overdrawn",
                r#"{"account_id":"1","balance":1000000000000001,"amount_requested":1}"#,
                "money is at most",
            ),
            (
                "bank_account_created",
                r#"{"account_id":"1","account_holder":"1","pin_verifier":"1234"}"#,
                "a PIN verifier is an argon2id hash",
            ),
        ] {
            match AccountEvent::from_stored(event_type, 1, data) {
                Err(UnreadableEvent::Broken { reason: said }) => assert!(said.contains(reason), "{said}"),
                other => panic!("{data}: {other:?}"),
            }
        }
    }

    #[test]
    fn no_two_events_share_a_type() {
        assert_eq!(check_types::<AccountEvent>(), Ok(()));
    }

    /// Events, mostly deposits and withdrawals, take most of the memory of a long log.
    #[test]
    fn rare_events_do_not_make_the_common_ones_larger() {
        assert!(size_of::<AccountEvent>() <= 40, "{}", size_of::<AccountEvent>());
    }
}
