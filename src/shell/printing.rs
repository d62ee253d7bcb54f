//! What is to be printed, and how long it may wait.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::escape;
use super::trace::Trace;

/// Output waits so long for more of it, while statements run.
pub(super) const WAIT: Duration = Duration::from_millis(100);

/// Output is handed over at this size even when nothing has to be waited for.
const FLUSH: usize = 1 << 16;

/// What a session has to print so far. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct ToPrint {
    text: Arc<Mutex<String>>,
    trace: Trace,
    json: bool,
}

impl ToPrint {
    pub(super) fn new(trace: Trace, json: bool) -> Self {
        Self { text: Arc::default(), trace, json }
    }

    /// For whoever has something to print. Lines of the trace are drained while this is held: so they keep their
    /// places.
    pub(super) fn lock(&self) -> MutexGuard<'_, String> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves everything to the end of `into`, so that it only shows, with what the trace says of the statement that
    /// runs; in JSON that belongs to the statement's own object.
    pub(super) fn take_into(&self, into: &mut String) {
        let mut text = self.lock();
        if !self.json {
            self.trace.drain_into(&mut text);
        }
        into.push_str(&escape::lines(&text));
        text.clear();
    }

    /// The same as a text of its own.
    pub(super) fn take(&self) -> String {
        let mut taken = String::new();
        self.take_into(&mut taken);
        taken
    }

    fn len(&self) -> usize {
        self.lock().len()
    }
}

/// Prints a session to where that may take its time.
#[derive(Debug)]
pub(super) struct Printing<W> {
    to_print: ToPrint,
    output: W,
    /// What is being written, and how much of it is.
    text: String,
    written: usize,
    failed: Option<io::Error>,
    due: Pin<Box<Sleep>>,
}

impl<W: AsyncWrite + Unpin> Printing<W> {
    pub(super) fn new(to_print: ToPrint, output: W) -> Self {
        Self { to_print, output, text: String::new(), written: 0, failed: None, due: Box::pin(sleep(WAIT)) }
    }

    /// Writes everything there is. Dropping the future loses nothing.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        self.hand_over().await?;
        self.output.flush().await
    }

    /// The same, unless the reader takes nothing for so long.
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

    /// Hands over what there is, if it is much or has waited long.
    pub(super) async fn hand_over_if_due(&mut self) -> io::Result<()> {
        if self.to_print.len() < FLUSH && self.due.deadline() > Instant::now() {
            return Ok(());
        }
        self.due.as_mut().reset(Instant::now() + WAIT);
        self.hand_over().await
    }

    /// Does some work; what has waited long is written meanwhile. Where that fails, the next flush says so. The work stays
    /// where it is: it is large, and there is some for each statement.
    pub(super) async fn meanwhile<T>(&mut self, mut work: Pin<&mut impl Future<Output = T>>) -> T {
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = self.due.as_mut(), if self.failed.is_none() => {}
            }
            self.due.as_mut().reset(Instant::now() + WAIT);
            tokio::select! {
                biased;
                done = &mut work => return done,
                flushed = self.flush() => self.failed = flushed.err(),
            }
        }
    }

    async fn hand_over(&mut self) -> io::Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        self.to_print.take_into(&mut self.text);
        while self.written < self.text.len() {
            match self.output.write(&self.text.as_bytes()[self.written..]).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                length => self.written += length,
            }
        }
        self.text.clear();
        self.written = 0;
        Ok(())
    }
}
