//! What was typed in a session and what was answered, for whoever looks back at it.
//!
//! Secrets are masked before a statement comes here. The record is bounded: the oldest statements leave it.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::term::{Table, Term};
use crate::engine::application::Seams;
use crate::engine::log::Position;

/// The most statements of a record.
pub const MOST_STATEMENTS: usize = 1_000;

/// The most bytes of all statements and answers together.
pub const MOST_BYTES: usize = 128 << 10;

/// The most bytes of one statement, and of one answer.
const LONGEST: usize = 4 << 10;

/// The most rows of a table that are written down. More would not fit anyway.
const MOST_ROWS: usize = 200;

/// Says that a text goes on.
const GOES_ON: char = '…';

/// The record of a session. Cheap to clone; all clones are the same record.
#[derive(Clone, Debug, Default)]
pub struct SessionRecord {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    statements: VecDeque<RecordedStatement>,
    bytes: usize,
    left_out: u64,
}

/// A statement, and what was answered.
#[derive(Clone, Debug, Default)]
pub struct RecordedStatement {
    /// Its number at the prompt. One that could not be run has that of the next.
    pub number: usize,
    /// Its text, with secrets masked.
    pub statement: String,
    /// What was open as it ran, and which fork of it; empty where nothing was.
    pub place: Arc<str>,
    /// What was answered; `None` as long as nothing was.
    pub answer: Option<String>,
    /// How far each handler was then. Noted only once something was held or broken.
    pub progress: Option<HandlerCheckpoints>,
}

/// How far the handlers of an application were.
#[derive(Clone, Debug)]
pub struct HandlerCheckpoints {
    seams: Seams,
    checkpoints: Vec<(&'static str, Position)>,
}

/// What a session answers to a statement, without its trace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer<'a> {
    /// The term that is printed.
    pub(super) term: &'a Term,
    /// The lines below it.
    pub(super) notes: &'a [String],
    /// What failed, if something did.
    pub(super) failed: Option<&'a str>,
}

/// Where a statement stands in a record.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RecordIndex(u64);

/// A part of a record.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// The statements, in order.
    pub statements: Vec<RecordedStatement>,
    /// How many there were before them.
    pub left_out: u64,
}

impl SessionRecord {
    /// What was typed and answered so far. A statement that has no answer yet is no part of it.
    pub fn so_far(&self) -> Recorded {
        let state = self.lock();
        let answered = state.statements.iter().filter(|statement| statement.answer.is_some());
        Recorded { statements: answered.cloned().collect(), left_out: state.left_out }
    }

    /// Adds a statement that is about to run.
    pub(super) fn begin(&self, number: usize, statement: &str, place: Arc<str>) -> RecordIndex {
        let mut state = self.lock();
        // Room is made first, so that what leaves is reused: a long script adds statements as fast as they run.
        let mut next = state.make_room(statement.len().min(LONGEST)).unwrap_or_default();
        (next.number, next.place) = (number, place);
        Bounded::fill(&mut next.statement, format_args!("{statement}"));
        state.bytes += next.statement.len();
        state.statements.push_back(next);
        RecordIndex(state.left_out + state.statements.len() as u64 - 1)
    }

    /// Adds what was answered.
    pub(super) fn answer(&self, place: RecordIndex, answer: Answer<'_>, progress: Option<HandlerCheckpoints>) {
        self.write_answer(place, progress, |text| Bounded::fill(text, format_args!("{answer}")));
    }

    /// Says why a statement was not run.
    pub(super) fn mistake(&self, place: RecordIndex, message: &str) {
        self.write_answer(place, None, |answer| Bounded::fill(answer, format_args!("error: {message}")));
    }

    fn write_answer(&self, place: RecordIndex, progress: Option<HandlerCheckpoints>, write: impl FnOnce(&mut String)) {
        let mut state = self.lock();
        // It may have left the record already.
        let Some(index) = place.0.checked_sub(state.left_out).and_then(|index| usize::try_from(index).ok()) else {
            return;
        };
        let Some(statement) = state.statements.get_mut(index) else { return };
        let mut answer = statement.answer.take().unwrap_or_default();
        write(&mut answer);
        let written = answer.len();
        statement.answer = Some(answer);
        statement.progress = progress;
        state.bytes += written;
        drop(state.make_room(0));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Removes the oldest statements until there is room for one of so many bytes more. Returns the last of them, emptied.
    fn make_room(&mut self, bytes: usize) -> Option<RecordedStatement> {
        let mut reusable = None;
        while self.statements.len() > 1
            && (self.bytes + bytes > MOST_BYTES || bytes > 0 && self.statements.len() >= MOST_STATEMENTS)
        {
            let mut oldest = self.statements.pop_front()?;
            self.left_out += 1;
            self.bytes -= oldest.statement.len() + oldest.answer.as_ref().map_or(0, String::len);
            oldest.statement.clear();
            oldest.answer = None;
            oldest.progress = None;
            reusable = Some(oldest);
        }
        reusable
    }
}

impl HandlerCheckpoints {
    /// How far the handlers of an application are now.
    pub(super) fn of(seams: Seams) -> Self {
        let checkpoints = seams.checkpoints();
        Self { seams, checkpoints }
    }

    /// The last event that each handler had seen, if it is this application.
    pub fn in_application(&self, seams: &Seams) -> Option<&[(&'static str, Position)]> {
        self.seams.are_of_the_same(seams).then_some(&self.checkpoints)
    }
}

impl fmt::Display for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.term {
            Term::Table(table) if table.rows.len() > MOST_ROWS => {
                let rows = table.rows[..MOST_ROWS].to_vec();
                write!(f, "{}", Term::Table(Table { columns: table.columns.clone(), rows }))?;
                write!(f, "\n{GOES_ON} and {} more rows", table.rows.len() - MOST_ROWS)?;
            }
            term => write!(f, "{term}")?,
        }
        self.notes.iter().try_for_each(|note| write!(f, "\n{note}"))?;
        self.failed.map_or(Ok(()), |message| write!(f, "\nerror: {message}"))
    }
}

/// A text that ends where it is long enough.
struct Bounded<'a>(&'a mut String);

impl Bounded<'_> {
    fn fill(text: &mut String, with: fmt::Arguments<'_>) {
        text.clear();
        // It fails where the text ends.
        let _ = Bounded(text).write_fmt(with);
    }
}

impl fmt::Write for Bounded<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let room = LONGEST.saturating_sub(self.0.len() + GOES_ON.len_utf8());
        if part.len() <= room {
            self.0.push_str(part);
            return Ok(());
        }
        self.0.push_str(&part[..part.floor_char_boundary(room)]);
        self.0.push(GOES_ON);
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(term: &Term) -> Answer<'_> {
        Answer { term, notes: &[], failed: None }
    }

    fn answered(record: &SessionRecord, statement: &str, reply: &Term) {
        let place = record.begin(1, statement, "".into());
        record.answer(place, answer(reply), None);
    }

    fn shown(record: &SessionRecord) -> Vec<(String, String)> {
        let recorded = record.so_far().statements;
        recorded.into_iter().map(|recorded| (recorded.statement, recorded.answer.unwrap())).collect()
    }

    #[test]
    fn statements_stand_with_their_answers_in_the_order_of_typing() {
        let record = SessionRecord::default();
        let [one, two] = [(1, "one"), (2, "two")].map(|(number, text)| record.begin(number, text, "".into()));
        record.answer(two, answer(&Term::OK), None);
        assert_eq!(shown(&record), [("two".to_owned(), ":ok".to_owned())], "one has no answer yet");
        let notes = ["a note".to_owned()];
        record.answer(one, Answer { term: &Term::Nil, notes: &notes, failed: Some("no room") }, None);
        record.mistake(record.begin(3, "thre", "".into()), "what is that?");
        let answers: Vec<_> = shown(&record).into_iter().map(|(_, answer)| answer).collect();
        assert_eq!(answers, ["nil\na note\nerror: no room", ":ok", "error: what is that?"]);
    }

    #[test]
    fn the_oldest_statements_leave() {
        let record = SessionRecord::default();
        let early = record.begin(0, "early", "".into());
        for number in 0..MOST_STATEMENTS {
            answered(&record, &number.to_string(), &Term::Integer(number as i128));
        }
        record.answer(early, answer(&Term::OK), None);
        let Recorded { statements, left_out } = record.so_far();
        assert_eq!((statements.len(), left_out), (MOST_STATEMENTS, 1));
        assert_eq!((statements[0].statement.as_str(), statements[0].answer.as_deref()), ("0", Some("0")));
    }

    #[test]
    fn it_stays_small_whatever_is_typed_and_answered() {
        let record = SessionRecord::default();
        let long = "ß".repeat(LONGEST);
        for _ in 0..100 {
            answered(&record, &long, &Term::Text(long.clone()));
        }
        let row = || vec![Term::String("row".to_owned())];
        let rows = (0..100_000).map(|_| row()).collect();
        answered(&record, "table", &Term::Table(Table { columns: (&["name"]).into(), rows }));
        let recorded = record.so_far();
        let bytes: usize = shown(&record).iter().map(|(statement, answer)| statement.len() + answer.len()).sum();
        assert!(bytes <= MOST_BYTES, "{bytes}");
        assert!(bytes > MOST_BYTES / 2, "{bytes}");
        assert_eq!(recorded.left_out as usize + recorded.statements.len(), 101);
        let [.., (statement, _), (_, table)] = &shown(&record)[..] else { panic!("two are left") };
        assert!(statement.ends_with("ß…") && statement.len() <= LONGEST, "{}", statement.len());
        assert!(table.ends_with("row\n… and 99800 more rows"), "{table}");
    }
}
