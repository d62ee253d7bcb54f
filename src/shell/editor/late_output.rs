//! Output that arrives while a line is being typed, and is shown above it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rustyline::ExternalPrinter;

use super::shown_line::ShownLine;
use crate::shell::{escape, streams};

/// Text to show above the line being typed.
///
/// The printer hands a text to the editor, which shows it unless Enter comes first: then the text would wait for the next
/// line, which may never be read. A text therefore counts as shown only once the editor has taken it, and the rest is
/// printed plainly at the end.
#[derive(Debug, Default)]
pub(super) struct LateOutput {
    state: Mutex<LateState>,
    changed: Condvar,
    /// The line above which it is shown.
    line: ShownLine,
}

#[derive(Debug, Default)]
struct LateState {
    unshown: String,
    /// The prompt of the line that is being typed, if one is.
    prompt: Option<String>,
    /// Whether the line itself is to be shown again.
    again: bool,
}

impl LateOutput {
    /// Moves the cursor up and down again, which shows nothing. The editor takes one text at a time: when the printer
    /// accepts this one, the editor has taken the text before.
    const NO_EFFECT: &str = "\u{1b}[A\n";
    /// The terminal says again where a paste begins and ends.
    const MARKED_PASTES: &str = "\u{1b}[?2004h";
    /// Both.
    const AGAIN: &str = "\u{1b}[?2004h\u{1b}[A\n";

    fn lock(&self) -> MutexGuard<'_, LateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, text: &str) {
        self.lock().unshown.push_str(text);
        self.changed.notify_one();
    }

    /// The line above which it is shown.
    pub(super) fn line(&self) -> &ShownLine {
        &self.line
    }

    /// A line begins, with this prompt, or has ended.
    pub(super) fn set_line(&self, prompt: Option<&str>) {
        self.line.clear();
        let mut state = self.lock();
        state.prompt = prompt.map(str::to_owned);
        state.again = false;
        drop(state);
        self.changed.notify_one();
    }

    /// Shows the line that is being typed again: something else may stand in its place. It is drawn at once, for an editor
    /// that takes no text now, and then the editor draws it.
    pub(super) fn show_line_again(&self) {
        if let Some(line) = streams::output_width().and_then(|columns| self.line.drawn(columns)) {
            // If the terminal is gone, the editor says so.
            let _ = streams::print_on_terminal(Self::MARKED_PASTES).and_then(|()| streams::print_on_terminal(&line));
        }
        self.lock().again = true;
        self.changed.notify_one();
    }

    pub(super) fn take_unshown(&self) -> String {
        std::mem::take(&mut self.lock().unshown)
    }

    fn wait_until_reading(&self, needs: impl Fn(&LateState) -> bool) -> MutexGuard<'_, LateState> {
        let waiting = self.changed.wait_while(self.lock(), |state| !(state.prompt.is_some() && needs(state)));
        waiting.unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows texts as they are added, until the terminal fails. The printer may block, so this has a thread of its own.
    pub(super) fn show(&self, printer: Option<impl ExternalPrinter>) {
        if let Some(mut printer) = printer {
            while self.show_next(&mut printer).is_ok() {}
        }
        // A terminal that cannot show text above the line gets it within the line.
        loop {
            let not_yet = self.changed.wait_while(self.lock(), |state| state.unshown.is_empty() && !state.again);
            let mut state = not_yet.unwrap_or_else(PoisonError::into_inner);
            let mut text = std::mem::take(&mut state.unshown);
            if std::mem::take(&mut state.again) {
                text.push_str(&escape::line(state.prompt.as_deref().unwrap_or_default()));
            }
            drop(state);
            if streams::print_on_terminal(&text).is_err() {
                return;
            }
        }
    }

    fn show_next(&self, printer: &mut impl ExternalPrinter) -> rustyline::Result<()> {
        let mut state = self.wait_until_reading(|state| state.again || !state.unshown.is_empty());
        let again = std::mem::take(&mut state.again);
        let text = state.unshown.clone();
        drop(state);
        if again {
            printer.print(Self::AGAIN.to_owned())?;
        }
        if text.is_empty() {
            return Ok(());
        }
        printer.print(text.clone())?;
        loop {
            printer.print(Self::NO_EFFECT.to_owned())?;
            let mut state = self.lock();
            if state.prompt.is_some() {
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
