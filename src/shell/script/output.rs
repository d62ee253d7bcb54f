//! The output of a script: replies and traces in one place, mistakes and failures in the other, in order.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::AsyncWrite;

use crate::shell::escape;
use crate::shell::printing::{PendingOutput, Printer};
use crate::shell::signals::Interrupts;
use crate::shell::streams::errors_are_a_terminal;

/// How long a reader may leave the remaining output unread after a signal has asked the program to end.
const OUTPUT_GRACE: Duration = Duration::from_secs(30);
/// The same after a second signal.
const SHORT_OUTPUT_GRACE: Duration = Duration::from_secs(1);

/// Prints replies and traces, and before each error everything that was said until then.
#[derive(Debug)]
pub(super) struct ScriptOutput<W, E> {
    printer: Printer<W>,
    errors: E,
    /// Whether a statement that takes long shows its progress on the terminal.
    shows_progress: bool,
}

/// Why output cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotWritten {
    /// Nobody reads it any more.
    Closed,
    /// Writing failed, which was reported.
    Failed,
}

impl<W: AsyncWrite + Unpin, E: io::Write> ScriptOutput<W, E> {
    pub(super) fn new(pending: PendingOutput, output: W, errors: E) -> Self {
        Self { printer: Printer::new(pending, output), errors, shows_progress: errors_are_a_terminal() }
    }

    /// Runs `work`, and meanwhile writes output that has waited long.
    pub(super) async fn print_while<T>(&mut self, work: Pin<&mut impl Future<Output = T>>) -> T {
        self.printer.print_while(work).await
    }

    /// Writes pending output that is large or has waited long.
    pub(super) async fn write_if_due(&mut self) -> Result<(), NotWritten> {
        let written = self.printer.write_if_due().await;
        self.check(written)
    }

    /// Writes pending output if the progress of a statement may be shown, which belongs below it.
    pub(super) async fn flush_before_progress(&mut self) -> Result<(), NotWritten> {
        if self.shows_progress { self.flush().await } else { Ok(()) }
    }

    pub(super) async fn flush(&mut self) -> Result<(), NotWritten> {
        let flushed = self.printer.flush().await;
        self.check(flushed)
    }

    /// Prints the remaining output. After a signal, the wait for a reader that takes nothing is limited.
    pub(super) async fn flush_remaining(&mut self, interrupts: &Interrupts) -> Result<(), NotWritten> {
        let flushed = tokio::select! {
            biased;
            flushed = self.printer.flush() => flushed,
            () = interrupts.end_requested() => tokio::select! {
                biased;
                flushed = self.printer.flush_within(OUTPUT_GRACE) => flushed,
                () = interrupts.immediate_end_requested() => self.printer.flush_within(SHORT_OUTPUT_GRACE).await,
            },
        };
        self.check(flushed)
    }

    /// Prints a message after all output before it.
    pub(super) async fn report(&mut self, message: &str) -> Result<(), NotWritten> {
        let printed = self.flush().await;
        self.print_error(message);
        printed
    }

    /// Prints the message about a failure after all output before it.
    pub(super) async fn report_failure(&mut self, failure: &str) -> Result<(), NotWritten> {
        self.report(&format!("error: {}", escape::line(failure))).await
    }

    /// Prints a message at once.
    pub(super) fn print_error(&mut self, message: &str) {
        // When standard error is closed, the exit code still tells.
        let _ = self.errors.write_all(format!("{message}\n").as_bytes());
    }

    fn check(&mut self, written: io::Result<()>) -> Result<(), NotWritten> {
        let Err(error) = written else {
            return Ok(());
        };
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Err(NotWritten::Closed);
        }
        self.print_error(&format!("error: the output cannot be written: {error}"));
        Err(NotWritten::Failed)
    }
}
