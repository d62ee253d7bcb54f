//! Standard input, output and error may have been left non-blocking by another program. What is printed arrives whole
//! all the same, and what is read is waited for.

use std::io::{self, BufRead as _, BufReader, PipeReader, PipeWriter, Read as _, Write as _};
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::ioctl_fionread;

use crate::program::{Finished, bank, example, run, without_times};
use crate::terminal::{ENTER, Terminal};

/// Longer than anything takes on a busy machine: it is there so that a hang fails instead of waiting.
const HANG: Duration = Duration::from_secs(60);

fn unblock(descriptor: impl AsFd) {
    let flags = fcntl_getfl(&descriptor).unwrap();
    fcntl_setfl(&descriptor, flags | OFlags::NONBLOCK).unwrap();
}

/// A pipe that its writer finds non-blocking.
fn non_blocking_output() -> (PipeReader, PipeWriter) {
    let (reader, writer) = io::pipe().unwrap();
    unblock(&writer);
    (reader, writer)
}

/// Waits until the program cannot write any more: the pipe holds much, and for some time no more comes. Or it has
/// ended: then nobody has read anything of it yet.
fn wait_until_full(pipe: &PipeReader, child: &mut Child) {
    const MUCH: u64 = 50_000;
    const SOME_TIME: Duration = Duration::from_millis(100);
    let deadline = Instant::now() + HANG;
    let (mut held, mut since) = (0, Instant::now());
    while (held < MUCH || since.elapsed() < SOME_TIME) && child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "there is not enough output to fill a pipe");
        let holds = ioctl_fionread(pipe).unwrap();
        if holds != held {
            (held, since) = (holds, Instant::now());
        }
        thread::yield_now();
    }
}

fn read_to_end(mut pipe: PipeReader) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).unwrap();
        text
    })
}

/// Runs a script with standard output and standard error non-blocking, and a reader that is late.
fn run_non_blocking(mut command: Command, script: &str, full: fn(&Pipes) -> &PipeReader) -> Finished {
    let ((stdout, to_stdout), (stderr, to_stderr)) = (non_blocking_output(), non_blocking_output());
    let mut child = command.stdin(Stdio::piped()).stdout(to_stdout).stderr(to_stderr).spawn().unwrap();
    // Its copies of the ends that are written to are the last.
    drop(command);
    let (mut input, script) = (child.stdin.take().unwrap(), script.to_owned());
    let writing = thread::spawn(move || drop(input.write_all(script.as_bytes())));
    let pipes = Pipes { stdout, stderr };
    wait_until_full(full(&pipes), &mut child);
    let (stdout, stderr) = (read_to_end(pipes.stdout), read_to_end(pipes.stderr));
    let exit_code = crate::program::wait(child);
    writing.join().unwrap();
    Finished { stdout: stdout.join().unwrap(), stderr: without_times(&stderr.join().unwrap()), exit_code }
}

struct Pipes {
    stdout: PipeReader,
    stderr: PipeReader,
}

#[test]
fn thousands_of_replies_arrive_whole() {
    let deposits = "Bank.deposit \"Wolfman\", 100\n".repeat(3_000);
    let script = format!("Bank.open\nBank.create \"Wolfman\"\n{deposits}");
    let finished = run_non_blocking(bank(&[]), &script, |pipes| &pipes.stdout);
    assert_eq!(finished, run(&[], &script));
}

#[test]
fn thousands_of_mistakes_and_messages_arrive_whole() {
    let script = "Bank.depsit \"Wolfman\", 100\n".repeat(3_000);
    let finished = run_non_blocking(bank(&["--keep-going"]), &script, |pipes| &pipes.stderr);
    assert_eq!(finished, run(&["--keep-going"], &script));

    let declined = "Bank.withdraw \"Wolfman\", 100\n".repeat(3_000);
    let script = format!("Bank.open\nBank.create \"Wolfman\"\n{declined}");
    let finished = run_non_blocking(bank(&["--quiet"]), &script, |pipes| &pipes.stderr);
    assert_eq!(finished, run(&["--quiet"], &script));
}

#[test]
fn what_is_watched_arrives_whole() {
    let deposits = "Bank.deposit \"Wolfman\", 100; ".repeat(1_000);
    let script = format!("Bank.open; Bank.create \"Wolfman\"; {deposits} Bank.watch from: 1, limit: 1_000");
    let finished = run_non_blocking(bank(&["--quiet"]), &script, |pipes| &pipes.stdout);
    assert_eq!(finished.exit_code, Some(0));
    assert_eq!(finished.stdout.lines().filter(|line| line.contains("account-")).count(), 1_000);
}

#[test]
fn the_programs_of_the_library_do_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("library.db");
    let flags = ["--store", store.to_str().unwrap()];
    let script = "help\n".repeat(500);
    let finished = run_non_blocking(example("library_read_service", &flags), &script, |pipes| &pipes.stdout);
    assert_eq!(finished, crate::program::run_command(example("library_read_service", &flags), &script));
}

#[test]
fn an_input_that_is_late_is_waited_for() {
    let (reader, mut input) = io::pipe().unwrap();
    unblock(&reader);
    let mut command = bank(&["--quiet"]);
    let mut child = command.stdin(reader).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for (statement, reply) in [("Bank.open", "{:ok, #Bank<memory>}"), ("Bank.create 1", ":ok"), ("Bank.close", ":ok")] {
        // By now it waits: it has answered everything there was.
        writeln!(input, "{statement}").unwrap();
        assert_eq!(lines.next().unwrap().unwrap(), reply, "{statement}");
    }
    drop(input);
    assert_eq!(crate::program::wait(child), Some(0));
}

#[test]
fn a_terminal_shows_a_long_table_to_its_end() {
    let terminal = Terminal::open_non_blocking();
    terminal.enter("Bank.open");
    terminal.wait_for("bank(2)> ");
    let statements = "Bank.create \"Wolfman\"\n".to_owned() + &"Bank.deposit \"Wolfman\", 1\n".repeat(500);
    terminal.keys(&format!("\u{1b}[200~{statements}\u{1b}[201~{ENTER}"));
    terminal.wait_for("bank(503)> ");
    // Far more at once than a terminal takes.
    terminal.enter("Bank.events limit: 501");
    terminal.wait_for("bank(504)> ");
    terminal.enter("Bank.withdraw \"Wolfman\", 1, 1");
    terminal.wait_for("bank(505)> ");
    terminal.enter("Bank.create 1, \"Josh\", 1234");
    terminal.wait_for("bank(506)> ");
    terminal.enter("Bank.deposit 1, 5");
    terminal.wait_for("bank(507)> ");
    // What is asked for is waited for as well.
    terminal.enter("Bank.withdraw 1, 5");
    terminal.wait_for("PIN of \"1\":");
    terminal.enter("1234");
    terminal.wait_for("bank(508)> ");
    terminal.enter("exit");
    assert_eq!(terminal.ended().0, Some(0));
}
