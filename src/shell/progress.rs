//! One line at the terminal that says how far something has come: `verify: 120,000 of 1,000,000 events`.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between one rewriting of the line and the next, but for the last one.
const REWRITE_AFTER: Duration = Duration::from_millis(100);

const CLEAR: &str = "\r\u{1b}[K";

/// Keeps the line, which is there while this lives, and only where standard error is a terminal.
#[derive(Debug)]
pub(super) struct ProgressLine {
    line: Arc<Line>,
}

/// The line, for whoever writes it. Once it is removed, nothing is written any more: something else stands there.
#[derive(Debug)]
pub(super) struct Line {
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    NotYet,
    Written(Instant),
    Removed,
}

impl ProgressLine {
    pub(super) fn new() -> Self {
        let state = if io::stderr().is_terminal() { State::NotYet } else { State::Removed };
        Self { line: Arc::new(Line { state: Mutex::new(state) }) }
    }

    /// For who may outlive this.
    pub(super) fn line(&self) -> Arc<Line> {
        self.line.clone()
    }

    pub(super) fn show(&self, what: &str, done: u64, total: u64) {
        self.line.show(what, done, total);
    }
}

impl Line {
    /// So many events of so many are done.
    pub(super) fn show(&self, what: &str, done: u64, total: u64) {
        self.show_of("events", what, done, total);
    }

    /// The same of a file's pages.
    pub(super) fn show_pages(&self, what: &str, done: u64, total: u64) {
        self.show_of("pages", what, done, total);
    }

    fn show_of(&self, unit: &str, what: &str, done: u64, total: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match *state {
            State::Removed => return,
            State::Written(written) if done < total && written.elapsed() < REWRITE_AFTER => return,
            State::NotYet | State::Written(_) => {}
        }
        *state = State::Written(Instant::now());
        // When the terminal is gone, nobody is there to be told.
        let _ = write!(io::stderr(), "{CLEAR}{what}: {} of {} {unit}", with_commas(done), with_commas(total));
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        let mut state = self.line.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Written(_) = *state {
            let _ = write!(io::stderr(), "{CLEAR}");
        }
        *state = State::Removed;
    }
}

fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let numbers = [0, 999, 1_000, 120_000, 1_234_567].map(with_commas);
        assert_eq!(numbers, ["0", "999", "1,000", "120,000", "1,234,567"]);
    }
}
