//! Pending output, and when it is printed.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::trace::Trace;
use super::{colour, escape};

/// How long output may wait for more, while statements run.
pub(super) const MAX_DELAY: Duration = Duration::from_millis(100);

/// Output of this size, in bytes, is written without waiting for more.
const MAX_PENDING: usize = 1 << 16;

/// The output of a session that is not printed yet. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct PendingOutput {
    text: Arc<Mutex<String>>,
    trace: Trace,
    json: bool,
    in_color: bool,
}

impl PendingOutput {
    pub(super) fn new(trace: Trace, json: bool) -> Self {
        Self { text: Arc::default(), trace, json, in_color: false }
    }

    /// Paints what was marked with a tone.
    pub(super) fn in_color(self, in_color: bool) -> Self {
        Self { in_color, ..self }
    }

    /// The text, to append to. Holding the lock while draining the trace keeps trace lines and replies in order.
    pub(super) fn lock(&self) -> MutexGuard<'_, String> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves everything to the end of `into`, escaped, together with the trace so far of the running statement. With JSON
    /// that trace stays: it belongs in the statement's object.
    pub(super) fn take_into(&self, into: &mut String) {
        let mut text = self.lock();
        if !self.json {
            self.trace.drain_into(&mut text);
        }
        if self.in_color {
            into.push_str(&colour::painted(&text));
        } else if into.is_empty() && escape::are_plain_lines(&text) {
            // Not copied: a reply may be long.
            std::mem::swap(into, &mut *text);
        } else {
            into.push_str(&escape::lines(&text));
        }
        text.clear();
    }

    /// Like [`Self::take_into`], as a new text.
    pub(super) fn take(&self) -> String {
        let mut taken = String::new();
        self.take_into(&mut taken);
        taken
    }

    fn len(&self) -> usize {
        self.lock().len()
    }
}

/// Prints the output of a session to a writer that may be slow.
#[derive(Debug)]
pub(super) struct Printer<W> {
    pending: PendingOutput,
    output: W,
    /// The text that is being written.
    text: String,
    /// How many bytes of it are written.
    written: usize,
    failed: Option<io::Error>,
    due: Pin<Box<Sleep>>,
}

impl<W: AsyncWrite + Unpin> Printer<W> {
    pub(super) fn new(pending: PendingOutput, output: W) -> Self {
        Self { pending, output, text: String::new(), written: 0, failed: None, due: Box::pin(sleep(MAX_DELAY)) }
    }

    /// Writes all pending output. Dropping the future loses nothing.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        self.write_pending().await?;
        self.output.flush().await
    }

    /// Like [`Self::flush`], but fails when the reader takes nothing for this long.
    pub(super) async fn flush_within(&mut self, patience: Duration) -> io::Result<()> {
        loop {
            let before = self.written;
            match timeout(patience, self.flush()).await {
                Ok(flushed) => return flushed,
                Err(_) if self.written > before => {}
                Err(_) => return Err(io::Error::new(io::ErrorKind::TimedOut, "nobody reads it")),
            }
        }
    }

    /// Writes pending output that is large or has waited long.
    pub(super) async fn write_if_due(&mut self) -> io::Result<()> {
        if self.pending.len() < MAX_PENDING && self.due.deadline() > Instant::now() {
            return Ok(());
        }
        self.due.as_mut().reset(Instant::now() + MAX_DELAY);
        self.write_pending().await
    }

    /// Runs `work`, and meanwhile writes output that has waited long. If a write fails, the next flush returns the error.
    /// `work` is borrowed because moving the large future of every statement would cost time.
    pub(super) async fn print_while<T>(&mut self, mut work: Pin<&mut impl Future<Output = T>>) -> T {
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = self.due.as_mut(), if self.failed.is_none() => {}
            }
            self.due.as_mut().reset(Instant::now() + MAX_DELAY);
            tokio::select! {
                biased;
                done = &mut work => return done,
                flushed = self.flush() => self.failed = flushed.err(),
            }
        }
    }

    async fn write_pending(&mut self) -> io::Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        self.pending.take_into(&mut self.text);
        while self.written < self.text.len() {
            match self.output.write(&self.text.as_bytes()[self.written..]).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                length => self.written += length,
            }
        }
        self.text.clear();
        self.text.shrink_to(4 * MAX_PENDING);
        self.written = 0;
        Ok(())
    }
}
