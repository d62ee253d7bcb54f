//! The settings of the terminal, which must be restored when the program ends in the middle of a line.

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::streams::{self, standard_input};

/// The terminal's settings from before the line editor changed them.
#[derive(Debug)]
pub(super) struct TerminalSettings(Option<Termios>);

impl TerminalSettings {
    const BRACKETED_PASTE_OFF: &str = "\u{1b}[?2004l";

    pub(super) fn save() -> Self {
        Self(tcgetattr(standard_input()).ok())
    }

    /// Restores the settings. Errors are ignored: they mean that the terminal is gone.
    pub(super) fn restore(&self) {
        if let Some(settings) = &self.0 {
            let _ = tcsetattr(standard_input(), OptionalActions::Now, settings);
            let _ = streams::print(&format!("{}\n", Self::BRACKETED_PASTE_OFF));
        }
    }
}

/// While this guard lives, the terminal does not echo what is typed.
#[derive(Debug)]
pub(super) struct EchoOff(Option<Termios>);

impl EchoOff {
    pub(super) fn begin() -> Self {
        let before = tcgetattr(standard_input()).ok();
        if let Some(mut settings) = before.clone() {
            settings.local_modes.remove(LocalModes::ECHO);
            let _ = tcsetattr(standard_input(), OptionalActions::Now, &settings);
        }
        Self(before)
    }
}

impl Drop for EchoOff {
    fn drop(&mut self) {
        if let Some(settings) = &self.0 {
            let _ = tcsetattr(standard_input(), OptionalActions::Now, settings);
        }
    }
}
