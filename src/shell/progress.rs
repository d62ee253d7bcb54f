//! The progress line at the terminal: `verify: 120,000 of 1,000,000 events`.

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::streams::{errors_are_a_terminal, standard_error};

/// The shortest time between two updates of the line. The last one is always shown.
const UPDATE_INTERVAL: Duration = Duration::from_millis(100);

const CLEAR: &str = "\r\u{1b}[K";

/// Owns the line: it is shown if standard error is a terminal, and erased on drop.
#[derive(Debug)]
pub(super) struct ProgressLine {
    writer: Arc<ProgressWriter>,
}

/// Writes the line. After the line was erased, this writes nothing, as other output stands there.
#[derive(Debug)]
pub(super) struct ProgressWriter {
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    NotShown,
    Shown { at: Instant },
    Erased,
}

impl ProgressLine {
    pub(super) fn new() -> Self {
        let state = if errors_are_a_terminal() { State::NotShown } else { State::Erased };
        Self { writer: Arc::new(ProgressWriter { state: Mutex::new(state) }) }
    }

    /// A writer that may outlive the line, for another task.
    pub(super) fn writer(&self) -> Arc<ProgressWriter> {
        self.writer.clone()
    }

    pub(super) fn show(&self, what: &str, done: u64, total: u64) {
        self.writer.show(what, done, total);
    }

    /// Shows how many of these units are done.
    pub(super) fn show_of(&self, unit: &str, what: &str, done: u64, total: u64) {
        self.writer.show_of(unit, what, done, total);
    }
}

impl ProgressWriter {
    /// Shows how many events of `total` are done; `what` names the activity.
    pub(super) fn show(&self, what: &str, done: u64, total: u64) {
        self.show_of("events", what, done, total);
    }

    /// Shows how many pages of a file are done.
    pub(super) fn show_pages(&self, what: &str, done: u64, total: u64) {
        self.show_of("pages", what, done, total);
    }

    fn show_of(&self, unit: &str, what: &str, done: u64, total: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match *state {
            State::Erased => return,
            State::Shown { at } if done < total && at.elapsed() < UPDATE_INTERVAL => return,
            State::NotShown | State::Shown { .. } => {}
        }
        *state = State::Shown { at: Instant::now() };
        draw(&format!("{CLEAR}{what}: {} of {} {unit}", with_commas(done), with_commas(total)));
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        let mut state = self.writer.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Shown { .. } = *state {
            draw(CLEAR);
        }
        *state = State::Erased;
    }
}

fn draw(line: &str) {
    // If the terminal is gone, nobody can see the line.
    let _ = standard_error().write_all(line.as_bytes());
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
    fn thousands_are_separated_by_commas() {
        let numbers = [0, 999, 1_000, 120_000, 1_234_567].map(with_commas);
        assert_eq!(numbers, ["0", "999", "1,000", "120,000", "1,234,567"]);
    }
}
