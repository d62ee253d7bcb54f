//! The program's standard input, output and error. Nothing else in it reads or writes them, but for the line editor at
//! a terminal.
//!
//! A descriptor is shared with whoever else has it, and may be non-blocking because another program has left it so:
//! here all of them wait.

mod descriptor;
mod errors;
mod input;
mod output;
mod terminal;

pub(super) use self::descriptor::Descriptor;
pub(super) use self::errors::{Errors, say, say_panics};
pub(super) use self::input::Input;
pub(super) use self::output::{Output, print};
pub(super) use self::terminal::make_own;

use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::MetadataExt as _;

use rustix::stdio;
use rustix::termios::isatty;

/// Standard input.
pub(super) fn standard_input() -> Descriptor {
    Descriptor(stdio::stdin())
}

/// Standard output.
pub(super) fn standard_output() -> Descriptor {
    Descriptor(stdio::stdout())
}

/// Standard error, for what the program itself draws there. What it says goes through [`Errors`].
pub(super) fn standard_error() -> Descriptor {
    Descriptor(stdio::stderr())
}

/// Whether standard error is a terminal.
pub(super) fn errors_are_a_terminal() -> bool {
    isatty(stdio::stderr())
}

/// Whether so many descriptors more can be open at the same time.
///
/// # Errors
///
/// What the system says of the first that cannot.
pub(super) fn can_be_opened(count: usize) -> io::Result<()> {
    let opened: io::Result<Vec<_>> = (0..count).map(|_| stdio::stderr().try_clone_to_owned()).collect();
    opened.map(drop)
}

/// Whether a person sits there: standard input and standard output are a terminal.
pub(super) fn are_a_terminal() -> bool {
    isatty(stdio::stdin()) && isatty(stdio::stdout())
}

/// Whether standard output and standard error go to the same terminal, file or pipe.
pub(super) fn outputs_are_one() -> io::Result<bool> {
    let identity = |output: BorrowedFd<'_>| -> io::Result<(u64, u64)> {
        let place = File::from(output.try_clone_to_owned()?).metadata()?;
        Ok((place.dev(), place.ino()))
    };
    Ok(identity(stdio::stdout())? == identity(stdio::stderr())?)
}
