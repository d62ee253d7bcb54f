//! The program's standard input, output and error. Nothing else reads or writes them, except the line editor at a
//! terminal.
//!
//! Other programs may share these descriptors and may have left them non-blocking; here all of them block.

mod descriptor;
mod errors;
mod input;
mod output;
mod terminal;

pub(super) use self::descriptor::Descriptor;
pub(super) use self::errors::{ErrorOutput, print_error, report_panics};
pub(super) use self::input::InputThread;
pub(super) use self::output::{OutputThread, print, print_on_terminal};
pub(super) use self::terminal::{
    answers_are_on_the_terminal, answers_go_through_a_pipe, open_terminal, scanned_input, size,
};

use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::MetadataExt as _;

use rustix::stdio;
use rustix::termios::{isatty, tcgetwinsize};

/// Standard input.
pub(super) fn standard_input() -> Descriptor {
    Descriptor(stdio::stdin())
}

/// Where answers go: standard output, also once that has become the [terminal](open_terminal).
pub(super) fn standard_output() -> Descriptor {
    Descriptor(terminal::answers().unwrap_or_else(stdio::stdout))
}

/// Standard error, for drawing. Messages go through [`ErrorOutput`].
pub(super) fn standard_error() -> Descriptor {
    Descriptor(stdio::stderr())
}

/// Whether standard error is a terminal.
pub(super) fn errors_are_a_terminal() -> bool {
    isatty(stdio::stderr())
}

/// Whether standard output is a terminal.
pub(super) fn output_is_a_terminal() -> bool {
    isatty(stdio::stdout())
}

/// The columns of the terminal that is standard output, if it knows them.
pub(super) fn output_width() -> Option<usize> {
    let size = tcgetwinsize(stdio::stdout()).ok()?;
    (size.ws_col > 0).then(|| size.ws_col.into())
}

/// The columns of the terminal that is standard error, if it is one and knows them.
pub(super) fn error_width() -> Option<usize> {
    let size = tcgetwinsize(stdio::stderr()).ok()?;
    (size.ws_col > 0).then(|| size.ws_col.into())
}

/// Checks that the process may open `count` more descriptors.
///
/// # Errors
///
/// The system's error for the first that it may not open.
pub(super) fn check_free_descriptors(count: usize) -> io::Result<()> {
    let opened: io::Result<Vec<_>> = (0..count).map(|_| stdio::stderr().try_clone_to_owned()).collect();
    opened.map(drop)
}

/// Whether a person uses the program: standard input is a terminal.
pub(super) fn are_interactive() -> bool {
    isatty(stdio::stdin())
}

/// Whether standard output and standard error go to the same terminal, file or pipe.
pub(super) fn output_and_errors_are_one() -> io::Result<bool> {
    let identity = |output: BorrowedFd<'_>| -> io::Result<(u64, u64)> {
        let place = File::from(output.try_clone_to_owned()?).metadata()?;
        Ok((place.dev(), place.ino()))
    };
    Ok(identity(stdio::stdout())? == identity(stdio::stderr())?)
}
