//! A script that a signal ends has printed everything that was answered, and output does not wait for more of it while
//! statements run.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;

use crate::program::{bank, example, run, with_default_signals};

/// Longer than anything takes on a busy machine: it is there so that a hang fails instead of waiting.
const HANG: Duration = Duration::from_secs(60);

/// So many that all replies to them together are still less than what is written at once.
const DEPOSITS: usize = 15_000;

/// A script that runs, and the lines that it prints.
struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Running {
    /// Whatever the signals do that this test was started with.
    fn start(command: Command) -> Self {
        Self::start_as_it_is(with_default_signals(&command).stdin(Stdio::piped()))
    }

    fn start_as_it_is(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = lines(child.stdout.take().unwrap());
        Self { child, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(HANG).unwrap()
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
    }

    /// Waits for the end. Answers with the lines that are left and the exit code.
    fn ended(mut self) -> (Vec<String>, Option<i32>) {
        let mut rest = Vec::new();
        loop {
            match self.lines.recv_timeout(HANG) {
                Ok(line) => rest.push(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    self.child.kill().unwrap();
                    panic!("it does not end; the last it printed: {:?}", rest.last());
                }
            }
        }
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), None);
        let mut errors = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        assert!(!errors.contains("panicked"), "{errors}");
        (rest, status.code())
    }
}

fn lines(stdout: ChildStdout) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    lines
}

/// A script whose statements all stand on one line: there is no moment when it waits for its input.
fn deposits(path: &Path) -> String {
    let deposits = "Bank.deposit \"Wolfman\", 1; ".repeat(DEPOSITS);
    format!("Bank.open {path:?}; Bank.create \"Wolfman\"; {deposits}\n")
}

fn balance(path: &Path) -> usize {
    let asked = run(&["--quiet"], format!("Bank.open {path:?}\nBank.check_balance \"Wolfman\"\n"));
    asked.stdout.lines().nth(1).unwrap().parse().unwrap()
}

#[test]
fn everything_acknowledged_is_printed_before_it_ends() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let folder = TempDir::new().unwrap();
        let (path, script) = (folder.path().join("bank.db"), folder.path().join("script.bank"));
        std::fs::write(&script, deposits(&path)).unwrap();
        let running = Running::start(bank(&["--quiet", script.to_str().unwrap()]));
        assert!(running.line().starts_with("{:ok, #Bank<sqlite"), "{signal}");
        assert_eq!(running.line(), ":ok");
        assert_eq!(running.line(), ":ok", "{signal}: the first deposit");
        running.signal(signal);
        let (rest, exit_code) = running.ended();
        assert_eq!(exit_code, Some(code), "{signal}");
        assert!(rest.iter().all(|line| line == ":ok"), "{signal}");
        assert_eq!(balance(&path), 1 + rest.len(), "{signal}: what was stored is what was acknowledged");
    }
}

#[test]
fn the_programs_of_the_library_do_the_same() {
    let folder = TempDir::new().unwrap();
    let (store, script) = (folder.path().join("library.db"), folder.path().join("script.library"));
    let loan = "LibraryWriteService.borrow_book \"978-3-16-148410-0\", \"Josh\"; \
        LibraryWriteService.return_book \"978-3-16-148410-0\", \"Josh\"; ";
    let loans = loan.repeat(DEPOSITS / 2);
    std::fs::write(
        &script,
        format!("LibraryWriteService.add_book \"978-3-16-148410-0\", \"Emma\", \"Jane Austen\", 1; {loans}\n"),
    )
    .unwrap();
    let flags = ["--quiet", "--store", store.to_str().unwrap(), script.to_str().unwrap()];
    let running = Running::start(example("library_write_service", &flags));
    assert_eq!(running.line(), ":ok");
    running.signal("TERM");
    let (rest, exit_code) = running.ended();
    assert_eq!(exit_code, Some(143));
    let asked = example("library_read_service", &["--store", store.to_str().unwrap()]);
    let asked = crate::program::run_command(asked, "LibraryReadService.get_book \"978-3-16-148410-0\"\n");
    let is_out = asked.stdout.contains("copies_out: 1");
    assert_eq!(is_out, rest.len() % 2 == 1, "{} after {} loans and returns", asked.stdout, rest.len());
}

/// A statement that runs for as long as the test wants, and one that was answered before it on the same line.
fn held_up(folder: &Path) -> (Running, ChildStdin, Connection) {
    let path = folder.join("bank.db");
    let mut running = Running::start(bank(&["--quiet"]));
    let mut input = running.child.stdin.take().unwrap();
    writeln!(input, "Bank.open {path:?}\nBank.create \"Wolfman\"").unwrap();
    assert!(running.line().starts_with("{:ok"));
    assert_eq!(running.line(), ":ok");
    // Nobody else writes while another one could.
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    writeln!(input, "Bank.get_account_list; Bank.deposit \"Wolfman\", 5; Bank.check_balance \"Wolfman\"").unwrap();
    assert_eq!(running.line(), "[%{id: \"Wolfman\", holder: \"Wolfman\"}]");
    (running, input, other)
}

#[test]
fn what_was_answered_is_printed_while_the_next_statement_runs() {
    let folder = TempDir::new().unwrap();
    let (running, input, other) = held_up(folder.path());
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!([running.line(), running.line()], [":ok", "5"]);
    drop(input);
    assert_eq!(running.ended(), (Vec::new(), Some(0)));
}

#[test]
fn a_statement_that_goes_on_for_long_is_left_behind() {
    let folder = TempDir::new().unwrap();
    let (running, _input, _other) = held_up(folder.path());
    running.signal("TERM");
    assert_eq!(running.ended(), (Vec::new(), Some(143)));
}

#[test]
fn a_signal_that_was_to_be_ignored_is_ignored() {
    let program = bank(&[]);
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" --quiet"]).arg(program.get_program()).stdin(Stdio::piped());
    let mut running = Running::start_as_it_is(&mut command);
    let mut input = running.child.stdin.take().unwrap();
    input.write_all(b"Bank.open\n").unwrap();
    assert_eq!(running.line(), "{:ok, #Bank<memory>}");
    running.signal("HUP");
    input.write_all(b"Bank.create \"Wolfman\"\n").unwrap();
    assert_eq!(running.line(), ":ok");
    drop(input);
    assert_eq!(running.ended(), (Vec::new(), Some(0)));
}

#[test]
fn it_ends_while_its_input_stays_open() {
    for signal in ["INT", "TERM", "HUP"] {
        let mut running = Running::start(bank(&["--quiet"]));
        let mut input = running.child.stdin.take().unwrap();
        input.write_all(b"Bank.open\nBank.consistency :eventual\nBank.deposit \"Nobody\", 1\n").unwrap();
        assert_eq!([running.line(), running.line(), running.line()], ["{:ok, #Bank<memory>}", ":ok", ":ok"]);
        running.signal(signal);
        let (rest, exit_code) = running.ended();
        assert_eq!(rest, ["{:error, :no_account} # Deposit Money, \"Nobody\""], "{signal}");
        assert!(exit_code > Some(128), "{signal}: {exit_code:?}");
        drop(input);
    }
}
