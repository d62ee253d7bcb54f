//! The quotes of a file. A reader takes text beside them for a part of the field, which is seldom what was meant.

const BLANK_BEFORE: &str = "a blank stands before the quote; a field in quotes begins with its quote";
const TEXT_BEHIND: &str = "text stands behind the closing quote; a quote within a field in quotes is written twice";

/// Follows the quotes of a file, and finds the first one with text beside it.
#[derive(Debug)]
pub(super) struct Quotes {
    delimiter: u8,
    at: At,
    /// How many fields of the record are before this one.
    field: usize,
    /// How many bytes were followed.
    followed: u64,
    misplaced: Option<Misplaced>,
}

/// A quote with text beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Misplaced {
    /// Its place in the bytes of the file, or that of the text.
    pub(super) place: u64,
    /// Its field in the record, from 0.
    pub(super) field: usize,
    pub(super) problem: &'static str,
}

/// What was last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// The end of a field or of a line.
    Beginning,
    /// Blanks, at the beginning of a field.
    Blanks,
    /// Text that is not in quotes.
    Text,
    Quoted,
    /// A quote in quotes: the closing one, or the first of two.
    Quote,
    /// Blanks behind the closing quote.
    Closed,
}

impl Quotes {
    pub(super) fn new(delimiter: u8) -> Self {
        Self { delimiter, at: At::Beginning, field: 0, followed: 0, misplaced: None }
    }

    /// The first misplaced one so far, if it is before a place.
    pub(super) fn misplaced_before(&self, place: u64) -> Option<Misplaced> {
        self.misplaced.filter(|misplaced| misplaced.place < place)
    }

    /// Follows the next bytes.
    pub(super) fn follow(&mut self, bytes: &[u8]) {
        let is_in_quotes = matches!(self.at, At::Quoted | At::Quote | At::Closed);
        // Without quotes, nothing but the last line matters.
        let skipped = match is_in_quotes || bytes.contains(&b'"') {
            true => 0,
            false => bytes.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(0),
        };
        for (byte, place) in bytes.iter().zip(self.followed..).skip(skipped) {
            if self.misplaced.is_none() {
                self.step(*byte, place);
            }
        }
        self.followed += bytes.len() as u64;
    }

    fn step(&mut self, byte: u8, place: u64) {
        let Self { delimiter, at, field, .. } = *self;
        let misplaced = |problem| Some(Misplaced { place, field, problem });
        self.at = match (at, byte) {
            (At::Quoted, b'"') => At::Quote,
            (At::Quote, b'"') | (At::Quoted, _) => At::Quoted,
            (_, byte) if byte == delimiter => {
                self.field += 1;
                At::Beginning
            }
            (_, b'\n' | b'\r') => {
                self.field = 0;
                At::Beginning
            }
            (At::Beginning, b'"') => At::Quoted,
            (At::Beginning | At::Blanks, b' ' | b'\t') => At::Blanks,
            (At::Blanks, b'"') => {
                self.misplaced = misplaced(BLANK_BEFORE);
                at
            }
            (At::Quote | At::Closed, b' ' | b'\t') => At::Closed,
            (At::Quote | At::Closed, _) => {
                self.misplaced = misplaced(TEXT_BEHIND);
                at
            }
            // A quote within text stands for itself.
            (At::Beginning | At::Blanks | At::Text, _) => At::Text,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn misplaced(parts: &[&str]) -> Option<(u64, usize, &'static str)> {
        let mut quotes = Quotes::new(b',');
        parts.iter().for_each(|part| quotes.follow(part.as_bytes()));
        quotes.misplaced_before(u64::MAX).map(|Misplaced { place, field, problem }| (place, field, problem))
    }

    #[test]
    fn text_beside_quotes_is_found_wherever_reading_pauses() {
        for (text, expected) in [
            ("a,\"b\"x\n", Some((5, 1, TEXT_BEHIND))),
            ("a\n\"b\" \"c\"\n", Some((6, 0, TEXT_BEHIND))),
            ("a,b\r\nc, \"d\"\r\n", Some((8, 1, BLANK_BEFORE))),
            ("a,\"b\nc,\"d\"", Some((8, 1, TEXT_BEHIND))),
            ("a,\"b,\"\"\"\"c\"\" \n\" \t,d\n\"\"\n", None),
            ("5\" pipe,a \"b\" c\n", None),
        ] {
            assert_eq!(misplaced(&[text]), expected, "{text:?}");
            let bytes: Vec<_> = (0..text.len()).map(|place| &text[place..=place]).collect();
            assert_eq!(misplaced(&bytes), expected, "{text:?}");
            for pause in 0..text.len() {
                assert_eq!(misplaced(&[&text[..pause], &text[pause..]]), expected, "{text:?} {pause}");
            }
        }
    }
}
