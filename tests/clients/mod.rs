//! Programs that are spoken to line by line, and may end, be killed, or be suspended at any moment.

#![allow(dead_code, reason = "each test file uses its part of this")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::wait;

/// Longer than any answer should take on a busy machine: it is there so that a hang fails instead of waiting.
const HANG: Duration = Duration::from_secs(100);

/// A program that runs and answers with a JSON object on a line. It is killed when this is dropped.
pub(crate) struct Client {
    child: Option<Child>,
    input: Option<ChildStdin>,
    answers: mpsc::Receiver<String>,
    complaints: Option<thread::JoinHandle<String>>,
}

/// How a program has ended: its exit code, and what it complained of.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) exit_code: Option<i32>,
    pub(crate) complaints: String,
}

impl Ended {
    pub(crate) fn is_well(&self) -> bool {
        self.exit_code == Some(0)
    }
}

impl Client {
    pub(crate) fn start(mut command: Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let errors = BufReader::new(child.stderr.take().unwrap());
        let complaint = |line: &String| !line.contains(" [info] ");
        let complaints = thread::spawn(move || {
            errors.lines().map_while(Result::ok).filter(complaint).collect::<Vec<_>>().join("\n")
        });
        let (said, answers) = mpsc::channel();
        // It ends with the program, or when nobody listens any more.
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| said.send(line)));
        Self { input: child.stdin.take(), child: Some(child), answers, complaints: Some(complaints) }
    }

    /// Says a statement and waits for no answer. A program that has ended does not hear it.
    pub(crate) fn say(&mut self, statement: &str) {
        let _ = self.input.as_mut().unwrap().write_all(format!("{statement}\n").as_bytes());
    }

    /// The next answer; `None` when the program has ended without one.
    pub(crate) fn hear(&mut self) -> Option<Value> {
        loop {
            match self.answers.recv_timeout(HANG) {
                Ok(line) => {
                    let answer: Value = serde_json::from_str(&line).unwrap();
                    if answer.get("late").is_none() {
                        return Some(answer);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => panic!("there is no answer"),
            }
        }
    }

    /// Says a statement and waits for the answer.
    pub(crate) fn ask(&mut self, statement: &str) -> Option<Value> {
        self.say(statement);
        self.hear()
    }

    /// The same of a program that must answer: its reply.
    pub(crate) fn reply(&mut self, statement: &str) -> Value {
        let mut answer = self.ask(statement).unwrap_or_else(|| panic!("{statement}: the program has ended"));
        answer["reply"].take()
    }

    /// The reply to what was said before.
    pub(crate) fn reply_heard(&mut self) -> Value {
        let mut answer = self.hear().expect("the program has ended");
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

    /// It is told that there is nothing more to come, and ends.
    pub(crate) fn leave(mut self) -> Ended {
        self.input = None;
        let exit_code = wait(self.child.take().unwrap());
        Ended { exit_code, complaints: self.complaints.take().unwrap().join().unwrap() }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
