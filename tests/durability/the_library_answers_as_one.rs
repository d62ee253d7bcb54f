//! The library's two services run as several programs on one file, are killed and suspended at any moment and start
//! again: one order of operations explains every answer that any of them gave, and keeps to the order in which it was
//! asked and answered.
//!
//! `BANK_LINEARIZABLE_SECONDS` and `BANK_LINEARIZABLE_SEED` are those of `several_programs_answer_as_one`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cqrs_bank::engine::log::Position;
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use cqrs_bank::engine::store::{EventStore as _, Verification};
use cqrs_bank::library::BookEvent;
use serde_json::Value;

use crate::clients::Client;
use crate::judge::book::{Book, Command, Deed};
use crate::judge::{Entry, NEVER, Ticks, judge};
use crate::load::setting;
use crate::program::example;
use crate::random::Random;

const ROUND: Duration = Duration::from_secs(10);

/// In an ordinary run.
const SECONDS: u64 = 3;

const WRITERS: usize = 3;
const READERS: usize = 2;

const BOOKS: [&str; 4] = ["9781593275846", "9781680502992", "9780804429573", "9781617295027"];

/// So long a program is suspended at the most.
const SUSPENDED: u64 = 2_000;

#[test]
fn one_order_of_operations_explains_every_answer() {
    let until = Instant::now() + Duration::from_secs(setting("BANK_LINEARIZABLE_SECONDS", SECONDS));
    let mut seed = setting("BANK_LINEARIZABLE_SEED", 1);
    while Instant::now() < until {
        let now = Instant::now();
        Round::new(seed).run(until.min(now + ROUND));
        seed += 1;
    }
}

#[derive(Clone, Debug)]
enum Said {
    Command(&'static str, Command, u64),
    Inventory,
    Book(&'static str),
    Loans(String),
}

impl Said {
    fn statement(&self) -> String {
        match self {
            Self::Command(isbn, Command::Add(copies), number) => {
                format!("LibraryWriteService.add_book \"{isbn}\", \"title {number}\", \"author\", {copies}")
            }
            Self::Command(isbn, Command::Borrow(user), _) => {
                format!("LibraryWriteService.borrow_book \"{isbn}\", \"{user}\"")
            }
            Self::Command(isbn, Command::Return(user), _) => {
                format!("LibraryWriteService.return_book \"{isbn}\", \"{user}\"")
            }
            Self::Command(isbn, Command::Remove, _) => format!("LibraryWriteService.remove_book \"{isbn}\""),
            Self::Inventory => "LibraryReadService.get_inventory".to_owned(),
            Self::Book(isbn) => format!("LibraryReadService.get_book \"{isbn}\""),
            Self::Loans(user) => format!("LibraryReadService.get_loans \"{user}\""),
        }
    }

    /// What the answer says of each book.
    fn deeds(&self, reply: &Value) -> Vec<(&'static str, Deed)> {
        let row = |isbn: &str| reply.as_array().unwrap().iter().find(|row| row["isbn"] == isbn);
        let counts = |row: &Value| {
            let number = |name: &str| u32::try_from(row[name].as_u64().unwrap()).unwrap();
            (number("copies_in"), number("copies_out"))
        };
        match self {
            Self::Command(isbn, command, _) if reply == "ok" => vec![(isbn, Deed::Done(command.clone()))],
            // Nothing was done.
            Self::Command(..) if reply["error"] == "busy" => Vec::new(),
            Self::Command(isbn, command, _) => {
                let refusal = reply["error"].as_str().unwrap_or_else(|| panic!("{self:?}: {reply}"));
                vec![(isbn, Deed::Refused(command.clone(), refusal.to_owned()))]
            }
            Self::Inventory => BOOKS.iter().map(|isbn| (*isbn, Deed::Counts(row(isbn).map(counts)))).collect(),
            Self::Book(isbn) => vec![(isbn, Deed::Counts((reply != "no_book").then(|| counts(reply))))],
            Self::Loans(user) => {
                BOOKS.iter().map(|isbn| (*isbn, Deed::HasIt(user.clone(), row(isbn).is_some()))).collect()
            }
        }
    }
}

type History = BTreeMap<&'static str, Vec<Entry<Deed>>>;

struct Round {
    seed: u64,
    directory: tempfile::TempDir,
    ticks: Ticks,
    numbers: AtomicU64,
    history: Mutex<History>,
    problems: Mutex<Vec<String>>,
}

impl Round {
    fn new(seed: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (history, problems) = (Mutex::default(), Mutex::default());
        Self { seed, directory, ticks: Ticks::default(), numbers: AtomicU64::new(1), history, problems }
    }

    fn speaker<'a>(&'a self, path: &'a Path, number: usize, until: Instant) -> Speaker<'a> {
        let random = Random::new(self.seed * 100 + number as u64);
        Speaker { round: self, path, number, until, random, program: None, users: Vec::new() }
    }

    fn run(self, until: Instant) {
        let path = self.directory.path().join("library.db");
        thread::scope(|scope| {
            for number in 0..WRITERS + READERS {
                let (round, path) = (&self, &path);
                scope.spawn(move || round.speaker(path, number, until).speak());
            }
        });
        // Whoever comes last finds what all of them have left.
        let mut last = self.speaker(&path, WRITERS + READERS, until);
        last.call(Said::Inventory);
        last.left();
        let borrowers = copies_are_counted(&path);
        let mut faults = self.problems.lock().unwrap().clone();
        let history = std::mem::take(&mut *self.history.lock().unwrap());
        let operations = history.values().map(Vec::len).sum::<usize>();
        for (isbn, mut entries) in history {
            // Of what was not answered the log says whether it has happened.
            entries.retain(|entry| match &entry.deed {
                Deed::Done(Command::Borrow(user) | Command::Return(user)) if entry.returned == NEVER => {
                    borrowers.contains(&(entry.deed_name(), user.clone()))
                }
                _ => true,
            });
            faults.extend(judge::<Book>(isbn, entries).err());
        }
        assert!(
            faults.is_empty(),
            "BANK_LINEARIZABLE_SEED={}, {operations} operations: {}",
            self.seed,
            faults.join("\n")
        );
    }
}

impl Entry<Deed> {
    fn deed_name(&self) -> &'static str {
        match &self.deed {
            Deed::Done(Command::Borrow(_)) => "borrow",
            _ => "return",
        }
    }
}

/// Who speaks to one program. A writer borrows each book for a user of its own, who borrows and returns it once.
struct Speaker<'a> {
    round: &'a Round,
    path: &'a Path,
    number: usize,
    until: Instant,
    random: Random,
    program: Option<Client>,
    users: Vec<(&'static str, String)>,
}

impl Speaker<'_> {
    fn problem(&self, problem: String) {
        self.round.problems.lock().unwrap().push(format!("client {}: {problem}", self.number));
    }

    fn is_writer(&self) -> bool {
        self.number < WRITERS
    }

    fn program(&mut self) -> &mut Client {
        let (name, path) = (if self.is_writer() { "library_write_service" } else { "library_read_service" }, self.path);
        self.program.get_or_insert_with(|| Client::start(example(name, &["--json", "--store", path.to_str().unwrap()])))
    }

    fn speak(mut self) {
        while Instant::now() < self.until {
            let said = self.next();
            match self.random.below(300) {
                0..=2 => self.killed(said),
                3 => self.suspended(said),
                4..=6 => self.left(),
                _ => self.call(said),
            }
        }
        self.left();
    }

    fn next(&mut self) -> Said {
        let book = BOOKS[self.random.below(BOOKS.len() as u64) as usize];
        if !self.is_writer() {
            let number = self.round.numbers.load(Ordering::Relaxed);
            return match self.random.below(4) {
                0 => Said::Inventory,
                1 => Said::Loans(format!("user {}", number.saturating_sub(self.random.below(20)))),
                _ => Said::Book(book),
            };
        }
        let number = self.round.numbers.fetch_add(1, Ordering::Relaxed);
        match self.random.below(20) {
            0..=2 => Said::Command(book, Command::Add(1 + self.random.below(3) as u32), number),
            3 => Said::Command(book, Command::Remove, number),
            4..=11 if !self.users.is_empty() => {
                let (book, user) = self.users.remove(0);
                Said::Command(book, Command::Return(user), number)
            }
            _ => {
                let user = format!("user {number}");
                self.users.push((book, user.clone()));
                Said::Command(book, Command::Borrow(user), number)
            }
        }
    }

    fn record(&mut self, called: i64, said: &Said, reply: &Value) {
        let returned = self.round.ticks.next();
        let text = format!("client {}: {}  {reply}", self.number, said.statement());
        self.entries(called, returned, said, reply, text);
    }

    fn entries(&mut self, called: i64, returned: i64, said: &Said, reply: &Value, text: String) {
        let text: std::sync::Arc<str> = text.into();
        let mut history = self.round.history.lock().unwrap();
        for (isbn, deed) in said.deeds(reply) {
            history.entry(isbn).or_default().push(Entry { called, returned, deed, text: text.clone() });
        }
    }

    /// Nobody knows whether a command was done.
    fn unanswered(&mut self, called: i64, said: &Said) {
        if let Said::Command(..) = said {
            let text = format!("client {}: {}  no answer", self.number, said.statement());
            self.entries(called, NEVER, said, &Value::from("ok"), text);
        }
    }

    fn say(&mut self, said: &Said) -> i64 {
        let round = self.round;
        let program = self.program();
        let called = round.ticks.next();
        program.say(&said.statement());
        called
    }

    fn call(&mut self, said: Said) {
        let called = self.say(&said);
        self.hear(called, &said);
    }

    fn hear(&mut self, called: i64, said: &Said) {
        let Some(answer) = self.program().hear() else {
            let ended = self.program.take().unwrap().leave();
            self.problem(format!("the program has ended by itself at {}: {ended:?}", said.statement()));
            return self.unanswered(called, said);
        };
        match answer["reply"]["error"].as_str() {
            Some("store_failed" | "service_stopped" | "behind") => {
                self.problem(format!("{}  {}", said.statement(), answer["reply"]));
                self.unanswered(called, said);
            }
            _ => self.record(called, said, &answer["reply"]),
        }
    }

    fn wait_a_little(&mut self) {
        for _ in 0..self.random.below(1_000) {
            thread::yield_now();
        }
    }

    fn killed(&mut self, said: Said) {
        let called = self.say(&said);
        self.wait_a_little();
        self.program.take().unwrap().kill();
        self.unanswered(called, &said);
    }

    fn suspended(&mut self, said: Said) {
        let called = self.say(&said);
        self.wait_a_little();
        let most = if self.random.below(8) == 0 { SUSPENDED } else { SUSPENDED / 10 };
        self.program().signal("-STOP");
        thread::sleep(Duration::from_millis(self.random.below(most)));
        self.program().signal("-CONT");
        self.hear(called, &said);
    }

    fn left(&mut self) {
        if let Some(ended) = self.program.take().map(Client::leave)
            && !ended.is_well()
        {
            self.problem(format!("the program has failed: {ended:?}"));
        }
    }
}

/// Folds the log: a book's copies are those that were added and not removed, and no more are out than there are.
/// Answers who has borrowed and returned something.
#[tokio::main(flavor = "current_thread")]
async fn copies_are_counted(path: &Path) -> Vec<(&'static str, String)> {
    let supervisor = Supervisor::new();
    let store = SqliteStore::<BookEvent>::open(path, SqliteOptions::default(), &supervisor).unwrap();
    assert!(matches!(store.verify(|_, _| {}).await.unwrap(), Verification::Whole(_)));
    let (mut copies, mut borrowers) = (BTreeMap::<String, (i64, i64)>::new(), Vec::new());
    let mut position = Position::START;
    loop {
        let events = store.read_all(position, usize::MAX).await.unwrap();
        let Some(last) = events.last() else { break };
        position = last.position;
        for event in events.iter() {
            let (all, out) = copies.entry(event.data.isbn().to_string()).or_default();
            match &event.data {
                BookEvent::BookAdded(added) => *all += i64::from(added.quantity.get()),
                BookEvent::BookRemoved(removed) => {
                    *all -= i64::from(removed.quantity.get());
                    assert_eq!((*all, *out), (0, 0), "at {}", event.position);
                }
                BookEvent::BookBorrowed(borrowed) => {
                    *out += 1;
                    borrowers.push(("borrow", borrowed.user_id.to_string()));
                }
                BookEvent::BookReturned(returned) => {
                    *out -= 1;
                    borrowers.push(("return", returned.user_id.to_string()));
                }
            }
            assert!(0 <= *out && out <= all, "at {}: {out} of {all}", event.position);
        }
    }
    supervisor.stop(StopReason::Closed);
    borrowers
}
