//! What several programs store of their read models on one file is what the log says, whoever stores it last, and also when
//! one of them is killed: a bank that is opened again answers right, and `Bank.verify` finds it whole.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;

use crate::clients::Client;
use crate::program::{Finished, bank, example, run};
use crate::random::Random;

/// So many programs open the file at the same time.
const PROGRAMS: usize = 4;

/// Each of them opens it so often, makes deposits, and closes it.
const TIMES: usize = 25;

const DEPOSITS: usize = 5;

/// So many accounts have them.
const ACCOUNTS: usize = 300;

fn create(path: &Path) {
    let script: String = (0..ACCOUNTS).map(|account| format!("Bank.create {account}\n")).collect();
    let created = run(&["--quiet", "--store", path.to_str().unwrap()], format!("Bank.open\n{script}"));
    assert_eq!(created.exit_code, Some(0), "{created:?}");
}

/// What a program that comes last says of the balances, and what the log says.
fn balances(path: &Path) -> (Vec<String>, Vec<String>) {
    let questions: String = (0..ACCOUNTS).map(|account| format!("Bank.check_balance {account}\n")).collect();
    let script = format!("Bank.open\n{questions}Bank.get_total_deposits\nBank.verify\n");
    let Finished { stdout, exit_code, stderr } = run(&["--quiet", "--store", path.to_str().unwrap()], script);
    assert_eq!(exit_code, Some(0), "{stderr}");
    let log = rusqlite::Connection::open(path).unwrap();
    let sum = |condition: &str| {
        let sql = format!(
            "SELECT coalesce(sum(data ->> 'amount'), 0) FROM event_log
             WHERE type = 'money_deposited_into_bank_account' AND {condition}"
        );
        log.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap().to_string()
    };
    let mut expected: Vec<_> = (0..ACCOUNTS).map(|account| sum(&format!("stream = 'account-{account}'"))).collect();
    expected.push(sum("true"));
    let count = |what| log.query_row(&format!("SELECT {what} FROM event_log"), [], |row| row.get::<_, i64>(0)).unwrap();
    let (events, streams) = (count("count(*)"), count("count(DISTINCT stream)"));
    expected.push(format!("{{:ok, %{{events: {events}, streams: {streams}, snapshots: 0}}}}"));
    let found = stdout.lines().skip(1).map(|line| match line.split_once("snapshots: ") {
        Some((whole, _)) => format!("{whole}snapshots: 0}}}}"),
        None => line.to_owned(),
    });
    (found.collect(), expected)
}

/// A program that has the file open. That it may be opened at any moment is another promise.
fn opened(path: &Path) -> Client {
    loop {
        let mut program = Client::start(bank(&["--json", "--store", path.to_str().unwrap()]));
        if program.ask("Bank.open").is_some_and(|answer| answer["reply"].get("ok").is_some()) {
            return program;
        }
    }
}

fn deposits(program: usize, time: usize) -> impl Iterator<Item = String> {
    let account = move |deposit| (7 * time + 61 * deposit + program) % ACCOUNTS;
    (0..DEPOSITS).map(move |deposit| format!("Bank.deposit {}, {}", account(deposit), 1 + deposit))
}

/// A program opens the file, makes deposits and closes it, again and again.
fn open_deposit_close(path: &Path, number: usize) {
    let mut program = opened(path);
    for time in 0..TIMES {
        for deposit in deposits(number, time) {
            assert_eq!(program.reply(&deposit), "ok");
        }
        assert_eq!(program.reply("Bank.close"), "ok");
        if program.ask("Bank.open").is_none_or(|answer| answer["reply"].get("ok").is_none()) {
            program = opened(path);
        }
    }
    assert!(program.leave().is_well());
}

#[test]
fn programs_that_open_deposit_and_close_leave_the_balances_right() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    create(&path);
    thread::scope(|scope| {
        for number in 0..PROGRAMS {
            let path = &path;
            scope.spawn(move || open_deposit_close(path, number));
        }
    });
    let (found, expected) = balances(&path);
    assert_eq!(found, expected);
}

#[test]
fn so_do_programs_of_which_one_is_killed_again_and_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    create(&path);
    thread::scope(|scope| {
        for number in 1..PROGRAMS {
            let path = &path;
            scope.spawn(move || open_deposit_close(path, number));
        }
        let mut random = Random::new(1);
        for time in 0..TIMES {
            let mut program = opened(&path);
            deposits(0, time).for_each(|deposit| program.say(&deposit));
            program.say("Bank.close");
            // At any moment: so many answers later, and a little.
            (0..random.below(DEPOSITS as u64 + 2)).for_each(|_| drop(program.hear()));
            (0..random.below(500)).for_each(|_| thread::yield_now());
            program.kill();
        }
    });
    let (found, expected) = balances(&path);
    assert_eq!(found, expected);
}

/// So many books the library has: what is read takes a moment then.
const BOOKS: u64 = 200;

/// So often each of the readers comes and goes.
const VISITS: usize = 15;

fn book(number: u64) -> String {
    let digits = format!("978{:09}", 100 * number);
    let sum: u32 = digits
        .chars()
        .zip([1, 3].into_iter().cycle())
        .map(|(digit, weight)| digit.to_digit(10).unwrap() * weight)
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

#[test]
fn the_librarys_copies_stay_right_beside_readers_that_come_and_go() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("library.db");
    let on_file = ["--json", "--store", path.to_str().unwrap()];
    let mut writer = Client::start(example("library_write_service", &on_file));
    let add = |number| format!("LibraryWriteService.add_book \"{}\", \"A Title\", \"An Author\", 1", book(number));
    for number in 0..BOOKS {
        writer.say(&add(number));
    }
    (0..BOOKS).for_each(|_| assert_eq!(writer.reply_heard(), "ok"));
    let mut copies = vec![1; BOOKS as usize];
    thread::scope(|scope| {
        let visit = |number| {
            let on_file = &on_file;
            move || {
                let mut random = Random::new(number);
                for _ in 0..VISITS {
                    let mut reader = Client::start(example("library_read_service", on_file));
                    // Whether it may be asked at any moment is another promise.
                    (0..1 + random.below(3))
                        .for_each(|_| drop(reader.ask("LibraryReadService.get_inventory limit: 1")));
                    match random.below(4) {
                        0 => reader.kill(),
                        _ => drop(reader.leave()),
                    }
                }
            }
        };
        let readers: Vec<_> = (0..3).map(|number| scope.spawn(visit(number))).collect();
        let mut random = Random::new(9);
        while readers.iter().any(|reader| !reader.is_finished()) {
            let number = random.below(BOOKS);
            assert_eq!(writer.reply(&add(number)), "ok");
            copies[number as usize] += 1;
        }
    });
    assert!(writer.leave().is_well());
    let mut reader = Client::start(example("library_read_service", &on_file));
    let inventory = reader.reply("LibraryReadService.get_inventory");
    let inventory = inventory.as_array().unwrap().iter();
    let found: BTreeMap<_, _> =
        inventory.map(|row| (row["isbn"].as_str().unwrap().to_owned(), row["copies_in"].as_u64().unwrap())).collect();
    let expected: BTreeMap<_, _> = copies.into_iter().zip(0..).map(|(copies, number)| (book(number), copies)).collect();
    assert_eq!(found, expected);
}
