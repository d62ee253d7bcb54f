//! The modes of the terminal: its own while statements run, and those for a line that is typed.

use std::io::Write as _;

use rustix::io::Errno;
use rustix::process::getpgrp;
use rustix::termios::{
    ControlModes, InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr,
};

use crate::shell::streams::Descriptor;

/// What the terminal is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Statements run. The terminal collects lines, and turns Ctrl-C and Ctrl-Z into signals.
    Running,
    /// A line is typed. `hidden` says that nobody may see it.
    Typing { hidden: bool },
    /// Another program has it, such as a pager.
    Lent,
}

/// How lines are typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Typing {
    /// Key by key, with the line editor.
    ByKey,
    /// By lines that the terminal collects.
    ByLine,
}

/// A terminal, with its settings from before.
#[derive(Debug)]
pub(super) struct TerminalModes {
    terminal: Descriptor,
    typing: Typing,
    before: Option<Termios>,
}

/// The special code that no key has.
const NO_KEY: u8 = if cfg!(target_os = "linux") { 0 } else { 0xff };

impl TerminalModes {
    const BRACKETED_PASTE_OFF: &str = "\u{1b}[?2004l";

    pub(super) fn of(terminal: Descriptor, typing: Typing) -> Self {
        Self { terminal, typing, before: tcgetattr(terminal).ok() }
    }

    /// The key that stops the program, if it reaches the program as a key.
    pub(super) fn suspend_key(&self) -> Option<u8> {
        let key = self.before.as_ref()?.special_codes[SpecialCodeIndex::VSUSP];
        (key != 0 && key != 0xff).then_some(key)
    }

    /// The settings for typing by keys.
    pub(super) fn raw(&self) -> Option<Termios> {
        let mut raw = self.before.clone()?;
        raw.input_modes -=
            InputModes::BRKINT | InputModes::ICRNL | InputModes::INPCK | InputModes::ISTRIP | InputModes::IXON;
        raw.control_modes |= ControlModes::CS8;
        raw.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::IEXTEN | LocalModes::ISIG;
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        Some(raw)
    }

    /// The settings for a line that nobody may see. The terminal collects nothing of it: when the program is stopped, what
    /// it has collected would be read, and shown, by whoever has the terminal then. The key that stops the program is read
    /// too, so that the program can give the terminal back before it stops: not every shell does that.
    fn hidden(&self) -> Option<Termios> {
        let mut hidden = self.before.clone()?;
        hidden.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON;
        hidden.special_codes[SpecialCodeIndex::VMIN] = 1;
        hidden.special_codes[SpecialCodeIndex::VTIME] = 0;
        hidden.special_codes[SpecialCodeIndex::VSUSP] = NO_KEY;
        Some(hidden)
    }

    /// Sets the modes for a use. Errors are ignored: they mean that the terminal is gone.
    pub(super) fn set_for(&self, use_: Use) {
        let settings = match (use_, self.typing) {
            (Use::Lent, _) => return,
            (Use::Typing { .. }, Typing::ByKey) => self.raw(),
            (Use::Typing { hidden: true }, Typing::ByLine) => self.hidden(),
            (Use::Typing { hidden: false }, Typing::ByLine) | (Use::Running, _) => self.before.clone(),
        };
        if let Some(settings) = settings {
            while tcsetattr(self.terminal, OptionalActions::Now, &settings) == Err(Errno::INTR) {}
        }
    }

    /// Gives the terminal back as it was, also to a program that knows nothing of pastes.
    pub(super) fn give_back(&self) {
        self.set_for(Use::Running);
        if self.typing == Typing::ByKey {
            let _ = { self.terminal }.write_all(Self::BRACKETED_PASTE_OFF.as_bytes());
        }
    }

    /// Whether this program is the one that the terminal's keys are for.
    pub(super) fn are_in_foreground(&self) -> bool {
        tcgetpgrp(self.terminal).map_or(true, |foreground| foreground == getpgrp())
    }
}
