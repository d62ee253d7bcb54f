//! How events are stored and read.

use super::*;
use crate::bank::Memo;
use crate::engine::log::RecordedEvent;
use crate::engine::store::codec::{StoredEvent as _, UnreadableEvent, check_types};

const VERIFIER: &str = "$argon2id$v=19$m=16,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

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
                balance: Balance::ZERO,
                amount_requested: amount,
                declined: DeclinedDetails::NONE,
            },
            r#"{"account_id":"1","balance":0,"amount_requested":5}"#.to_owned(),
        ),
        (
            AccountEvent::InvalidPin {
                account_id: account_id.clone(),
                amount_requested: amount,
                declined: DeclinedDetails::NONE,
            },
            r#"{"account_id":"1","amount_requested":5}"#.to_owned(),
        ),
        (
            AccountEvent::OverdraftLimitSet {
                account_id: account_id.clone(),
                limit: OverdraftLimit::new(500).unwrap(),
            },
            r#"{"account_id":"1","limit":500}"#.to_owned(),
        ),
        (
            AccountEvent::AccountOverdrawn {
                account_id: account_id.clone(),
                balance: Balance::ZERO.checked_sub(amount).unwrap(),
                amount_requested: amount,
                declined: DeclinedDetails::NONE,
            },
            r#"{"account_id":"1","balance":-5,"amount_requested":5}"#.to_owned(),
        ),
        (AccountEvent::AccountUnlocked { account_id: account_id.clone() }, r#"{"account_id":"1"}"#.to_owned()),
        (
            AccountEvent::AccountFrozen { account_id: account_id.clone(), reason: None },
            r#"{"account_id":"1"}"#.to_owned(),
        ),
        (
            AccountEvent::AccountFrozen { account_id: account_id.clone(), reason: StatedReason::new("a law").ok() },
            r#"{"account_id":"1","reason":"a law"}"#.to_owned(),
        ),
        (AccountEvent::AccountUnfrozen { account_id: account_id.clone() }, r#"{"account_id":"1"}"#.to_owned()),
        (
            AccountEvent::AccountClosed { account_id: account_id.clone(), reason: StatedReason::new("moved").ok() },
            r#"{"account_id":"1","reason":"moved"}"#.to_owned(),
        ),
        (AccountEvent::PinRejected { account_id: account_id.clone() }, r#"{"account_id":"1"}"#.to_owned()),
        (
            AccountEvent::HolderChanged {
                account_id: account_id.clone(),
                account_holder: HolderName::new("Luke").unwrap(),
            },
            r#"{"account_id":"1","account_holder":"Luke"}"#.to_owned(),
        ),
        (
            AccountEvent::EmailChanged {
                account_id: account_id.clone(),
                email: EmailAddress::new("luke@example.org").ok(),
            },
            r#"{"account_id":"1","email":"luke@example.org"}"#.to_owned(),
        ),
        (
            AccountEvent::EmailChanged { account_id: account_id.clone(), email: None },
            r#"{"account_id":"1"}"#.to_owned(),
        ),
        (
            AccountEvent::AccountOverdrawn {
                account_id: account_id.clone(),
                balance: Balance::ZERO,
                amount_requested: amount,
                declined: DeclinedDetails::new(Some(AccountId::new("2").unwrap()), Memo::new("Rent").unwrap().into()),
            },
            r#"{"account_id":"1","balance":0,"amount_requested":5,"payee":"2","memo":"Rent"}"#.to_owned(),
        ),
        (
            AccountEvent::InvalidPin {
                account_id: account_id.clone(),
                amount_requested: amount,
                declined: DeclinedDetails::new(None, Memo::new("Rent").unwrap().into()),
            },
            r#"{"account_id":"1","amount_requested":5,"memo":"Rent"}"#.to_owned(),
        ),
        (
            AccountEvent::PinChanged { account_id, pin_verifier: PinVerifier::new(VERIFIER).unwrap() },
            format!(r#"{{"account_id":"1","pin_verifier":"{VERIFIER}"}}"#),
        ),
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
        ("account_frozen", r#"{"account_id":"1","reason":""}"#, "a reason has 1 to 140 characters"),
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
    // All that an event takes in memory, but for what it shares with others and the indices of the store.
    let recorded = size_of::<RecordedEvent<AccountEvent>>();
    assert!(recorded <= 104, "{recorded}");
}
