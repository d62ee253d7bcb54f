//! `foreign: true` uses nothing of a file but its log, which is verified first. It sends no e-mail for past events and
//! continues transfers under way. Opening a file that others may have written recommends it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use cqrs_bank::bank::{Bank, HolderName, NewAccount, Options, Pin, PinCost, PinOptions, PinSecret, StoreUrl};
use tempfile::TempDir;

use crate::accounts::account;
use crate::forger::{forge, leave_a_transfer_under_way};
use crate::program::{Finished, example, run, run_command};
use crate::shells::{Shell, e_mails};

fn asked(path: &Path, options: &str, statements: &str) -> Finished {
    run(&["--quiet"], format!("Bank.open {path:?}{options}\n{statements}"))
}

const FOREIGN: &str = ", foreign: true";

/// An account with an e-mail address, and 300 deposits of 1: enough for a snapshot.
fn bank() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let deposits = "Bank.deposit \"Wolfman\", 1\n".repeat(300);
    let finished = asked(
        &path,
        "",
        &format!(
            "Bank.create \"Wolfman\", \"Wolfman\", email: \"wolfman@example.org\"\nBank.create \"Dracula\"\n{deposits}"
        ),
    );
    assert_eq!(finished.exit_code, Some(0), "{finished:?}");
    (directory, path)
}

/// Forges everything but the log.
const EVERYTHING: &str = "
    UPDATE snapshots SET state = replace(state, '\"balance\":255', '\"balance\":999999');
    UPDATE projection_rows SET data = replace(data, '300', '999999');
    UPDATE handlers SET checkpoint = 0;
    INSERT INTO handlers VALUES ('thank-you e-mail', 0, 0, NULL, x'00', 2);
    INSERT INTO parked_events VALUES (7, 'transfer', 3, 10, 'forged', 0, x'00');
    UPDATE sqlite_sequence SET seq = 9223372036854775807;";

#[test]
fn whatever_else_is_forged_the_answers_are_those_of_the_log() {
    let (directory, path) = bank();
    let questions = "Bank.check_balance \"Wolfman\"\nBank.check_balance \"Wolfman\", at: 260\nBank.get_total_deposits\n\
        Bank.parked\nBank.verify\n";
    // The first line names the file.
    let answers = |path: &Path, options: &str| {
        let finished = asked(path, options, questions);
        assert_eq!(finished.stderr, "");
        finished.stdout.split_once('\n').unwrap().1.to_owned()
    };
    let right = answers(&path, "");
    assert!(right.starts_with("300\n258\n300\n"), "{right}");
    // Snapshots are dropped. New ones are stored with new events.
    let right = right.replace("snapshots: 1", "snapshots: 0");
    for (change, is_signed) in [(EVERYTHING, true), (EVERYTHING, false), ("DELETE FROM row_sets", false)] {
        let forged = directory.path().join("forged.db");
        fs::copy(&path, &forged).unwrap();
        match is_signed {
            true => forge(&forged, change),
            false => rusqlite::Connection::open(&forged).unwrap().execute_batch(change).unwrap(),
        }
        assert_eq!(answers(&forged, FOREIGN), right, "{change}");
        assert_eq!(answers(&forged, ""), right, "{change}");
    }
}

#[test]
fn no_e_mail_is_sent_for_what_the_log_contains() {
    let (directory, path) = bank();
    forge(&path, EVERYTHING);
    let outbox = directory.path().join("outbox");
    let email = format!(", email: \"{}/\"", outbox.display());
    assert_eq!(asked(&path, &format!("{FOREIGN}{email}"), "").exit_code, Some(0));
    assert_eq!(asked(&path, &email, "Bank.deposit \"Wolfman\", 1").exit_code, Some(0));
    assert_eq!(e_mails(&outbox), [303]);
}

#[tokio::test]
async fn a_transfer_under_way_continues() {
    let (directory, path) = (tempfile::tempdir().unwrap(), "bank.db");
    let path = directory.path().join(path);
    asked(&path, "", "Bank.create \"Wolfman\"\nBank.create \"Dracula\"\nBank.deposit \"Wolfman\", 100\n");
    leave_a_transfer_under_way(&path).await;
    forge(&path, "INSERT OR REPLACE INTO handlers VALUES ('transfer', 4, 0, NULL, x'00', 2)");
    // The reply to the deposit waits for the transfer.
    let finished = asked(&path, FOREIGN, "Bank.deposit \"Dracula\", 1\nBank.check_balance \"Dracula\"\nBank.verify");
    assert!(finished.stdout.contains(":ok\n26\n{:ok, "), "{finished:?}");
}

#[test]
fn a_broken_log_is_refused_and_nothing_is_dropped() {
    let (_directory, path) = bank();
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute_batch("UPDATE events SET data = replace(data, '\"amount\":1', '\"amount\":9') WHERE position = 7")
        .unwrap();
    drop(file);
    let counts = || {
        let file = rusqlite::Connection::open(&path).unwrap();
        ["snapshots", "projection_rows", "projections", "handlers", "row_sets", "events"].map(|table| {
            let count = format!("SELECT count(*) FROM {table}");
            file.query_row(&count, [], |row| row.get::<_, i64>(0)).unwrap()
        })
    };
    let before = counts();
    assert!(before.iter().all(|count| *count > 0), "{before:?}");
    let bytes = fs::read(&path).unwrap();
    let refused = asked(&path, FOREIGN, "");
    assert_eq!((refused.stdout.as_str(), refused.exit_code), ("{:error, :damaged}\n", Some(1)));
    assert!(refused.stderr.contains("the log is broken: at position 7: "), "{refused:?}");
    assert!(fs::read(&path).unwrap() == bytes, "the refused file has changed");
    assert_eq!(counts(), before);
}

#[tokio::test]
async fn a_log_that_no_import_would_accept_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let cost = PinCost { passes: 16, ..PinCost::default() };
    let pins = PinOptions { secret: PinSecret::new("a secret for tests").unwrap().into(), cost };
    let bank = Bank::open(Options { pins, ..Options::from(StoreUrl::Sqlite(path.clone())) }).await.unwrap();
    let (holder, pin) = (HolderName::new("Josh").unwrap(), Some(Pin::new("1234").unwrap()));
    bank.create_account(NewAccount { account_id: account("1"), holder, email: None, pin, opening: Default::default() })
        .await
        .unwrap();
    bank.close().await;
    let refused = asked(&path, FOREIGN, "");
    assert_eq!((refused.stdout.as_str(), refused.exit_code), ("{:error, :damaged}\n", Some(1)));
    assert!(refused.stderr.contains("at position 1: its PIN is too expensive to check"), "{refused:?}");
}

#[test]
fn it_is_refused_while_another_program_has_the_file_open() {
    let (_directory, path) = bank();
    let mut other = Shell::open(&path, "");
    let refused = asked(&path, FOREIGN, "");
    assert_eq!((refused.stdout.as_str(), refused.exit_code), ("{:error, :open_elsewhere}\n", Some(1)), "{refused:?}");
    assert_eq!(other.ask("Bank.check_balance \"Wolfman\""), 300);
}

#[test]
fn a_file_that_others_may_have_written_is_named_with_the_advice() {
    let (_directory, path) = bank();
    let question = "Bank.check_balance \"Wolfman\"";
    assert_eq!(asked(&path, "", question).stderr, "");
    fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    let warned = asked(&path, "", question).stderr;
    assert!(warned.contains("and every user may write it; if you do not trust its contents"), "{warned}");
    assert!(warned.contains("`foreign: true`") && warned.lines().count() == 1, "{warned}");
    assert_eq!(asked(&path, FOREIGN, question).stderr, "");
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    // Only the superuser can give a file away.
    if chown(&path, Some(12_345), None).is_ok() {
        let warned = asked(&path, "", question).stderr;
        assert!(warned.contains("this file belongs to user 12345, and you are user 0;"), "{warned}");
        assert_eq!(asked(&path, FOREIGN, question).stderr, "");
    }
}

#[test]
fn the_librarys_programs_take_it_as_a_flag() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("library.db");
    let said = |program: &str, flags: &[&str], statement: &str| {
        let store = ["--quiet", "--store", file.to_str().unwrap(), "-c", statement];
        run_command(example(program, &[&store, flags].concat()), "").stdout
    };
    let read = |flags: &[&str]| said("library_read_service", flags, "LibraryReadService.get_inventory");
    let book = "LibraryWriteService.add_book \"978-1593275846\", \"Elixir in Action\", \"Sasa Juric\", 55";
    assert_eq!(said("library_write_service", &[], book), ":ok\n");
    let right = read(&[]);
    for program in ["library_read_service", "library_write_service"] {
        forge(&file, "UPDATE projection_rows SET data = replace(data, '55', '77')");
        assert!(read(&[]).contains("77"));
        said(program, &["--foreign"], "");
        assert_eq!(read(&[]), right, "{program}");
    }
}

#[test]
fn the_garage_writes_no_receipt_for_what_the_log_contains() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("garage.db");
    let receipt = directory.path().join("receipts/north-1.txt");
    let said = |flags: &[&str], statements: &str| {
        let store = ["--quiet", "--store", file.to_str().unwrap(), "-c", statements];
        let mut garage = example("parking_garage", &[&store, flags].concat());
        garage.current_dir(&directory);
        run_command(garage, "").stdout
    };
    let stay = "Garage.open_lot \"north\", 1; Garage.enter \"north\", \"B-1\"; Garage.leave \"north\", \"B-1\"";
    assert!(said(&[], &format!("{stay}; Garage.pay \"north-1\", 4711")).ends_with(":ok\n"));
    for (flags, is_written) in [(&[][..], true), (&["--foreign"], false)] {
        fs::remove_file(&receipt).unwrap();
        forge(&file, "UPDATE handlers SET checkpoint = 0 WHERE handler = 'receipts'");
        let verified = said(flags, "Garage.free \"north\"; Garage.verify");
        assert!(verified.starts_with("1\n{:ok, "), "{verified}");
        said(&[], "Garage.free \"north\"");
        assert_eq!(receipt.exists(), is_written, "{flags:?}");
    }
}
