//! Statements from a file or a pipe.

use std::io;
use std::pin::pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::escape;
use super::functions::Domain;
use super::language::{OpenString, Statements};
use super::lines::{Line, Lines};
use super::mistake::{Mistake, Source};
use super::printing::Printing;
use super::session::{Next, Session};
use super::signals::Interrupts;

/// The longest line, and the longest statement of several lines, in bytes.
pub const MAX_STATEMENT: usize = 1 << 20;

/// How long a statement may go on after a signal has asked the program to end.
const LAST_STATEMENT: Duration = Duration::from_secs(1);
/// For how long a reader may take nothing of the output that is left then, and when it was asked twice.
const LAST_OUTPUT: Duration = Duration::from_secs(30);
const LAST_OUTPUT_NOW: Duration = Duration::from_secs(1);

/// How a script ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All of it ran, or it left on its own, or nobody reads its output any more.
    Well,
    /// A statement could not be read or run.
    Mistake,
    /// The domain failed, or the script could not be read.
    Failure,
    /// A signal of this number asked the program to end.
    Signal(i32),
}

/// Runs statements from one place and prints to another.
#[derive(Debug)]
pub struct Script<D, W, E> {
    /// What the statements are said to.
    pub session: Session<D>,
    /// Where replies and traces go.
    pub output: W,
    /// Where mistakes are told, after everything before them has been printed.
    pub errors: E,
    /// Whether to go on after a mistake.
    pub keep_going: bool,
    /// Who asks it to end before its end.
    pub interrupts: Interrupts,
}

/// A script that runs.
struct Running<D, W, E> {
    session: Session<D>,
    printing: Printing<W>,
    errors: E,
    keep_going: bool,
    /// A statement could not do its work, and the others went on.
    has_failed: bool,
    interrupts: Interrupts,
}

/// Why the statements stop coming before the end of the script.
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
    /// Runs a script to its end, or to its first mistake unless it is to keep going. Asked to end, it runs no further
    /// statement and prints what was answered.
    pub async fn run(self, script: impl AsyncRead + Unpin) -> Ended {
        let Self { session, output, errors, keep_going, interrupts } = self;
        let printing = Printing::new(session.to_print().clone(), output);
        Running { session, printing, errors, keep_going, has_failed: false, interrupts }.run(script).await
    }
}

impl<D, W, E> Running<D, W, E>
where
    D: Domain,
    W: AsyncWrite + Unpin,
    E: io::Write,
{
    async fn run(mut self, script: impl AsyncRead + Unpin) -> Ended {
        let mut mistaken = false;
        let interrupts = self.interrupts.clone();
        let mut stop = {
            let mut running = pin!(self.run_lines(Lines::new(script, MAX_STATEMENT), &mut mistaken));
            tokio::select! {
                biased;
                stop = &mut running => stop,
                () = interrupts.end() => tokio::select! {
                    stop = timeout(LAST_STATEMENT, running) => stop.unwrap_or(Err(Stop::Interrupted)),
                    () = interrupts.end_now() => Err(Stop::Interrupted),
                },
            }
        };
        {
            let closing = pin!(self.session.close());
            tokio::select! {
                biased;
                () = self.printing.meanwhile(closing) => {}
                () = interrupts.end_now() => {}
            }
        }
        if let Err(error) = self.flush_the_last().await {
            stop = Err(error);
        }
        if let (Ok(()) | Err(Stop::Left | Stop::Interrupted), Some(failure)) = (&stop, self.session.domain().failure())
        {
            self.tell_failure(&failure);
            stop = Err(Stop::Failure);
        }
        match (interrupts.ending(), stop) {
            (Some(number), _) => Ended::Signal(number),
            (None, Err(Stop::Failure)) => Ended::Failure,
            (None, Err(Stop::Mistake)) => Ended::Mistake,
            (None, _) if self.has_failed => Ended::Failure,
            (None, _) if mistaken => Ended::Mistake,
            (None, Ok(()) | Err(Stop::Left | Stop::OutputClosed | Stop::Interrupted)) => Ended::Well,
        }
    }

    async fn run_lines(&mut self, mut lines: Lines<impl AsyncRead + Unpin>, mistaken: &mut bool) -> Result<(), Stop> {
        // The lines of a statement so far, if it has a string over several of them.
        let mut text = String::new();
        let mut first_line = 1;
        let mut open = OpenString::default();
        let mut too_long = false;
        loop {
            let (number, line) = match lines.take() {
                Line::Whole { number, text } => (number, read_utf8(text)),
                Line::TooLong { number } => (number, Err(("a line has at most 1 MiB", 1))),
                Line::NotYet => {
                    self.wait_for_input(&mut lines).await?;
                    continue;
                }
                Line::End => break,
            };
            let line = match line {
                Ok(line) => line,
                Err((message, column)) => {
                    // A statement that has such a line in it is not run without it.
                    text.clear();
                    open = OpenString::default();
                    too_long = false;
                    let next = self.session.mistake("", Mistake::without_excerpt(message, number, column));
                    self.after(next, mistaken).await?;
                    continue;
                }
            };
            open.follow(line);
            open.follow("\n");
            if too_long {
                too_long = open.is_open();
            } else if text.is_empty() && !open.is_open() {
                self.run_text(Source::new(line, number), mistaken).await?;
            } else {
                first_line = if text.is_empty() { number } else { first_line };
                text.push_str(line);
                text.push('\n');
                if !open.is_open() {
                    self.run_text(Source::new(&text, first_line), mistaken).await?;
                    text.clear();
                } else if text.len() > MAX_STATEMENT {
                    too_long = true;
                    text.clear();
                    let mistake = Mistake::without_excerpt("a statement has at most 1 MiB", first_line, 1);
                    let next = self.session.mistake("", mistake);
                    self.after(next, mistaken).await?;
                }
            }
        }
        self.run_text(Source::new(&text, first_line), mistaken).await
    }

    async fn run_text(&mut self, mut source: Source<'_>, mistaken: &mut bool) -> Result<(), Stop> {
        for statement in Statements::new(source.text()) {
            source.go_to(&statement);
            if self.interrupts.ending().is_some() {
                return Err(Stop::Interrupted);
            }
            let statement = self.session.read(source, statement);
            let mut next = self.printing.meanwhile(pin!(self.session.run(statement))).await;
            if next == Next::Live {
                next = self.follow().await?;
            }
            self.after(next, mistaken).await?;
            let handed_over = self.printing.hand_over_if_due().await;
            self.printed(handed_over)?;
        }
        Ok(())
    }

    async fn after(&mut self, next: Next, mistaken: &mut bool) -> Result<(), Stop> {
        match next {
            Next::GoOn | Next::Live => Ok(()),
            Next::Leave => Err(Stop::Left),
            Next::Mistake(mistake) => {
                *mistaken = true;
                self.report(&mistake.report()).await?;
                if self.keep_going { Ok(()) } else { Err(Stop::Mistake) }
            }
            Next::NotDone(reason) if self.keep_going => {
                self.has_failed = true;
                let printed = self.flush().await;
                self.tell_failure(&reason);
                printed
            }
            Next::NotDone(failure) | Next::Failure(failure) => {
                let printed = self.flush().await;
                self.tell_failure(&failure);
                printed.and(Err(Stop::Failure))
            }
        }
    }

    /// Prints what comes of a statement that goes on, until it ends or Ctrl-C ends it.
    async fn follow(&mut self) -> Result<Next, Stop> {
        let interrupts = self.interrupts.clone();
        let until_interrupted = interrupts.begin();
        loop {
            self.flush().await?;
            tokio::select! {
                ended = self.session.go_on() => {
                    if let Some(next) = ended {
                        return Ok(next);
                    }
                }
                () = until_interrupted.interrupted() => return Ok(self.session.interrupt()),
            }
        }
    }

    /// Prints what there is before it waits, and what comes of earlier statements meanwhile.
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
                () = trace.arrived() => {}
                () = self.interrupts.end() => return Err(Stop::Interrupted),
            }
        }
    }

    async fn report(&mut self, message: &str) -> Result<(), Stop> {
        let printed = self.flush().await;
        self.tell(message);
        printed
    }

    fn tell(&mut self, message: &str) {
        // When stderr is gone, the exit code still tells.
        let _ = self.errors.write_all(format!("{message}\n").as_bytes());
    }

    fn tell_failure(&mut self, failure: &str) {
        self.tell(&format!("error: {}", escape::line(failure)));
    }

    async fn flush(&mut self) -> Result<(), Stop> {
        let flushed = self.printing.flush().await;
        self.printed(flushed)
    }

    /// Prints what is left. Where the program was asked to end, a reader that takes none of it is not waited for
    /// for ever.
    async fn flush_the_last(&mut self) -> Result<(), Stop> {
        let interrupts = self.interrupts.clone();
        let flushed = tokio::select! {
            biased;
            flushed = self.printing.flush() => flushed,
            () = interrupts.end() => tokio::select! {
                biased;
                flushed = self.printing.flush_within(LAST_OUTPUT) => flushed,
                () = interrupts.end_now() => self.printing.flush_within(LAST_OUTPUT_NOW).await,
            },
        };
        self.printed(flushed)
    }

    fn printed(&mut self, written: io::Result<()>) -> Result<(), Stop> {
        let Err(error) = written else {
            return Ok(());
        };
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Err(Stop::OutputClosed);
        }
        self.tell(&format!("error: the output cannot be written: {error}"));
        Err(Stop::Failure)
    }
}

/// The line, or what is wrong with it and the column where that begins.
fn read_utf8(line: &[u8]) -> Result<&str, (&'static str, usize)> {
    std::str::from_utf8(line).map_err(|error| {
        let before = String::from_utf8_lossy(&line[..error.valid_up_to()]).chars().count();
        ("this is not UTF-8", before + 1)
    })
}
