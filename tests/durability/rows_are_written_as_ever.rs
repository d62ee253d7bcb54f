//! The rows of read models are written as they were written from the first on, to the byte: programs of before read what
//! those of today have stored, and the other way round.

use std::path::Path;
use std::process::Command;

use rusqlite::Connection;

use crate::program::{bank, example, run_command};

fn rows(path: &Path) -> Vec<String> {
    let file = Connection::open(path).unwrap();
    let sql = "SELECT projection, key, data FROM projection_rows ORDER BY projection, key";
    let mut statement = file.prepare(sql).unwrap();
    let row = |row: &rusqlite::Row<'_>| {
        Ok(format!("{}: {} {}", row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
    };
    statement.query_map([], row).unwrap().map(Result::unwrap).collect()
}

fn runs(mut program: Command, script: &str) {
    program.env("RUST_LOG", "off");
    let finished = run_command(program, script);
    assert_eq!(finished.exit_code, Some(0), "{finished:?}");
}

#[test]
fn rows_of_a_bank() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let on_file = ["--quiet", "--seed", "7", "--store", path.to_str().unwrap()];
    let script = r#"
        Bank.open
        Bank.create "Wolfman"
        Bank.create 1, "Josh", 1234
        Bank.create "Zoë 🐺", "Zoë", email: "zoe@example.org"
        Bank.deposit "Wolfman", 100
        Bank.withdraw "Wolfman", 1000
        Bank.transfer "Wolfman", 1, 20
        Bank.transfer "Wolfman", "nobody", 5
    "#;
    let deposits = "Bank.deposit 1, 2\n".repeat(1_020);
    runs(bank(&on_file), &format!("{script}\n{deposits}\nBank.close"));
    assert_eq!(
        rows(&path),
        [
            r#"accounts 1: 00000000000000000001 {"account_id":"Wolfman","holder":"Wolfman","position":1,"time":"2026-01-01T00:00:07.002000Z","has_pin":false}"#,
            r#"accounts 1: 00000000000000000002 {"account_id":"1","holder":"Josh","position":2,"time":"2026-01-01T00:00:07.004000Z","has_pin":true}"#,
            r#"accounts 1: 00000000000000000003 {"account_id":"Zoë 🐺","holder":"Zoë","position":3,"time":"2026-01-01T00:00:07.006000Z","has_pin":false,"email":"zoe@example.org"}"#,
            "balances 1: 1 2060",
            "balances 1: Wolfman 80",
            "balances 1: Zoë 🐺 0",
            r#"total deposits 1: 00000000000000001024 {"position":1024,"time":"2026-01-01T00:00:09.046000Z","total":"2128"}"#,
            r#"total deposits 1: now "2140""#,
            r#"transfers 1: 00000000000000000006 {"outgoing":{"account_id":"Wolfman","transfer_id":"019b76da-c363-7001-9384-54127b096498","payee":"1","amount":20},"reserved":{"position":6,"time":"2026-01-01T00:00:07.012000Z"},"credited":{"position":7,"time":"2026-01-01T00:00:07.013000Z"},"ended":[{"position":8,"time":"2026-01-01T00:00:07.014000Z"},"settled"]}"#,
            r#"transfers 1: 00000000000000000009 {"outgoing":{"account_id":"Wolfman","transfer_id":"019b76da-c367-7001-9384-54127b096499","payee":"nobody","amount":5},"reserved":{"position":9,"time":"2026-01-01T00:00:07.016000Z"},"credited":null,"ended":[{"position":10,"time":"2026-01-01T00:00:07.018000Z"},{"released":"no_payee"}]}"#,
        ]
    );
}

#[test]
fn rows_of_a_library() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("library.db");
    let on_file = ["--quiet", "--seed", "7", "--store", path.to_str().unwrap()];
    let script = r#"
        LibraryWriteService.add_book "978-1593275846", "Elixir in Action", "Sasa Juric", 10
        LibraryWriteService.add_book "978-1680502992", "Programming Elixir", "Dave Thomas", 1
        LibraryWriteService.borrow_book "1-59327-584-6", "Ann of the Thousand"
        LibraryWriteService.borrow_book "1-59327-584-6", "Zoë"
        LibraryWriteService.borrow_book "978-1680502992", "Zoë"
        LibraryWriteService.return_book "1-59327-584-6", "Zoë"
    "#;
    runs(example("library_write_service", &on_file), script);
    runs(example("library_read_service", &on_file), "LibraryReadService.get_inventory");
    let there = [
        r#"inventory 1: book 9781593275846 {"isbn":"9781593275846","title":"Elixir in Action","author":"Sasa Juric","copies_in":9,"copies_out":1}"#,
        r#"inventory 1: book 9781680502992 {"isbn":"9781680502992","title":"Programming Elixir","author":"Dave Thomas","copies_in":0,"copies_out":1}"#,
        r#"inventory 1: loan 9781593275846 Ann of the Thousand "2026-01-01T00:00:07.006000Z""#,
        r#"inventory 1: loan 9781680502992 Zoë "2026-01-01T00:00:07.010000Z""#,
    ];
    assert_eq!(rows(&path), there);

    // What is gone leaves no row.
    let script = r#"
        LibraryWriteService.return_book "978-1680502992", "Zoë"
        LibraryWriteService.remove_book "978-1680502992"
    "#;
    runs(example("library_write_service", &on_file), script);
    runs(example("library_read_service", &on_file), "LibraryReadService.get_inventory");
    assert_eq!(rows(&path), [there[0], there[2]]);
}
