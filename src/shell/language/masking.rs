//! Masks secrets with stars, and finds possible ones in text that cannot be parsed.

use super::credentials::credentials_written;
use super::{Span, TokenKind, Tokens};

/// The fewest digits that could be a PIN.
pub(in crate::shell) const PIN_DIGITS: usize = 4;

/// How far to look back from a place, in bytes. If the statement begins even earlier, every argument could be a PIN.
pub(in crate::shell) const LOOK_BACK: usize = 256;

/// A part of a text that is to be shown. Masking keeps its width, so that carets stay in place.
pub(in crate::shell) struct Masked<'a> {
    text: &'a str,
    part: Span,
    shown: Vec<u8>,
}

impl<'a> Masked<'a> {
    /// A part of a text, with nothing hidden yet.
    pub(in crate::shell) fn new(text: &'a str, part: Span) -> Self {
        Self { text, shown: text[part.clone()].as_bytes().to_vec(), part }
    }

    /// Hides a place of the text, as far as it lies in this part.
    pub(in crate::shell) fn hide(&mut self, place: Span) {
        let shown = place.start.max(self.part.start)..place.end.min(self.part.end);
        for byte in shown.map(|place| place - self.part.start) {
            // Newlines stay, so that the lines do.
            if self.shown[byte] != b'\n' {
                self.shown[byte] = b'*';
            }
        }
    }

    /// Hides every number within a place that is long enough for a PIN.
    pub(in crate::shell) fn hide_long_numbers(&mut self, place: Span) {
        let start = place.start.max(self.before_part());
        for number in numbers(self.text, start..place.end.min(self.part.end)) {
            if is_long(&self.text[number.clone()]) {
                self.hide(number);
            }
        }
    }

    /// Hides possible PINs in a statement that cannot be parsed. The function and the `plain_words` after it, such as a
    /// name and an amount, are not PINs.
    ///
    /// The mistake may be a stray quote, so the words within a string count one by one. After an unclosed quote, or a `#`,
    /// any word may be a PIN.
    pub(in crate::shell) fn hide_unread(&mut self, statement: &Span, plain_words: usize) {
        let (start, mut words) = match self.before_part() {
            window if window > statement.start => (window, plain_words + 1),
            _ => (statement.start, 0),
        };
        let end = statement.end.min(self.part.end);
        let mut within_word = false;
        for token in Tokens::starting_at(self.text, start).take_while(|token| token.start < end) {
            let could_be_anything = matches!(token.kind, TokenKind::OpenString | TokenKind::Comment);
            let mut at = token.start;
            while let Some(first) = self.text[at..token.end].chars().next() {
                if ends_word(first) {
                    within_word = false;
                    at += first.len_utf8();
                    continue;
                }
                if !within_word {
                    within_word = true;
                    // A statement begins with the name of a function. Anything else there may be a PIN.
                    words = if words == 0 && !first.is_ascii_alphabetic() { plain_words + 1 } else { words + 1 };
                }
                let length = number_length(&self.text[at..token.end]);
                let number = at..at + length;
                let may_be_long = could_be_anything || words > plain_words;
                at += length.max(first.len_utf8());
                let is_hidden = |number: &str, before: &str| is_named_pin(before) || (may_be_long && is_long(number));
                if length > 0 && is_hidden(&self.text[number.clone()], &self.text[..number.start]) {
                    self.hide(number);
                }
            }
        }
    }

    /// Hides the credentials in a URL wherever they stand.
    pub(in crate::shell) fn hide_credentials(&mut self) {
        let (mut from, mut end) = (self.before_part(), (self.part.end + LOOK_BACK).min(self.text.len()));
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        while let Some(place) = credentials_written(&self.text[from..end]) {
            self.hide(from + place.start..from + place.end);
            from += place.end;
        }
    }

    /// The masked text.
    pub(in crate::shell) fn into_text(self) -> String {
        // Always UTF-8: every byte of a masked character was replaced by an ASCII star.
        String::from_utf8(self.shown).unwrap_or_default()
    }

    /// Where to begin looking for secrets that reach into this part.
    fn before_part(&self) -> usize {
        looked_back(self.text, self.part.start)
    }
}

/// The number of words on the line before a place; the largest number if the line begins too far back, or not with the name
/// of a function, so that their meaning is unknown.
pub(in crate::shell) fn words_before(text: &str, place: usize) -> usize {
    let window = looked_back(text, place);
    let before = &text[window..place];
    let Some(line) = before.rfind('\n').map(|end| end + 1).or((window == 0).then_some(0)) else {
        return usize::MAX;
    };
    let mut words = before[line..].split(ends_word).filter(|word| !word.is_empty()).peekable();
    let is_call = words.peek().is_none_or(|first| first.starts_with(|first: char| first.is_ascii_alphabetic()));
    if is_call { words.count() } else { usize::MAX }
}

fn ends_word(character: char) -> bool {
    character.is_whitespace() || matches!(character, ',' | '(' | ')' | ';')
}

fn looked_back(text: &str, place: usize) -> usize {
    let mut window = place.saturating_sub(LOOK_BACK);
    while !text.is_char_boundary(window) {
        window -= 1;
    }
    window
}

/// The numbers within a place of a text: digits in a row, with underscores between them.
pub(in crate::shell) fn numbers(text: &str, place: Span) -> impl Iterator<Item = Span> {
    let mut at = place.start;
    std::iter::from_fn(move || {
        let rest = text.get(at..place.end)?;
        let start = at + rest.bytes().position(|byte| byte.is_ascii_digit())?;
        at = start + number_length(&text[start..]);
        Some(start..at)
    })
}

/// Whether a number is long enough for a PIN.
pub(in crate::shell) fn is_long(number: &str) -> bool {
    number.bytes().filter(u8::is_ascii_digit).count() >= PIN_DIGITS
}

/// The length of the number that a text begins with.
fn number_length(text: &str) -> usize {
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return 0;
    }
    text.bytes().position(|byte| !(byte.is_ascii_digit() || byte == b'_')).unwrap_or(text.len())
}

/// Whether the keyword `pin:` comes right before.
fn is_named_pin(before: &str) -> bool {
    before.trim_end_matches([' ', '\t', '"', '\'', '-']).ends_with("pin:")
}
