//! The file of an import, one event per line. It is read twice: once to check it, once to store its events. A digest shows
//! whether it has changed in between.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use foldhash::HashSet;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::Upkeep;
use crate::engine::application::ImportError;
use crate::engine::log::{Metadata, Position, RecordedEvent, StreamId, Timestamp};
use crate::engine::process_manager::Unfinished;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::event_line::read_line;
use crate::engine::store::{MAX_READ, open_for_reading};

/// The maximum length of a line, in bytes.
const MAX_LINE: u64 = 1 << 20;

/// What editors of some systems write before the first line.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Lines between two progress reports.
const REPORT_EVERY: u64 = 1_024;

/// The file, read up to a line.
pub(super) struct ImportFile<E> {
    path: PathBuf,
    reader: BufReader<File>,
    /// The number of the line read last, from 1.
    line: u64,
    text: Vec<u8>,
    /// An event already read, the first of the next batch.
    lookahead: Option<RecordedEvent<E>>,
    /// The digest of the lines read so far.
    digest: Sha256,
    /// The number of lines that were checked, and their digest.
    checked: Option<(u64, [u8; 32])>,
}

/// The contents of a checked file.
pub(super) struct Contents {
    pub(super) events: u64,
    /// The process managers that may have unfinished work, each with the position, from 1, of the first event that still
    /// needs an answer.
    pub(super) unfinished: Vec<(&'static str, Option<Position>)>,
}

impl<E: StoredEvent> ImportFile<E> {
    pub(super) fn open(path: &Path) -> Result<Self, ImportError> {
        let file = open_for_reading(path, E::DOMAIN).map_err(|error| failed(path, error))?;
        let (path, reader) = (path.to_owned(), BufReader::new(file));
        let (digest, checked) = (Sha256::new(), None);
        Ok(Self { path, reader, line: 0, text: Vec::new(), lookahead: None, digest, checked })
    }

    /// Checks that the file is a log of this domain without events after `latest`, and rewinds it. `tell` gets the numbers
    /// of lines read and in total, and returns whether to continue.
    pub(super) fn check(
        &mut self,
        upkeep: &Upkeep<E>,
        latest: Timestamp,
        mut tell: impl FnMut(u64, u64) -> bool,
    ) -> Result<Contents, ImportError> {
        let lines = self.count_lines()?;
        let mut audit = upkeep.audit();
        let mut commands = Commands::default();
        let mut unfinished = upkeep.unfinished();
        while let Some(mut event) = self.next_event()? {
            let checked = audit.take(&event).and_then(|()| commands.take(&event)).and_then(|()| audit.admit(&event));
            checked.map_err(|problem| self.broken(problem))?;
            if event.time > latest {
                let problem = "its time is more than a day ahead of this machine's clock; `future: true` imports it";
                return Err(self.broken(problem));
            }
            // The position that the event will have here.
            event.position = Position::new(audit.events());
            unfinished.iter_mut().for_each(|(_, unfinished)| unfinished.take(&event));
            if self.line.is_multiple_of(REPORT_EVERY) && !tell(self.line, lines) {
                return Err(failed(&self.path, io::Error::other("the import was cancelled")));
            }
        }
        self.checked = Some((self.line, self.digest.clone().finalize().into()));
        self.rewind()?;
        let first = |(name, unfinished): (_, Box<dyn Unfinished<E>>)| (name, unfinished.first());
        Ok(Contents { events: audit.events(), unfinished: unfinished.into_iter().map(first).collect() })
    }

    /// The next events: [`MAX_READ`], and the remaining events of the last command. Empty at the end.
    pub(super) fn next_batch(&mut self) -> Result<Vec<RecordedEvent<E>>, ImportError> {
        let mut events: Vec<RecordedEvent<E>> = Vec::new();
        while let Some(event) = self.lookahead.take().map_or_else(|| self.next_event(), |event| Ok(Some(event)))? {
            let command = event.metadata.command_id;
            if events.len() >= MAX_READ && events.last().is_some_and(|last| last.metadata.command_id != command) {
                self.lookahead = Some(event);
                break;
            }
            events.push(event);
        }
        Ok(events)
    }

    fn next_event(&mut self) -> Result<Option<RecordedEvent<E>>, ImportError> {
        let mut first_blank = None;
        loop {
            if !self.read_text()? {
                return Ok(None);
            }
            let line = if self.line == 1 { strip_byte_order_mark(&self.text) } else { &self.text };
            if line.trim_ascii().is_empty() {
                first_blank = first_blank.or(Some(self.line));
                continue;
            }
            if let Some(blank) = first_blank {
                self.line = blank;
                return Err(self.broken("the line is blank, and it is not at the end"));
            }
            let Some(line) = line.strip_suffix(b"\n") else {
                let is_long = self.text.len() as u64 == MAX_LINE;
                return Err(self.broken(if is_long {
                    "a line has at most 1 MiB"
                } else {
                    "the line does not end: the file was cut off, or lacks its last line end"
                }));
            };
            return read_line(line).map(Some).map_err(|error| self.broken(without_place(&error.to_string())));
        }
    }

    /// Reads the next line. `false` at the end.
    fn read_text(&mut self) -> Result<bool, ImportError> {
        self.text.clear();
        let mut line = (&mut self.reader).take(MAX_LINE);
        let read = line.read_until(b'\n', &mut self.text);
        let is_end = read.map_err(|error| failed(&self.path, error))? == 0;
        if let Some((lines, digest)) = self.checked {
            let is_same = if is_end { self.digest.clone().finalize()[..] == digest } else { self.line < lines };
            if !is_same {
                return Err(self.broken("the file was changed after it was checked"));
            }
        }
        if !is_end {
            self.digest.update(&self.text);
            self.line += 1;
        }
        Ok(!is_end)
    }

    fn count_lines(&mut self) -> Result<u64, ImportError> {
        let mut lines = 0;
        loop {
            let bytes = self.reader.fill_buf().map_err(|error| failed(&self.path, error))?;
            if bytes.is_empty() {
                self.rewind()?;
                return Ok(lines);
            }
            lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
            let read = bytes.len();
            self.reader.consume(read);
        }
    }

    fn rewind(&mut self) -> Result<(), ImportError> {
        (self.line, self.digest) = (0, Sha256::new());
        self.reader.rewind().map_err(|error| failed(&self.path, error))
    }

    fn broken(&self, problem: impl Into<String>) -> ImportError {
        ImportError::Broken { path: self.path.clone(), line: self.line, problem: problem.into() }
    }
}

fn strip_byte_order_mark(line: &[u8]) -> &[u8] {
    line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line)
}

/// Without serde's "at line 1 column 5" at the end, which counts within the line and would read like a place in the file.
/// The name of an unknown field may have these words too.
fn without_place(message: &str) -> &str {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match message.rsplit_once(" at line ") {
        Some((problem, place)) if place.split(" column ").all(is_number) => problem,
        Some(_) | None => message,
    }
}

pub(super) fn failed(path: &Path, error: io::Error) -> ImportError {
    ImportError::File { path: path.to_owned(), reason: error.into() }
}

/// Checks that the events of each command are adjacent and have equal metadata, stream and time.
#[derive(Default)]
struct Commands {
    seen: HashSet<Uuid>,
    last: Option<(Metadata, StreamId, Timestamp)>,
    events_of_last: usize,
}

impl Commands {
    fn take<E>(&mut self, event: &RecordedEvent<E>) -> Result<(), String> {
        let RecordedEvent { metadata, stream, time, .. } = event;
        let last = self.last.replace((metadata.clone(), stream.clone(), *time));
        match last.filter(|(last, ..)| last.command_id == metadata.command_id) {
            Some((last_metadata, last_stream, last_time)) => {
                self.events_of_last += 1;
                if (&last_metadata, &last_stream, last_time) != (metadata, stream, *time) {
                    return Err("it does not belong to the event before it, which has the same command_id".to_owned());
                }
                if self.events_of_last > MAX_READ {
                    return Err(format!("a command has at most {MAX_READ} events"));
                }
                Ok(())
            }
            None => {
                self.events_of_last = 1;
                match self.seen.insert(metadata.command_id) {
                    true => Ok(()),
                    false => Err("the events of its command are not contiguous".to_owned()),
                }
            }
        }
    }
}
