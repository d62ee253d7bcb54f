//! Events as a store gives them back: a type name, the version of the form they were written in, and JSON.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, de};
use thiserror::Error;

use super::transfer::{Incoming, Outgoing, Released};
use super::{AccountEvent, AccountHolder, AccountId, EmailAddress, Money, PinVerifier};
use crate::engine::store::stored_event::{StoredEvent, UnreadableEvent};

/// Why what was stored is not understood.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StoredEventError {
    /// No event has this type name.
    #[error("there are no events of the type {event_type:?}")]
    UnknownType {
        /// What was stored.
        event_type: String,
    },
    /// The data have a form that this program does not know; a newer one may.
    #[error("data of version {schema_version} of the event {event_type:?} are not known here")]
    UnknownVersion {
        /// The type that was stored.
        event_type: String,
        /// The version that was stored.
        schema_version: u16,
    },
    /// The data are not what an event of this type says.
    #[error("the data of the event {event_type:?} are broken: {reason}")]
    BrokenData {
        /// The type that was stored.
        event_type: String,
        /// What is wrong with the data.
        reason: String,
    },
}

impl StoredEvent for AccountEvent {
    const DOMAIN: &'static str = "bank";

    fn to_json(&self) -> String {
        // Events hold nothing that JSON has no form for.
        serde_json::to_string(self).unwrap_or_default()
    }

    fn from_stored(event_type: &str, schema_version: u16, json: &str) -> Result<Self, UnreadableEvent> {
        let read = Self::read(event_type, schema_version, json);
        read.map_err(|error| match error {
            StoredEventError::UnknownType { event_type } => UnreadableEvent::UnknownType { event_type },
            StoredEventError::UnknownVersion { event_type, schema_version } => {
                UnreadableEvent::UnknownVersion { event_type, schema_version }
            }
            broken @ StoredEventError::BrokenData { .. } => UnreadableEvent::Broken { reason: broken.to_string() },
        })
    }
}

impl AccountEvent {
    /// An event from what was stored of it.
    ///
    /// # Errors
    ///
    /// [`StoredEventError`]: what is not understood, and why.
    pub fn read(event_type: &str, schema_version: u16, data: &str) -> Result<Self, StoredEventError> {
        let read = match event_type {
            "bank_account_created" => read::<Created>,
            "money_deposited_into_bank_account" => read::<Deposited>,
            "money_withdrawn_from_bank_account" => read::<Withdrawn>,
            "account_overdrawn" => read::<Overdrawn>,
            "invalid_pin" => read::<WrongPin>,
            "account_unlocked" => read::<Unlocked>,
            "money_reserved_for_transfer" => read::<Reserved>,
            "transfer_credited" => read::<Credited>,
            "transfer_settled" => read::<Settled>,
            "transfer_released" => read::<Released>,
            _ => return Err(StoredEventError::UnknownType { event_type: event_type.to_owned() }),
        };
        if schema_version != 1 {
            return Err(StoredEventError::UnknownVersion { event_type: event_type.to_owned(), schema_version });
        }
        read(data).map_err(|error| StoredEventError::BrokenData {
            event_type: event_type.to_owned(),
            reason: error.to_string(),
        })
    }
}

fn read<D: DeserializeOwned + Into<AccountEvent>>(data: &str) -> serde_json::Result<AccountEvent> {
    serde_json::from_str::<D>(data).map(Into::into)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Created {
    account_id: AccountId,
    account_holder: Box<str>,
    email: Option<EmailAddress>,
    pin_verifier: Option<PinVerifier>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deposited {
    account_id: AccountId,
    #[serde(deserialize_with = "amount")]
    amount: Money,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Withdrawn {
    account_id: AccountId,
    #[serde(deserialize_with = "amount")]
    amount: Money,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Overdrawn {
    account_id: AccountId,
    #[serde(deserialize_with = "balance")]
    balance: Money,
    #[serde(deserialize_with = "amount")]
    amount_requested: Money,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrongPin {
    account_id: AccountId,
    #[serde(deserialize_with = "amount")]
    amount_requested: Money,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unlocked {
    account_id: AccountId,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Reserved(Outgoing);

#[derive(Deserialize)]
#[serde(transparent)]
struct Credited(Incoming);

#[derive(Deserialize)]
#[serde(transparent)]
struct Settled(Outgoing);

impl From<Reserved> for AccountEvent {
    fn from(Reserved(outgoing): Reserved) -> Self {
        Self::MoneyReserved(Box::new(outgoing))
    }
}

impl From<Credited> for AccountEvent {
    fn from(Credited(incoming): Credited) -> Self {
        Self::TransferCredited(Box::new(incoming))
    }
}

impl From<Settled> for AccountEvent {
    fn from(Settled(outgoing): Settled) -> Self {
        Self::TransferSettled(Box::new(outgoing))
    }
}

impl From<Released> for AccountEvent {
    fn from(released: Released) -> Self {
        Self::TransferReleased(Box::new(released))
    }
}

impl From<Created> for AccountEvent {
    fn from(Created { account_id, account_holder, email, pin_verifier }: Created) -> Self {
        // Most accounts belong to who they are named after.
        let name: Arc<str> =
            if *account_holder == *account_id.as_str() { account_id.shared() } else { account_holder.into() };
        Self::AccountCreated { account_id, account_holder: AccountHolder::stored(name, email, pin_verifier) }
    }
}

impl From<Deposited> for AccountEvent {
    fn from(Deposited { account_id, amount }: Deposited) -> Self {
        Self::MoneyDeposited { account_id, amount }
    }
}

impl From<Withdrawn> for AccountEvent {
    fn from(Withdrawn { account_id, amount }: Withdrawn) -> Self {
        Self::MoneyWithdrawn { account_id, amount }
    }
}

impl From<Overdrawn> for AccountEvent {
    fn from(Overdrawn { account_id, balance, amount_requested }: Overdrawn) -> Self {
        Self::AccountOverdrawn { account_id, balance, amount_requested }
    }
}

impl From<WrongPin> for AccountEvent {
    fn from(WrongPin { account_id, amount_requested }: WrongPin) -> Self {
        Self::InvalidPin { account_id, amount_requested }
    }
}

impl From<Unlocked> for AccountEvent {
    fn from(Unlocked { account_id }: Unlocked) -> Self {
        Self::AccountUnlocked { account_id }
    }
}

fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
    Money::new(u64::deserialize(deserializer)?).map_err(de::Error::custom)
}

fn balance<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
    let beyond = || de::Error::custom(format_args!("a balance is at most {}", Money::MAX));
    Money::balance(u64::deserialize(deserializer)?).ok_or_else(beyond)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::HolderName;
    use crate::engine::event::DomainEvent as _;

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
            (
                AccountEvent::MoneyDeposited { account_id: account_id.clone(), amount },
                r#"{"account_id":"1","amount":5}"#.to_owned(),
            ),
            (
                AccountEvent::MoneyWithdrawn { account_id: account_id.clone(), amount },
                r#"{"account_id":"1","amount":5}"#.to_owned(),
            ),
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
        ]
    }

    #[test]
    fn every_event_is_stored_as_the_kata_names_it_and_comes_back() {
        for (event, data) in events() {
            assert_eq!(serde_json::to_string(&event).unwrap(), data);
            let read = AccountEvent::read(event.event_type(), event.schema_version(), &data);
            assert_eq!(read, Ok(event));
        }
    }

    #[test]
    fn what_is_not_known_is_said() {
        let read = |event_type, version, data| AccountEvent::read(event_type, version, data).unwrap_err();
        assert_eq!(read("money_burnt", 1, "{}").to_string(), "there are no events of the type \"money_burnt\"");
        assert_eq!(
            read("account_unlocked", 2, r#"{"account_id":"1"}"#).to_string(),
            "data of version 2 of the event \"account_unlocked\" are not known here"
        );
    }

    #[test]
    fn broken_data_are_no_event() {
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
                "a balance is at most",
            ),
            (
                "bank_account_created",
                r#"{"account_id":"1","account_holder":"1","pin_verifier":"1234"}"#,
                "a PIN verifier is an argon2id hash",
            ),
        ] {
            match AccountEvent::read(event_type, 1, data) {
                Err(StoredEventError::BrokenData { reason: said, .. }) => assert!(said.contains(reason), "{said}"),
                other => panic!("{data}: {other:?}"),
            }
        }
    }
}
