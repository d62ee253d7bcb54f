//! Shells as processes with one file open, spoken to line by line.

#![allow(dead_code, reason = "each test file needs a part of this")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::program::{bank, wait};

/// Longer than anything takes on a busy machine: it is there so that a hang fails instead of waiting.
pub(crate) const HANG: Duration = Duration::from_secs(60);

/// The program. It is killed when this is dropped.
pub(crate) struct Shell {
    child: Option<Child>,
    stdin: Option<ChildStdin>,
    lines: mpsc::Receiver<String>,
}

impl Shell {
    /// Starts the program and waits until it has the file open.
    pub(crate) fn open(path: &Path, options: &str) -> Self {
        let mut command = bank(&["--json"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        // It ends with the program, or when nobody listens any more.
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut shell = Self { stdin: child.stdin.take(), child: Some(child), lines };
        let opened = shell.ask(&format!("Bank.open {path:?}{options}"));
        assert!(opened.to_string().contains("Bank<sqlite:"), "{opened}");
        shell
    }

    /// Says a statement. Answers with the reply.
    pub(crate) fn ask(&mut self, statement: &str) -> serde_json::Value {
        writeln!(self.stdin.as_mut().unwrap(), "{statement}").unwrap();
        let line = self.lines.recv_timeout(HANG).expect("there is a line");
        let mut answer: serde_json::Value = serde_json::from_str(&line).unwrap();
        answer["reply"].take()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// As a power cut ends it: it finishes nothing.
    pub(crate) fn kill(mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub(crate) fn leave(mut self) {
        self.stdin = None;
        assert_eq!(wait(self.child.take().unwrap()), Some(0));
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The positions of the deposits that there are e-mails of.
pub(crate) fn e_mails(outbox: &Path) -> Vec<u64> {
    let Ok(entries) = std::fs::read_dir(outbox) else { return Vec::new() };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut positions: Vec<_> = names.filter_map(|name| name.split_once('-')?.0.parse().ok()).collect();
    positions.sort_unstable();
    positions
}

/// Waits until it is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < HANG, "{what}");
        thread::yield_now();
    }
}

/// Takes away what the process that runs the handlers has locked, as somebody does who tidies up.
pub(crate) fn remove_lock(path: &Path) {
    let mut name = path.as_os_str().to_owned();
    name.push("-handlers");
    std::fs::remove_file(PathBuf::from(name)).unwrap();
}
