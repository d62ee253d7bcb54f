//! Numbers and strings, from their digits and escapes to what they mean.

use std::borrow::Cow;

use super::{Parsed, Problem, Statements};

impl<'a> Statements<'a> {
    pub(super) fn integer(&mut self) -> Parsed<Cow<'a, str>> {
        let start = self.at;
        let negative = self.peek_byte() == Some(b'-');
        self.at += usize::from(negative);
        let written = self.take_while(|byte| byte.is_ascii_digit() || byte == b'_');
        if written.is_empty() || written.starts_with('_') {
            return self.fail(start..self.at, Problem::ExpectedArgument);
        }
        if self.peek_byte() == Some(b'.') {
            self.take_while(|byte| byte.is_ascii_digit() || byte == b'_' || byte == b'.');
            return self.fail(start..self.at, Problem::Fraction);
        }
        if !negative && !written.starts_with('0') && !written.contains('_') {
            return Ok(Cow::Borrowed(written));
        }
        let digits: String = written.chars().filter(|digit| *digit != '_').collect();
        let digits = digits.trim_start_matches('0');
        let sign = if negative && !digits.is_empty() { "-" } else { "" };
        Ok(format!("{sign}{}", if digits.is_empty() { "0" } else { digits }).into())
    }

    pub(super) fn string(&mut self) -> Parsed<Cow<'a, str>> {
        let opening = self.at;
        self.at += 1;
        let plain = self.take_while(|byte| !matches!(byte, b'"' | b'\\'));
        if self.peek_byte() == Some(b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(plain));
        }
        let mut content = plain.to_owned();
        loop {
            match self.peek_byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(content));
                }
                Some(_) => {
                    content.push(self.escape(opening)?);
                    content.push_str(self.take_while(|byte| !matches!(byte, b'"' | b'\\')));
                }
                None => return self.fail(opening..opening + 1, Problem::OpenString),
            }
        }
    }

    fn escape(&mut self, opening: usize) -> Parsed<char> {
        let start = self.at;
        self.at += 1;
        let Some(character) = self.peek() else {
            return self.fail(opening..opening + 1, Problem::OpenString);
        };
        self.at += character.len_utf8();
        match character {
            '"' | '\\' => Ok(character),
            'n' => Ok('\n'),
            't' => Ok('\t'),
            'u' => self.unicode_escape(start),
            _ => self.fail(start..self.at, Problem::UnknownEscape),
        }
    }

    fn unicode_escape(&mut self, start: usize) -> Parsed<char> {
        const MAX_DIGITS: usize = 6;
        let braced = self.rest().strip_prefix('{').unwrap_or_default();
        let length = braced.bytes().take(MAX_DIGITS + 1).position(|byte| byte == b'}').filter(|length| *length > 0);
        let digits = length.map(|length| &braced[..length]);
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match (digits, number.and_then(char::from_u32)) {
            (Some(digits), Some(character)) => {
                self.at += digits.len() + 2;
                Ok(character)
            }
            _ => self.fail(start..self.at, Problem::UnicodeEscape),
        }
    }
}
