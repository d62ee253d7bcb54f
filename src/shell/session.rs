//! Runs statements and prints their replies and traces.

mod afterword;
mod live;
mod settled;

use std::sync::Arc;

use super::calls_in_flight::Landed;
use super::escape::write_escaped;
use super::explanation::explanation;
use super::function_table::is_wide;
use super::functions::{
    Call, Domain, Failed, FindingSecret, NotDone, Outcome, Reply, SentCall, ShellReply, Vocabulary,
};
use super::held::{forget_reads, held, held_behind, is_store_broken, progress};
use super::json_records::{LateRecord, MistakeRecord, StatementRecord, print_json};
use super::language::{OpenStatement, Statement, SyntaxError};
use super::mistake::{Mistake, Source};
pub use super::next::Next;
use super::next::{next_after, refused};
use super::printed_reply::push_reply;
use super::printing::PendingOutput;
use super::prompt_text;
use super::read_statement::{ReadStatement, Runnable};
use super::screen::Screen;
use super::session_record::{RecordIndex, SessionRecord};
use super::term::Term;
use super::trace::{Followed, Trace};

/// The output format of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// One JSON object for each statement instead of text.
    pub json: bool,
    /// Each statement after its prompt, as a terminal would show it.
    pub echo: bool,
    /// For a person at a terminal: errors are explained, and names may be written in upper or lower case.
    pub for_a_person: bool,
}

/// A statement whose command was sent ahead, and what is needed to print its reply.
#[derive(Debug)]
pub(super) struct Unanswered {
    /// Its number in the prompt.
    number: usize,
    /// Its text with secrets masked, if that is printed too.
    shown: Box<str>,
    recorded: RecordIndex,
}

/// Runs statements on a domain, one at a time, or sends their commands ahead. Output gathers in a buffer that the caller
/// prints.
#[derive(Debug)]
pub struct Session<D> {
    domain: D,
    trace: Trace,
    style: Style,
    /// How many statements have run, for the number in the prompt.
    statement_count: usize,
    record: SessionRecord,
    /// Where the running statement stands in the record.
    recorded: RecordIndex,
    /// Where statements go, for the record; `None` if the last one may have changed that.
    place: Option<Arc<str>>,
    pending_output: PendingOutput,
    /// A statement that keeps printing, with the reply for its end.
    live: Option<(String, Reply)>,
    screen: Screen,
    /// Whether the running statement asked for all columns in full.
    is_wide: bool,
}

impl<D: Domain> Session<D> {
    /// A new session on a domain; `trace` collects the trace of its commands.
    pub fn new(domain: D, trace: Trace, style: Style) -> Self {
        let pending_output = PendingOutput::new(trace.clone(), style.json);
        Self {
            domain,
            trace,
            style,
            statement_count: 0,
            record: SessionRecord::default(),
            recorded: RecordIndex::default(),
            place: None,
            pending_output,
            live: None,
            screen: Screen::default(),
            is_wide: false,
        }
    }

    /// Lays answers out for a screen.
    #[must_use]
    pub(super) fn on(self, screen: Screen) -> Self {
        let in_color = screen.in_color() && !self.style.json;
        // In JSON, a line of the trace stays whole.
        self.trace.set_screen(if self.style.json { Screen::default() } else { screen });
        Self { screen, pending_output: self.pending_output.in_color(in_color), ..self }
    }

    /// What answers are shown on.
    pub(super) fn screen(&self) -> Screen {
        self.screen
    }

    /// The prompt for the next statement, with the domain's name: `bank(1)> `.
    pub fn prompt(&self) -> String {
        self.prompt_of(self.statement_count + 1)
    }

    fn prompt_of(&self, number: usize) -> String {
        let (open, fork, held) = (self.domain.what_is_open(), self.domain.fork(), held(&self.domain, &self.trace));
        prompt_text::first(self.domain.manual().name, open.as_deref(), fork.as_deref(), &held, number)
    }

    /// From now on, a person at a terminal is served.
    pub(super) fn serve_a_person(&mut self) {
        self.style.for_a_person = !self.style.json;
    }

    /// The output that the caller has to print.
    pub(super) fn pending_output(&self) -> &PendingOutput {
        &self.pending_output
    }

    /// The trace of the session's commands.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The domain that statements run on.
    pub fn domain(&self) -> &D {
        &self.domain
    }

    /// Everything that can be called.
    pub fn vocabulary(&self) -> Vocabulary {
        let vocabulary = Vocabulary::of(&self.domain);
        if self.style.for_a_person { vocabulary.in_any_case() } else { vocabulary }
    }

    /// Checks a parsed statement against the functions of the domain.
    pub fn read<'a>(&self, source: Source<'a>, statement: Result<Statement<'a>, SyntaxError>) -> ReadStatement<'a, D> {
        ReadStatement::new(source, statement, self.vocabulary())
    }

    /// The next secret that a statement needs and leaves out, such as a PIN.
    pub fn wanted_secret<'a>(&self, statement: &'a ReadStatement<'_, D>) -> Option<FindingSecret<'a>> {
        match &statement.call {
            Ok(Runnable::Domain(row, arguments) | Runnable::Tried(row, arguments)) => {
                row.wanted_secret(&self.domain, Call::new(&row.function, arguments, self.style.json))
            }
            Ok(Runnable::Shell(_)) | Err(_) => None,
        }
    }

    fn place(&mut self) -> Arc<str> {
        self.place.get_or_insert_with(|| self.domain.where_calls_go().into()).clone()
    }

    /// Runs a statement, or says what is wrong with it.
    pub async fn run(&mut self, statement: ReadStatement<'_, D>) -> Next {
        self.domain.let_pending_commands_run().await;
        self.print_late_lines();
        let ReadStatement { shown, call, .. } = statement;
        let text = shown.as_ref();
        self.echo(self.statement_count + 1, text);
        let place = self.place();
        self.recorded = self.record.begin(self.statement_count + 1, text, place);
        self.place = None;
        let is_tried = matches!(call, Ok(Runnable::Tried(..)));
        let (outcome, explanation) = match call {
            Ok(Runnable::Domain(row, arguments) | Runnable::Tried(row, arguments)) => {
                self.statement_count += 1;
                self.is_wide = is_wide(&row.function, &arguments);
                forget_reads(&self.domain, &self.trace);
                let call = Call::new(&row.function, &arguments, self.style.json)
                    .traced_by(&self.trace)
                    .recorded_in(&self.record);
                let running = if is_tried { self.domain.try_call(row, call) } else { self.domain.call(row, call) };
                // Nothing of what is tried is stored or published. The reply shows what would be.
                let trying = is_tried.then(|| self.trace.trying());
                let mut outcome = running.await;
                drop(trying);
                let explanation = if self.style.for_a_person { explanation(&outcome, call) } else { None };
                if let (Err(not_done), true) = (&mut outcome, explanation.is_some()) {
                    // The explanation says it.
                    not_done.detail = None;
                }
                (outcome, explanation)
            }
            Ok(Runnable::Shell(ShellReply::Text(text))) => {
                self.statement_count += 1;
                (Ok(Term::Text(text).into()), None)
            }
            Ok(Runnable::Shell(ShellReply::Leave)) => return Next::Leave,
            Ok(Runnable::Shell(asked @ (ShellReply::History | ShellReply::ClearScreen))) => {
                self.statement_count += 1;
                return if asked == ShellReply::History { Next::ShowHistory } else { Next::ClearScreen };
            }
            Err(mistake) => {
                self.record.mistake(self.recorded, &mistake.message);
                return self.mistake(text, mistake);
            }
        };
        match outcome {
            Ok(reply) if reply.crashes => Next::Crash,
            Ok(reply) if reply.live.is_some() => {
                self.trace.drain_into(&mut self.pending_output.lock());
                self.live = Some((text.to_owned(), reply));
                Next::Live
            }
            outcome => self.finish_with_afterword(text, outcome, explanation).await,
        }
    }

    /// Sends the command of a statement without waiting for its reply, which is printed [when it has landed](Self::land).
    /// `None` if the statement must be run after all others have their replies.
    pub(super) async fn send_ahead(&mut self, statement: &ReadStatement<'_, D>) -> Option<(Unanswered, SentCall)> {
        let Ok(Runnable::Domain(row, arguments)) = &statement.call else { return None };
        if self.trace.shows_details() || self.trace.uses_seams() {
            return None;
        }
        let sent = self.domain.send_ahead(Call::new(&row.function, arguments, self.style.json)).await?;
        self.statement_count += 1;
        let shown = if self.style.json || self.style.echo { statement.shown.as_ref().into() } else { Box::default() };
        let place = self.place();
        let recorded = self.record.begin(self.statement_count, statement.shown.as_ref(), place);
        Some((Unanswered { number: self.statement_count, shown, recorded }, sent))
    }

    /// Prints the reply to a statement that was sent ahead. `is_last` says that no other is in flight.
    pub(super) fn land(&mut self, landed: Landed<Unanswered>, is_last: bool) -> Next {
        let Landed { sender: Unanswered { number, shown, recorded }, outcome, trace } = landed;
        self.print_late_lines();
        self.echo(number, &shown);
        let (reply, failed, is_done) = match outcome {
            Ok(reply) => (reply, None, true),
            Err(not_done) => {
                let (reply, failed) = self.told(not_done).into_reply();
                (reply, failed, false)
            }
        };
        self.record.answer(recorded, reply.answer(failed.as_ref()), None);
        self.print(&shown, &reply, failed.as_ref(), Some(trace));
        // The domain may have failed after this call: those behind it that were acknowledged before are still printed.
        let stopped = if is_last || !is_done { self.domain.failure() } else { None };
        next_after(failed, stopped, refused(&reply, is_done))
    }

    fn finish(&mut self, statement: &str, outcome: Outcome, mut explanation: Option<String>) -> Next {
        let (mut reply, mut failed, is_done) = match outcome {
            Ok(reply) => (reply, None, true),
            Err(not_done) => {
                let (reply, failed) = self.told(not_done).into_reply();
                (reply, failed, false)
            }
        };
        if is_store_broken(&self.domain, &self.trace) && self.domain.failure().is_none() {
            // It fails because somebody asked for that, so others can go on. What explains a real failure is not true of it.
            if let Some(failed) = failed.take() {
                reply.notes.push(failed.message);
                explanation = None;
            }
        }
        reply.notes.extend(explanation);
        reply.notes.extend(held_behind(&self.domain, &self.trace));
        self.record.answer(self.recorded, reply.answer(failed.as_ref()), progress(&self.domain, &self.trace));
        self.print(statement, &reply, failed.as_ref(), None);
        next_after(failed, self.domain.failure(), refused(&reply, is_done))
    }

    /// What was not done, with as much as is told of why: a script gets the error alone.
    fn told(&self, not_done: NotDone) -> NotDone {
        if self.style.json || self.style.for_a_person { not_done } else { not_done.for_a_script() }
    }

    /// Records a mistake. With JSON it is printed among the replies as well; otherwise only the caller reports it.
    pub fn mistake(&mut self, statement: &str, mistake: Mistake) -> Next {
        if self.style.json {
            print_json(&mut self.pending_output.lock(), &MistakeRecord { statement, error: &mistake });
        }
        Next::Mistake(mistake)
    }

    /// Prints the statements that can be recalled, as the reply to `history`.
    pub(super) fn show_history(&mut self, texts: &[String]) {
        self.print("history", &Term::Text(texts.join("\n")).into(), None, None);
    }

    /// Closes the domain, which finishes its pending commands, and prints the rest of the trace.
    pub async fn close(&mut self) {
        self.domain.close().await;
        self.print_late_lines();
    }

    /// Prints the trace lines that arrived since the last reply.
    pub fn print_late_lines(&mut self) {
        if self.style.json {
            let mut lines = String::new();
            self.trace.drain_into(&mut lines);
            if !lines.is_empty() {
                print_json(&mut self.pending_output.lock(), &LateRecord { late: lines.lines().collect() });
            }
        } else {
            self.trace.drain_into(&mut self.pending_output.lock());
        }
    }

    fn echo(&mut self, number: usize, statement: &str) {
        if !self.style.echo || self.style.json {
            return;
        }
        let first = self.prompt_of(number);
        let (mut prompt, mut open) = (first.clone(), OpenStatement::default());
        let mut output = self.pending_output.lock();
        for line in statement.lines() {
            output.push_str(&prompt);
            // Writing to a string does not fail.
            let _ = write_escaped(&mut *output, line);
            output.push('\n');
            open.follow(line);
            open.follow("\n");
            prompt = prompt_text::continued(&first, open.is_within_string());
        }
    }

    /// Prints a reply after its trace: the one that was kept apart, or the whole trace so far.
    /// Why a call failed is part of the record in JSON, and otherwise only the caller reports it.
    fn print(&mut self, statement: &str, reply: &Reply, failed: Option<&Failed>, apart: Option<Followed>) {
        let Reply { term, events, notes, .. } = reply;
        let trace_into = |lines: &mut String| match apart {
            Some(trace) => trace.end_into(lines),
            None => self.trace.drain_into(lines),
        };
        if self.style.json {
            let mut lines = String::new();
            trace_into(&mut lines);
            let trace = lines.lines().collect();
            let explanation = failed.map(|failed| failed.message.as_str());
            let record = StatementRecord { statement, reply: term, explanation, notes, events, trace };
            print_json(&mut self.pending_output.lock(), &record);
        } else {
            let mut output = self.pending_output.lock();
            trace_into(&mut output);
            push_reply(&mut output, term, notes, self.screen, self.is_wide);
        }
    }
}
