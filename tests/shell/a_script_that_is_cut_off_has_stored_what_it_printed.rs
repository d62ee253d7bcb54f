//! Whatever ends a script in the middle, with many commands in flight: each reply that was printed is in the file.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use tempfile::TempDir;

use crate::program::{bank, run, wait};

const DEPOSITS: usize = 20_000;

/// Each deposit is of another amount, so that a missing one shows in the balance.
fn deposits(path: &Path) -> String {
    let deposits: String = (1..=DEPOSITS).map(|amount| format!("Bank.deposit \"Wolfman\", {amount}\n")).collect();
    format!("Bank.open {path:?}\nBank.create \"Wolfman\"\n{deposits}")
}

/// The deposits in the file, which must be the first ones of the script.
fn stored(path: &Path) -> usize {
    let asked = run(&["--quiet"], format!("Bank.open {path:?}\nBank.check_balance \"Wolfman\"\nBank.verify\n"));
    let lines: Vec<_> = asked.stdout.lines().collect();
    assert!(lines[2].starts_with("{:ok, %{events: "), "{asked:?}");
    let balance: usize = lines[1].parse().unwrap();
    let stored = (0..=DEPOSITS).find(|count| count * (count + 1) / 2 >= balance).unwrap();
    assert_eq!(stored * (stored + 1) / 2, balance, "none is missing among those before the last");
    stored
}

#[test]
fn a_kill_at_any_moment() {
    for enough in [0, 1, 100, 255, 256, 257, 700, 3_000, 9_000] {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("bank.db");
        let mut child = bank(&["--quiet"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut input, script) = (child.stdin.take().unwrap(), deposits(&path));
        // It is killed before it has read everything.
        let feeding = thread::spawn(move || drop(input.write_all(script.as_bytes())));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.next().unwrap().starts_with("{:ok"));
        let mut printed = lines.by_ref().take(1 + enough).filter(|line| line == ":ok").count();
        child.kill().unwrap();
        printed += lines.filter(|line| line == ":ok").count();
        child.wait().unwrap();
        feeding.join().unwrap();
        let stored = stored(&path);
        assert!(stored + 1 >= printed, "{printed} were printed, {stored} stored");
    }
}

#[test]
fn a_store_that_fails() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("bank.db");
    let program = bank(&["--quiet"]);
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -f 500; exec \"$0\" --quiet"]).arg(program.get_program());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut input, script) = (child.stdin.take().unwrap(), deposits(&path));
    let feeding = thread::spawn(move || drop(input.write_all(script.as_bytes())));
    let mut errors = child.stderr.take().unwrap();
    let said = thread::spawn(move || {
        let mut said = String::new();
        errors.read_to_string(&mut said).unwrap();
        said
    });
    let mut printed = String::new();
    child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    assert_eq!(wait(child), Some(1));
    feeding.join().unwrap();
    let said = said.join().unwrap();
    let acknowledged = printed.lines().filter(|line| *line == ":ok").count() - 1;
    assert!(acknowledged < DEPOSITS, "{said}");
    let stored = stored(&path);
    assert!((acknowledged..acknowledged + 256).contains(&stored), "{acknowledged} were acknowledged, {stored} stored");
    let unheard = said.lines().last().unwrap();
    let unheard = unheard.strip_prefix("error: the outcomes of ").unwrap_or_else(|| panic!("{said}"));
    let unheard: usize = unheard.split(' ').next().unwrap().parse().unwrap();
    assert!((1..256).contains(&unheard), "{said}");
}

#[test]
fn a_person_who_types_slowly_has_each_reply_at_once() {
    let mut child = bank(&["--quiet"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // Several statements at once, and then none until all of them have their replies.
    input.write_all(b"Bank.open\nBank.create 1\n").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "{:ok, #Bank<memory>}");
    assert_eq!(lines.next().unwrap().unwrap(), ":ok");
    for count in [1, 3, 255, 256, 257] {
        input.write_all("Bank.deposit 1, 1\n".repeat(count).as_bytes()).unwrap();
        assert_eq!(lines.by_ref().take(count).filter(|line| line.as_ref().unwrap() == ":ok").count(), count);
    }
    drop(input);
    assert_eq!(wait(child), Some(0));
}
