//! SQLite's own check of the file: it reads all pages, on a thread of its own where there is one to spare.

use std::io;
use std::panic::resume_unwind;
use std::thread::{Builder, JoinHandle};

use rusqlite::{Connection, InterruptHandle};

use super::ended::{Ended, broken};

/// The check under way. It ends when this is dropped.
pub(super) struct StructureCheck {
    interrupt: InterruptHandle,
    thread: Option<JoinHandle<Result<(), Ended>>>,
}

impl StructureCheck {
    /// Begins to check what a connection sees.
    pub(super) fn begin(connection: Connection) -> io::Result<Self> {
        let interrupt = connection.get_interrupt_handle();
        let thread = Builder::new().name("structure".to_owned()).spawn(move || check(&connection))?;
        Ok(Self { interrupt, thread: Some(thread) })
    }

    /// Waits for the result.
    pub(super) fn end(mut self) -> Result<(), Ended> {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(checked)) => checked,
            Some(Err(panic)) => resume_unwind(panic),
            None => Ok(()),
        }
    }
}

impl Drop for StructureCheck {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.interrupt.interrupt();
            // Nobody wants its result.
            let _ = thread.join();
        }
    }
}

/// Checks what a connection sees.
pub(super) fn check(connection: &Connection) -> Result<(), Ended> {
    let result: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if result == "ok" { Ok(()) } else { broken(None, format!("SQLite: {result}")) }
}
