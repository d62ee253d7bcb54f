//! Lines from a terminal that can do little: it collects them itself, and the line editor is not used.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use zeroize::{Zeroize as _, Zeroizing};

use super::Typed;
use super::keyboard::{Keyboard, MAX_PASTED, PAUSE, Place, QUIET, Refused, hold_secret};
use crate::shell::streams::{self, Descriptor};
use crate::shell::{escape, wiped};

/// Ctrl-D.
const END: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
/// As most terminals tell Backspace.
const DELETE: u8 = 0x7f;
/// Ctrl-U and Ctrl-W.
const ERASE_LINE: u8 = 0x15;
const ERASE_WORD: u8 = 0x17;

/// Reads lines, and can be told to give one up.
#[derive(Debug)]
pub(super) struct PlainLines {
    terminal: Descriptor,
    keyboard: Keyboard,
    given_up: UnixStream,
    /// Lines that were typed ahead, because one of them is a secret.
    ahead: Zeroizing<Vec<u8>>,
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
        Ok((Self { terminal, keyboard, given_up, ahead: Zeroizing::default() }, GiveUp(give_up)))
    }

    /// Reads a line after a prompt, or several that come without a pause: they are a paste. If it is hidden, it is one line,
    /// and its length is not shown either.
    pub(super) fn read(&mut self, prompt: &str, hidden: bool) -> Typed {
        self.keyboard.begin_line(hidden);
        let typed = self.read_after(prompt, hidden);
        self.keyboard.end_line();
        if hidden && typed.is_ok() || matches!(typed, Ok(Typed::Interrupt)) {
            // The terminal has not shown the end of the line, or ^C in its place.
            let _ = streams::print_on_terminal("\n");
        }
        typed.unwrap_or_else(|error| Typed::Failure(error.to_string()))
    }

    fn read_after(&mut self, prompt: &str, hidden: bool) -> io::Result<Typed> {
        streams::print_on_terminal(&escape::line(prompt))?;
        match self.take_ahead() {
            Some(line) => Ok(Typed::Text(line)),
            None if hidden => self.read_hidden_line(),
            None => self.read_lines(),
        }
    }

    /// Reads a line key by key, as the terminal collects none that is hidden. What was typed behind it stays there.
    fn read_hidden_line(&mut self) -> io::Result<Typed> {
        let mut line = Zeroizing::new(Vec::new());
        loop {
            if let Waited::GivenUp = self.wait(None)? {
                return Ok(Typed::Interrupt);
            }
            let mut key = Zeroizing::new([0_u8]);
            let length = { self.terminal }.read(&mut *key)?;
            match key[0] {
                _ if length == 0 => return Ok(Typed::End),
                END if line.is_empty() => return Ok(Typed::End),
                END => {}
                byte if Some(byte) == self.keyboard.suspend_key() => self.keyboard.stop(),
                b'\n' | b'\r' => break,
                BACKSPACE | DELETE => {
                    let kept = line.iter().rposition(|byte| byte & 0xc0 != 0x80).unwrap_or(0);
                    wiped::truncate(&mut line, kept);
                }
                ERASE_LINE | ERASE_WORD => wiped::truncate(&mut line, 0),
                byte if line.len() < MAX_PASTED => {
                    wiped::reserve(&mut line, 1);
                    line.push(byte);
                }
                _ => return self.refuse(Refused::TooLong),
            }
        }
        Ok(match std::str::from_utf8(&line) {
            Ok(line) => Typed::Text(Zeroizing::new(line.to_owned())),
            Err(_) => return self.refuse(Refused::NotUtf8(Place::START)),
        })
    }

    fn read_lines(&mut self) -> io::Result<Typed> {
        let mut lines = Zeroizing::new(Vec::new());
        let mut bytes = Zeroizing::new([0; 1 << 12]);
        loop {
            let has_line = lines.ends_with(b"\n");
            match self.wait(has_line.then_some(PAUSE))? {
                Waited::Ready => {}
                Waited::InVain => break,
                Waited::GivenUp => {
                    self.ahead.zeroize();
                    return Ok(Typed::Interrupt);
                }
            }
            let length = { self.terminal }.read(&mut *bytes)?;
            if length == 0 && lines.is_empty() {
                return Ok(Typed::End);
            }
            wiped::reserve(&mut lines, length);
            lines.extend_from_slice(&bytes[..length]);
            bytes.zeroize();
            if length == 0 {
                break;
            }
            if lines.len() > MAX_PASTED {
                return self.refuse(Refused::TooLong);
            }
        }
        let text = lines.strip_suffix(b"\n").unwrap_or(&lines);
        match std::str::from_utf8(text) {
            Ok(text) if !hold_secret(&lines) => Ok(Typed::Text(Zeroizing::new(text.to_owned()))),
            Ok(_) => {
                self.ahead = lines;
                Ok(self.take_ahead().map_or(Typed::End, Typed::Text))
            }
            Err(error) => {
                let before = Zeroizing::new(String::from_utf8_lossy(&text[..error.valid_up_to()]).into_owned());
                self.refuse(Refused::NotUtf8(Place::behind(&before)))
            }
        }
    }

    /// Takes the first line that was typed ahead.
    fn take_ahead(&mut self) -> Option<Zeroizing<String>> {
        let end = self.ahead.iter().position(|byte| *byte == b'\n').unwrap_or(self.ahead.len());
        let line = (!self.ahead.is_empty()).then(|| Zeroizing::new(String::from_utf8_lossy(&self.ahead[..end]).into()));
        let next = (end + 1).min(self.ahead.len());
        wiped::remove_before(&mut self.ahead, next);
        line
    }

    /// Drops what is typed until nothing comes for a while: what came with a text that is refused must not run without it.
    fn refuse(&mut self, refused: Refused) -> io::Result<Typed> {
        let mut bytes = Zeroizing::new([0; 1 << 12]);
        while let Waited::Ready = self.wait(Some(QUIET))? {
            if { self.terminal }.read(&mut *bytes)? == 0 {
                break;
            }
        }
        Ok(Typed::Refused(refused))
    }

    /// Waits for something to read, for being told to give up, or in vain.
    fn wait(&mut self, patience: Option<Duration>) -> io::Result<Waited> {
        let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
        loop {
            let mut wanted = [PollFd::new(&self.terminal, PollFlags::IN), PollFd::new(&self.given_up, PollFlags::IN)];
            match poll(&mut wanted, patience.as_ref()) {
                Ok(0) => return Ok(Waited::InVain),
                Ok(_) if !wanted[1].revents().is_empty() => break,
                Ok(_) => return Ok(Waited::Ready),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let _ = self.given_up.read(&mut [0; 64]);
        Ok(Waited::GivenUp)
    }
}

/// What waiting for a line has led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waited {
    Ready,
    InVain,
    GivenUp,
}
