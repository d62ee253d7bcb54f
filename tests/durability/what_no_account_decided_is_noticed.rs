//! `Bank.verify` knows locks, PINs and payees: what no account can have decided on is noticed, and what one can is not.

use std::fs;

use cqrs_bank::bank::{
    AccountEvent, AccountHolder, AccountId, BookingDetails, DeclinedDetails, HolderName, Money, Outgoing, PinVerifier,
    ReleaseReason, Released,
};
use cqrs_bank::engine::store::codec::StoredEvent as _;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::accounts::{account, balance, money};
use crate::program::run;
use crate::verify_names_what_is_wrong::{DEPOSIT, problem, verified};

fn josh() -> AccountId {
    account("Josh")
}

fn verifier() -> PinVerifier {
    let text = "$argon2id$v=19$m=16,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    PinVerifier::new(text).unwrap()
}

fn created(account_id: AccountId, pin_verifier: Option<PinVerifier>) -> AccountEvent {
    let account_holder = AccountHolder::new(HolderName::from(&account_id), None, pin_verifier);
    AccountEvent::AccountCreated { account_id, account_holder }
}

fn wrong_pin(account_id: AccountId, payee: Option<AccountId>) -> AccountEvent {
    let declined = DeclinedDetails::new(payee, BookingDetails::NONE);
    AccountEvent::InvalidPin { account_id, amount_requested: money(1), declined }
}

fn overdrawn(account_id: AccountId, held: u64, payee: Option<AccountId>) -> AccountEvent {
    let declined = DeclinedDetails::new(payee, BookingDetails::NONE);
    AccountEvent::AccountOverdrawn { account_id, balance: balance(held), amount_requested: money(101), declined }
}

fn outgoing(account_id: AccountId, payee: &str) -> Outgoing {
    let transfer_id = Uuid::from_u128(7).into();
    Outgoing { account_id, transfer_id, payee: account(payee), amount: money(1), details: BookingDetails::NONE }
}

fn reserved(payee: &str) -> AccountEvent {
    AccountEvent::MoneyReserved(Box::new(outgoing(account("Wolfman"), payee)))
}

fn released(payee: &str, reason: ReleaseReason) -> AccountEvent {
    let outgoing = outgoing(account("Wolfman"), payee);
    AccountEvent::TransferReleased(Box::new(Released { outgoing, reason }))
}

#[tokio::test]
async fn what_passes_a_lock_is_noticed() {
    let locked = || {
        let wrong = || wrong_pin(josh(), None);
        vec![
            created(josh(), Some(verifier())),
            AccountEvent::deposited(josh(), money(100)),
            wrong(),
            AccountEvent::PinRejected { account_id: josh() },
            wrong(),
        ]
    };
    let holder = HolderName::new("Ann").unwrap();
    for passing in [
        AccountEvent::withdrawn(josh(), money(1)),
        overdrawn(josh(), 100, None),
        AccountEvent::MoneyReserved(Box::new(outgoing(josh(), "Wolfman"))),
        wrong_pin(josh(), None),
        AccountEvent::PinRejected { account_id: josh() },
        AccountEvent::HolderChanged { account_id: josh(), account_holder: holder },
        AccountEvent::EmailChanged { account_id: josh(), email: None },
        AccountEvent::PinChanged { account_id: josh(), pin_verifier: verifier() },
    ] {
        let mut events = locked();
        events.push(passing.clone());
        assert_eq!(problem(events).await, (Some(8), "its account is locked".to_owned()), "{passing:?}");
        let mut events = locked();
        events.extend([AccountEvent::AccountUnlocked { account_id: josh() }, passing.clone()]);
        assert_eq!(verified(events).await, None, "{passing:?}");
    }
}

#[tokio::test]
async fn what_needs_a_lock_or_a_pin_is_noticed_without_one() {
    let unlocked = AccountEvent::AccountUnlocked { account_id: account("Wolfman") };
    assert_eq!(problem(vec![unlocked.clone()]).await, (Some(3), "its account is not locked".to_owned()));
    let of_josh = AccountEvent::AccountUnlocked { account_id: josh() };
    let events = vec![created(josh(), Some(verifier())), wrong_pin(josh(), None), of_josh];
    assert_eq!(problem(events).await, (Some(5), "its account is not locked".to_owned()));
    let rejected = AccountEvent::PinRejected { account_id: account("Wolfman") };
    for wrong in [wrong_pin(account("Wolfman"), None), rejected] {
        assert_eq!(problem(vec![wrong]).await, (Some(3), "its account has no PIN".to_owned()));
    }
}

#[tokio::test]
async fn what_a_frozen_account_never_declines_is_noticed() {
    let frozen = |account_id| AccountEvent::AccountFrozen { account_id, reason: None };
    let wolfman = account("Wolfman");
    let events = vec![frozen(wolfman.clone()), overdrawn(wolfman, 100, None)];
    assert_eq!(problem(events).await, (Some(4), "its account is frozen".to_owned()));
    let events = vec![created(josh(), Some(verifier())), frozen(josh()), wrong_pin(josh(), None)];
    assert_eq!(problem(events).await, (Some(5), "its account is frozen".to_owned()));
    // The holder may be changed, and the PIN for that be wrong.
    let rejected = AccountEvent::PinRejected { account_id: josh() };
    assert_eq!(verified(vec![created(josh(), Some(verifier())), frozen(josh()), rejected]).await, None);
}

#[tokio::test]
async fn a_declined_transfer_to_its_own_payer_is_noticed() {
    let reason = "it declines a transfer from its account to itself".to_owned();
    let events = vec![overdrawn(account("Wolfman"), 100, Some(account("Wolfman")))];
    assert_eq!(problem(events).await, (Some(3), reason.clone()));
    let events = vec![created(josh(), Some(verifier())), wrong_pin(josh(), Some(josh()))];
    assert_eq!(problem(events).await, (Some(4), reason));
}

#[tokio::test]
async fn a_payee_that_was_there_is_not_missed() {
    let dracula = || created(account("Dracula"), None);
    let no_payee = || released("Dracula", ReleaseReason::NoPayee);
    let there = "it says that there is no payee, and there is".to_owned();
    assert_eq!(problem(vec![dracula(), reserved("Dracula"), no_payee()]).await, (Some(5), there));
    let closed = AccountEvent::AccountClosed { account_id: account("Dracula"), reason: None };
    for possible in [
        vec![reserved("Dracula"), no_payee()],
        // Closed before it was credited.
        vec![dracula(), reserved("Dracula"), closed.clone(), no_payee()],
        vec![dracula(), closed, reserved("Dracula"), no_payee()],
    ] {
        assert_eq!(verified(possible.clone()).await, None, "{possible:?}");
    }
    let nobody = "it says that its payee holds too much, and there is no payee".to_owned();
    let events = vec![reserved("Dracula"), released("Dracula", ReleaseReason::BalanceLimit)];
    assert_eq!(problem(events).await, (Some(4), nobody));
}

#[tokio::test]
async fn a_payee_that_had_room_is_not_full() {
    let too_much = || released("Dracula", ReleaseReason::BalanceLimit);
    let move_in = |amount| AccountEvent::deposited(account("Dracula"), amount);
    let move_out = |amount| AccountEvent::withdrawn(account("Dracula"), amount);
    let room = "it says that its payee holds too much, and there is room".to_owned();
    let emptied = vec![created(account("Dracula"), None), move_in(Money::MAX), move_out(Money::MAX)];
    for (position, events) in [
        (5, vec![created(account("Dracula"), None), reserved("Dracula"), too_much()]),
        (7, [emptied.clone(), vec![reserved("Dracula"), too_much()]].concat()),
    ] {
        let noticed = problem(events.clone()).await;
        assert_eq!(noticed, (Some(position), room.clone()), "{events:?}");
    }
    for possible in [
        vec![created(account("Dracula"), None), move_in(Money::MAX), reserved("Dracula"), too_much()],
        // The money left after the transfer was refused, or came before it was.
        [emptied[..2].to_vec(), vec![reserved("Dracula"), move_out(Money::MAX), too_much()]].concat(),
        [emptied[..1].to_vec(), vec![reserved("Dracula"), move_in(Money::MAX), move_out(Money::MAX), too_much()]]
            .concat(),
    ] {
        assert_eq!(verified(possible.clone()).await, None, "{possible:?}");
    }
}

/// Another program may create the payee after it was missed, and before the money is back.
#[test]
fn a_payee_that_comes_too_late_is_possible() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log.jsonl");
    let script =
        format!("Bank.open; Bank.create 1, deposit: 5; Bank.transfer 1, 2, 1; Bank.create 2; Bank.export {path:?}");
    assert_eq!(run(&["-c", &script], "").exit_code, Some(0));
    let log = fs::read_to_string(&path).unwrap();
    let mut events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [.., released, created] = &mut events[..] else { panic!("{log}") };
    assert_eq!((&released["type"], &created["type"]), (&json!("transfer_released"), &json!("bank_account_created")));
    for field in ["position", "time"] {
        let moved = released[field].take();
        released[field] = created[field].take();
        created[field] = moved;
    }
    events.sort_by_key(|event| event["position"].as_u64());
    fs::write(&path, events.iter().map(|event| format!("{event}\n")).collect::<String>()).unwrap();
    let imported = run(&["--quiet", "-c", &format!("Bank.open; Bank.import {path:?}; Bank.check_balance 1")], "");
    assert_eq!(imported.stdout.lines().skip(1).collect::<Vec<_>>(), ["{:ok, %{events: 5}}", "5"]);
}

#[tokio::test]
async fn a_reversal_on_a_date_of_its_own_is_noticed() {
    let data = json!({"account_id": "Wolfman", "reverses": DEPOSIT, "amount": 100, "booking_date": "1969-12-31"});
    let reversed = AccountEvent::from_stored("deposit_reversed", 1, &data.to_string()).unwrap();
    let reason = "it is a reversal, and has a booking date of its own".to_owned();
    assert_eq!(problem(vec![reversed]).await, (Some(3), reason));
}

/// Every version has written text, and what this one does not know is a later one's.
#[test]
fn metadata_that_are_no_text_are_not_imported() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log.jsonl");
    let exported = format!("Bank.open; Bank.create 1; Bank.export {path:?}");
    assert_eq!(run(&["-c", &exported], "").exit_code, Some(0));
    let mut event: Value = serde_json::from_str(fs::read_to_string(&path).unwrap().trim_end()).unwrap();
    for (metadata, is_text) in [
        (json!({"user": 5}), false),
        (json!({"user": {"name": "Josh"}}), false),
        (json!({"fingerprint": 7}), false),
        (json!({"process": ["transfer"]}), false),
        (json!({"effects": null}), false),
        (json!({"snapshot": true}), false),
        (json!({"user": "Josh", "device": {"name": "phone"}}), true),
    ] {
        event["metadata"] = metadata.clone();
        fs::write(&path, format!("{event}\n")).unwrap();
        let imported = run(&["--quiet", "-c", &format!("Bank.open; Bank.import {path:?}")], "");
        let expected = match is_text {
            true => "{:ok, %{events: 1}}",
            false => "{:error, %{line: 1, problem: \"a detail in its metadata is no text\"}}",
        };
        assert_eq!(imported.stdout.lines().last(), Some(expected), "{metadata}");
    }
}
