//! Runs statements and prints what comes of them.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::escape::{self, write_escaped};
use super::functions::{
    Answer, Arguments, Call, CallError, Domain, Failed, Function, Helped, NotDone, Outcome, Row, Vocabulary,
    WantedSecret, check,
};
use super::masking::{Visible, may_hold_secret, secret_span, without_secret};
use super::mistake::{Mistake, Source};
use super::printing::ToPrint;
use super::syntax::{Problem, Span, Statement, Statements, SyntaxError};
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

/// A statement that can be run.
enum Runnable<D: 'static> {
    Domain(&'static Row<D>, Arguments),
    Shell(Helped),
}

impl<D> Runnable<D> {
    fn function(&self) -> Option<&'static Function> {
        match self {
            Self::Domain(row, _) => Some(&row.function),
            Self::Shell(_) => None,
        }
    }
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

    /// Runs one statement of a text, or says what is wrong with it.
    pub async fn run(&mut self, source: Source<'_>, statement: Result<Statement<'_>, SyntaxError>) -> Next {
        self.run_with(source, statement, None).await
    }

    /// The same, with something that was left out of the statement and asked for.
    pub async fn run_with(
        &mut self,
        source: Source<'_>,
        statement: Result<Statement<'_>, SyntaxError>,
        secret: Option<(WantedSecret, String)>,
    ) -> Next {
        self.domain.let_others_run().await;
        self.print_late_lines();
        let (text, call) = self.read(source, statement);
        let text = text.as_ref();
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

    /// What to do, and the statement as far as it may be shown.
    fn read<'a>(
        &self,
        source: Source<'a>,
        statement: Result<Statement<'_>, SyntaxError>,
    ) -> (Cow<'a, str>, Result<Runnable<D>, Mistake>) {
        let text = source.text();
        let (statement, (place, message)) = match statement {
            Ok(statement) => match self.prepare(source, &statement) {
                Ok(call) => {
                    let hidden = call.function().and_then(|function| secret_span(function, &statement, text));
                    let shown = match hidden {
                        Some(hidden) => without_secret(text, &statement.span, &hidden).into(),
                        None => text[statement.span].into(),
                    };
                    return (shown, Ok(call));
                }
                Err(wrong) => (statement.span, wrong),
            },
            Err(error) => (error.statement, (error.span, self.explain(&error.problem))),
        };
        let visible = Visible::of(text, &statement, self.vocabulary());
        let mistake = Mistake::new(source, &place, message, visible);
        (visible.part(text, statement).into(), Err(mistake))
    }

    /// What a statement will ask for that was left out of it.
    pub fn wanted_secret(&self, source: Source<'_>, statement: &Statement<'_>) -> Option<WantedSecret> {
        match self.prepare(source, statement) {
            Ok(Runnable::Domain(row, arguments)) => {
                row.wanted_secret(&self.domain, Call::new(&row.function, &arguments, self.style.json))
            }
            Ok(Runnable::Shell(_)) | Err(_) => None,
        }
    }

    /// Whether a text holds what must not be kept, or could hold it as far as one can tell.
    pub fn holds_secret(&self, text: &str) -> bool {
        Statements::new(text).any(|statement| match statement {
            Ok(statement) => match self.prepare(Source::new(text, 1), &statement) {
                Ok(call) => call.function().and_then(|function| secret_span(function, &statement, text)).is_some(),
                Err(_) => may_hold_secret(text, &statement.span, self.vocabulary()),
            },
            Err(error) => may_hold_secret(text, &error.statement, self.vocabulary()),
        })
    }

    fn vocabulary(&self) -> Vocabulary {
        Vocabulary::of(&self.domain)
    }

    fn prepare(&self, source: Source<'_>, statement: &Statement<'_>) -> Result<Runnable<D>, (Span, String)> {
        let vocabulary = self.vocabulary();
        let Statement { name, .. } = statement;
        let check = |function| check(function, statement, source.text(), vocabulary.manual());
        let row = D::rows().iter().find(|row| row.function.is_named(name.module, name.function));
        let found = match (row, vocabulary.helper(name)) {
            (Some(row), _) => check(&row.function).map(|arguments| Runnable::Domain(row, arguments)),
            (None, Some(helper)) => {
                check(&helper.function).and_then(|_| (helper.run)(vocabulary, statement)).map(Runnable::Shell)
            }
            (None, None) => Err(vocabulary.unknown(name)),
        };
        found.map_err(|CallError { span, problem }| (span, problem.to_string()))
    }

    fn explain(&self, problem: &Problem) -> String {
        let example = matches!(problem, Problem::ExpectedStatement).then(|| self.domain.manual().function);
        example.map_or_else(|| problem.to_string(), |example| format!("{problem} such as `{example}`"))
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
