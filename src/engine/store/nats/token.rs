//! Names as parts of subjects, and of headers.

/// A name as one part of a subject: each byte of UTF-8 that is no letter, digit, `-` or `_` is `=` and two hexadecimal
/// digits, and the empty name is `=`. Whoever reads `=41` as one byte has the name again.
pub(super) fn token(name: &str) -> String {
    if name.is_empty() {
        return "=".to_owned();
    }
    let mut token = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            token.push(char::from(byte));
        } else {
            token.push_str(&format!("={byte:02X}"));
        }
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As whoever receives it does.
    fn name(token: &str) -> String {
        let mut parts = token.split('=');
        let mut bytes = parts.next().unwrap().as_bytes().to_vec();
        for part in parts.filter(|part| !part.is_empty()) {
            let (digits, rest) = part.split_at(2);
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            bytes.extend_from_slice(rest.as_bytes());
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_name_is_one_part_of_a_subject_and_comes_back() {
        for (of, expected) in [
            ("counter-one", "counter-one"),
            ("counter-The first.one", "counter-The=20first=2Eone"),
            ("*", "=2A"),
            (">", "=3E"),
            ("", "="),
            ("=", "=3D"),
            ("=41", "=3D41"),
            ("é\n", "=C3=A9=0A"),
        ] {
            assert_eq!(token(of), expected);
            assert_eq!(name(expected), of);
        }
    }
}
