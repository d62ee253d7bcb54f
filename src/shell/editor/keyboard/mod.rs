//! The keyboard of the terminal: what is typed on it passes through here before the line editor gets it.
//!
//! The line editor reads a pseudo-terminal of our own. A thread moves bytes from the terminal to it while a line is
//! typed, and [scans](keys) them on the way. The modes of the terminal are set here too, and set again when the program
//! was stopped and goes on.

mod burst;
mod keys;
mod modes;
mod place;
mod sequences;

use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Signal, kill_current_process_group};
use zeroize::{Zeroize as _, Zeroizing};

use self::burst::Burst;
pub(super) use self::burst::{PAUSE, hold_secret};
use self::keys::{KeyScanner, Piece};
pub(in crate::shell) use self::keys::{MAX_PASTED, Refused};
use self::modes::{TerminalModes, Typing, Use};
pub(super) use self::place::Place;
use super::late_output::LateOutput;
use crate::shell::streams::{self, Descriptor};

/// How long the rest of a sequence may take to arrive, and how long the keyboard is quiet after a text that is refused.
pub(super) const QUIET: Duration = Duration::from_millis(200);

/// How long the program may take to stop, once it has asked for it. It cannot be stopped where nobody would let it go on.
const STOP: Duration = Duration::from_secs(1);

/// As the line editor knows Ctrl-C.
const GIVE_UP: &[u8] = b"\x03";

/// The keyboard of the terminal, and the terminal's modes. Cheap to clone.
#[derive(Clone, Debug)]
pub(in crate::shell) struct Keyboard {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    terminal: Descriptor,
    modes: TerminalModes,
    late: Arc<LateOutput>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    used: Use,
    /// Whether the program went on since it last stopped itself.
    went_on: bool,
    refused: Option<Refused>,
}

impl Keyboard {
    /// For lines that the terminal itself collects.
    pub(super) fn by_line(terminal: Descriptor, late: Arc<LateOutput>) -> Self {
        Self::new(terminal, Typing::ByLine, late)
    }

    /// For the line editor, which reads standard input: that is the keyboard from now on.
    ///
    /// # Errors
    ///
    /// There is no pseudo-terminal or no thread.
    pub(super) fn by_key(terminal: Descriptor, late: Arc<LateOutput>) -> io::Result<Self> {
        let keyboard = Self::new(terminal, Typing::ByKey, late);
        let raw = keyboard.shared.modes.raw().ok_or(io::ErrorKind::NotConnected)?;
        let keys = streams::scanned_input(&raw)?;
        let scanner = KeyScanner::new(keyboard.shared.modes.suspend_key());
        let shared = keyboard.shared.clone();
        thread::Builder::new().name("keyboard".into()).spawn(move || shared.move_keys(scanner, &keys))?;
        Ok(keyboard)
    }

    fn new(terminal: Descriptor, typing: Typing, late: Arc<LateOutput>) -> Self {
        let state = Mutex::new(State { used: Use::Running, went_on: false, refused: None });
        let modes = TerminalModes::of(terminal, typing);
        Self { shared: Arc::new(Shared { terminal, modes, late, state, changed: Condvar::new() }) }
    }

    /// Begins a line, which nobody may see if it is hidden.
    pub(super) fn begin_line(&self, hidden: bool) {
        self.use_for(Use::Typing { hidden });
    }

    /// Ends the line.
    pub(super) fn end_line(&self) {
        self.use_for(Use::Running);
    }

    /// The key that stops the program.
    pub(super) fn suspend_key(&self) -> Option<u8> {
        self.shared.modes.suspend_key()
    }

    /// Stops the program, as its user asked, until somebody lets it go on.
    pub(super) fn stop(&self) {
        self.shared.stop();
    }

    /// Why a line was given up, if a text in it was refused.
    pub(super) fn take_refused(&self) -> Option<Refused> {
        self.shared.lock().refused.take()
    }

    /// Leaves the terminal to another program while that runs.
    pub(in crate::shell) fn lend<T>(&self, run: impl FnOnce() -> T) -> T {
        self.use_for(Use::Lent);
        let done = run();
        self.use_for(Use::Running);
        done
    }

    fn use_for(&self, used: Use) {
        let mut state = self.shared.lock();
        state.used = used;
        self.shared.modes.set_for(used);
        self.shared.changed.notify_all();
    }

    /// The program was stopped, and goes on: whoever had the terminal meanwhile may have left it in any mode.
    pub(in crate::shell) fn go_on(&self) {
        self.shared.lock().went_on = true;
        self.shared.changed.notify_all();
        self.shared.resume();
    }

    /// Gives the terminal back as it was.
    pub(in crate::shell) fn give_back(&self) {
        let state = self.shared.lock();
        self.shared.modes.give_back();
        drop(state);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn resume(&self) {
        let state = self.lock();
        match state.used {
            Use::Typing { .. } => {
                self.modes.set_for(state.used);
                self.late.show_line_again();
            }
            // Were it in the background, setting modes would stop it.
            Use::Running if self.modes.are_in_foreground() => self.modes.set_for(state.used),
            Use::Running | Use::Lent => {}
        }
    }

    /// Moves keys to the line editor until the terminal is gone. Then the line editor's input ends. What comes without a
    /// pause is moved as one.
    fn move_keys(&self, mut scanner: KeyScanner, line_editor: &OwnedFd) {
        let mut bytes = Zeroizing::new([0; 1 << 12]);
        let mut burst = Burst::default();
        loop {
            drop(self.wait_for_line());
            let patience = match (scanner.awaits_rest(), burst.is_empty()) {
                (true, _) => Some(QUIET),
                (false, false) => Some(PAUSE),
                (false, true) => None,
            };
            let keys = match self.poll(patience) {
                Ok(true) => match self.read_line_part(&mut *bytes, &mut scanner) {
                    Ok(Some(0)) | Err(_) => return,
                    Ok(Some(length)) => {
                        let begins = burst.is_empty();
                        let given_up = self.scan(&bytes[..length], &mut scanner, &mut burst);
                        let is_key = begins && burst.is_one_key();
                        given_up.or_else(|| is_key.then(|| burst.take(scanner.hidden)))
                    }
                    Ok(None) => continue,
                },
                Ok(false) => {
                    burst.add(&scanner.time_out().map(keys_of).unwrap_or_default());
                    Some(burst.take(scanner.hidden))
                }
                Err(_) => return,
            };
            bytes.zeroize();
            if keys.is_some_and(|keys| write_all(line_editor, &keys).is_err()) {
                return;
            }
        }
    }

    fn wait_for_line(&self) -> MutexGuard<'_, State> {
        let waiting = self.changed.wait_while(self.lock(), |state| !matches!(state.used, Use::Typing { .. }));
        waiting.unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is something to read within a time.
    fn poll(&self, timeout: Option<Duration>) -> io::Result<bool> {
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        loop {
            match poll(&mut [PollFd::new(&self.terminal, PollFlags::IN)], timeout.as_ref()) {
                Ok(ready) => return Ok(ready > 0),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Reads what has been typed, unless the line has ended meanwhile: then it is not for the line editor.
    fn read_line_part(&self, bytes: &mut [u8], scanner: &mut KeyScanner) -> io::Result<Option<usize>> {
        let state = self.lock();
        let Use::Typing { hidden } = state.used else { return Ok(None) };
        scanner.hidden = hidden;
        if !self.poll(Some(Duration::ZERO))? {
            return Ok(None);
        }
        { self.terminal }.read(bytes).map(Some)
    }

    /// Adds the keys in some bytes to those before. After a text that is refused none are left, as what came with it must
    /// not run without it: then the line editor is told to give up its line.
    fn scan(&self, bytes: &[u8], scanner: &mut KeyScanner, burst: &mut Burst) -> Option<Zeroizing<Vec<u8>>> {
        scanner.begin_part(bytes.len());
        for byte in bytes {
            let refused = match scanner.push(*byte) {
                Some(Piece::Keys(keys)) => {
                    burst.add(&keys);
                    burst.is_too_long().then_some(Refused::TooLong)
                }
                Some(Piece::Suspend) => {
                    self.stop();
                    None
                }
                Some(Piece::Refused(refused)) => Some(refused),
                None => None,
            };
            if let Some(refused) = refused {
                let refused = match refused {
                    Refused::NotUtf8(place) => Refused::NotUtf8(burst.end().then(place)),
                    refused => refused,
                };
                burst.clear();
                self.lock().refused = Some(refused);
                self.discard(scanner);
                return Some(Zeroizing::new(GIVE_UP.to_vec()));
            }
        }
        None
    }

    /// Drops what is typed until nothing comes for a while.
    fn discard(&self, scanner: &mut KeyScanner) {
        let mut bytes = Zeroizing::new([0; 1 << 12]);
        while let Ok(true) = self.poll(Some(QUIET)) {
            if !matches!({ self.terminal }.read(&mut *bytes), Ok(1..)) {
                break;
            }
        }
        scanner.reset();
    }

    /// Stops the program, as its user asked, until somebody lets it go on.
    fn stop(&self) {
        let mut state = self.lock();
        state.went_on = false;
        self.modes.give_back();
        // An error leaves the program running.
        let _ = kill_current_process_group(Signal::TSTP);
        let waited = self.changed.wait_timeout_while(state, STOP, |state| !state.went_on);
        let went_on = waited.unwrap_or_else(PoisonError::into_inner).0.went_on;
        // Who let it go on has set the modes and shown the line.
        if !went_on {
            self.resume();
        }
    }
}

fn keys_of(piece: Piece) -> Zeroizing<Vec<u8>> {
    match piece {
        Piece::Keys(keys) => keys,
        Piece::Suspend | Piece::Refused(_) => Zeroizing::new(Vec::new()),
    }
}

fn write_all(to: &OwnedFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(to, bytes) {
            Ok(length) => bytes = &bytes[length..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
