//! The records of a file, in whatever dialect it is written: comma, semicolon or tab, with or without a byte order mark.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;

use csv::ByteRecord;

use super::errors::{Mistake, Unreadable};
use super::options::Encoding;
use crate::engine::store::open_for_reading;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

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
        let mark = if begin.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let delimiter = delimiter_of(&begin[mark..]);
        file.consume(mark);
        let text = Text { file, encoding, read: 0, end: END, given: 0, line_ends: VecDeque::new(), lines: 0 };
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
            let breaks = self.record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
            let line = self.reader.get_mut().lines_before(end.saturating_sub(1)).saturating_sub(breaks) + 1;
            if self.record.iter().next_back().is_some_and(|field| field.ends_with(END)) {
                return Err(Mistake::new(line, "a quote is not closed in this row").into());
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

/// What separates the names in a header: what occurs most often outside quotes, and a comma where nothing does.
fn delimiter_of(begin: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut is_quoted = false;
    for byte in begin {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted => break,
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

/// The text of a file in UTF-8, followed by [`END`].
struct Text {
    file: BufReader<File>,
    encoding: Encoding,
    read: u64,
    end: &'static [u8],
    /// How many bytes were given to the reader.
    given: u64,
    /// Where in them lines end, as far as no record has passed them.
    line_ends: VecDeque<u64>,
    /// How many lines have passed.
    lines: u64,
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
        let line_ends = buffer[..read].iter().zip(self.given..).filter(|(byte, _)| **byte == b'\n');
        self.line_ends.extend(line_ends.map(|(_, place)| place));
        self.given += read as u64;
        Ok(read)
    }
}

impl Text {
    /// How many lines end before a place, which only moves forward. The reader's own count is behind where lines end with
    /// a carriage return, and where they are blank.
    fn lines_before(&mut self, place: u64) -> u64 {
        while self.line_ends.front().is_some_and(|end| *end < place) {
            self.line_ends.pop_front();
            self.lines += 1;
        }
        self.lines
    }

    /// Each byte is a character, which takes two bytes in UTF-8 at most.
    fn read_latin1(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.file.fill_buf()?;
        let (mut taken, mut written) = (0, 0);
        for byte in bytes {
            let character = char::from(*byte);
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

#[cfg(test)]
mod tests {
    use super::*;

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
