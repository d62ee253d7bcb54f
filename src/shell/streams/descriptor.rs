//! A descriptor that waits.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

/// Reads and writes as if the descriptor were a blocking one, whatever mode it is in, and whoever changes that
/// meanwhile.
#[derive(Clone, Copy, Debug)]
pub(in crate::shell) struct Descriptor(pub(super) BorrowedFd<'static>);

impl Descriptor {
    fn patiently(self, until: PollFlags, mut act: impl FnMut() -> Result<usize, Errno>) -> io::Result<usize> {
        loop {
            match act() {
                Err(Errno::AGAIN) => match poll(&mut [PollFd::new(&self.0, until)], None) {
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
        self.patiently(PollFlags::IN, || rustix::io::read(self.0, &mut *buffer))
    }
}

impl Write for Descriptor {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.patiently(PollFlags::OUT, || rustix::io::write(self.0, bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
