//! How a file begins: with a byte order mark or not, with a line of Excel's or not, and with which delimiter.

use super::errors::Mistake;
use super::options::Encoding;

/// How workbooks begin, new ones and old ones.
const WORKBOOKS: [&[u8]; 2] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"];

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What stands before the header, and what separates the fields.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Beginning {
    /// The bytes before the header.
    pub(super) skipped: usize,
    /// The lines before it.
    pub(super) lines: u64,
    pub(super) delimiter: u8,
}

impl Beginning {
    /// Finds it in the first bytes of a file.
    pub(super) fn of(begin: &[u8], encoding: Encoding) -> Result<Self, Mistake> {
        if WORKBOOKS.iter().any(|workbook| begin.starts_with(workbook)) {
            let problem = "the file is a workbook; save it as CSV, which Excel calls \"CSV UTF-8\"";
            return Err(Mistake::new(1, problem));
        }
        if is_utf16(begin) {
            let problem = "the file is UTF-16; save it as UTF-8, which Excel calls \"CSV UTF-8\", or convert it with \
                           iconv -f UTF-16 -t UTF-8";
            return Err(Mistake::new(1, problem));
        }
        let mark = if begin.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        if mark > 0 && encoding != Encoding::Utf8 {
            return Err(Mistake::new(1, "the file begins with the byte order mark of UTF-8: leave out encoding:"));
        }
        Ok(match named_delimiter(&begin[mark..]) {
            Some((delimiter, line)) => Self { skipped: mark + line, lines: 1, delimiter },
            None => Self { skipped: mark, lines: 0, delimiter: delimiter_of(&begin[mark..]) },
        })
    }
}

/// Whether a text is UTF-16: by its byte order mark, or since every other byte of a header is zero.
fn is_utf16(begin: &[u8]) -> bool {
    begin.starts_with(&[0xff, 0xfe])
        || begin.starts_with(&[0xfe, 0xff])
        || matches!(begin, [0, first, 0, second, ..] | [first, 0, second, 0, ..] if *first != 0 && *second != 0)
}

/// The delimiter that a first line of Excel's names, `sep=;`, and the length of that line.
fn named_delimiter(begin: &[u8]) -> Option<(u8, usize)> {
    let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let end = match begin.iter().position(is_end) {
        Some(end) if begin[end..].starts_with(b"\r\n") => end + 2,
        Some(end) => end + 1,
        None => begin.len(),
    };
    match begin[..end].trim_ascii_end() {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] => Some((*delimiter, end)),
        // A tab is a blank.
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'='] if begin.get(4) == Some(&b'\t') => Some((b'\t', end)),
        _ => None,
    }
}

/// What separates the names in a header: what occurs most often outside quotes, and a comma where nothing does.
fn delimiter_of(begin: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut is_quoted = false;
    for byte in begin {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' | b'\r' if !is_quoted => break,
            byte if !is_quoted => {
                if let Some((_, count)) = counts.iter_mut().find(|(delimiter, _)| delimiter == byte) {
                    *count += 1;
                }
            }
            _ => {}
        }
    }
    let most = counts.iter().rev().max_by_key(|(_, count)| *count);
    most.map_or(b',', |(delimiter, _)| *delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_line_may_name_the_delimiter() {
        for (begin, delimiter, skipped) in [
            ("sep=;\r\ndate,account", b';', 7),
            ("\u{feff}SEP=|\ndate|account", b'|', 9),
            ("sep=\t\ndate", b'\t', 6),
            ("sep=;\rdate", b';', 6),
        ] {
            let expected = Beginning { skipped, lines: 1, delimiter };
            assert_eq!(Beginning::of(begin.as_bytes(), Encoding::Utf8), Ok(expected), "{begin:?}");
        }
        let header = Beginning::of(b"sep;date;account\n", Encoding::Utf8);
        assert_eq!(header, Ok(Beginning { skipped: 0, lines: 0, delimiter: b';' }));
    }

    #[test]
    fn utf_16_is_known_with_its_mark_or_without() {
        for begin in [&b"\xff\xfed\0a\0"[..], b"\xfe\xff\0d\0a", b"d\0a\0t\0", b"\0d\0a\0t"] {
            assert!(is_utf16(begin), "{begin:?}");
        }
        for begin in [&b""[..], b"d", b"date,account", "\u{feff}date".as_bytes()] {
            assert!(!is_utf16(begin), "{begin:?}");
        }
    }

    #[test]
    fn the_delimiter_is_the_one_in_the_header() {
        for (header, expected) in [
            ("date,account,amount\n1;2;3;4", b','),
            ("date;account;amount", b';'),
            ("date\taccount\tamount", b'\t'),
            ("date;\"a,b,c,d\";amount", b';'),
            ("date", b','),
        ] {
            assert_eq!(delimiter_of(header.as_bytes()), expected, "{header}");
        }
    }
}
