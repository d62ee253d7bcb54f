//! Runs statements and prints what comes of them.

use serde::Serialize;
use serde_json::value::RawValue;

use super::escape::{self, write_escaped};
use super::functions::{Answer, Call, Domain, Failed, Helped, NotDone, Outcome, Vocabulary, WantedSecret};
use super::language::{Statement, SyntaxError};
use super::mistake::{Mistake, Source};
use super::printing::ToPrint;
use super::read_statement::{ReadStatement, Runnable};
use super::term::Term;
use super::trace::Trace;

/// How a session prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// One JSON object for each statement instead of text.
    pub json: bool,
    /// Each statement behind its prompt, as it would stand on a terminal.
    pub echo: bool,
}

/// What follows from a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// The next one.
    GoOn,
    /// It asked to leave.
    Leave,
    /// It could not be read or run.
    Mistake(Mistake),
    /// The statement goes on: [`Session::go_on`] and [`Session::interrupt`] tell what follows.
    Live,
    /// It could not do its work; others may.
    NotDone(String),
    /// The domain cannot go on.
    Failure(String),
}

/// A conversation between statements and a domain. What is to be printed gathers in its output.
#[derive(Debug)]
pub struct Session<D> {
    domain: D,
    trace: Trace,
    style: Style,
    ran: usize,
    to_print: ToPrint,
    /// A statement that goes on.
    live: Option<(String, Answer)>,
}

impl<D: Domain> Session<D> {
    /// A session in which nothing ran yet.
    pub fn new(domain: D, trace: Trace, style: Style) -> Self {
        let to_print = ToPrint::new(trace.clone(), style.json);
        Self { domain, trace, style, ran: 0, to_print, live: None }
    }

    /// The prompt for the next statement, with the domain's name: `bank(1)> `.
    pub fn prompt(&self) -> String {
        format!("{}({})> ", self.domain.manual().name, self.ran + 1)
    }

    /// What is to be printed, to be taken away by the one who prints it.
    pub(super) fn to_print(&self) -> &ToPrint {
        &self.to_print
    }

    /// The trace of what happens.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The domain.
    pub fn domain(&self) -> &D {
        &self.domain
    }

    /// Reads one statement of a text, as it can be run here.
    pub fn read<'a>(&self, source: Source<'a>, statement: Result<Statement<'_>, SyntaxError>) -> ReadStatement<'a, D> {
        ReadStatement::new(source, statement, Vocabulary::of(&self.domain))
    }

    /// What a statement will ask for that was left out of it, as things are now.
    pub fn wanted_secret(&self, statement: &ReadStatement<'_, D>) -> Option<WantedSecret> {
        match &statement.call {
            Ok(Runnable::Domain(row, arguments)) => {
                row.wanted_secret(&self.domain, Call::new(&row.function, arguments, self.style.json))
            }
            Ok(Runnable::Shell(_)) | Err(_) => None,
        }
    }

    /// Runs a statement, or says what is wrong with it.
    pub async fn run(&mut self, statement: ReadStatement<'_, D>) -> Next {
        self.run_with(statement, None).await
    }

    /// The same, with something that was left out of the statement and asked for.
    pub async fn run_with(&mut self, statement: ReadStatement<'_, D>, secret: Option<(WantedSecret, String)>) -> Next {
        self.domain.let_others_run().await;
        self.print_late_lines();
        let ReadStatement { shown, call, .. } = statement;
        let text = shown.as_ref();
        self.echo(text);
        let outcome = match call {
            Ok(Runnable::Domain(row, mut arguments)) => {
                self.ran += 1;
                if let Some((wanted, given)) = secret {
                    arguments.fill_in(wanted.parameter, given);
                }
                self.domain.call(row, Call::new(&row.function, &arguments, self.style.json)).await
            }
            Ok(Runnable::Shell(Helped::Text(text))) => {
                self.ran += 1;
                Ok(Term::Text(text).into())
            }
            Ok(Runnable::Shell(Helped::Leave)) => return Next::Leave,
            Err(mistake) => return self.mistake(text, mistake),
        };
        match outcome {
            Ok(answer) if answer.live.is_some() => {
                self.trace.drain_into(&mut self.to_print.lock());
                self.live = Some((text.to_owned(), answer));
                Next::Live
            }
            outcome => self.answered(text, outcome),
        }
    }

    /// Waits for what comes of a statement that goes on. Answers what follows once it has ended.
    ///
    /// Dropping the future loses nothing.
    pub async fn go_on(&mut self) -> Option<Next> {
        let (_, Answer { reply, live: Some(live), .. }) = self.live.as_mut()? else { return None };
        if let Some(line) = live.lines.recv().await {
            let line = if self.style.json { escape::json(&line) } else { escape::line(&line) };
            let mut output = self.to_print.lock();
            output.push_str(&line);
            output.push('\n');
            return None;
        }
        if let Ok(ended) = (&mut live.ended).await {
            *reply = ended;
        }
        Some(self.interrupt())
    }

    /// Ends a statement that goes on.
    pub fn interrupt(&mut self) -> Next {
        match self.live.take() {
            Some((text, answer)) => self.answered(&text, Ok(answer)),
            None => Next::GoOn,
        }
    }

    fn answered(&mut self, statement: &str, outcome: Outcome) -> Next {
        let (answer, failed) = match outcome {
            Ok(answer) => (answer, None),
            Err(NotDone { reply, failed }) => (reply.into(), failed),
        };
        self.print(statement, &answer);
        match (failed, self.domain.failure()) {
            (Some(Failed { message, changes_nothing: false }), _) | (_, Some(message)) => Next::Failure(message),
            (Some(Failed { message, changes_nothing: true }), None) => Next::NotDone(message),
            (None, None) => Next::GoOn,
        }
    }

    /// Prints a mistake where it belongs: among the statements with JSON; otherwise it is for the caller.
    pub fn mistake(&mut self, statement: &str, mistake: Mistake) -> Next {
        if self.style.json {
            print_json(&mut self.to_print.lock(), &MistakeRecord { statement, error: &mistake });
        }
        Next::Mistake(mistake)
    }

    /// Finishes what is under way, and prints the rest of the trace.
    pub async fn close(&mut self) {
        self.domain.close().await;
        self.print_late_lines();
    }

    /// Prints the lines of the trace that have come since the last statement.
    pub fn print_late_lines(&mut self) {
        if self.style.json {
            let lines = self.drain_trace();
            if !lines.is_empty() {
                print_json(&mut self.to_print.lock(), &LateRecord { late: lines.lines().collect() });
            }
        } else {
            self.trace.drain_into(&mut self.to_print.lock());
        }
    }

    fn echo(&mut self, statement: &str) {
        if !self.style.echo || self.style.json {
            return;
        }
        let mut prompt = self.prompt();
        let mut output = self.to_print.lock();
        for line in statement.lines() {
            output.push_str(&prompt);
            // Writing to a string does not fail.
            let _ = write_escaped(&mut *output, line);
            output.push('\n');
            prompt = continuation_prompt(&prompt);
        }
    }

    fn print(&mut self, statement: &str, answer: &Answer) {
        use std::fmt::Write as _;
        let Answer { reply, events, .. } = answer;
        if self.style.json {
            let lines = self.drain_trace();
            let trace = lines.lines().collect();
            print_json(&mut self.to_print.lock(), &StatementRecord { statement, reply, events, trace });
        } else {
            let mut output = self.to_print.lock();
            self.trace.drain_into(&mut output);
            // Writing to a string does not fail.
            let _ = writeln!(output, "{reply}");
        }
    }

    fn drain_trace(&self) -> String {
        let mut lines = String::new();
        self.trace.drain_into(&mut lines);
        lines
    }
}

/// The prompt for the further lines of a statement, as wide as its first.
pub fn continuation_prompt(prompt: &str) -> String {
    match prompt.find('(') {
        Some(name) => format!("{}{}", ".".repeat(name), &prompt[name..]),
        None => prompt.to_owned(),
    }
}

#[derive(Serialize)]
struct StatementRecord<'a> {
    statement: &'a str,
    reply: &'a Term,
    events: &'a [Box<RawValue>],
    trace: Vec<&'a str>,
}

#[derive(Serialize)]
struct MistakeRecord<'a> {
    statement: &'a str,
    error: &'a Mistake,
}

#[derive(Serialize)]
struct LateRecord<'a> {
    late: Vec<&'a str>,
}

fn print_json(output: &mut String, record: &impl Serialize) {
    match serde_json::to_string(record) {
        Ok(json) => output.push_str(&escape::json(&json)),
        Err(error) => tracing::error!("a record cannot be written as JSON: {error}"),
    }
    output.push('\n');
}
