//! Messages on standard error.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write};
use std::{panic, thread};

use super::{error_width, standard_error};
use crate::shell::escape;
use crate::shell::report::fitted;

/// Writes to standard error, escaped: a message may quote a file, a name or another library. On a terminal, a message has
/// no line that is wider.
#[derive(Clone, Copy, Debug)]
pub(in crate::shell) struct ErrorOutput;

impl Write for ErrorOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let (message, end) = text.strip_suffix('\n').map_or((&*text, ""), |message| (message, "\n"));
        let text = error_width().map_or_else(|| text.to_string(), |width| format!("{}{end}", fitted(message, width)));
        standard_error().write_all(escape::lines(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Prints a message on standard error, with a newline.
pub(in crate::shell) fn print_error(text: &str) {
    // When standard error is closed, the exit code still tells.
    let _ = ErrorOutput.write_all(format!("{text}\n").as_bytes());
}

/// From now on, panic messages are printed through [`ErrorOutput`]: they may quote arbitrary text.
pub(in crate::shell) fn report_panics() {
    panic::set_hook(Box::new(|panic| {
        let backtrace = Backtrace::capture();
        let backtrace = match backtrace.status() {
            BacktraceStatus::Captured => format!("\n{backtrace}"),
            _ => String::new(),
        };
        print_error(&format!("thread '{}' {panic}{backtrace}", thread::current().name().unwrap_or("without a name")));
    }));
}
