//! Output that arrives while a line is being typed, and is shown above it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rustyline::ExternalPrinter;

use crate::shell::streams;

/// Text to show above the line being typed.
///
/// The printer hands a text to the editor, which shows it unless Enter comes first: then the text would wait for the next
/// line, which may never be read. A text therefore counts as shown only once the editor has taken it, and the rest is
/// printed plainly at the end.
#[derive(Debug, Default)]
pub(super) struct LateOutput {
    state: Mutex<LateState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct LateState {
    unshown: String,
    reading: bool,
}

impl LateOutput {
    /// Moves the cursor up and down again, which shows nothing. The editor takes one text at a time: when the printer
    /// accepts this one, the editor has taken the text before.
    const NO_EFFECT: &str = "\u{1b}[A\n";

    fn lock(&self) -> MutexGuard<'_, LateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, text: &str) {
        self.lock().unshown.push_str(text);
        self.changed.notify_one();
    }

    pub(super) fn set_reading(&self, reading: bool) {
        self.lock().reading = reading;
        self.changed.notify_one();
    }

    pub(super) fn take_unshown(&self) -> String {
        std::mem::take(&mut self.lock().unshown)
    }

    fn wait_until_reading(&self, needs: impl Fn(&LateState) -> bool) -> MutexGuard<'_, LateState> {
        let waiting = self.changed.wait_while(self.lock(), |state| !(state.reading && needs(state)));
        waiting.unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows texts as they are added, until the terminal fails. The printer may block, so this has a thread of its own.
    pub(super) fn show(&self, printer: Option<impl ExternalPrinter>) {
        if let Some(mut printer) = printer {
            while self.show_next(&mut printer).is_ok() {}
        }
        // A terminal that cannot show text above the line gets it within the line.
        loop {
            let not_yet = self.changed.wait_while(self.lock(), |state| state.unshown.is_empty());
            let text = std::mem::take(&mut not_yet.unwrap_or_else(PoisonError::into_inner).unshown);
            if streams::print(&text).is_err() {
                return;
            }
        }
    }

    fn show_next(&self, printer: &mut impl ExternalPrinter) -> rustyline::Result<()> {
        let text = self.wait_until_reading(|state| !state.unshown.is_empty()).unshown.clone();
        printer.print(text.clone())?;
        loop {
            printer.print(Self::NO_EFFECT.to_owned())?;
            let mut state = self.lock();
            if state.reading {
                // `take_unshown` may have taken the text meanwhile.
                let shown = if state.unshown.starts_with(&text) { text.len() } else { 0 };
                state.unshown.drain(..shown);
                return Ok(());
            }
            drop(state);
            drop(self.wait_until_reading(|_| true));
        }
    }
}
