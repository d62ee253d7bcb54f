//! Statements from a file or a pipe.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::functions::Domain;
use super::lines::{Line, Lines};
use super::mistake::{Mistake, Source};
use super::session::{Next, Session};
use super::syntax::{OpenString, Statements};

/// The longest line, and the longest statement of several lines, in bytes.
pub const MAX_STATEMENT: usize = 1 << 20;

/// Output is handed over at this size even when the next statement is there already.
const FLUSH: usize = 1 << 16;

/// How a script ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All of it ran, or it left on its own, or nobody reads its output any more.
    Well,
    /// A statement could not be read or run.
    Mistake,
    /// The domain failed, or the script could not be read.
    Failure,
    /// Ctrl-C ended it.
    Interrupted,
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
}

/// Why the statements stop coming before the end of the script.
enum Stop {
    Left,
    OutputClosed,
    Mistake,
    Failure,
}

impl<D, W, E> Script<D, W, E>
where
    D: Domain,
    W: AsyncWrite + Unpin,
    E: io::Write,
{
    /// Runs a script to its end, or to its first mistake unless it is to keep going.
    pub async fn run(mut self, script: impl AsyncRead + Unpin) -> Ended {
        let mut mistaken = false;
        let interrupts = self.session.interrupts().clone();
        let mut stop = tokio::select! {
            stop = self.run_lines(Lines::new(script, MAX_STATEMENT), &mut mistaken) => stop,
            () = interrupts.program_ends() => return Ended::Interrupted,
        };
        self.session.close().await;
        if let (Ok(()) | Err(Stop::Left), Some(failure)) = (&stop, self.session.domain().failure()) {
            stop = self.after(Next::Failure(failure), &mut mistaken).await;
        }
        if let Err(error) = self.flush().await {
            stop = Err(error);
        }
        match stop {
            Err(Stop::Failure) => Ended::Failure,
            Err(Stop::Mistake) => Ended::Mistake,
            Ok(()) | Err(Stop::Left | Stop::OutputClosed) if mistaken => Ended::Mistake,
            Ok(()) | Err(Stop::Left | Stop::OutputClosed) => Ended::Well,
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
            source.count_to(statement.as_ref().map_or_else(|error| error.statement.start, |read| read.span.start));
            let mut next = self.session.run(source, statement).await;
            if next == Next::Live {
                next = self.follow().await?;
            }
            self.after(next, mistaken).await?;
            if self.session.output().len() >= FLUSH {
                self.flush().await?;
            }
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
            Next::Failure(failure) => {
                self.report(&format!("error: {failure}")).await?;
                Err(Stop::Failure)
            }
        }
    }

    /// Prints what comes of a statement that goes on, until it ends or Ctrl-C ends it.
    async fn follow(&mut self) -> Result<Next, Stop> {
        let interrupts = self.session.interrupts().clone();
        let until_interrupted = match interrupts.begin() {
            Ok(until_interrupted) => until_interrupted,
            Err(error) => {
                self.report(&format!("error: Ctrl-C cannot be heard: {error}")).await?;
                return Err(Stop::Failure);
            }
        };
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
            }
        }
    }

    async fn report(&mut self, message: &str) -> Result<(), Stop> {
        let printed = self.flush().await;
        // When stderr is gone, the exit code still tells.
        let _ = writeln!(self.errors, "{message}");
        printed
    }

    async fn flush(&mut self) -> Result<(), Stop> {
        let text = self.session.output();
        if text.is_empty() {
            return Ok(());
        }
        let written = self.output.write_all(text.as_bytes()).await;
        text.clear();
        let Err(error) = written.and(self.output.flush().await) else {
            return Ok(());
        };
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Err(Stop::OutputClosed);
        }
        let _ = writeln!(self.errors, "error: the output cannot be written: {error}");
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
