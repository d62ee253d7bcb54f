//! Standard error, as far as the program speaks there.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write};
use std::{panic, thread};

use super::standard_error;
use crate::shell::escape;

/// Takes what is said on standard error. It may quote a file, a name or another library; nothing of that does more
/// than show.
#[derive(Clone, Copy, Debug)]
pub(in crate::shell) struct Errors;

impl Write for Errors {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        standard_error().write_all(escape::lines(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says something in lines of its own.
pub(in crate::shell) fn say(text: &str) {
    // When standard error is gone, nobody is there to be told; the exit code still tells.
    let _ = Errors.write_all(format!("{text}\n").as_bytes());
}

/// From now on, what a panic says is said here too: it may quote anything.
pub(in crate::shell) fn say_panics() {
    panic::set_hook(Box::new(|panic| {
        let backtrace = Backtrace::capture();
        let backtrace = match backtrace.status() {
            BacktraceStatus::Captured => format!("\n{backtrace}"),
            _ => String::new(),
        };
        say(&format!("thread '{}' {panic}{backtrace}", thread::current().name().unwrap_or("without a name")));
    }));
}
