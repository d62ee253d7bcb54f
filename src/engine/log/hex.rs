//! Bytes as text, as hashes are stored and shown.

/// The bytes in hexadecimal, in lower case.
pub(in crate::engine) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
