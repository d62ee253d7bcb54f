//! Bytes as text, as hashes are stored and shown.

/// The bytes in hexadecimal, in lower case.
pub(in crate::engine) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The bytes of a text that [`hex`] has written; `None` for any other text.
pub(in crate::engine) fn from_hex<const COUNT: usize>(digits: &str) -> Option<[u8; COUNT]> {
    let mut bytes = [0; COUNT];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    (hex(&bytes) == digits).then_some(bytes)
}
