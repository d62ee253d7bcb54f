//! A file with the log of a bank, an event on a line, read twice: to see whether it is whole, and to be stored.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use foldhash::HashSet;
use uuid::Uuid;

use super::audit::Audit;
use super::errors::ImportError;
use super::{AccountEvent, HolderName, InvalidName};
use crate::engine::event::RecordedEvent;
use crate::engine::store::MAX_READ;
use crate::engine::store::event_line::read_line;
use crate::engine::store::sqlite::is_open_here;

type Event = RecordedEvent<AccountEvent>;

/// The longest line, in bytes.
const MAX_LINE: u64 = 1 << 20;

/// How often the progress is told, in lines.
const TELL_EVERY: u64 = 1_024;

/// The file, at a line.
pub(super) struct ImportFile {
    path: PathBuf,
    reader: BufReader<File>,
    /// The line that was read last, from 1.
    line: u64,
    text: Vec<u8>,
    /// The first event of the next batch.
    ahead: Option<Event>,
}

/// What a whole file holds.
pub(super) struct Contents {
    pub(super) events: u64,
    /// Which event is the first that a transfer has to go on from.
    pub(super) first_to_go_on: Option<u64>,
}

impl ImportFile {
    pub(super) fn open(path: &Path) -> Result<Self, ImportError> {
        let open = || {
            let found = fs::metadata(path)?;
            if !found.is_file() {
                return Err(io::Error::other("this is no file"));
            }
            if is_open_here(&found) {
                return Err(io::Error::other("this is an open bank, and not the log of one"));
            }
            File::open(path)
        };
        let file = open().map_err(|error: io::Error| failed(path, &error))?;
        let (path, reader) = (path.to_owned(), BufReader::new(file));
        Ok(Self { path, reader, line: 0, text: Vec::new(), ahead: None })
    }

    /// Reads all of it and sees whether it is the log of a bank; then it is at its beginning again. `tell` hears how
    /// many lines of how many were read, and answers whether to go on.
    pub(super) fn check(&mut self, mut tell: impl FnMut(u64, u64) -> bool) -> Result<Contents, ImportError> {
        let lines = self.count_lines()?;
        let mut audit = Audit::default();
        let mut commands = Commands::default();
        while let Some(event) = self.next_event()? {
            let checked = audit.take(&event).and_then(|()| commands.take(&event)).and_then(|()| check_holder(&event));
            checked.map_err(|problem| self.broken(problem))?;
            if self.line.is_multiple_of(TELL_EVERY) && !tell(self.line, lines) {
                return Err(failed(&self.path, &io::Error::other("nobody waits any more")));
            }
        }
        self.rewind()?;
        Ok(Contents { events: audit.events(), first_to_go_on: audit.first_to_go_on() })
    }

    /// The next events: [`MAX_READ`] and as many more as belong to the last command. None at the end.
    pub(super) fn next_batch(&mut self) -> Result<Vec<Event>, ImportError> {
        let mut events: Vec<Event> = Vec::new();
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

    fn next_event(&mut self) -> Result<Option<Event>, ImportError> {
        self.text.clear();
        let mut line = (&mut self.reader).take(MAX_LINE);
        let read = line.read_until(b'\n', &mut self.text);
        if read.map_err(|error| failed(&self.path, &error))? == 0 {
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
            let bytes = self.reader.fill_buf().map_err(|error| failed(&self.path, &error))?;
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
        self.reader.rewind().map_err(|error| failed(&self.path, &error))
    }

    fn broken(&self, problem: impl Into<String>) -> ImportError {
        ImportError::Broken { path: self.path.clone(), line: self.line, problem: problem.into() }
    }
}

/// What is stored stays readable, whatever a holder is called; but no file brings in a name that disguises itself.
fn check_holder(event: &Event) -> Result<(), String> {
    let AccountEvent::AccountCreated { account_holder, .. } = &event.data else { return Ok(()) };
    match HolderName::new(account_holder.name()) {
        Err(error @ InvalidName::ControlCharacter) => Err(format!("the holder of its account: {error}")),
        _ => Ok(()),
    }
}

pub(super) fn failed(path: &Path, error: &io::Error) -> ImportError {
    ImportError::File { path: path.to_owned(), reason: error.to_string() }
}

/// Sees whether the events of each command lie side by side and belong together.
#[derive(Default)]
struct Commands {
    seen: HashSet<Uuid>,
    last: Option<Event>,
    events_of_last: usize,
}

impl Commands {
    fn take(&mut self, event: &Event) -> Result<(), String> {
        let last = self.last.replace(event.clone());
        match last.filter(|last| last.metadata.command_id == event.metadata.command_id) {
            Some(last) => {
                self.events_of_last += 1;
                if (&last.metadata, &last.stream, last.time) != (&event.metadata, &event.stream, event.time) {
                    return Err("it does not belong to the event before it, which has the same command_id".to_owned());
                }
                if self.events_of_last > MAX_READ {
                    return Err(format!("a command has at most {MAX_READ} events"));
                }
                Ok(())
            }
            None => {
                self.events_of_last = 1;
                match self.seen.insert(event.metadata.command_id) {
                    true => Ok(()),
                    false => Err("the events of its command do not lie side by side".to_owned()),
                }
            }
        }
    }
}
