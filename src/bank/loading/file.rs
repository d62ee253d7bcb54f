//! The records of a file, in whatever dialect it is written.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;

use csv::ByteRecord;

use super::beginning::Beginning;
use super::errors::Unreadable;
use super::options::Encoding;
use super::quotes::{Misplaced, Quotes};
use crate::engine::store::open_for_reading;

/// Appended to the file. If it ends up within a field, a quote is not closed.
const END: &[u8] = b"\n\x01end\x01";

const CAPACITY: usize = 1 << 16;

/// The records of a file.
pub(super) struct Records {
    reader: csv::Reader<Text>,
    size: u64,
    record: ByteRecord,
}

impl Records {
    pub(super) fn open(path: &Path, encoding: Encoding) -> Result<Self, Unreadable> {
        let file = open_for_reading(path, "bank").map_err(Unreadable::File)?;
        let size = file.metadata().map_err(Unreadable::File)?.len();
        let mut file = BufReader::with_capacity(CAPACITY, file);
        let begin = file.fill_buf().map_err(Unreadable::File)?;
        let Beginning { skipped, lines, delimiter } = Beginning::of(begin, encoding)?;
        file.consume(skipped);
        let read = skipped as u64;
        let (quotes, line_ends) = (Quotes::new(delimiter), LineEnds { lines, ..LineEnds::default() });
        let text = Text { file, encoding, read, end: END, quotes, line_ends };
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            // The lengths are checked here, where the end is known.
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(CAPACITY)
            .from_reader(text);
        Ok(Self { reader, size, record: ByteRecord::new() })
    }

    /// The next record, and the line at which it begins. Records without text are left out.
    pub(super) fn next(&mut self) -> Result<Option<(u64, &ByteRecord)>, Unreadable> {
        loop {
            let is_read = self.reader.read_byte_record(&mut self.record).map_err(|error| match error.into_kind() {
                csv::ErrorKind::Io(error) => Unreadable::File(error),
                other => Unreadable::File(io::Error::other(format!("{other:?}"))),
            })?;
            if !is_read {
                return Ok(None);
            }
            let end = self.reader.position().byte();
            let text = self.reader.get_mut();
            let line = text.line_ends.before(end.saturating_sub(1)).saturating_sub(line_breaks(&self.record)) + 1;
            if let Some(Misplaced { field, problem, .. }) = text.quotes.misplaced_before(end) {
                return Err(Unreadable::Field { line, field, problem });
            }
            if self.record.iter().next_back().is_some_and(|field| field.ends_with(END)) {
                let problem = "a quote is not closed";
                return Err(Unreadable::Field { line, field: self.record.len() - 1, problem });
            }
            let is_end = self.record.len() == 1 && self.record.get(0) == Some(&END[1..]);
            if !is_end && self.record.iter().any(|field| !field.trim_ascii().is_empty()) {
                return Ok(Some((line, &self.record)));
            }
        }
    }

    /// How many bytes of the file were read, and how many it had.
    pub(super) fn progress(&self) -> (u64, u64) {
        (self.reader.get_ref().read.min(self.size), self.size)
    }
}

/// How many lines end within the fields of a record.
fn line_breaks(record: &ByteRecord) -> u64 {
    if !record.as_slice().iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
        return 0;
    }
    let mut ends = LineEnds::default();
    record.iter().for_each(|field| ends.follow(field));
    ends.before(u64::MAX)
}

/// The text of a file in UTF-8, followed by [`END`].
struct Text {
    file: BufReader<File>,
    encoding: Encoding,
    read: u64,
    end: &'static [u8],
    quotes: Quotes,
    line_ends: LineEnds,
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.encoding {
            Encoding::Utf8 => {
                let read = self.file.read(buffer)?;
                self.read += read as u64;
                read
            }
            Encoding::Latin1 => self.read_latin1(buffer)?,
        };
        let read = match read {
            0 => {
                let read = self.end.len().min(buffer.len());
                buffer[..read].copy_from_slice(&self.end[..read]);
                self.end = &self.end[read..];
                read
            }
            read => read,
        };
        self.line_ends.follow(&buffer[..read]);
        self.quotes.follow(&buffer[..read]);
        Ok(read)
    }
}

impl Text {
    /// Each byte is a character, which takes three bytes in UTF-8 at most.
    fn read_latin1(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.file.fill_buf()?;
        let (mut taken, mut written) = (0, 0);
        for byte in bytes {
            let character = windows_1252(*byte);
            if written + character.len_utf8() > buffer.len() {
                break;
            }
            written += character.encode_utf8(&mut buffer[written..]).len();
            taken += 1;
        }
        self.file.consume(taken);
        self.read += taken as u64;
        if taken == 0 && !self.file.fill_buf()?.is_empty() {
            return Err(io::Error::other("the buffer has no room for a character"));
        }
        Ok(written)
    }
}

/// Where lines end: with a line feed, a carriage return, or both.
#[derive(Debug, Default)]
struct LineEnds {
    /// How many bytes were followed.
    followed: u64,
    /// Where in them lines end, as far as no record has passed them.
    ends: VecDeque<u64>,
    /// How many lines have passed.
    lines: u64,
    /// Where the last carriage return was.
    returned: Option<u64>,
}

impl LineEnds {
    /// Follows the next bytes.
    fn follow(&mut self, bytes: &[u8]) {
        for (byte, place) in bytes.iter().zip(self.followed..).filter(|(byte, _)| matches!(byte, b'\n' | b'\r')) {
            let is_second = *byte == b'\n' && place > 0 && self.returned == Some(place - 1);
            match self.ends.back_mut().filter(|_| is_second) {
                Some(end) => *end = place,
                None => self.ends.push_back(place),
            }
            if *byte == b'\r' {
                self.returned = Some(place);
            }
        }
        self.followed += bytes.len() as u64;
    }

    /// How many lines end before a place, which only moves forward. The reader's own count is behind where lines end with
    /// a carriage return, and where they are blank.
    fn before(&mut self, place: u64) -> u64 {
        while self.ends.front().is_some_and(|end| *end < place) {
            self.ends.pop_front();
            self.lines += 1;
        }
        self.lines
    }
}

/// The character of a byte in Windows-1252. It is that of ISO 8859-1 except for 32 control characters, which no text has:
/// who says ISO 8859-1 means this.
fn windows_1252(byte: u8) -> char {
    const FIRST: u8 = 0x80;
    const LETTERS: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    let letter = byte.checked_sub(FIRST).and_then(|place| LETTERS.get(usize::from(place)));
    letter.copied().unwrap_or(char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin1_has_the_letters_of_windows() {
        let text: String = [0x41, 0x80, 0x8e, 0x96, 0xe4, 0xff].into_iter().map(windows_1252).collect();
        assert_eq!(text, "A€Ž–äÿ");
    }

    #[test]
    fn lines_end_in_three_ways() {
        let text = "a\r\nb\rc\n\n\r\rd";
        for pause in 0..text.len() {
            let mut ends = LineEnds::default();
            ends.follow(&text.as_bytes()[..pause]);
            ends.follow(&text.as_bytes()[pause..]);
            assert_eq!(ends.ends, [2, 4, 6, 7, 8, 9], "{pause}");
        }
    }
}
