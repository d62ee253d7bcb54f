//! The library's programs as processes, controlled line by line.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use cqrs_bank::library::{BookCommand, Isbn};
use serde_json::Value;

use crate::books::isbn;
use crate::program::{example, wait};

/// Longer than any answer takes on a busy machine, so that a hang fails the test.
const HANG: Duration = Duration::from_secs(60);

pub(crate) const WRITE: &str = "library_write_service";
pub(crate) const READ: &str = "library_read_service";

/// A running program, killed on drop.
pub(crate) struct Running {
    child: Option<Child>,
    input: Option<ChildStdin>,
    answers: mpsc::Receiver<String>,
}

impl Running {
    pub(crate) fn start(program: &str, file: &Path, flags: &[&str]) -> Self {
        let store = ["--store", file.to_str().unwrap(), "--json"];
        let mut command = example(program, &[&store, flags].concat());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (said, answers) = mpsc::channel();
        // Ends with the program, or when the receiver is dropped.
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| said.send(line)));
        Self { input: child.stdin.take(), child: Some(child), answers }
    }

    /// Sends a statement without waiting for the reply.
    pub(crate) fn say(&mut self, statement: &str) {
        self.input.as_mut().unwrap().write_all(format!("{statement}\n").as_bytes()).unwrap();
    }

    /// Sends a statement, and returns the reply and the resulting events.
    pub(crate) fn ask(&mut self, statement: &str) -> (Value, Value) {
        self.say(statement);
        let line = self.answers.recv_timeout(HANG).unwrap();
        let mut answer: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(answer["statement"], statement);
        (answer["reply"].take(), answer["events"].take())
    }

    pub(crate) fn reply(&mut self, statement: &str) -> Value {
        self.ask(statement).0
    }

    /// Each book with its copies in and out.
    pub(crate) fn counts(&mut self) -> Vec<(Isbn, u32, u32)> {
        let inventory = self.reply("LibraryReadService.get_inventory");
        let number = |number: &Value| u32::try_from(number.as_u64().unwrap()).unwrap();
        let books = inventory.as_array().unwrap().iter();
        let count = |book: &Value| (isbn_of(book), number(&book["copies_in"]), number(&book["copies_out"]));
        books.map(count).collect()
    }

    pub(crate) fn loans(&mut self, user: &str) -> Vec<Isbn> {
        let loans = self.reply(&format!("LibraryReadService.get_loans \"{user}\""));
        loans.as_array().unwrap().iter().map(isbn_of).collect()
    }

    /// Kills the program without letting it finish anything.
    pub(crate) fn kill(mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Closes standard input, and returns the exit code.
    pub(crate) fn leave(mut self) -> Option<i32> {
        self.input = None;
        wait(self.child.take().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn isbn_of(row: &Value) -> Isbn {
    isbn(row["isbn"].as_str().unwrap())
}

/// The statement for a command.
pub(crate) fn statement(command: &BookCommand) -> String {
    match command {
        BookCommand::AddBook { isbn, title, author, quantity } => {
            format!("LibraryWriteService.add_book \"{isbn}\", \"{title}\", \"{author}\", {quantity}")
        }
        BookCommand::BorrowBook { isbn, user_id } => {
            format!("LibraryWriteService.borrow_book \"{isbn}\", \"{user_id}\"")
        }
        BookCommand::ReturnBook { isbn, user_id } => {
            format!("LibraryWriteService.return_book \"{isbn}\", \"{user_id}\"")
        }
        BookCommand::RemoveBook { isbn } => format!("LibraryWriteService.remove_book \"{isbn}\""),
    }
}
