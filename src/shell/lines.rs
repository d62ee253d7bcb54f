//! Lines of a file or a pipe, of bounded length. The caller can tell a missing line from the end, and do other work before
//! it reads on.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

const READ: usize = 1 << 16;

/// Splits the bytes of a reader into lines.
#[derive(Debug)]
pub struct Lines<R> {
    reader: R,
    max_length: usize,
    buffer: Vec<u8>,
    /// Where the next line begins in the buffer.
    start: usize,
    /// The part of the buffer before this is known to hold no newline of the next line.
    searched: usize,
    /// The number of lines taken so far.
    number: usize,
    /// Whether the rest of an overlong line is being skipped.
    skipping: bool,
    at_end: bool,
}

/// The next line, as far as it was read.
#[derive(Debug, PartialEq, Eq)]
pub enum NextLine<'a> {
    /// A whole line.
    Whole {
        /// Its number, from 1.
        number: usize,
        /// The line without its newline.
        text: &'a [u8],
    },
    /// A line that is longer than allowed, and skipped.
    TooLong {
        /// Its number, from 1.
        number: usize,
    },
    /// No whole line yet: read on.
    NotYet,
    /// No more lines.
    End,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// The lines of a reader, each of at most `max_length` bytes. A byte-order mark at the beginning is dropped.
    pub fn new(reader: R, max_length: usize) -> Self {
        Self {
            reader,
            max_length,
            buffer: Vec::new(),
            start: 0,
            searched: 0,
            number: 0,
            skipping: false,
            at_end: false,
        }
    }

    /// Takes the next line, if it has been read.
    pub fn take(&mut self) -> NextLine<'_> {
        loop {
            let found = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n');
            let end = match found {
                Some(found) => self.searched + found,
                None if self.at_end && self.start == self.buffer.len() => return NextLine::End,
                None if self.at_end => self.buffer.len(),
                None => {
                    self.searched = self.buffer.len();
                    if self.searched - self.start <= self.max_length {
                        return NextLine::NotYet;
                    }
                    // What was read of this line is dropped; its rest is skipped when it arrives.
                    self.start = self.searched;
                    if self.skipping {
                        return NextLine::NotYet;
                    }
                    self.skipping = true;
                    self.number += 1;
                    return NextLine::TooLong { number: self.number };
                }
            };
            let line = self.start..end;
            self.start = (end + 1).min(self.buffer.len());
            self.searched = self.start;
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            self.number += 1;
            if line.len() > self.max_length {
                return NextLine::TooLong { number: self.number };
            }
            let line = &self.buffer[line];
            let line = if self.number == 1 { line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line) } else { line };
            return NextLine::Whole { number: self.number, text: line.strip_suffix(b"\r").unwrap_or(line) };
        }
    }

    /// Reads more bytes.
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// The reader failed.
    pub async fn read(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        self.buffer.reserve(READ);
        if self.reader.read_buf(&mut self.buffer).await? == 0 {
            self.at_end = true;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read from pieces that arrive one by one.
    async fn read(pieces: &[&[u8]], max_length: usize) -> Vec<(usize, Result<String, &'static str>)> {
        let mut reader: Box<dyn AsyncRead + Unpin> = Box::new(tokio::io::empty());
        for piece in pieces.iter().rev() {
            reader = Box::new(std::io::Cursor::new(piece.to_vec()).chain(reader));
        }
        let mut lines = Lines::new(reader, max_length);
        let mut taken = Vec::new();
        loop {
            let line = match lines.take() {
                NextLine::Whole { number, text } => (number, Ok(String::from_utf8_lossy(text).into_owned())),
                NextLine::TooLong { number } => (number, Err("too long")),
                NextLine::End => return taken,
                NextLine::NotYet => {
                    lines.read().await.unwrap();
                    continue;
                }
            };
            taken.push(line);
        }
    }

    #[tokio::test]
    async fn lines_are_the_same_however_they_arrive() {
        let text = b"\xEF\xBB\xBFone\r\n\ntwo\nlast";
        let whole = read(&[text], 100).await;
        let expected = ["one", "", "two", "last"].map(|line| Ok(line.to_owned()));
        assert_eq!(whole, (1..).zip(expected).collect::<Vec<_>>());
        let bytes: Vec<_> = text.chunks(1).collect();
        assert_eq!(read(&bytes, 100).await, whole);
    }

    #[tokio::test]
    async fn a_line_too_long_is_passed_over_however_it_arrives() {
        let text = b"12345\n123456\n1\n1234567890123";
        let expected =
            [(1, Ok("12345".to_owned())), (2, Err("too long")), (3, Ok("1".to_owned())), (4, Err("too long"))];
        assert_eq!(read(&[text], 5).await, expected);
        let bytes: Vec<_> = text.chunks(1).collect();
        assert_eq!(read(&bytes, 5).await, expected);
    }
}
