//! One line at the terminal that says how far something has come: `verify: 120,000 of 1,000,000 events`.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between one rewriting of the line and the next, but for the last one.
const REWRITE_AFTER: Duration = Duration::from_millis(100);

const CLEAR: &str = "\r\u{1b}[K";

/// The line. It is there while this lives, and only where standard error is a terminal.
#[derive(Debug)]
pub(super) struct ProgressLine {
    is_shown: bool,
    written: Mutex<Option<Instant>>,
}

impl ProgressLine {
    pub(super) fn new() -> Self {
        Self { is_shown: io::stderr().is_terminal(), written: Mutex::default() }
    }

    /// So many events of so many are done.
    pub(super) fn show(&self, what: &str, done: u64, total: u64) {
        if !self.is_shown {
            return;
        }
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if done < total && written.is_some_and(|written| written.elapsed() < REWRITE_AFTER) {
            return;
        }
        *written = Some(Instant::now());
        // When the terminal is gone, nobody is there to be told.
        let _ = write!(io::stderr(), "{CLEAR}{what}: {} of {} events", with_commas(done), with_commas(total));
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        let written = self.written.get_mut().unwrap_or_else(PoisonError::into_inner);
        if written.is_some() {
            let _ = write!(io::stderr(), "{CLEAR}");
        }
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
