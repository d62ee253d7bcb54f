//! Escapes output, so that it cannot move the cursor, colour, clear or reorder: such a character becomes `\u{1B}`.
//!
//! Replies and tables escape what they quote, so that it can be typed again. All output, whatever its source, is escaped
//! once more on its way out.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use crate::printable::is_printable;

/// Writes a text in double quotes, escaped so that it can be typed again.
pub(super) fn write_quoted(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(out, "\\{character}")?,
            _ => write_character(out, character)?,
        }
    }
    out.write_char('"')
}

/// Writes a text on one line, with unprintable characters escaped.
pub(super) fn write_escaped(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    if text.bytes().all(is_plain) {
        return out.write_str(text);
    }
    text.chars().try_for_each(|character| write_character(out, character))
}

/// The text on one line, as [`write_escaped`] writes it.
pub(super) fn line(text: &str) -> Cow<'_, str> {
    escaped(text, is_plain, write_character)
}

/// The text with its newlines, and all other unprintable characters escaped.
pub(super) fn lines(text: &str) -> Cow<'_, str> {
    escaped(
        text,
        |byte| byte == b'\n' || is_plain(byte),
        |out, character| match character {
            '\n' => out.write_char('\n'),
            _ => write_character(out, character),
        },
    )
}

/// Whether [`lines`] leaves a text as it is.
pub(super) fn are_plain_lines(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'\n' || is_plain(byte))
}

/// The JSON with unprintable characters in its strings as `\u001b`.
pub(super) fn json(json: &str) -> Cow<'_, str> {
    escaped(json, is_plain, |out, character| {
        if is_printable(character) {
            return out.write_char(character);
        }
        let mut units = [0; 2];
        character.encode_utf16(&mut units).iter().try_for_each(|unit| write!(out, "\\u{unit:04x}"))
    })
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

fn escaped(
    text: &str,
    is_plain: impl Fn(u8) -> bool,
    write: impl Fn(&mut String, char) -> fmt::Result,
) -> Cow<'_, str> {
    if text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        // Writing to a string does not fail.
        let _ = write(&mut escaped, character);
    }
    Cow::Owned(escaped)
}

fn write_character(out: &mut impl fmt::Write, character: char) -> fmt::Result {
    match character {
        '\n' => out.write_str("\\n"),
        '\t' => out.write_str("\\t"),
        _ if is_printable(character) => out.write_char(character),
        _ => write!(out, "\\u{{{:X}}}", u32::from(character)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WILD: &str = "ß\n\t\u{1b}[2J\u{9b}2J\u{7f}\u{202e}\r";

    #[test]
    fn unprintable_characters_are_escaped() {
        assert_eq!(line(WILD), "ß\\n\\t\\u{1B}[2J\\u{9B}2J\\u{7F}\\u{202E}\\u{D}");
        assert_eq!(lines(WILD), "ß\n\\t\\u{1B}[2J\\u{9B}2J\\u{7F}\\u{202E}\\u{D}");
        assert!(matches!(lines("two\nlines"), Cow::Borrowed("two\nlines")));
    }

    #[test]
    fn escaped_json_has_the_same_value() {
        let written = serde_json::to_string(WILD).unwrap();
        let shown = json(&written);
        assert!(shown.chars().all(is_printable), "{shown}");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), WILD);
    }
}
