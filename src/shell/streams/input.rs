//! Input, read on a thread of its own while statements run.

use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::thread;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::mpsc;
use zeroize::{Zeroize as _, Zeroizing};

const READ: usize = 1 << 16;

/// A piece of the input. It may contain a PIN, and is wiped after use.
type Piece = Zeroizing<Vec<u8>>;

/// The reading end of the thread, which reads at most one piece ahead.
#[derive(Debug)]
pub(in crate::shell) struct InputThread {
    pieces: mpsc::Receiver<io::Result<Piece>>,
    piece: Piece,
    taken: usize,
    at_end: bool,
}

impl InputThread {
    /// # Errors
    ///
    /// No thread can be started.
    pub(in crate::shell) fn start(reader: impl Read + Send + 'static) -> io::Result<Self> {
        let (sender, pieces) = mpsc::channel(1);
        thread::Builder::new().name("input".into()).spawn(move || read(reader, &sender))?;
        Ok(Self { pieces, piece: Piece::default(), taken: 0, at_end: false })
    }
}

/// Reads until the end, which is sent as an empty piece, or until the receiver is gone.
fn read(mut reader: impl Read, pieces: &mpsc::Sender<io::Result<Piece>>) {
    let mut buffer = vec![0; READ];
    loop {
        let piece = match reader.read(&mut buffer) {
            Ok(length) => {
                let piece = Zeroizing::new(buffer[..length].to_vec());
                buffer[..length].zeroize();
                Ok(piece)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let is_last = piece.as_ref().map_or(true, |piece| piece.is_empty());
        if pieces.blocking_send(piece).is_err() || is_last {
            return;
        }
    }
}

impl AsyncRead for InputThread {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.taken == self.piece.len() && !self.at_end {
            let stopped = || Err(io::Error::other("the input thread has stopped"));
            self.piece = ready!(self.pieces.poll_recv(context)).unwrap_or_else(stopped)?;
            self.taken = 0;
            self.at_end = self.piece.is_empty();
        }
        let rest = &self.piece[self.taken..];
        let length = rest.len().min(into.remaining());
        into.put_slice(&rest[..length]);
        self.taken += length;
        if self.taken == self.piece.len() {
            // Now rather than when the next piece arrives, which may be long after.
            self.piece.zeroize();
            self.taken = 0;
        }
        Poll::Ready(Ok(()))
    }
}
