//! Statements from a file or a pipe.

use std::io;
use std::pin::pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::escape;
use super::functions::Domain;
use super::language::{OpenString, Statements};
use super::lines::{Lines, NextLine};
use super::mistake::{Mistake, Source};
use super::printing::Printer;
use super::session::{Next, Session};
use super::signals::Interrupts;

/// The longest line, and the longest statement of several lines, in bytes.
pub const MAX_STATEMENT: usize = 1 << 20;

/// How long a statement may run on after a signal has asked the program to end.
const STATEMENT_GRACE: Duration = Duration::from_secs(1);
/// How long a reader may then leave the remaining output unread.
const OUTPUT_GRACE: Duration = Duration::from_secs(30);
/// The same after a second signal.
const SHORT_OUTPUT_GRACE: Duration = Duration::from_secs(1);

/// How a script ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptEnd {
    /// Every statement ran, or one left the script, or nobody reads the output any more.
    Success,
    /// A statement could not be read or run.
    Mistake,
    /// The domain failed, or the script could not be read.
    Failure,
    /// A signal of this number asked the program to end.
    Signal(i32),
}

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
    /// Signals that end the script early.
    pub interrupts: Interrupts,
}

/// A running script.
struct ScriptRun<D, W, E> {
    session: Session<D>,
    printer: Printer<W>,
    errors: E,
    keep_going: bool,
    /// Whether a statement failed and the script continued.
    has_failed: bool,
    interrupts: Interrupts,
}

/// Why a script stops before its end.
enum Stop {
    Left,
    OutputClosed,
    Mistake,
    Failure,
    Interrupted,
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
        let Self { session, output, errors, keep_going, interrupts } = self;
        let printer = Printer::new(session.pending_output().clone(), output);
        ScriptRun { session, printer, errors, keep_going, has_failed: false, interrupts }.run(script).await
    }
}

impl<D, W, E> ScriptRun<D, W, E>
where
    D: Domain,
    W: AsyncWrite + Unpin,
    E: io::Write,
{
    async fn run(mut self, script: impl AsyncRead + Unpin) -> ScriptEnd {
        let mut had_mistake = false;
        let interrupts = self.interrupts.clone();
        let mut stop = {
            let mut running = pin!(self.run_lines(Lines::new(script, MAX_STATEMENT), &mut had_mistake));
            tokio::select! {
                biased;
                stop = &mut running => stop,
                () = interrupts.end_requested() => tokio::select! {
                    stop = timeout(STATEMENT_GRACE, running) => stop.unwrap_or(Err(Stop::Interrupted)),
                    () = interrupts.immediate_end_requested() => Err(Stop::Interrupted),
                },
            }
        };
        {
            let closing = pin!(self.session.close());
            tokio::select! {
                biased;
                () = self.printer.print_while(closing) => {}
                () = interrupts.immediate_end_requested() => {}
            }
        }
        if let Err(error) = self.flush_remaining().await {
            stop = Err(error);
        }
        if let (Ok(()) | Err(Stop::Left | Stop::Interrupted), Some(failure)) = (&stop, self.session.domain().failure())
        {
            self.print_failure(&failure);
            stop = Err(Stop::Failure);
        }
        match (interrupts.end_signal(), stop) {
            (Some(number), _) => ScriptEnd::Signal(number),
            (None, Err(Stop::Failure)) => ScriptEnd::Failure,
            (None, Err(Stop::Mistake)) => ScriptEnd::Mistake,
            (None, _) if self.has_failed => ScriptEnd::Failure,
            (None, _) if had_mistake => ScriptEnd::Mistake,
            (None, Ok(()) | Err(Stop::Left | Stop::OutputClosed | Stop::Interrupted)) => ScriptEnd::Success,
        }
    }

    async fn run_lines(
        &mut self,
        mut lines: Lines<impl AsyncRead + Unpin>,
        had_mistake: &mut bool,
    ) -> Result<(), Stop> {
        // The lines so far of a statement that has a string over several lines.
        let mut text = String::new();
        let mut first_line = 1;
        let mut open = OpenString::default();
        let mut too_long = false;
        loop {
            let (number, line) = match lines.take() {
                NextLine::Whole { number, text } => (number, read_utf8(text)),
                NextLine::TooLong { number } => (number, Err(("a line has at most 1 MiB", 1))),
                NextLine::NotYet => {
                    self.wait_for_input(&mut lines).await?;
                    continue;
                }
                NextLine::End => break,
            };
            let line = match line {
                Ok(line) => line,
                Err((message, column)) => {
                    // A statement around such a line does not run without it.
                    text.clear();
                    open = OpenString::default();
                    too_long = false;
                    let next = self.session.mistake("", Mistake::without_excerpt(message, number, column));
                    self.apply(next, had_mistake).await?;
                    continue;
                }
            };
            open.follow(line);
            open.follow("\n");
            if too_long {
                too_long = open.is_open();
            } else if text.is_empty() && !open.is_open() {
                self.run_text(Source::new(line, number), had_mistake).await?;
            } else {
                first_line = if text.is_empty() { number } else { first_line };
                text.push_str(line);
                text.push('\n');
                if !open.is_open() {
                    self.run_text(Source::new(&text, first_line), had_mistake).await?;
                    text.clear();
                } else if text.len() > MAX_STATEMENT {
                    too_long = true;
                    text.clear();
                    let mistake = Mistake::without_excerpt("a statement has at most 1 MiB", first_line, 1);
                    let next = self.session.mistake("", mistake);
                    self.apply(next, had_mistake).await?;
                }
            }
        }
        self.run_text(Source::new(&text, first_line), had_mistake).await
    }

    async fn run_text(&mut self, mut source: Source<'_>, had_mistake: &mut bool) -> Result<(), Stop> {
        for statement in Statements::new(source.text()) {
            source.go_to(&statement);
            if self.interrupts.end_signal().is_some() {
                return Err(Stop::Interrupted);
            }
            let statement = self.session.read(source, statement);
            let mut next = self.printer.print_while(pin!(self.session.run(statement))).await;
            if next == Next::Live {
                next = self.follow().await?;
            }
            self.apply(next, had_mistake).await?;
            let written = self.printer.write_if_due().await;
            self.check_written(written)?;
        }
        Ok(())
    }

    async fn apply(&mut self, next: Next, had_mistake: &mut bool) -> Result<(), Stop> {
        match next {
            Next::GoOn | Next::Live => Ok(()),
            Next::Leave => Err(Stop::Left),
            Next::Mistake(mistake) => {
                *had_mistake = true;
                self.report(&mistake.report()).await?;
                if self.keep_going { Ok(()) } else { Err(Stop::Mistake) }
            }
            Next::NotDone(reason) if self.keep_going => {
                self.has_failed = true;
                let printed = self.flush().await;
                self.print_failure(&reason);
                printed
            }
            Next::NotDone(failure) | Next::Failure(failure) => {
                let printed = self.flush().await;
                self.print_failure(&failure);
                printed.and(Err(Stop::Failure))
            }
        }
    }

    /// Prints the output of a live statement until it ends or Ctrl-C ends it.
    async fn follow(&mut self) -> Result<Next, Stop> {
        let interrupts = self.interrupts.clone();
        let live_statement = interrupts.begin_live_statement();
        loop {
            self.flush().await?;
            tokio::select! {
                ended = self.session.go_on() => {
                    if let Some(next) = ended {
                        return Ok(next);
                    }
                }
                () = live_statement.interrupted() => return Ok(self.session.interrupt()),
            }
        }
    }

    /// Waits for input. Prints all pending output before, and output of earlier statements as it arrives.
    async fn wait_for_input(&mut self, lines: &mut Lines<impl AsyncRead + Unpin>) -> Result<(), Stop> {
        loop {
            self.session.print_late_lines();
            self.flush().await?;
            let trace = self.session.trace().clone();
            tokio::select! {
                read = lines.read() => match read {
                    Ok(()) => return Ok(()),
                    Err(error) => {
                        self.report(&format!("error: the script cannot be read: {error}")).await?;
                        return Err(Stop::Failure);
                    }
                },
                () = trace.lines_arrived() => {}
                () = self.interrupts.end_requested() => return Err(Stop::Interrupted),
            }
        }
    }

    async fn report(&mut self, message: &str) -> Result<(), Stop> {
        let printed = self.flush().await;
        self.print_error(message);
        printed
    }

    fn print_error(&mut self, message: &str) {
        // When standard error is closed, the exit code still tells.
        let _ = self.errors.write_all(format!("{message}\n").as_bytes());
    }

    fn print_failure(&mut self, failure: &str) {
        self.print_error(&format!("error: {}", escape::line(failure)));
    }

    async fn flush(&mut self) -> Result<(), Stop> {
        let flushed = self.printer.flush().await;
        self.check_written(flushed)
    }

    /// Prints the remaining output. After a signal, the wait for a reader that takes nothing is limited.
    async fn flush_remaining(&mut self) -> Result<(), Stop> {
        let interrupts = self.interrupts.clone();
        let flushed = tokio::select! {
            biased;
            flushed = self.printer.flush() => flushed,
            () = interrupts.end_requested() => tokio::select! {
                biased;
                flushed = self.printer.flush_within(OUTPUT_GRACE) => flushed,
                () = interrupts.immediate_end_requested() => self.printer.flush_within(SHORT_OUTPUT_GRACE).await,
            },
        };
        self.check_written(flushed)
    }

    fn check_written(&mut self, written: io::Result<()>) -> Result<(), Stop> {
        let Err(error) = written else {
            return Ok(());
        };
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Err(Stop::OutputClosed);
        }
        self.print_error(&format!("error: the output cannot be written: {error}"));
        Err(Stop::Failure)
    }
}

/// The line, or the message and the column of its first error.
fn read_utf8(line: &[u8]) -> Result<&str, (&'static str, usize)> {
    std::str::from_utf8(line).map_err(|error| {
        let before = String::from_utf8_lossy(&line[..error.valid_up_to()]).chars().count();
        ("this is not UTF-8", before + 1)
    })
}
