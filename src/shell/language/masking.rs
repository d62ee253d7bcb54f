//! Masks secrets with stars, and finds possible ones in text that cannot be parsed.

use super::Span;
use super::credentials::credentials_written;

/// What is shown in place of a secret. It does not reveal the secret's length.
pub(in crate::shell) const MASK: &str = "****";

/// The fewest digits that could be a PIN.
const PIN_DIGITS: usize = 4;

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

    /// Hides every number within a place that could be a PIN: a long one, or any after `pin:`.
    pub(in crate::shell) fn hide_possible_pins(&mut self, place: Span) {
        let start = place.start.max(self.before_part());
        let end = place.end.min(self.part.end);
        for number in numbers(self.text, start..end) {
            if is_long(&self.text[number.clone()]) || is_named_pin(&self.text[..number.start]) {
                groups(self.text, number).for_each(|group| self.hide(group));
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

fn looked_back(text: &str, place: usize) -> usize {
    let mut window = place.saturating_sub(LOOK_BACK);
    while !text.is_char_boundary(window) {
        window -= 1;
    }
    window
}

/// The numbers within a place of a text that are long enough for a PIN, without the blanks between their groups.
pub(in crate::shell) fn long_numbers(text: &str, place: Span) -> impl Iterator<Item = Span> {
    let is_long = move |number: &Span| is_long(&text[number.clone()]);
    numbers(text, place).filter(is_long).flat_map(move |number| groups(text, number))
}

/// The numbers within a place of a text: digits of any script in a row, with underscores or single blanks between them, as
/// people write long numbers.
pub(in crate::shell) fn numbers(text: &str, place: Span) -> impl Iterator<Item = Span> {
    let mut at = place.start;
    std::iter::from_fn(move || {
        let start = at + text.get(at..place.end)?.find(char::is_numeric)?;
        at = start + number_length(&text[start..]);
        Some(start..at)
    })
}

/// The length of the number that a text begins with.
fn number_length(text: &str) -> usize {
    let (mut length, mut after_blank) = (0, false);
    for (place, character) in text.char_indices() {
        match character {
            _ if character.is_numeric() => {}
            '_' if !after_blank => {}
            _ if character.is_whitespace() && character != '\n' && !after_blank => {
                after_blank = true;
                continue;
            }
            _ => break,
        }
        after_blank = false;
        length = place + character.len_utf8();
    }
    length
}

/// The parts of a number between its blanks.
fn groups(text: &str, number: Span) -> impl Iterator<Item = Span> {
    let mut end = number.start;
    text[number].split_inclusive(char::is_whitespace).map(move |group| {
        let start = end;
        end += group.len();
        start..start + group.trim_end().len()
    })
}

/// Whether a number is long enough for a PIN.
fn is_long(number: &str) -> bool {
    number.chars().filter(|character| character.is_numeric()).count() >= PIN_DIGITS
}

/// Whether the keyword `pin:` comes right before.
fn is_named_pin(before: &str) -> bool {
    before.trim_end_matches([' ', '\t', '"', '\'', '-']).ends_with("pin:")
}

/// A word for a message, with stars in place of a number that could be a PIN.
pub(super) fn without_long_numbers(word: &str) -> String {
    let mut masked = Masked::new(word, 0..word.len());
    masked.hide_possible_pins(0..word.len());
    masked.into_text()
}
