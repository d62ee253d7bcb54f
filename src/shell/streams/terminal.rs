//! A terminal for the line editor, which reads and writes it by itself and takes it to be blocking.

use std::io::IsTerminal as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, open};
use rustix::stdio::{dup2_stdin, dup2_stdout, stdin, stdout};

/// Opens the terminal anew in the place of what this process was given: its mode is this process's own then, and
/// no other program's that shares the terminal.
pub(in crate::shell) fn make_own() {
    own(stdin(), dup2_stdin);
    own(stdout(), dup2_stdout);
}

fn own(given: BorrowedFd<'static>, replace: impl FnOnce(OwnedFd) -> rustix::io::Result<()>) {
    let opened = open_anew(given, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC);
    let is_own = opened.is_ok_and(|terminal| terminal.as_fd().is_terminal() && replace(terminal).is_ok());
    // Somebody else's terminal cannot always be opened. Then it waits for all who share it.
    if !is_own && let Ok(flags) = fcntl_getfl(given) {
        let _ = fcntl_setfl(given, flags - OFlags::NONBLOCK);
    }
}

#[cfg(target_os = "linux")]
fn open_anew(given: BorrowedFd<'static>, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(&given);
    open(format!("/proc/self/fd/{descriptor}"), flags, Mode::empty())
}

/// Elsewhere a path of a descriptor leads to the same open file, and not to a new one.
#[cfg(not(target_os = "linux"))]
fn open_anew(given: BorrowedFd<'static>, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    open(rustix::termios::ttyname(given, Vec::new())?, flags, Mode::empty())
}
