//! A file with a log, an event on a line, read twice: to see whether it is whole, and to be stored.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use foldhash::HashSet;
use uuid::Uuid;

use super::Upkeep;
use crate::engine::application::ImportError;
use crate::engine::log::{Metadata, Position, RecordedEvent, StreamId, Timestamp};
use crate::engine::process_manager::Unfinished;
use crate::engine::store::MAX_READ;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::event_line::read_line;
#[cfg(feature = "sqlite")]
use crate::engine::store::sqlite::is_open_here;

/// The longest line, in bytes.
const MAX_LINE: u64 = 1 << 20;

/// How often the progress is told, in lines.
const TELL_EVERY: u64 = 1_024;

/// The file, at a line.
pub(super) struct ImportFile<E> {
    path: PathBuf,
    reader: BufReader<File>,
    /// The line that was read last, from 1.
    line: u64,
    text: Vec<u8>,
    /// The first event of the next batch.
    ahead: Option<RecordedEvent<E>>,
}

/// What a whole file holds.
pub(super) struct Contents {
    pub(super) events: u64,
    /// The process managers that go on, each with the first event that it has something left to do about, counted from 1.
    pub(super) unfinished: Vec<(&'static str, Option<Position>)>,
}

impl<E: StoredEvent> ImportFile<E> {
    pub(super) fn open(path: &Path) -> Result<Self, ImportError> {
        let open = || {
            let found = fs::metadata(path)?;
            if !found.is_file() {
                return Err(io::Error::other("this is not a file"));
            }
            if is_open_here(&found) {
                return Err(io::Error::other(format!("this is an open {}, and not the log of one", E::DOMAIN)));
            }
            File::open(path)
        };
        let file = open().map_err(|error: io::Error| failed(path, error))?;
        let (path, reader) = (path.to_owned(), BufReader::new(file));
        Ok(Self { path, reader, line: 0, text: Vec::new(), ahead: None })
    }

    /// Reads all of it and sees whether it is a log of this domain; then it is at its beginning again. `tell` hears how
    /// many lines of how many were read, and answers whether to go on.
    pub(super) fn check(
        &mut self,
        upkeep: &Upkeep<E>,
        mut tell: impl FnMut(u64, u64) -> bool,
    ) -> Result<Contents, ImportError> {
        let lines = self.count_lines()?;
        let mut audit = upkeep.audit();
        let mut commands = Commands::default();
        let mut unfinished = upkeep.unfinished();
        while let Some(mut event) = self.next_event()? {
            let checked = audit.take(&event).and_then(|()| commands.take(&event)).and_then(|()| audit.admit(&event));
            checked.map_err(|problem| self.broken(problem))?;
            // Where it will stand.
            event.position = Position::new(audit.events());
            unfinished.iter_mut().for_each(|(_, unfinished)| unfinished.take(&event));
            if self.line.is_multiple_of(TELL_EVERY) && !tell(self.line, lines) {
                return Err(failed(&self.path, io::Error::other("nobody waits any more")));
            }
        }
        self.rewind()?;
        let first = |(name, unfinished): (_, Box<dyn Unfinished<E>>)| (name, unfinished.first());
        Ok(Contents { events: audit.events(), unfinished: unfinished.into_iter().map(first).collect() })
    }

    /// The next events: [`MAX_READ`] and as many more as belong to the last command. None at the end.
    pub(super) fn next_batch(&mut self) -> Result<Vec<RecordedEvent<E>>, ImportError> {
        let mut events: Vec<RecordedEvent<E>> = Vec::new();
        while let Some(event) = self.ahead.take().map_or_else(|| self.next_event(), |event| Ok(Some(event)))? {
            let command = event.metadata.command_id;
            if events.len() >= MAX_READ && events.last().is_some_and(|last| last.metadata.command_id != command) {
                self.ahead = Some(event);
                break;
            }
            events.push(event);
        }
        Ok(events)
    }

    fn next_event(&mut self) -> Result<Option<RecordedEvent<E>>, ImportError> {
        self.text.clear();
        let mut line = (&mut self.reader).take(MAX_LINE);
        let read = line.read_until(b'\n', &mut self.text);
        if read.map_err(|error| failed(&self.path, error))? == 0 {
            return Ok(None);
        }
        self.line += 1;
        let Some(line) = self.text.strip_suffix(b"\n") else {
            let is_long = self.text.len() as u64 == MAX_LINE;
            return Err(self.broken(if is_long { "a line has at most 1 MiB" } else { "the line breaks off" }));
        };
        read_line(line).map(Some).map_err(|error| {
            // The place in the line helps nobody, and reads like one in the file.
            let message = error.to_string();
            self.broken(message.split(" at line ").next().unwrap_or(&message))
        })
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
        self.line = 0;
        self.reader.rewind().map_err(|error| failed(&self.path, error))
    }

    fn broken(&self, problem: impl Into<String>) -> ImportError {
        ImportError::Broken { path: self.path.clone(), line: self.line, problem: problem.into() }
    }
}

/// Where there are no files, none is open.
#[cfg(not(feature = "sqlite"))]
fn is_open_here(_: &fs::Metadata) -> bool {
    false
}

pub(super) fn failed(path: &Path, error: io::Error) -> ImportError {
    ImportError::File { path: path.to_owned(), reason: error.into() }
}

/// Sees whether the events of each command lie side by side and belong together.
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
            Some((last, its_stream, its_time)) => {
                self.events_of_last += 1;
                if (&last, &its_stream, its_time) != (metadata, stream, *time) {
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
