//! What must be put right when the program ends in the middle of a line.

use std::io::{self, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The terminal's settings from before the line editor changed them.
#[derive(Debug)]
pub(super) struct TerminalSettings(Option<Termios>);

impl TerminalSettings {
    const BRACKETED_PASTE_OFF: &str = "\u{1b}[?2004l";

    pub(super) fn save() -> Self {
        Self(tcgetattr(io::stdin()).ok())
    }

    /// Gives the terminal back as it was found. Errors say that it is gone.
    pub(super) fn restore(&self) {
        if let Some(settings) = &self.0 {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, settings);
            let _ = writeln!(io::stdout(), "{}", Self::BRACKETED_PASTE_OFF);
        }
    }
}

/// While it lives, the terminal does not show by itself what is typed.
#[derive(Debug)]
pub(super) struct Silence(Option<Termios>);

impl Silence {
    pub(super) fn begin() -> Self {
        let before = tcgetattr(io::stdin()).ok();
        if let Some(mut settings) = before.clone() {
            settings.local_modes.remove(LocalModes::ECHO);
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &settings);
        }
        Self(before)
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        if let Some(settings) = &self.0 {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, settings);
        }
    }
}

/// The signals that ask the program to end.
#[derive(Debug)]
pub(super) struct EndingSignals {
    terminate: Signal,
    hangup: Signal,
    quit: Signal,
}

impl EndingSignals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            quit: signal(SignalKind::quit())?,
        })
    }

    /// Waits for one of them; answers with its number.
    pub(super) async fn any(&mut self) -> i32 {
        let kind = tokio::select! {
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.hangup.recv() => SignalKind::hangup(),
            _ = self.quit.recv() => SignalKind::quit(),
        };
        kind.as_raw_value()
    }
}
