//! Two shells with the same file open: each sees what the other does, a transfer's reply comes when it has ended
//! whoever carries it out, and when the shell that carries them out dies, the other one does.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use cqrs_bank::bank::{AccountEvent, Bank, LoadError, LoadOptions, StoreUrl, Unavailable};
use cqrs_bank::engine::runtime::Supervisor;
use cqrs_bank::engine::store::handler_records::HandlerRecords as _;
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;

use crate::accounts::{account, money};
use crate::program::{bank, run, wait, with_default_signals};

/// Longer than anything takes on a busy machine: it is there so that a hang fails instead of waiting.
const HANG: Duration = Duration::from_secs(60);

/// The program, spoken to line by line.
struct Shell {
    child: Child,
    stdin: ChildStdin,
    lines: mpsc::Receiver<String>,
}

impl Shell {
    /// Starts the program and waits until it has the file open.
    fn open(path: &Path, flags: &[&str]) -> Self {
        Self::open_with(path, "", flags)
    }

    fn open_with(path: &Path, options: &str, flags: &[&str]) -> Self {
        let mut command = with_default_signals(&bank(flags));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                if line.map(|line| sender.send(line)).is_err() {
                    break;
                }
            }
        });
        let mut shell = Self { child, stdin, lines };
        let opened = shell.ask(&format!("Bank.open {path:?}{options}"));
        assert!(opened.contains(&format!("#Bank<sqlite:{}>", path.display())), "{opened}");
        shell
    }

    fn quiet(path: &Path) -> Self {
        Self::open(path, &["--quiet"])
    }

    fn say(&mut self, statement: &str) {
        writeln!(self.stdin, "{statement}").unwrap();
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(HANG).expect("there is a line")
    }

    fn ask(&mut self, statement: &str) -> String {
        self.say(statement);
        self.line()
    }

    /// The lines of a table, without the trailing spaces.
    fn table(&mut self, statement: &str, rows: usize) -> String {
        self.say(statement);
        let lines: Vec<_> = (0..=rows).map(|_| self.line().trim_end().to_owned()).collect();
        lines.join("\n")
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    fn leave(self) {
        let Self { child, stdin, .. } = self;
        drop(stdin);
        assert_eq!(wait(child), Some(0));
    }
}

/// A file with two accounts, of which one holds 100: three events.
fn new_file() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap().join("bank.db");
    let mut shell = Shell::quiet(&path);
    for statement in ["Bank.create \"Wolfman\"", "Bank.create \"Dracula\"", "Bank.deposit \"Wolfman\", 100"] {
        assert_eq!(shell.ask(statement), ":ok");
    }
    shell.leave();
    (directory, path)
}

#[test]
fn all_that_make_a_file_at_once_have_the_same() {
    for _ in 0..10 {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bank.db");
        thread::scope(|scope| {
            for number in 0..6 {
                let path = &path;
                scope.spawn(move || {
                    let finished = run(&["--quiet"], format!("Bank.open {path:?}\nBank.create {number}\n"));
                    assert_eq!((finished.stderr.as_str(), finished.exit_code), ("", Some(0)));
                });
            }
        });
        let mut shell = Shell::quiet(&path);
        assert_eq!(shell.ask("Bank.verify"), "{:ok, %{events: 6, streams: 6, snapshots: 0}}");
        shell.leave();
        let names = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.collect();
        names.sort();
        assert_eq!(names, ["bank.db"]);
    }
}

#[test]
fn an_event_of_the_other_is_seen_within_100_ms() {
    let (_directory, path) = new_file();
    let (mut one, mut other) = (Shell::quiet(&path), Shell::quiet(&path));
    assert!(other.ask("Bank.watch from: 3").starts_with("3  account-Wolfman  2  "));
    let mut waited: Vec<_> = (1..=21)
        .map(|amount| {
            assert_eq!(one.ask(&format!("Bank.deposit \"Wolfman\", {amount}")), ":ok");
            let stored = Instant::now();
            let seen = other.line();
            assert!(seen.starts_with(&format!("{}  account-Wolfman  ", amount + 3)), "{seen}");
            let data = format!(r#"  money_deposited_into_bank_account  {{"account_id":"Wolfman","amount":{amount}}}"#);
            assert!(seen.ends_with(&data), "{seen}");
            stored.elapsed()
        })
        .collect();
    waited.sort_unstable();
    // A machine may have other things to do now and then.
    assert!(waited[10] < Duration::from_millis(100), "{waited:?}");
    other.signal("-INT");
    assert_eq!(other.line(), ":ok");
    assert_eq!(other.ask("Bank.check_balance \"Wolfman\""), "331");
    other.leave();
    one.leave();
}

#[test]
fn a_transfer_that_the_other_carries_out_has_ended_when_the_reply_comes() {
    let (_directory, path) = new_file();
    let (one, mut other) = (Shell::quiet(&path), Shell::quiet(&path));
    for amount in 1..=10 {
        assert_eq!(other.ask(&format!("Bank.transfer \"Wolfman\", \"Dracula\", {amount}")), ":ok");
        assert_eq!(other.ask("Bank.get_total_deposits"), "100");
    }
    assert_eq!(other.ask("Bank.check_balance \"Dracula\""), "55");
    assert_eq!(other.ask("Bank.transfer \"Wolfman\", \"Nobody\", 5"), "{:error, :no_payee}");
    assert_eq!(other.ask("Bank.check_balance \"Wolfman\""), "45");
    assert_eq!(other.ask("Bank.verify"), "{:ok, %{events: 35, streams: 2, snapshots: 0}}");
    let handlers = other.table("Bank.handlers", 5);
    assert!(handlers.ends_with("in another program       0"), "{handlers}");
    other.leave();
    one.leave();
}

#[test]
fn its_events_are_those_of_the_whole_transfer() {
    let (_directory, path) = new_file();
    let (one, mut other) = (Shell::quiet(&path), Shell::open(&path, &["--json", "--seed", "1"]));
    let reply = other.ask("Bank.transfer \"Wolfman\", \"Dracula\", 5");
    for (position, event) in [(4, "money_reserved_for_transfer"), (5, "transfer_credited"), (6, "transfer_settled")] {
        assert!(reply.contains(&format!("{{\"position\":{position},")), "{reply}");
        assert!(reply.contains(&format!("\"type\":\"{event}\"")), "{reply}");
    }
    other.leave();
    one.leave();
}

#[test]
fn when_the_one_that_carries_transfers_out_dies_the_other_does() {
    let (_directory, path) = new_file();
    let (one, mut other, mut third) = (Shell::quiet(&path), Shell::quiet(&path), Shell::quiet(&path));
    assert!(third.ask("Bank.watch from: 3").starts_with("3  "));
    // It holds the right to carry transfers out, and does nothing with it.
    one.signal("-STOP");
    other.say("Bank.transfer \"Wolfman\", \"Dracula\", 25");
    assert!(third.line().contains("money_reserved_for_transfer"));
    one.signal("-KILL");
    assert_eq!(wait(one.child), None);
    assert_eq!(other.line(), ":ok");
    assert!(third.line().contains("transfer_credited"));
    assert!(third.line().contains("transfer_settled"));
    assert_eq!(other.ask("Bank.check_balance \"Dracula\""), "25");
    assert_eq!(other.ask("Bank.verify"), "{:ok, %{events: 6, streams: 2, snapshots: 0}}");
    third.signal("-INT");
    assert_eq!(third.line(), ":ok");
    third.leave();
    other.leave();
}

#[test]
fn when_the_one_that_sends_e_mails_dies_the_other_does() {
    let (directory, path) = new_file();
    let outbox = directory.path().join("outbox/");
    let sends = format!(", email: {outbox:?}");
    let (mut one, mut other) =
        (Shell::open_with(&path, &sends, &["--quiet"]), Shell::open_with(&path, &sends, &["--quiet"]));
    assert_eq!(other.ask("Bank.create 1, \"Josh\", email: \"josh@example.org\""), ":ok");
    let wait_for_e_mails = |count: usize| {
        let begun = Instant::now();
        while e_mails(&outbox).len() < count {
            assert!(begun.elapsed() < HANG, "{:?}", e_mails(&outbox));
            thread::yield_now();
        }
    };
    assert_eq!(other.ask("Bank.deposit 1, 5"), ":ok");
    // It comes from the one that was there first, whoever has taken the deposit.
    wait_for_e_mails(1);
    assert_eq!(one.ask("Bank.deposit 1, 6"), ":ok");
    wait_for_e_mails(2);
    // It has written that down too: whoever is stopped while it writes keeps all others waiting.
    let begun = Instant::now();
    let mut acknowledged = || {
        let handlers = one.table("Bank.handlers", 6);
        let (_, last) = handlers.split_once("\nthank-you e-mail").unwrap();
        last.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    while acknowledged() != ["event", "handler", "6", "0", "0", "0"] {
        assert!(begun.elapsed() < HANG, "{:?}", acknowledged());
        thread::yield_now();
    }
    one.signal("-STOP");
    assert_eq!(other.ask("Bank.deposit 1, 7"), ":ok");
    assert_eq!(other.ask("Bank.check_balance 1"), "18");
    assert_eq!(e_mails(&outbox).len(), 2, "{:?}", e_mails(&outbox));
    assert_eq!(e_mails(&outbox), [5, 6]);
    for e_mail in std::fs::read_dir(&outbox).unwrap() {
        std::fs::remove_file(e_mail.unwrap().path()).unwrap();
    }
    one.signal("-KILL");
    assert_eq!(wait(one.child), None);
    wait_for_e_mails(1);
    other.leave();
    assert_eq!(e_mails(&outbox), [7], "the other goes on where the first one was");
}

#[test]
fn what_the_other_does_not_run_waits_until_it_is_gone() {
    let (directory, path) = new_file();
    let outbox = directory.path().join("outbox/");
    let first = Shell::quiet(&path);
    let mut second = Shell::open_with(&path, &format!(", ceo_bonus: \"CEO\", email: {outbox:?}"), &["--quiet"]);
    assert_eq!(second.ask("Bank.create \"CEO\""), ":ok");
    assert_eq!(second.ask("Bank.create 1, \"Josh\", email: \"josh@example.org\""), ":ok");
    for _ in 0..3 {
        assert_eq!(second.ask("Bank.deposit 1, 1000"), ":ok");
    }
    assert_eq!(second.ask("Bank.check_balance \"CEO\""), "0");
    first.leave();
    let begun = Instant::now();
    while e_mails(&outbox).len() < 3 || second.ask("Bank.check_balance \"CEO\"") != "30" {
        assert!(begun.elapsed() < HANG, "{:?}", e_mails(&outbox));
        thread::yield_now();
    }
    second.leave();
    assert_eq!(e_mails(&outbox), [6, 7, 8]);
}

/// The positions of the deposits that there are e-mails of.
fn e_mails(outbox: &Path) -> Vec<u64> {
    let Ok(entries) = std::fs::read_dir(outbox) else { return Vec::new() };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut positions: Vec<_> = names.filter_map(|name| name.split_once('-')?.0.parse().ok()).collect();
    positions.sort_unstable();
    positions
}

/// Whether a row can be paid is decided when the transfer before it has ended. A load that does not know may be repeated.
#[tokio::test]
async fn a_load_goes_no_further_than_a_transfer_that_nobody_carries_out() {
    let (directory, path) = new_file();
    let rows = directory.path().join("rows.csv");
    fs::write(&rows, "date,account,amount,to\n2024-01-02,Wolfman,-5,Dracula\n2024-01-03,Dracula,-5,\n").unwrap();
    let supervisor = Supervisor::new();
    let store = SqliteStore::<AccountEvent>::open(&path, SqliteOptions::default(), &supervisor).unwrap();
    let lease = store.try_acquire_lease().await.unwrap();
    let bank = Bank::open(StoreUrl::Sqlite(path.clone())).await.unwrap();
    let stopped = bank.load(&rows, LoadOptions::default(), |_, _, _| {}).await.unwrap_err();
    let LoadError::Stopped { reason: Unavailable::Behind { lagging, .. }, .. } = &stopped else { panic!("{stopped}") };
    assert_eq!(*lagging, ["transfer"]);
    drop(lease);
    bank.close().await;
    let bank = Bank::open(StoreUrl::Sqlite(path)).await.unwrap();
    let loaded = bank.load(&rows, LoadOptions::default(), |_, _, _| {}).await.unwrap();
    assert_eq!((loaded.new + loaded.known, loaded.declined + loaded.declined_before, loaded.refused), (2, 0, 0));
    assert_eq!(bank.check_balance(&account("Dracula")).await.unwrap().minor_units(), 0);
    bank.close().await;
}

#[tokio::test]
async fn a_transfer_that_nobody_carries_out_is_not_waited_for_for_ever() {
    let (_directory, path) = new_file();
    let supervisor = Supervisor::new();
    let store = SqliteStore::<AccountEvent>::open(&path, SqliteOptions::default(), &supervisor).unwrap();
    let lease = store.try_acquire_lease().await.unwrap();
    let bank = Bank::open(StoreUrl::Sqlite(path)).await.unwrap();
    let outcome = bank.transfer(&account("Wolfman"), &account("Dracula"), money(5), None).await.unwrap();
    assert_eq!(outcome.receipt.lagging(), ["transfer"]);
    drop(lease);
    bank.close().await;
}
