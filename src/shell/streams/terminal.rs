//! A blocking terminal for the line editor, which reads and writes the descriptors itself.

use std::io::IsTerminal as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, open};
use rustix::stdio::{dup2_stdin, dup2_stdout, stdin, stdout};

/// Replaces standard input and output by newly opened descriptors of the terminal, so that no other program that shares
/// the terminal changes their mode.
pub(in crate::shell) fn reopen_terminal() {
    reopen(stdin(), dup2_stdin);
    reopen(stdout(), dup2_stdout);
}

fn reopen(given: BorrowedFd<'static>, replace: impl FnOnce(OwnedFd) -> rustix::io::Result<()>) {
    let opened = open_anew(given, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC);
    let is_own = opened.is_ok_and(|terminal| terminal.as_fd().is_terminal() && replace(terminal).is_ok());
    // Another user's terminal cannot always be opened. Then the shared descriptor is made blocking.
    if !is_own && let Ok(flags) = fcntl_getfl(given) {
        let _ = fcntl_setfl(given, flags - OFlags::NONBLOCK);
    }
}

#[cfg(target_os = "linux")]
fn open_anew(given: BorrowedFd<'static>, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(&given);
    open(format!("/proc/self/fd/{descriptor}"), flags, Mode::empty())
}

/// Elsewhere, opening `/dev/fd` yields the same open file and not a new one.
#[cfg(not(target_os = "linux"))]
fn open_anew(given: BorrowedFd<'static>, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    open(rustix::termios::ttyname(given, Vec::new())?, flags, Mode::empty())
}
