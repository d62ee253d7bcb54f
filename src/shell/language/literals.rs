//! The values of integer and string literals.

use std::borrow::Cow;

use super::Problem;
use super::syntax_error::{Parsed, fail};

/// The digits of an integer literal, without underscores and leading zeros.
pub(super) fn integer(written: &str) -> Cow<'_, str> {
    if !written.starts_with(['-', '0']) && !written.contains('_') {
        return Cow::Borrowed(written);
    }
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    let sign = if written.starts_with('-') && !digits.is_empty() { "-" } else { "" };
    format!("{sign}{}", if digits.is_empty() { "0" } else { digits }).into()
}

/// The digits of a number with decimals, without underscores. `None` unless digits stand on both sides of one dot.
pub(super) fn decimal(written: &str) -> Option<Cow<'_, str>> {
    let (whole, decimals) = written.split_once('.')?;
    if decimals.contains('.') || !decimals.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let whole = integer(whole);
    // An integer has no negative zero.
    let sign = if written.starts_with('-') && !whole.starts_with('-') { "-" } else { "" };
    Some(format!("{sign}{whole}.{}", decimals.replace('_', "")).into())
}

/// The value of a string literal that begins at `start`, quotes included. The closing quote may be missing.
pub(super) fn string(written: &str, start: usize) -> Parsed<Cow<'_, str>> {
    let open = || fail(start..start + 1, Problem::OpenString);
    let is_special = |byte: u8| matches!(byte, b'"' | b'\\');
    let mut content = String::new();
    let mut at = 1;
    loop {
        let rest = &written.as_bytes()[at..];
        let Some(length) = rest.iter().position(|byte| is_special(*byte)) else {
            return open();
        };
        let (plain, end) = (&written[at..at + length], at + length);
        if rest[length] == b'"' {
            return Ok(if content.is_empty() { plain.into() } else { (content + plain).into() });
        }
        content.push_str(plain);
        match escape(&written[end..]) {
            Ok(None) => return open(),
            Ok(Some((character, length))) => {
                content.push(character);
                at = end + length;
            }
            Err((length, problem)) => return fail(start + end..start + end + length, problem),
        }
    }
}

/// The value of a string that has begun like this, after its quote. An escape at its end may not be complete yet. `None` if
/// another one is unknown.
pub(in crate::shell) fn string_begun(written: &str) -> Option<String> {
    let mut content = String::new();
    let mut rest = written;
    while let Some(place) = rest.find('\\') {
        content.push_str(&rest[..place]);
        rest = match escape(&rest[place..]) {
            Ok(Some((character, length))) => {
                content.push(character);
                &rest[place + length..]
            }
            Ok(None) => "",
            Err((_, Problem::UnicodeEscape)) if !rest[place..].contains('}') => "",
            Err(_) => return None,
        };
    }
    content.push_str(rest);
    Some(content)
}

/// The character that an escape stands for, with the escape's length; `None` if the text ends after the backslash. An error
/// comes with the length of the text at fault.
fn escape(written: &str) -> Result<Option<(char, usize)>, (usize, Problem)> {
    const LENGTH: usize = 2;
    match written.chars().nth(1) {
        None => Ok(None),
        Some(character @ ('"' | '\\')) => Ok(Some((character, LENGTH))),
        Some('n') => Ok(Some(('\n', LENGTH))),
        Some('t') => Ok(Some(('\t', LENGTH))),
        Some('u') => match unicode_escape(&written[LENGTH..]) {
            Some((character, length)) => Ok(Some((character, LENGTH + length))),
            None => Err((LENGTH, Problem::UnicodeEscape)),
        },
        Some(other) => Err((1 + other.len_utf8(), Problem::UnknownEscape)),
    }
}

/// The character whose number stands in braces, with the length of number and braces.
fn unicode_escape(written: &str) -> Option<(char, usize)> {
    const MAX_DIGITS: usize = 6;
    let braced = written.strip_prefix('{')?;
    let length = braced.bytes().take(MAX_DIGITS + 1).position(|byte| byte == b'}').filter(|length| *length > 0)?;
    let number = u32::from_str_radix(&braced[..length], 16).ok()?;
    Some((char::from_u32(number)?, length + 2))
}
