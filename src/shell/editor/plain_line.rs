//! Lines from a terminal that can do little: it collects them itself, and the line editor is not used.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use zeroize::{Zeroize as _, Zeroizing};

use super::Typed;
use super::keyboard::{Keyboard, Refused};
use crate::shell::streams::{self, Descriptor};
use crate::shell::{escape, wiped};

/// Reads lines, and can be told to give one up.
#[derive(Debug)]
pub(super) struct PlainLines {
    terminal: Descriptor,
    keyboard: Keyboard,
    given_up: UnixStream,
}

/// Makes the reader give up its line.
#[derive(Debug)]
pub(super) struct GiveUp(UnixStream);

impl GiveUp {
    pub(super) fn line(&mut self) {
        // The reader has stopped, or has given up already.
        let _ = self.0.write(b"c");
    }
}

/// Whether a terminal of this kind can move its cursor.
pub(super) fn can_edit_lines(kind: &str) -> bool {
    !["dumb", "cons25", "emacs"].iter().any(|plain| plain.eq_ignore_ascii_case(kind))
}

impl PlainLines {
    pub(super) fn new(terminal: Descriptor, keyboard: Keyboard) -> io::Result<(Self, GiveUp)> {
        let (given_up, give_up) = UnixStream::pair()?;
        given_up.set_nonblocking(true)?;
        give_up.set_nonblocking(true)?;
        Ok((Self { terminal, keyboard, given_up }, GiveUp(give_up)))
    }

    /// Reads a line after a prompt. If it is hidden, its length is not shown either.
    pub(super) fn read(&mut self, prompt: &str, hidden: bool) -> Typed {
        self.keyboard.begin_line(hidden);
        let typed = self.read_line(prompt);
        self.keyboard.end_line();
        if hidden && matches!(typed, Ok(Typed::Text(_))) || matches!(typed, Ok(Typed::Interrupt)) {
            // The terminal has not shown the end of the line, or ^C in its place.
            let _ = streams::print_on_terminal("\n");
        }
        typed.unwrap_or_else(|error| Typed::Failure(error.to_string()))
    }

    fn read_line(&mut self, prompt: &str) -> io::Result<Typed> {
        streams::print_on_terminal(&escape::line(prompt))?;
        let mut line = Zeroizing::new(Vec::new());
        let mut bytes = Zeroizing::new([0; 1 << 12]);
        loop {
            if self.is_given_up()? {
                return Ok(Typed::Interrupt);
            }
            let length = { self.terminal }.read(&mut *bytes)?;
            if length == 0 && line.is_empty() {
                return Ok(Typed::End);
            }
            let is_last = length == 0;
            wiped::reserve(&mut line, length);
            line.extend_from_slice(&bytes[..length]);
            bytes.zeroize();
            if is_last || line.ends_with(b"\n") {
                let text = line.strip_suffix(b"\n").unwrap_or(&line);
                return Ok(match std::str::from_utf8(text) {
                    Ok(text) => Typed::Text(Zeroizing::new(text.to_owned())),
                    Err(_) => Typed::Refused(Refused::NotUtf8),
                });
            }
        }
    }

    /// Waits for something to read, or for being told to give up.
    fn is_given_up(&mut self) -> io::Result<bool> {
        loop {
            let mut wanted = [PollFd::new(&self.terminal, PollFlags::IN), PollFd::new(&self.given_up, PollFlags::IN)];
            match poll(&mut wanted, None) {
                Ok(_) if !wanted[1].revents().is_empty() => break,
                Ok(_) => return Ok(false),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let _ = self.given_up.read(&mut [0; 64]);
        Ok(true)
    }
}
