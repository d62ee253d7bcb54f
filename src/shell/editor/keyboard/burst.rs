//! What arrives without a pause: one key, or a text that a terminal without marks for pastes has pasted.
//!
//! Nobody types several lines at once. So they are a paste, which runs as a whole or not at all, and what comes at once is
//! given on only when all of it is there.

use std::time::Duration;

use zeroize::{Zeroize as _, Zeroizing};

use super::keys::{MAX_PASTED, PASTE_END, without_sequences};
use super::place::Place;
use super::sequences::PASTE_BEGIN;
use crate::shell::wiped;

/// How long nothing comes after what came at once. Keys that somebody types are further apart, or wait that long unnoticed.
pub(in crate::shell::editor) const PAUSE: Duration = Duration::from_millis(50);

/// The keys that came since the last pause.
#[derive(Debug, Default)]
pub(super) struct Burst {
    keys: Zeroizing<Vec<u8>>,
    /// How many characters, keys and marked pastes they are.
    count: usize,
    /// Whether a line ended among them, and more text came behind it.
    has_lines: bool,
    has_line_end: bool,
    /// Whether one of them is neither text nor the end of a line.
    has_commands: bool,
}

impl Burst {
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether it is one key, which needs not wait for others: somebody may hold it down.
    pub(super) fn is_one_key(&self) -> bool {
        self.count <= 1
    }

    /// Whether no paste is as long.
    pub(super) fn is_too_long(&self) -> bool {
        self.keys.len() > MAX_PASTED + PASTE_BEGIN.len() + PASTE_END.len() + 1
    }

    /// The place right behind the text of the keys so far.
    pub(super) fn end(&self) -> Place {
        let text = Zeroizing::new(String::from_utf8_lossy(&self.keys).into_owned());
        Place::behind(&String::from_utf8_lossy(&without_sequences(&text)))
    }

    /// Adds a character, a key or a marked paste.
    pub(super) fn add(&mut self, keys: &[u8]) {
        for byte in keys {
            match byte {
                b'\r' | b'\n' => self.has_line_end = true,
                b'\t' | b' '.. => self.has_lines |= self.has_line_end,
                _ => self.has_commands = true,
            }
        }
        self.count += 1;
        wiped::reserve(&mut self.keys, keys.len());
        self.keys.extend_from_slice(keys);
    }

    /// Takes the keys. Several lines of text are marked as a paste, with Enter behind it if the last one has its end. Where
    /// the line is `hidden`, or a secret was typed ahead, they stay as they are: a secret is a line of its own.
    pub(super) fn take(&mut self, hidden: bool) -> Zeroizing<Vec<u8>> {
        let Self { keys, has_lines, has_commands, .. } = std::mem::take(self);
        if hidden || has_commands || !has_lines || hold_secret(&keys) {
            return keys;
        }
        let end = keys.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
        let mut pasted = Zeroizing::new(Vec::with_capacity(PASTE_BEGIN.len() + end + PASTE_END.len() + 1));
        pasted.extend_from_slice(PASTE_BEGIN);
        pasted.extend_from_slice(&keys[..end]);
        pasted.extend_from_slice(PASTE_END);
        if end < keys.len() {
            pasted.push(b'\r');
        }
        pasted
    }

    pub(super) fn clear(&mut self) {
        self.keys.zeroize();
        *self = Self::default();
    }
}

/// Whether one of some lines may be a PIN, typed before the question for it: only digits, which are no statement.
pub(in crate::shell::editor) fn hold_secret(lines: &[u8]) -> bool {
    let mut lines = lines.split(|byte| matches!(byte, b'\r' | b'\n')).map(<[u8]>::trim_ascii);
    lines.any(|line| !line.is_empty() && line.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(keys: &str, hidden: bool) -> String {
        let mut burst = Burst::default();
        burst.add(keys.as_bytes());
        String::from_utf8(burst.take(hidden).to_vec()).unwrap()
    }

    #[test]
    fn several_lines_at_once_are_a_paste() {
        assert_eq!(taken("open\rcreate 1\r", false), "\u{1b}[200~open\rcreate 1\u{1b}[201~\r");
        assert_eq!(taken("open\n\n\tcreate 1", false), "\u{1b}[200~open\n\n\tcreate 1\u{1b}[201~");
    }

    #[test]
    fn one_line_keys_and_secrets_stay_as_they_are() {
        for keys in ["open\r", "Ba\top\t\r", "\r\r", "open\r\u{1b}[A\r", "a\rb\u{3}", "\u{1b}[200~a\rb\u{1b}[201~\r"] {
            assert_eq!(taken(keys, false), keys);
        }
        assert_eq!(taken("abcd\ropen\r", true), "abcd\ropen\r");
        assert_eq!(taken("withdraw 1, 5\r4711\ropen\r", false), "withdraw 1, 5\r4711\ropen\r");
    }
}
