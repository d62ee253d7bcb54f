//! Sessions with the two services, compared to the byte.

use cqrs_bank::engine::runtime::Supervisor;
use cqrs_bank::engine::store::memory::MemoryStore;
use cqrs_bank::engine::{EventHandler, Failure, RecordedEvent};
use cqrs_bank::library::{BookEvent, Isbn, ReadService, WriteService};
use cqrs_bank::shell::calls_in_flight::MOST_IN_FLIGHT;
use cqrs_bank::shell::functions::Domain;
use cqrs_bank::shell::library_functions::{ReadFunctions, WriteFunctions};
use cqrs_bank::shell::script::{Script, ScriptEnd};
use cqrs_bank::shell::session::{Session, Style};
use cqrs_bank::shell::signals::Interrupts;
use cqrs_bank::shell::trace::Trace;

use crate::listening::listen;

const SEED: u64 = 1;

/// A library in memory, and the two shells on it.
struct Library {
    store: MemoryStore<BookEvent>,
    trace: Trace,
}

impl Library {
    fn new() -> Self {
        Self { store: MemoryStore::start(&Supervisor::new()), trace: Trace::default() }
    }

    async fn write(&self, style: Style, script: &str) -> String {
        let service = WriteService::start(self.store.clone(), Some(SEED)).await.unwrap();
        self.run(WriteFunctions::new(&service, self.trace.clone()), style, script).await
    }

    async fn read(&self, style: Style, script: &str) -> String {
        let service = ReadService::start(self.store.clone()).await.unwrap();
        self.run(ReadFunctions::new(service), style, script).await
    }

    /// All output, with standard error last.
    async fn run<D: Domain>(&self, domain: D, style: Style, script: &str) -> String {
        let _printing = listen(&self.trace);
        let session = Session::new(domain, self.trace.clone(), style);
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let interrupts = Interrupts::none();
        let (output_to, errors_to, in_flight) = (&mut output, &mut errors, MOST_IN_FLIGHT);
        let running = Script {
            session,
            output: output_to,
            errors: errors_to,
            keep_going: true,
            strict: false,
            in_flight,
            interrupts,
        };
        let ended = running.run(script.as_bytes()).await;
        assert_eq!(ended == ScriptEnd::Mistake, !errors.is_empty());
        String::from_utf8([output, errors].concat()).unwrap()
    }
}

const ECHO: Style = Style { json: false, echo: true, for_a_person: false };
const JSON: Style = Style { json: true, echo: false, for_a_person: false };
const PLAIN: Style = Style { json: false, echo: false, for_a_person: false };

/// The input of a session, after its prompts.
fn typed(session: &str) -> String {
    let statements = session.lines().filter(|line| line.starts_with("library_"));
    statements.map(|line| line.split_once("> ").unwrap().1.to_owned() + "\n").collect()
}

async fn assert_written(library: &Library, session: &str) {
    assert_eq!(library.write(ECHO, &typed(session)).await, session);
}

async fn assert_read(library: &Library, session: &str) {
    assert_eq!(library.read(ECHO, &typed(session)).await, session);
}

/// The seed's example session: its four commands, then its query.
#[tokio::test]
async fn the_example_session() {
    let library = Library::new();
    assert_written(
        &library,
        r#"library_write(1)> LibraryWriteService.add_book("978-1593275846", "Elixir in Action", "Sasa Juric", 10)
Command Sent
Command Handler: Add Book
Event Store Published Event
Event Published
:ok
library_write(2)> LibraryWriteService.add_book("978-1680502992", "Programming Elixir 1.6", "Dave Thomas", 5)
Command Sent
Command Handler: Add Book
Event Store Published Event
Event Published
:ok
library_write(3)> LibraryWriteService.borrow_book("978-1593275846", "user123")
Command Sent
Command Handler: Borrow Book
Event Store Published Event
Event Published
:ok
library_write(4)> LibraryWriteService.remove_book("978-1680502992")
Command Sent
Command Handler: Remove Book
Event Store Published Event
Event Published
:ok
"#,
    )
    .await;
    assert_read(
        &library,
        r#"library_read(1)> LibraryReadService.get_inventory()
isbn           title             author      copies_in  copies_out
9781593275846  Elixir in Action  Sasa Juric          9           1
library_read(2)> LibraryReadService.get_book "1-59327-584-6"
%{isbn: "9781593275846", title: "Elixir in Action", author: "Sasa Juric", copies_in: 9, copies_out: 1}
library_read(3)> LibraryReadService.get_loans "user123"
isbn           title             borrowed
9781593275846  Elixir in Action  2026-01-01T00:00:01.006000Z
library_read(4)> LibraryReadService.get_inventory at: 2
isbn           title                   author       copies_in  copies_out
9781593275846  Elixir in Action        Sasa Juric          10           0
9781680502992  Programming Elixir 1.6  Dave Thomas          5           0
library_read(5)> LibraryReadService.get_inventory as_of: "2026-01-01T00:00:01.007Z", from: "978-1593275847"
{:error, :invalid_isbn}
library_read(6)> LibraryReadService.get_inventory as_of: "2026-01-01T00:00:01.007Z", from: "978-1680502992"
isbn           title                   author       copies_in  copies_out
9781680502992  Programming Elixir 1.6  Dave Thomas          5           0
library_read(7)> LibraryReadService.get_inventory at: 3, limit: 1
isbn           title             author      copies_in  copies_out
9781593275846  Elixir in Action  Sasa Juric          9           1
Later books are not shown: `LibraryReadService.get_inventory from: "9781680502992", limit: 1, at: 3` goes on.
library_read(8)> LibraryReadService.get_book "978-1680502992"
:no_book
library_read(9)> LibraryReadService.get_book "978-1680502992", at: 3
%{isbn: "9781680502992", title: "Programming Elixir 1.6", author: "Dave Thomas", copies_in: 5, copies_out: 0}
library_read(10)> LibraryReadService.get_loans "user123", as_of: "2026-01-01T00:00:01.005Z"
isbn  title  borrowed
"#,
    )
    .await;
}

#[tokio::test]
async fn every_refusal_is_told_and_changes_nothing() {
    let library = Library::new();
    assert_written(
        &library,
        r#"library_write(1)> LibraryWriteService.borrow_book "978-1593275846", "Ann"
Command Sent
Command Handler: Borrow Book
{:error, :no_book}
library_write(2)> LibraryWriteService.add_book "978-1593275846", "Elixir in Action", "Sasa Juric", 1
Command Sent
Command Handler: Add Book
Event Store Published Event
Event Published
:ok
library_write(3)> LibraryWriteService.return_book "978-1593275846", "Ann"
Command Sent
Command Handler: Return Book
{:error, :not_borrowed}
library_write(4)> LibraryWriteService.borrow_book "978-1593275846", "Ann"
Command Sent
Command Handler: Borrow Book
Event Store Published Event
Event Published
:ok
library_write(5)> LibraryWriteService.borrow_book "978-1593275846", "Ann"
Command Sent
Command Handler: Borrow Book
{:error, :already_borrowed}
library_write(6)> LibraryWriteService.borrow_book "978-1593275846", "Bob"
Command Sent
Command Handler: Borrow Book
{:error, :no_copy_left}
library_write(7)> LibraryWriteService.remove_book "978-1593275846"
Command Sent
Command Handler: Remove Book
{:error, :book_is_out}
library_write(8)> LibraryWriteService.add_book "978-1593275846", "Elixir in Action", "Sasa Juric", 1_000_000
Command Sent
Command Handler: Add Book
{:error, :copy_limit}
library_write(9)> LibraryWriteService.add_book "978-1593275847", "Elixir in Action", "Sasa Juric", 1
{:error, :invalid_isbn}
library_write(10)> LibraryWriteService.add_book "978-1593275846", "", "Sasa Juric", 1
{:error, :invalid_title}
library_write(11)> LibraryWriteService.add_book "978-1593275846", "Elixir in Action", "a\nb", 1
{:error, :invalid_author}
library_write(12)> LibraryWriteService.add_book "978-1593275846", "Elixir in Action", "Sasa Juric", 0
{:error, :invalid_quantity}
library_write(13)> LibraryWriteService.borrow_book "978-1593275846", ""
{:error, :invalid_user}
"#,
    )
    .await;
    assert_read(
        &library,
        r#"library_read(1)> LibraryReadService.get_inventory
isbn           title             author      copies_in  copies_out
9781593275846  Elixir in Action  Sasa Juric          0           1
library_read(2)> LibraryReadService.get_inventory limit: 0
{:error, :invalid_limit}
library_read(3)> LibraryReadService.get_book "978-1593275846", at: 1, as_of: "2026-01-01T00:00:00Z"
{:error, :two_moments}
library_read(4)> LibraryReadService.get_loans "Ann", as_of: "yesterday"
{:error, :invalid_time}
"#,
    )
    .await;
}

#[tokio::test]
async fn copies_added_to_a_known_book_take_the_title_that_is_given_last() {
    let library = Library::new();
    let script = r#"
        LibraryWriteService.add_book "1593275846", "Elixer", "Juric", 2
        LibraryWriteService.borrow_book "1593275846", 7
        LibraryWriteService.add_book "978-1593275846", "Elixir", "Sasa Juric", 3
    "#;
    library.write(PLAIN, script).await;
    let inventory = "isbn           title   author      copies_in  copies_out\n\
                     9781593275846  Elixir  Sasa Juric          4           1\n";
    assert_eq!(library.read(PLAIN, "LibraryReadService.get_inventory").await, inventory);
}

#[tokio::test]
async fn one_object_for_each_statement() {
    let library = Library::new();
    let written = library.write(JSON, "LibraryWriteService.add_book \"1593275846\", \"Elixir\", \"Juric\", 2").await;
    assert_eq!(
        written,
        r#"{"statement":"LibraryWriteService.add_book \"1593275846\", \"Elixir\", \"Juric\", 2","reply":"ok","events":[{"position":1,"stream":"book-9781593275846","version":1,"type":"book_added","data":{"isbn":"9781593275846","title":"Elixir","author":"Juric","quantity":2},"time":"2026-01-01T00:00:01.002000Z","command_id":"019b76da-abe9-7002-9e37-79b97f4a7c15","correlation_id":"019b76da-abe9-7002-9e37-79b97f4a7c15","causation_id":"019b76da-abe9-7002-9e37-79b97f4a7c15"}],"trace":["Command Sent","Command Handler: Add Book","Event Store Published Event","Event Published"]}
"#
    );
    let read = library.read(JSON, "LibraryReadService.get_inventory").await;
    assert_eq!(
        read,
        r#"{"statement":"LibraryReadService.get_inventory","reply":[{"isbn":"9781593275846","title":"Elixir","author":"Juric","copies_in":2,"copies_out":0}],"events":[],"trace":[]}
"#
    );
}

#[tokio::test]
async fn names_complete_where_they_belong() {
    let library = Library::new();
    let script = r#"
        LibraryWriteService.add_book "978-1593275846", "Elixir in Action", "Sasa Juric", 10
        LibraryWriteService.add_book "978-1680502992", "Programming Elixir 1.6", "Dave Thomas", 5
        LibraryWriteService.borrow_book "978-1593275846", "user123"
    "#;
    library.write(PLAIN, script).await;
    let service = ReadService::start(library.store.clone()).await.unwrap();
    service.get_inventory(Isbn::FIRST, 1, None).await.unwrap();
    let reader = ReadFunctions::new(service);
    let names = |function: &str, parameter: &str, prefix: &str| {
        let row = ReadFunctions::rows().iter().find(|row| row.function.name == function).unwrap();
        let parameter = row.function.parameters.iter().find(|known| known.name == parameter).unwrap();
        reader.names().beginning_with(parameter, prefix, 10)
    };
    for prefix in ["9781593", "978-15", "978 1 5"] {
        assert_eq!(names("get_book", "isbn", prefix), ["9781593275846"]);
    }
    assert_eq!(names("get_inventory", "from", ""), ["9781593275846", "9781680502992"]);
    assert_eq!(names("get_loans", "user", "user"), ["user123"]);
    for (function, parameter, prefix) in [
        ("get_book", "isbn", "978-16805029920"),
        ("get_book", "isbn", "user"),
        ("get_book", "as_of", ""),
        ("get_loans", "user", "978"),
    ] {
        assert_eq!(names(function, parameter, prefix), Vec::<String>::new(), "{parameter}: {prefix}");
    }
}

/// The two sides of the seed are two programs, each with its own functions.
#[tokio::test]
async fn neither_service_does_what_the_other_is_for() {
    let library = Library::new();
    let told = library.write(PLAIN, "LibraryReadService.get_inventory").await;
    assert!(told.starts_with("error: 1:1: there is no function `LibraryReadService.get_inventory`"), "{told}");
    let told = library.read(PLAIN, "LibraryWriteService.remove_book \"1593275846\"").await;
    assert!(told.starts_with("error: 1:1: there is no function `LibraryWriteService.remove_book`"), "{told}");
    assert_eq!(library.read(PLAIN, "LibraryReadService.get_book \"1593275846\"").await, ":no_book\n");
}

/// An awaited handler that never finishes.
#[derive(Clone)]
struct Stalled;

impl EventHandler<BookEvent> for Stalled {
    const NAME: &'static str = "stalled";
    const AWAITED: bool = true;

    fn filter(&self) -> impl Fn(&RecordedEvent<BookEvent>) -> bool + Send + Sync + 'static {
        |_| true
    }

    async fn handle(&mut self, _: &RecordedEvent<BookEvent>) -> Result<(), Failure> {
        std::future::pending().await
    }
}

/// A paused clock advances only when all tasks are idle.
#[tokio::test(start_paused = true)]
async fn a_reply_tells_who_lags() {
    let library = Library::new();
    let service = WriteService::start(library.store.clone(), Some(SEED)).await.unwrap();
    service.add_event_handler(Stalled).await.unwrap();
    let functions = WriteFunctions::new(&service, library.trace.clone());
    let script = "LibraryWriteService.add_book \"978-1593275846\", \"Elixir in Action\", \"Sasa Juric\", 10";
    let printed = library.run(functions, JSON, script).await;
    let reply = printed.lines().last().unwrap();
    assert!(reply.contains(r#""ok":{"committed":1,"lagging":["stalled"]}"#), "{printed}");
}
