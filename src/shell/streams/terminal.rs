//! The terminal of a person who uses the program.

use std::ffi::CStr;
use std::io::{self, IsTerminal as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;

use rustix::fs::{FileType, Mode, OFlags, fcntl_getfl, fcntl_setfl, fstat, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::stdio::{dup2_stdin, dup2_stdout, stdin, stdout};
use rustix::termios::{OptionalActions, Termios, tcgetwinsize, tcsetattr};

use super::Descriptor;

static TERMINAL: OnceLock<OwnedFd> = OnceLock::new();
static ANSWERS: OnceLock<OwnedFd> = OnceLock::new();

/// Opens the terminal that is standard input. Where standard output is another file or a pipe, answers still go there,
/// and standard output is the terminal from now on, as the line editor writes to it.
///
/// The descriptors are newly opened, so that no other program that shares the terminal changes their mode.
///
/// # Errors
///
/// The system allows no more descriptors.
pub(in crate::shell) fn open_terminal() -> io::Result<Descriptor> {
    let terminal = open_own(stdin())?;
    if stdout().is_terminal() {
        dup2_stdout(open_own(stdout())?)?;
    } else {
        let answers = stdout().try_clone_to_owned()?;
        // Nobody else sets it.
        let _ = ANSWERS.set(answers);
        dup2_stdout(&terminal)?;
    }
    Ok(Descriptor(TERMINAL.get_or_init(|| terminal).as_fd()))
}

/// Where answers go, if that is not standard output.
pub(super) fn answers() -> Option<BorrowedFd<'static>> {
    ANSWERS.get().map(AsFd::as_fd)
}

/// Whether answers go to the terminal that a person types on.
pub(in crate::shell) fn answers_are_on_the_terminal() -> bool {
    ANSWERS.get().is_none()
}

/// Whether answers go through a pipe.
pub(in crate::shell) fn answers_go_through_a_pipe() -> bool {
    let kind =
        ANSWERS.get().and_then(|answers| fstat(answers).ok()).map(|status| FileType::from_raw_mode(status.st_mode));
    kind == Some(FileType::Fifo)
}

/// How many rows and columns the terminal of standard output has; `None` if it is none, or does not say.
pub(in crate::shell) fn size() -> Option<(u16, u16)> {
    let size = tcgetwinsize(stdout()).ok()?;
    (size.ws_row > 0 && size.ws_col > 0).then_some((size.ws_row, size.ws_col))
}

/// Makes a pseudo-terminal standard input. Answers with its other side: what is written there can be read here.
///
/// # Errors
///
/// There are no pseudo-terminals.
pub(in crate::shell) fn scanned_input(settings: &Termios) -> io::Result<OwnedFd> {
    let other_side = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    rustix::io::fcntl_setfd(&other_side, rustix::io::FdFlags::CLOEXEC)?;
    grantpt(&other_side)?;
    unlockpt(&other_side)?;
    let name = ptsname(&other_side, Vec::new())?;
    let input = open_terminal_named(&name)?;
    tcsetattr(&input, OptionalActions::Now, settings)?;
    dup2_stdin(&input)?;
    Ok(other_side)
}

fn open_own(given: BorrowedFd<'static>) -> io::Result<OwnedFd> {
    if let Ok(opened) = open_anew(given)
        && opened.is_terminal()
    {
        return Ok(opened);
    }
    // Another user's terminal cannot always be opened. Then the shared descriptor is made blocking.
    if let Ok(flags) = fcntl_getfl(given) {
        let _ = fcntl_setfl(given, flags - OFlags::NONBLOCK);
    }
    given.try_clone_to_owned()
}

#[cfg(target_os = "linux")]
fn open_anew(given: BorrowedFd<'static>) -> io::Result<OwnedFd> {
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(&given);
    Ok(open(format!("/proc/self/fd/{descriptor}"), FLAGS, Mode::empty())?)
}

/// Elsewhere, opening `/dev/fd` yields the same open file and not a new one.
#[cfg(not(target_os = "linux"))]
fn open_anew(given: BorrowedFd<'static>) -> io::Result<OwnedFd> {
    open_terminal_named(&rustix::termios::ttyname(given, Vec::new())?)
}

const FLAGS: OFlags = OFlags::RDWR.union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

fn open_terminal_named(name: &CStr) -> io::Result<OwnedFd> {
    Ok(open(name, FLAGS, Mode::empty())?)
}
