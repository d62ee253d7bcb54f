//! The library's two programs run as two processes on one file. The reader knows at once what the writer acknowledged,
//! whichever starts first, is killed, or has ended.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use cqrs_bank::engine::log::Position;
use cqrs_bank::engine::projection::Projection as _;
use cqrs_bank::engine::runtime::Supervisor;
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use cqrs_bank::engine::store::{EventStore as _, Verification};
use cqrs_bank::library::{BookCommand, BookEvent, Inventory, Isbn, ListedBook, Quantity};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

use crate::books::model_library::{ModelLibrary, USERS, any_command};
use crate::books::{self, ELIXIR_IN_ACTION as BOOK, add, borrow, isbn};
use crate::program::{Finished, example, run_command};
use crate::programs::{READ, Running, WRITE, statement};

/// The delay that `docs/library.md` promises at most.
const AT_ONCE: Duration = Duration::from_millis(100);

#[test]
fn what_one_adds_the_other_knows_whoever_comes_first_is_killed_or_gone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("library.db");
    let (write, read) = (|| Running::start(WRITE, &file, &[]), || Running::start(READ, &file, &[]));

    let mut reader = read();
    assert_eq!(reader.counts(), [], "the reader started first, and nothing was there");
    let mut writer = write();
    assert_eq!(writer.reply(&statement(&add(BOOK, 2))), "ok");
    assert_eq!(reader.counts(), [(isbn(BOOK), 2, 0)]);

    reader.kill();
    assert_eq!(writer.reply(&statement(&borrow(BOOK, "Ann"))), "ok");
    let mut reader = read();
    assert_eq!(reader.counts(), [(isbn(BOOK), 1, 1)], "the reader was killed in between");

    writer.kill();
    assert_eq!(reader.loans("Ann"), [isbn(BOOK)], "the writer was killed");
    let mut writer = write();
    assert_eq!(writer.reply(&statement(&borrow(BOOK, "Ann"))), json!({"error": "already_borrowed"}));
    assert_eq!(writer.reply(&statement(&borrow(BOOK, "Bob"))), "ok");
    assert_eq!(writer.leave(), Some(0));
    assert_eq!(reader.counts(), [(isbn(BOOK), 0, 2)], "the writer is gone");
    assert_eq!(reader.leave(), Some(0));
    assert_eq!(read().counts(), [(isbn(BOOK), 0, 2)], "the reader started when nobody else was there");
}

/// An answer includes all events acknowledged before the query, without a long wait.
#[test]
fn a_book_added_in_one_appears_in_the_other_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("library.db");
    let (mut reader, mut writer) = (Running::start(READ, &file, &[]), Running::start(WRITE, &file, &[]));
    let mut took = Vec::new();
    for copies in 1..=21 {
        assert_eq!(writer.reply(&statement(&add(BOOK, 1))), "ok");
        let acknowledged = Instant::now();
        assert_eq!(reader.counts(), [(isbn(BOOK), copies, 0)]);
        took.push(acknowledged.elapsed());
    }
    // Other programs may slow down some of the answers, but not half of them.
    took.sort();
    assert!(took[10] < AT_ONCE, "{took:?}");
}

/// Ids derive from the seed, but a second run does not repeat the ids of the first.
#[test]
fn a_seed_gives_a_later_run_other_ids() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("library.db");
    let mut events = Vec::new();
    for _ in 0..3 {
        let mut writer = Running::start(WRITE, &file, &["--seed", "1"]);
        for _ in 0..2 {
            let (reply, mut stored) = writer.ask(&statement(&add(BOOK, 1)));
            assert_eq!(reply, "ok");
            events.append(stored.as_array_mut().unwrap());
        }
        assert_eq!(writer.leave(), Some(0));
    }
    let all_grow =
        |field: &str| events.windows(2).all(|pair| pair[0][field].as_str().unwrap() < pair[1][field].as_str().unwrap());
    assert!(events.len() == 6 && all_grow("command_id") && all_grow("time"), "{events:#?}");
}

#[test]
fn what_is_no_library_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("letters.db");
    let text = "Dear Ann, ".repeat(20);
    std::fs::write(&file, &text).unwrap();
    for program in [WRITE, READ] {
        let mut command = example(program, &["--store", "letters.db"]);
        command.current_dir(&directory);
        let Finished { stdout, stderr, exit_code } = run_command(command, "");
        let place = file.canonicalize().unwrap();
        let said = format!(
            "{program}: {}: this is not a file of this program: it is not an SQLite database\n",
            place.display()
        );
        assert_eq!((stdout, stderr, exit_code), (String::new(), said, Some(1)));
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

/// Neither has a handler, so neither holds the lease by which programs with handlers find each other.
#[test]
fn a_foreign_library_is_opened_by_one_program_alone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("library.db");
    let said = format!("sqlite:{}: another program has this library open", file.display());
    for (open, foreign) in [(READ, WRITE), (WRITE, READ), (READ, READ)] {
        let mut other = Running::start(open, &file, &[]);
        other.reply(&format!("{}.head", if open == READ { "LibraryReadService" } else { "LibraryWriteService" }));
        let refused = run_command(example(foreign, &["--foreign", "--store", file.to_str().unwrap()]), "");
        assert_eq!((refused.exit_code, refused.stderr.contains(&said)), (Some(1), true), "{refused:?}");
        assert_eq!(other.leave(), Some(0));
        let opened = run_command(example(foreign, &["--foreign", "--store", file.to_str().unwrap()]), "");
        assert_eq!(opened.exit_code, Some(0), "{opened:?}");
    }
}

/// A step in the life of the two programs. A killed program is restarted when it is needed.
#[derive(Clone, Debug)]
enum Step {
    Send(BookCommand),
    /// Kills the writer before, during or after this command, without waiting for its reply.
    SendAndKill(BookCommand),
    KillWriter,
    KillReader,
    /// Kills the reader during a query.
    AskAndKill,
    /// Restarts the reader, which stores the rows of the inventory and restores them.
    ReaderLeaves,
    WriterLeaves,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => any_command().prop_map(Step::Send),
        4 => any_command().prop_map(Step::SendAndKill),
        1 => Just(Step::KillWriter),
        2 => Just(Step::KillReader),
        1 => Just(Step::AskAndKill),
        2 => Just(Step::ReaderLeaves),
        1 => Just(Step::WriterLeaves),
    ]
}

#[test]
fn both_may_be_killed_at_any_moment_and_no_copy_is_lost() {
    for seed in 1..=3 {
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let steps = vec(any_step(), 100).new_tree(&mut runner).unwrap().current();
        let directory = tempfile::tempdir().unwrap();
        Library::new(&directory.path().join("library.db")).live_through(steps);
    }
}

/// The two programs, and the expected answers.
struct Library<'a> {
    file: &'a Path,
    writer: Option<Running>,
    reader: Option<Running>,
    model: ModelLibrary,
}

impl<'a> Library<'a> {
    fn new(file: &'a Path) -> Self {
        Self { file, writer: None, reader: None, model: ModelLibrary::default() }
    }

    fn writer(&mut self) -> &mut Running {
        self.writer.get_or_insert_with(|| Running::start(WRITE, self.file, &[]))
    }

    fn reader(&mut self) -> &mut Running {
        self.reader.get_or_insert_with(|| Running::start(READ, self.file, &[]))
    }

    fn live_through(mut self, steps: Vec<Step>) {
        for step in steps {
            self.live_through_one(&step);
            let model = self.model.clone();
            assert_eq!(self.reader().counts(), model.counts(), "after {step:?}");
        }
        for user in USERS {
            let books = self.model.books_of(&books::user(user));
            assert_eq!(self.reader().loans(user), books, "{user}");
        }
        for program in [self.writer.take(), self.reader.take()].into_iter().flatten() {
            assert_eq!(program.leave(), Some(0));
        }
        assert_eq!(counts_in_the_log(self.file), self.model.counts());
    }

    /// A commit just before the kill is visible at the latest when the file is opened by its only user: then SQLite
    /// recovers the write-ahead log.
    fn has_happened(&mut self, after: &ModelLibrary) -> bool {
        if self.reader().counts() == after.counts() {
            return true;
        }
        self.reader.take().into_iter().for_each(Running::kill);
        self.reader().counts() == after.counts()
    }

    fn live_through_one(&mut self, step: &Step) {
        match step {
            Step::Send(command) => {
                let reply = self.writer().reply(&statement(command));
                let expected = self.model.handle(command);
                assert_eq!(reply == "ok", expected.is_ok(), "{command:?}: {reply}, not {expected:?}");
            }
            Step::SendAndKill(command) => {
                self.writer().say(&statement(command));
                self.writer.take().unwrap().kill();
                // The command happened completely or not at all.
                let mut after = self.model.clone();
                if after.handle(command).is_ok() && self.has_happened(&after) {
                    self.model = after;
                }
            }
            Step::KillWriter => drop(self.writer.take().map(Running::kill)),
            Step::KillReader => drop(self.reader.take().map(Running::kill)),
            Step::AskAndKill => {
                self.reader().say("LibraryReadService.get_inventory");
                self.reader.take().unwrap().kill();
            }
            Step::ReaderLeaves => assert!(self.reader.take().is_none_or(|reader| reader.leave() == Some(0))),
            Step::WriterLeaves => assert!(self.writer.take().is_none_or(|writer| writer.leave() == Some(0))),
        }
    }
}

/// Folds the log of the programs. After each event, the copies in and out equal the copies added less those removed.
#[tokio::main(flavor = "current_thread")]
async fn counts_in_the_log(file: &Path) -> Vec<(Isbn, u32, u32)> {
    let store = SqliteStore::<BookEvent>::open(file, SqliteOptions::default(), &Supervisor::new()).unwrap();
    assert!(matches!(store.verify(|_, _| {}).await.unwrap(), Verification::Whole(_)));
    let (mut inventory, mut position) = (Inventory::default(), Position::START);
    let mut balance = BTreeMap::<Isbn, i64>::new();
    loop {
        let events = store.read_all(position, usize::MAX).await.unwrap();
        let Some(last) = events.last() else { break };
        position = last.position;
        for event in events.iter() {
            inventory.project(event);
            let isbn = event.data.isbn();
            *balance.entry(*isbn).or_default() += match &event.data {
                BookEvent::BookAdded(added) => copies(added.quantity),
                BookEvent::BookRemoved(removed) => -copies(removed.quantity),
                BookEvent::BookBorrowed(_) | BookEvent::BookReturned(_) => 0,
            };
            let here = inventory.book(isbn).map_or(0, |book| i64::from(book.copies_in) + i64::from(book.copies_out));
            assert_eq!(here, balance[isbn], "at {}", event.position);
        }
    }
    let count = |book: ListedBook| (book.isbn, book.copies_in, book.copies_out);
    inventory.books(Isbn::FIRST, usize::MAX).into_iter().map(count).collect()
}

fn copies(quantity: Quantity) -> i64 {
    quantity.get().into()
}
