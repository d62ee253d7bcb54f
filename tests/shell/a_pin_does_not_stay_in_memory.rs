//! A program forgets a PIN once it has used it, and no core dump of the program is written.

#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::FileExt as _;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use crate::program::{bank, wait};

const PIN: &[u8] = b"86420975";

const HANG: Duration = Duration::from_secs(20);

/// A program that reads statements from a pipe.
struct Session {
    program: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Session {
    fn start() -> Self {
        let mut command = bank(&["--quiet"]);
        let mut program = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (program.stdin.take().unwrap(), BufReader::new(program.stdout.take().unwrap()));
        Self { program, input, output }
    }

    fn ask(&mut self, statement: &str) -> String {
        writeln!(self.input, "{statement}").unwrap();
        self.reply()
    }

    fn reply(&mut self) -> String {
        let mut reply = String::new();
        self.output.read_line(&mut reply).unwrap();
        reply.trim_end().to_owned()
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.program.id())).unwrap()
    }

    /// Asserts that no memory contains the PIN once the program waits for input again.
    fn assert_forgotten(&self, memory: &File) {
        let mut found = self.mappings_with_pin(memory);
        let deadline = Instant::now() + HANG;
        while !found.is_empty() && Instant::now() < deadline {
            found = self.mappings_with_pin(memory);
        }
        assert!(found.is_empty(), "the PIN is in {found:?}");
    }

    fn mappings_with_pin(&self, memory: &File) -> Vec<String> {
        let mut found = Vec::new();
        for mapping in self.read("maps").lines().filter(|line| line.contains(" rw")) {
            let (start, end) = mapping.split(' ').next().unwrap().split_once('-').unwrap();
            let [start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).unwrap());
            let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
            // Some mappings of the system cannot be read.
            if memory.read_exact_at(&mut bytes, start).is_ok() && bytes.windows(PIN.len()).any(|window| window == PIN) {
                found.push(mapping.to_owned());
            }
        }
        found
    }

    fn leave(self) {
        drop(self.input);
        assert_eq!(wait(self.program), Some(0));
    }
}

#[test]
fn no_core_dump_is_written() {
    let mut session = Session::start();
    session.ask("Bank.open");
    let limits = session.read("limits");
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max core file size")).unwrap();
    assert_eq!(limit.split_whitespace().take(2).collect::<Vec<_>>(), ["0", "0"]);
    session.leave();
}

/// Only root may look: the program lets no other user read its memory.
#[test]
fn a_pin_that_was_used_is_wiped() {
    let mut session = Session::start();
    session.ask("Bank.open");
    let pin = String::from_utf8_lossy(PIN).into_owned();
    let Ok(memory) = File::open(format!("/proc/{}/mem", session.program.id())) else {
        return session.leave();
    };
    assert_eq!(session.ask(&format!("Bank.create 1, \"Josh\", {pin}")), ":ok");
    assert_eq!(session.ask("Bank.deposit 1, 100"), ":ok");
    assert_eq!(session.ask(&format!("Bank.withdraw 1, 5, {pin}")), ":ok");
    assert_eq!(session.ask(&format!("Bank.withdraw \"1\", 5, \"{pin}\"")), ":ok");
    assert_eq!(session.ask("Bank.check_balance 1"), "90");
    session.assert_forgotten(&memory);
    // Statements that arrive together.
    let several = format!("Bank.withdraw 1, 5, {pin}\nBank.withdraw 1, 5, {pin}");
    assert_eq!([session.ask(&several), session.reply()], [":ok", ":ok"]);
    session.assert_forgotten(&memory);
    session.leave();
}
