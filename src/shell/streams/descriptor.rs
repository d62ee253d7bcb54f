//! A descriptor that blocks.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

/// Reads and writes as if the descriptor were blocking, even if another program has made it non-blocking.
#[derive(Clone, Copy, Debug)]
pub(in crate::shell) struct Descriptor(pub(super) BorrowedFd<'static>);

impl Descriptor {
    fn blocking(self, ready: PollFlags, mut attempt: impl FnMut() -> Result<usize, Errno>) -> io::Result<usize> {
        loop {
            match attempt() {
                Err(Errno::AGAIN) => match poll(&mut [PollFd::new(&self.0, ready)], None) {
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                },
                Err(Errno::INTR) => {}
                done => return Ok(done?),
            }
        }
    }
}

impl AsFd for Descriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0
    }
}

impl Read for Descriptor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.blocking(PollFlags::IN, || rustix::io::read(self.0, &mut *buffer))
    }
}

impl Write for Descriptor {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.blocking(PollFlags::OUT, || rustix::io::write(self.0, bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
