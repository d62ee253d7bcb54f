//! Output, written on a thread of its own while statements run.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::mpsc as blocking;
use std::task::{Context, Poll, ready};
use std::thread;

use tokio::io::AsyncWrite;
use tokio::sync::mpsc;

use rustix::stdio::stdout;

use super::{Descriptor, standard_output};

/// The largest piece handed to the thread, in bytes.
const WRITE: usize = 1 << 16;

/// Hands output to the thread, one piece at a time. Dropping a future loses nothing that it has taken.
#[derive(Debug)]
pub(in crate::shell) struct OutputThread {
    to_write: blocking::SyncSender<Vec<u8>>,
    written: mpsc::Receiver<(Vec<u8>, io::Result<()>)>,
    /// `None` while the thread writes it.
    buffer: Option<Vec<u8>>,
}

impl OutputThread {
    /// # Errors
    ///
    /// No thread can be started.
    pub(in crate::shell) fn start(writer: impl Write + Send + 'static) -> io::Result<Self> {
        let (to_write, pieces) = blocking::sync_channel(1);
        let (answers, written) = mpsc::channel(1);
        thread::Builder::new().name("output".into()).spawn(move || write(writer, &pieces, &answers))?;
        Ok(Self { to_write, written, buffer: Some(Vec::new()) })
    }

    fn poll_written(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.buffer.is_some() {
            return Poll::Ready(Ok(()));
        }
        let Some((buffer, written)) = ready!(self.written.poll_recv(context)) else {
            return Poll::Ready(Err(stopped()));
        };
        self.buffer = Some(buffer);
        Poll::Ready(written)
    }
}

fn write(
    mut writer: impl Write,
    pieces: &blocking::Receiver<Vec<u8>>,
    answers: &mpsc::Sender<(Vec<u8>, io::Result<()>)>,
) {
    while let Ok(piece) = pieces.recv() {
        let written = writer.write_all(&piece).and_then(|()| writer.flush());
        if answers.blocking_send((piece, written)).is_err() {
            return;
        }
    }
}

fn stopped() -> io::Error {
    io::Error::other("the output thread has stopped")
}

impl AsyncWrite for OutputThread {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_written(context))?;
        let mut buffer = self.buffer.take().unwrap_or_default();
        let length = bytes.len().min(WRITE);
        buffer.clear();
        buffer.extend_from_slice(&bytes[..length]);
        Poll::Ready(self.to_write.send(buffer).map(|()| length).map_err(|_| stopped()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_written(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }
}

/// Prints at once, from the calling thread. The text must be escaped already.
pub(in crate::shell) fn print(text: &str) -> io::Result<()> {
    standard_output().write_all(text.as_bytes())
}

/// Prints on the terminal, where answers may go elsewhere.
pub(in crate::shell) fn print_on_terminal(text: &str) -> io::Result<()> {
    Descriptor(stdout()).write_all(text.as_bytes())
}
