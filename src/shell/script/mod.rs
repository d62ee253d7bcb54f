//! Statements from a file or a pipe.

mod alone;
mod end;
mod output;
mod remaining;
mod sent_ahead;

use std::io;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use zeroize::{Zeroize as _, Zeroizing};

pub use self::end::ScriptEnd;
use self::end::Stop;
use self::output::ScriptOutput;
use self::remaining::{read_utf8, remain};
use crate::shell::calls_in_flight::{CallsInFlight, MOST_IN_FLIGHT};
use crate::shell::escape;
use crate::shell::functions::Domain;
use crate::shell::language::{OpenStatement, Statements};
use crate::shell::lines::{Lines, NextLine};
use crate::shell::mistake::{Mistake, Source};
use crate::shell::session::{Next, Session, Unanswered};
use crate::shell::signals::{self, Interrupts};
use crate::shell::wiped;

/// The longest line, and the longest statement of several lines, in bytes.
pub const MAX_STATEMENT: usize = 1 << 20;

/// How long a statement may run on after a signal has asked the program to end.
const STATEMENT_GRACE: Duration = Duration::from_secs(1);

/// Runs the statements of a reader and prints to a writer.
#[derive(Debug)]
pub struct Script<D, W, E> {
    /// Runs the statements.
    pub session: Session<D>,
    /// Takes replies and traces.
    pub output: W,
    /// Takes mistakes, each after all earlier output has been printed.
    pub errors: E,
    /// Whether to continue after a mistake.
    pub keep_going: bool,
    /// Whether to end at the first statement that is refused or declined. No command is then sent ahead of the replies
    /// before it.
    pub strict: bool,
    /// How many commands may be in flight, where that makes no difference to the output: at most
    /// [`MOST_IN_FLIGHT`].
    pub in_flight: NonZeroUsize,
    /// Signals that end the script early.
    pub interrupts: Interrupts,
}

/// A running script.
struct ScriptRun<D, W, E> {
    session: Session<D>,
    output: ScriptOutput<W, E>,
    in_flight: CallsInFlight<Unanswered>,
    keep_going: bool,
    strict: bool,
    /// The line and the column of the statement that runs.
    place: (usize, usize),
    /// Whether a statement could not be read or run and the script continued.
    had_mistake: bool,
    /// Whether a statement failed and the script continued.
    has_failed: bool,
    /// Whether the last statement of the lines so far was sent.
    lines_are_done: bool,
    /// Whether no statement is left to be sent.
    all_sent: bool,
    interrupts: Interrupts,
}

impl<D, W, E> Script<D, W, E>
where
    D: Domain,
    W: AsyncWrite + Unpin,
    E: io::Write,
{
    /// Runs a script to its end, or to its first mistake unless `keep_going` is set. When a signal asks it to end, it
    /// runs no further statement and prints the replies so far.
    pub async fn run(self, script: impl AsyncRead + Unpin) -> ScriptEnd {
        self.begin().run(script).await
    }

    /// The same, and the session goes on after it.
    pub(super) async fn run_before_more(self, script: impl AsyncRead + Unpin) -> (ScriptEnd, Session<D>) {
        let mut running = self.begin();
        let stop = running.run_until_signal(script).await;
        running.end(stop).await
    }

    fn begin(self) -> ScriptRun<D, W, E> {
        let Self { session, output, errors, keep_going, strict, in_flight, interrupts } = self;
        let output = ScriptOutput::new(session.pending_output().clone(), output, errors);
        let in_flight =
            CallsInFlight::with_room_for(if strict { NonZeroUsize::MIN } else { in_flight.min(MOST_IN_FLIGHT) });
        let (had_mistake, has_failed, lines_are_done, all_sent, place) = (false, false, true, false, (1, 1));
        ScriptRun {
            session,
            output,
            in_flight,
            keep_going,
            strict,
            place,
            had_mistake,
            has_failed,
            lines_are_done,
            all_sent,
            interrupts,
        }
    }
}

impl<D, W, E> ScriptRun<D, W, E>
where
    D: Domain,
    W: AsyncWrite + Unpin,
    E: io::Write,
{
    async fn run(mut self, script: impl AsyncRead + Unpin) -> ScriptEnd {
        let interrupts = self.interrupts.clone();
        let stop = self.run_until_signal(script).await;
        {
            let closing = pin!(self.session.close());
            tokio::select! {
                biased;
                () = self.output.print_while(closing) => {}
                () = interrupts.immediate_end_requested() => {}
            }
        }
        self.end(stop).await.0
    }

    async fn run_until_signal(&mut self, script: impl AsyncRead + Unpin) -> Result<(), Stop> {
        let interrupts = self.interrupts.clone();
        let mut running = pin!(self.run_until_stop(Lines::new(script, MAX_STATEMENT)));
        tokio::select! {
            biased;
            stop = &mut running => stop,
            () = interrupts.end_requested() => tokio::select! {
                stop = timeout(STATEMENT_GRACE, running) => stop.unwrap_or(Err(Stop::Interrupted)),
                () = interrupts.immediate_end_requested() => Err(Stop::Interrupted),
            },
        }
    }

    /// Prints what is left, and says how it ended.
    async fn end(mut self, mut stop: Result<(), Stop>) -> (ScriptEnd, Session<D>) {
        let interrupts = self.interrupts.clone();
        if let Err(not_written) = self.output.flush_remaining(&interrupts).await {
            stop = Err(not_written.into());
        }
        if let (Ok(()) | Err(Stop::Left | Stop::Interrupted), Some(failure)) = (&stop, self.session.domain().failure())
        {
            // A write that fails was reported, and there is nothing more to write.
            let _ = self.output.report_failure(&failure).await;
            stop = Err(Stop::Failure);
        }
        if let Err(Stop::Failure | Stop::Interrupted) = stop {
            self.report_unheard();
        }
        let end = match (interrupts.end_signal(), stop) {
            (Some(number), _) => ScriptEnd::Signal(number),
            (None, Err(Stop::OutputClosed)) if !self.all_sent => ScriptEnd::OutputClosed,
            (None, Err(Stop::Failure)) => ScriptEnd::Failure,
            (None, Err(Stop::Mistake)) => ScriptEnd::Mistake,
            (None, Err(Stop::Refused)) => ScriptEnd::Refused,
            (None, _) if self.has_failed => ScriptEnd::Failure,
            (None, _) if self.had_mistake => ScriptEnd::Mistake,
            (None, Ok(()) | Err(Stop::Left | Stop::OutputClosed | Stop::Interrupted)) => ScriptEnd::Success,
        };
        (end, self.session)
    }

    /// Runs the statements, and prints the replies to all that were sent, also after a signal.
    async fn run_until_stop(&mut self, lines: Lines<impl AsyncRead + Unpin>) -> Result<(), Stop> {
        let mut lines = lines;
        match self.run_lines(&mut lines).await {
            Err(Stop::Interrupted) => self.land_all().await.and(Err(Stop::Interrupted)),
            Err(Stop::OutputClosed) => {
                self.all_sent = self.all_sent || self.lines_are_done && !remain(&mut lines).await;
                Err(Stop::OutputClosed)
            }
            ended => ended,
        }
    }

    async fn run_lines(&mut self, lines: &mut Lines<impl AsyncRead + Unpin>) -> Result<(), Stop> {
        // The lines so far of a statement that has a string over several lines.
        let mut text = Zeroizing::new(String::new());
        let mut first_line = 1;
        let mut open = OpenStatement::default();
        let mut too_long = false;
        loop {
            let (number, line) = match lines.take() {
                NextLine::Whole { number, text } => (number, read_utf8(text)),
                NextLine::TooLong { number } => (number, Err(("a line has at most 1 MiB", 1))),
                NextLine::NotYet => {
                    self.wait_for_input(lines).await?;
                    continue;
                }
                NextLine::End => break,
            };
            let line = match line {
                Ok(line) => line,
                Err((message, column)) => {
                    // A statement around such a line does not run without it.
                    text.zeroize();
                    open = OpenStatement::default();
                    too_long = false;
                    self.refuse(Mistake::without_excerpt(message, number, column)).await?;
                    continue;
                }
            };
            if text.is_empty() && !too_long && !OpenStatement::may_begin_in(line) {
                self.run_text(Source::new(line, number)).await?;
                continue;
            }
            open.follow(line);
            open.follow("\n");
            if too_long {
                too_long = open.is_open();
            } else if text.is_empty() && !open.is_open() {
                self.run_text(Source::new(line, number)).await?;
            } else {
                first_line = if text.is_empty() { number } else { first_line };
                wiped::push(&mut text, line);
                wiped::push(&mut text, "\n");
                if !open.is_open() {
                    self.run_text(Source::new(&text, first_line)).await?;
                    text.zeroize();
                } else if text.len() > MAX_STATEMENT {
                    too_long = true;
                    text.zeroize();
                    self.refuse(Mistake::without_excerpt("a statement has at most 1 MiB", first_line, 1)).await?;
                }
            }
        }
        self.run_text(Source::new(&text, first_line)).await?;
        self.all_sent = true;
        self.land_all().await
    }

    /// Reports a text that cannot be read as statements, after the replies to all before it.
    async fn refuse(&mut self, mistake: Mistake) -> Result<(), Stop> {
        self.land_all().await?;
        let next = self.session.mistake("", mistake);
        self.apply(next).await
    }

    async fn run_text(&mut self, mut source: Source<'_>) -> Result<(), Stop> {
        let mut statements = Statements::new(source.text());
        while let Some(statement) = statements.next() {
            self.lines_are_done = false;
            source.go_to(&statement);
            self.place = source.place();
            if self.interrupts.end_signal().is_some() {
                return Err(Stop::Interrupted);
            }
            let statement = self.session.read(source, statement);
            let is_last = statements.are_done();
            if self.send_ahead(&statement).await? {
                self.lines_are_done = is_last;
            } else {
                self.land_all().await?;
                self.lines_are_done = is_last;
                self.run_alone(statement).await?;
                self.settle().await?;
                self.output.write_if_due().await?;
            }
        }
        Ok(())
    }

    /// A strict script knows what has become of a statement's command before the next one runs, also where the reply did
    /// not wait for it.
    async fn settle(&mut self) -> Result<(), Stop> {
        if !self.strict {
            return Ok(());
        }
        let next = self.output.print_while(pin!(self.session.settle())).await;
        self.apply(next).await
    }

    async fn apply(&mut self, next: Next) -> Result<(), Stop> {
        match next {
            // A script has no history and no screen.
            Next::GoOn | Next::Live | Next::ShowHistory | Next::ClearScreen => Ok(()),
            Next::Refused(_) if !self.strict => Ok(()),
            Next::Refused(why) => {
                let (line, column) = self.place;
                self.output
                    .report(&format!("error: {line}:{column}: --strict ends the script here: {}", escape::line(&why)))
                    .await?;
                Err(Stop::Refused)
            }
            Next::Leave => Err(Stop::Left),
            Next::Crash => {
                self.output.flush().await?;
                signals::die();
            }
            Next::Mistake(mistake) => {
                self.had_mistake = true;
                self.output.report(&mistake.report()).await?;
                if self.keep_going { Ok(()) } else { Err(Stop::Mistake) }
            }
            Next::NotDone(reason) if self.keep_going => {
                self.has_failed = true;
                Ok(self.output.report_failure(&reason).await?)
            }
            Next::NotDone(failure) | Next::Failure(failure) => {
                self.output.report_failure(&failure).await?;
                Err(Stop::Failure)
            }
        }
    }
}
