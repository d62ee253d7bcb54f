//! What must be put right when the program ends in the middle of a line.

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

    /// Gives the terminal back as it was found. Errors say that it is gone.
    pub(super) fn restore(&self) {
        if let Some(settings) = &self.0 {
            let _ = tcsetattr(standard_input(), OptionalActions::Now, settings);
            let _ = streams::print(&format!("{}\n", Self::BRACKETED_PASTE_OFF));
        }
    }
}

/// While it lives, the terminal does not show by itself what is typed.
#[derive(Debug)]
pub(super) struct Silence(Option<Termios>);

impl Silence {
    pub(super) fn begin() -> Self {
        let before = tcgetattr(standard_input()).ok();
        if let Some(mut settings) = before.clone() {
            settings.local_modes.remove(LocalModes::ECHO);
            let _ = tcsetattr(standard_input(), OptionalActions::Now, &settings);
        }
        Self(before)
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        if let Some(settings) = &self.0 {
            let _ = tcsetattr(standard_input(), OptionalActions::Now, settings);
        }
    }
}
