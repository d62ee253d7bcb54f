//! What of a text is no sequence.

use zeroize::Zeroizing;

use super::{ESCAPE, KeyScanner, Piece};

/// A text without what is a sequence in it, or a control character that may begin one.
pub(in crate::shell::editor::keyboard) fn without_sequences(text: &str) -> Zeroizing<Vec<u8>> {
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    if !text.contains(|character| matches!(character, '\u{1b}' | '\u{80}'..='\u{9f}')) {
        plain.extend_from_slice(text.as_bytes());
        return plain;
    }
    let mut scanner = KeyScanner::new(None);
    // Nothing in a paste quotes the next key.
    scanner.hidden = true;
    for byte in text.bytes() {
        match scanner.push(byte) {
            Some(Piece::Keys(keys)) if keys[0] != ESCAPE => plain.extend_from_slice(&keys),
            _ => {}
        }
    }
    plain
}
