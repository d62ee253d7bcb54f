//! Buffers for statements, which may contain PINs. Their memory is wiped when they grow, shrink or are dropped.

use zeroize::{Zeroize as _, Zeroizing};

/// Makes room for more bytes. A plain `Vec` would leave a copy in the allocation that it outgrows.
pub(super) fn reserve(buffer: &mut Zeroizing<Vec<u8>>, additional: usize) {
    let needed = buffer.len() + additional;
    if needed > buffer.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(2 * buffer.capacity())));
        larger.extend_from_slice(buffer);
        *buffer = larger;
    }
}

/// Removes the bytes before a place. A plain `Vec` would leave a copy behind its end.
pub(super) fn remove_before(buffer: &mut Zeroizing<Vec<u8>>, place: usize) {
    let remaining = buffer.len() - place;
    buffer.copy_within(place.., 0);
    buffer[remaining..].zeroize();
    buffer.truncate(remaining);
}

/// Removes the bytes from a place on. A plain `Vec` would leave them behind its end.
pub(super) fn truncate(buffer: &mut Zeroizing<Vec<u8>>, length: usize) {
    buffer[length..].zeroize();
    buffer.truncate(length);
}

/// Appends to a text, as [`reserve`] does for bytes.
pub(super) fn push(text: &mut Zeroizing<String>, more: &str) {
    let needed = text.len() + more.len();
    if needed > text.capacity() {
        let mut larger = Zeroizing::new(String::with_capacity(needed.max(2 * text.capacity())));
        larger.push_str(text);
        *text = larger;
    }
    text.push_str(more);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_hold_what_a_plain_buffer_would() {
        let mut buffer = Zeroizing::new(Vec::new());
        for _ in 0..3 {
            reserve(&mut buffer, 5);
            buffer.extend_from_slice(b"12345");
        }
        remove_before(&mut buffer, 4);
        assert_eq!(buffer.as_slice(), b"51234512345");
        truncate(&mut buffer, 11);
        remove_before(&mut buffer, 11);
        assert!(buffer.is_empty());
        let mut text = Zeroizing::new(String::new());
        for part in ["a", "", "\u{df}bc", "defgh"] {
            push(&mut text, part);
        }
        assert_eq!(text.as_str(), "a\u{df}bcdefgh");
    }
}
