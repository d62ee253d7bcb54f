//! What comes while a line is being typed, and is shown above it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rustyline::ExternalPrinter;

use crate::shell::streams;

/// Text that is to be shown above the line being typed.
///
/// The printer hands text to the editor, which shows it unless Enter comes first: then the text waits for the
/// next line, which may never be read. So a text counts as shown only when the editor has taken it, and what
/// was not shown at the end is printed plainly.
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
    /// Moves the cursor up and down again. The editor takes one text at a time, so that it can be handed this
    /// one only when it has taken the one before.
    const NOTHING: &str = "\u{1b}[A\n";

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

    /// Shows what is added, for ever. The printer may wait for the editor, so this has a thread of its own.
    pub(super) fn show(&self, printer: Option<impl ExternalPrinter>) {
        if let Some(mut printer) = printer {
            while self.show_next(&mut printer).is_ok() {}
        }
        // A terminal that cannot show text above the line shows it in the line.
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
            printer.print(Self::NOTHING.to_owned())?;
            let mut state = self.lock();
            if state.reading {
                // What was taken back meanwhile has been printed in another way.
                let shown = if state.unshown.starts_with(&text) { text.len() } else { 0 };
                state.unshown.drain(..shown);
                return Ok(());
            }
            drop(state);
            drop(self.wait_until_reading(|_| true));
        }
    }
}
