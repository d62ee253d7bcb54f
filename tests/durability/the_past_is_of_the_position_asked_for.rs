//! An answer about a position is of that position, also in a program that has not heard of it yet; and a position that
//! nothing has come to is refused, with where the end is.

use std::path::Path;

use cqrs_bank::bank::{Bank, Moment, StoreUrl};
use cqrs_bank::engine::log::Position;
use serde_json::Value;

use crate::accounts::{account, money};
use crate::clients::Client;
use crate::program::{bank, example, run};

const TRIES: u64 = 150;

fn bank_on(path: &Path) -> Client {
    let mut program = Client::start(bank(&["--json", "--store", path.to_str().unwrap()]));
    assert!(program.reply("Bank.open").get("ok").is_some());
    program
}

/// Has one program do something again and again, and asks another for the position of it, or one nearby.
fn always_of_that_position(
    statement: impl Fn(u64) -> String,
    mut question: impl FnMut(u64, &[u64]) -> (String, Value),
) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let mut one = bank_on(&path);
    for statement in ["Bank.create 1", "Bank.create 2", "Bank.deposit 2, 1_000_000"] {
        assert_eq!(one.reply(statement), "ok");
    }
    let mut other = bank_on(&path);
    let mut wrong = Vec::new();
    for number in 1..=TRIES {
        let answer = one.ask(&statement(number)).unwrap();
        assert_eq!(answer["reply"], "ok");
        let events = answer["events"].as_array().unwrap().iter();
        let positions: Vec<_> = events.map(|event| event["position"].as_u64().unwrap()).collect();
        let (question, expected) = question(number, &positions);
        let found = other.reply(&question);
        let found = found.as_array().and_then(|rows| rows.last()).map(|last| {
            let count = found.as_array().unwrap().len();
            Value::from(vec![Value::from(count), last["id"].clone(), last["state"].clone()])
        });
        if found.as_ref() != Some(&expected) {
            wrong.push(format!("{question}: {found:?}, not {expected}"));
        }
    }
    let found = wrong.len();
    wrong.truncate(3);
    assert_eq!(found, 0, "of {TRIES}: {wrong:#?}");
}

#[test]
fn the_accounts_are_those_of_the_position() {
    let create = |number| format!("Bank.create \"new {number}\"");
    always_of_that_position(create, |number, positions| {
        let list = format!("Bank.get_account_list at: {}", positions[0]);
        (list, Value::from(vec![Value::from(2 + number), format!("new {number}").into(), Value::Null]))
    });
}

#[test]
fn the_transfers_are_those_of_the_position() {
    let transfer = |_| "Bank.transfer 2, 1, 1".to_owned();
    always_of_that_position(transfer, |number, positions| {
        let step = number as usize % 3;
        let state = ["reserved", "credited", "settled"][step];
        let transfers = format!("Bank.transfers at: {}", positions[step]);
        (transfers, Value::from(vec![Value::from(number), Value::Null, state.into()]))
    });
}

#[test]
fn a_position_beyond_the_end_is_refused_with_where_the_end_is() {
    let mut begin = "Bank.open; Bank.create 1; Bank.create 2".to_owned();
    (0..35).for_each(|_| begin += "; Bank.deposit 1, 1");
    for question in [
        "Bank.check_balance 1, at: 38",
        "Bank.get_total_deposits at: 38",
        "Bank.get_account_list at: 38",
        "Bank.transfers at: 1_000_000",
    ] {
        let said = run(&["--quiet"], format!("{begin}; {question}"));
        let last = said.stdout.lines().last().unwrap_or_default();
        let what = format!("{last} {}", said.stderr);
        assert!(last.contains("error") || said.exit_code == Some(3), "{question}: {said:?}");
        assert!(what.contains("37"), "{question}: {said:?}");
        // The end itself is none that is refused.
        let (question, _) = question.split_once(" at: ").unwrap();
        let said = run(&["--quiet"], format!("{begin}; {question} at: 37"));
        assert!(said.exit_code == Some(0) && !said.stdout.contains("error"), "{question}: {said:?}");
    }
}

#[test]
fn so_it_is_for_programs() {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let bank = Bank::open(StoreUrl::Memory).await.unwrap();
        bank.create(&account("Wolfman")).await.unwrap();
        for _ in 0..36 {
            bank.deposit(&account("Wolfman"), money(1)).await.unwrap();
        }
        let end = Some(Moment::Position(Position::new(37)));
        assert_eq!(bank.total_deposits(end).await.unwrap(), 36);
        assert_eq!(bank.accounts(end).await.unwrap().len(), 1);
        assert!(bank.transfers(Position::START, 9, end).await.unwrap().is_empty());
        let beyond = Some(Moment::Position(Position::new(38)));
        let said = [
            bank.total_deposits(beyond).await.map(|_| ()).map_err(|error| error.to_string()),
            bank.accounts(beyond).await.map(|_| ()).map_err(|error| error.to_string()),
            bank.transfers(Position::START, 9, beyond).await.map(|_| ()).map_err(|error| error.to_string()),
        ];
        for said in said {
            assert!(said.clone().is_err_and(|error| error.contains("37")), "{said:?}");
        }
    });
}

#[test]
fn so_it_is_for_the_library() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("library.db");
    let on_file = ["--json", "--store", path.to_str().unwrap()];
    let mut writer = Client::start(example("library_write_service", &on_file));
    for _ in 0..37 {
        let add = "LibraryWriteService.add_book \"978-1593275846\", \"A Title\", \"An Author\", 1";
        assert_eq!(writer.reply(add), "ok");
    }
    let mut reader = Client::start(example("library_read_service", &on_file));
    for question in ["get_inventory", "get_book \"978-1593275846\",", "get_loans \"Ann\","] {
        let answer = reader.ask(&format!("LibraryReadService.{question} at: 37")).unwrap();
        assert!(answer["reply"].get("error").is_none(), "{answer}");
        let answer = reader.ask(&format!("LibraryReadService.{question} at: 38")).unwrap();
        let said = answer["reply"].get("error").or(answer.get("error")).map(Value::to_string);
        assert!(said.is_some_and(|error| error.contains("37")), "{answer}");
    }
}
