//! The program on a file, under load: what was said to it, and what it has answered.

use std::io::{BufRead, BufReader, Read, Write};
use std::mem::take;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::Value;

use super::Statement;
use crate::program::bank;

/// When the program answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    /// When a statement has been done.
    Strong,
    /// At once; what comes of it is told later.
    Eventual,
}

/// A statement that was said to the program, and its answer, if one has come that promises anything.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) statement: Statement,
    pub(crate) answer: Option<Value>,
}

pub(crate) struct Shell {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    answers: Answers,
    /// Answers to what comes before the load.
    before: usize,
    sent: Vec<Sent>,
    heard: usize,
    published: usize,
    problems: Vec<String>,
}

/// What there was to hear of a program that has ended.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) sent: Vec<Sent>,
    /// Answers, whatever they promise.
    pub(crate) answered: usize,
    /// Events that it has said to be stored.
    pub(crate) published: usize,
    /// Errors that have come late, and are no refusals.
    pub(crate) problems: Vec<String>,
}

impl Shell {
    pub(crate) fn start(path: &Path, answers: Answers) -> Self {
        let mut command = bank(&["--json", "--store", path.to_str().unwrap()]);
        command.env("RUST_LOG", "error").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let (sent, problems) = (Vec::new(), Vec::new());
        let mut shell = Self { child, input, output, answers, before: 1, sent, heard: 0, published: 0, problems };
        shell.write("Bank.open");
        if answers == Answers::Eventual {
            shell.before += 1;
            shell.write("Bank.consistency :eventual");
        }
        shell
    }

    fn write(&mut self, line: &str) {
        self.input.as_ref().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    pub(crate) fn say(&mut self, statement: Statement) {
        self.write(&statement.to_string());
        self.sent.push(Sent { statement, answer: None });
    }

    /// How many statements have been answered.
    pub(crate) fn answered(&self) -> usize {
        self.heard
    }

    /// How many have not.
    pub(crate) fn unanswered(&self) -> usize {
        self.sent.len() - self.heard
    }

    /// Waits for an answer.
    pub(crate) fn hear(&mut self) {
        let heard = self.heard;
        while self.heard == heard {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the program has ended: {:?}", self.child.wait());
            self.take(&line);
        }
    }

    fn take(&mut self, line: &str) {
        let line: Value = serde_json::from_str(line).unwrap();
        for traced in [&line["trace"], &line["late"]].into_iter().filter_map(Value::as_array).flatten() {
            let text = traced.as_str().unwrap();
            self.published += usize::from(text == "Event Store Published Event");
            let refused = [":no_account", ":no_payee"].iter().any(|refusal| text.contains(refusal));
            if text.starts_with("{:error") && !refused {
                self.problems.push(text.to_owned());
            }
        }
        if line.get("late").is_some() {
            return;
        }
        if self.before > 0 {
            self.before -= 1;
            assert!(!line.to_string().contains("error"), "{line}");
            return;
        }
        let sent = &mut self.sent[self.heard];
        assert_eq!(line["statement"], sent.statement.to_string());
        if self.answers == Answers::Strong {
            sent.answer = Some(line);
        }
        self.heard += 1;
    }

    /// Kills the program, and reads what it had written before.
    pub(crate) fn kill(mut self) -> Heard {
        self.child.kill().unwrap();
        self.end()
    }

    /// Lets the program come to its end, and reads everything.
    pub(crate) fn leave(mut self) -> Heard {
        self.input = None;
        let heard = self.end();
        assert_eq!(heard.answered, heard.sent.len());
        heard
    }

    fn end(&mut self) -> Heard {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        // A line without its end was not said.
        rest.truncate(rest.rfind('\n').map_or(0, |end| end + 1));
        rest.lines().for_each(|line| self.take(line));
        let status = self.child.wait().unwrap();
        assert!(status.success() || self.input.is_some(), "{status}");
        let Self { heard: answered, published, .. } = *self;
        Heard { sent: take(&mut self.sent), answered, published, problems: take(&mut self.problems) }
    }
}

/// No program outlives a test that has failed.
impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
