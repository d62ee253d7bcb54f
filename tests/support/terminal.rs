//! The real program on a pseudo-terminal.

#![allow(dead_code, reason = "each test program uses its part of this")]

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pts, Pty};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use tempfile::TempDir;

use crate::program::{example_path, wait};

pub(crate) const CTRL_C: &str = "\u{3}";
pub(crate) const CTRL_D: &str = "\u{4}";
pub(crate) const CTRL_R: &str = "\u{12}";
pub(crate) const ENTER: &str = "\r";
pub(crate) const TAB: &str = "\t";
pub(crate) const UP: &str = "\u{1b}[A";

pub(crate) const BACKSPACE: &str = "\u{7f}";
pub(crate) const CTRL_Z: &str = "\u{1a}";
pub(crate) const LEFT: &str = "\u{1b}[D";
pub(crate) const PASTE: &str = "\u{1b}[200~";
pub(crate) const PASTE_END: &str = "\u{1b}[201~";

const BANK: &str = env!("CARGO_BIN_EXE_bank");

/// The prompt of a shell.
pub(crate) const SHELL: &str = "shell> ";

pub(crate) const ROWS: NonZeroU16 = NonZeroU16::new(50).unwrap();
pub(crate) const COLUMNS: NonZeroU16 = NonZeroU16::new(100).unwrap();

/// Longer than anything takes on a busy machine: it is there so that a hang fails instead of waiting.
pub(crate) const HANG: Duration = Duration::from_secs(60);

/// The program on a pseudo-terminal, and what its screen shows.
pub(crate) struct Terminal {
    pub(crate) keyboard: Arc<Pty>,
    pub(crate) child: Child,
    pub(crate) screen: Arc<(Mutex<vt100::Parser>, Condvar)>,
    /// Everything that was ever sent to the screen.
    pub(crate) received: Arc<Mutex<Vec<u8>>>,
    pub(crate) state: TempDir,
}

/// How a terminal is started. By default it is one of a usual kind and width, on which the bank shows its first prompt.
struct Start<'a> {
    prompt: &'a str,
    columns: NonZeroU16,
    kind: &'a str,
    no_color: &'a str,
    state: TempDir,
}

impl Default for Start<'_> {
    fn default() -> Self {
        let state = tempfile::tempdir().unwrap();
        Self { prompt: "bank(1)> ", columns: COLUMNS, kind: "xterm-256color", no_color: "", state }
    }
}

impl Start<'_> {
    /// With a program that runs where nothing was before.
    fn within(self, program: impl AsRef<OsStr>, arguments: &[&str]) -> Terminal {
        let command = Command::new(program).args(arguments).current_dir(self.state.path());
        self.with(command, |_| {})
    }

    fn with(self, command: Command, prepare: impl FnOnce(&Pts)) -> Terminal {
        let Self { prompt, columns, kind, no_color, state } = self;
        let (pty, pts) = pty_process::blocking::open().unwrap();
        prepare(&pts);
        pty.resize(Size::new(ROWS.get(), columns.get())).unwrap();
        let command = command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("NATS_SERVER", std::env::var_os("NATS_SERVER").unwrap_or_default())
            .env("NO_COLOR", no_color)
            .env("TERM", kind)
            .env("PS1", SHELL)
            .env("BANK", BANK)
            .env("XDG_STATE_HOME", state.path());
        let child = command.spawn(pts).unwrap();
        let keyboard = Arc::new(pty);
        let screen = Arc::new((Mutex::new(vt100::Parser::new(ROWS, columns, 1_000)), Condvar::new()));
        let received = Arc::new(Mutex::new(Vec::new()));
        let (display, shown, kept) = (keyboard.clone(), screen.clone(), received.clone());
        thread::spawn(move || {
            let mut bytes = [0; 4_096];
            // A terminal whose program has ended answers with an error.
            while let Ok(count) = Read::read(&mut &*display, &mut bytes) {
                if count == 0 {
                    break;
                }
                kept.lock().unwrap().extend_from_slice(&bytes[..count]);
                shown.0.lock().unwrap().process(&bytes[..count]);
                shown.1.notify_all();
            }
        });
        let terminal = Terminal { keyboard, child, screen, received, state };
        terminal.wait_for(prompt);
        terminal
    }
}

impl Terminal {
    pub(crate) fn open() -> Self {
        Start::default().with(Command::new(BANK), |_| {})
    }

    pub(crate) fn open_with(state: TempDir, no_color: &str) -> Self {
        Start { state, no_color, ..Start::default() }.with(Command::new(BANK), |_| {})
    }

    pub(crate) fn open_as(kind: &str, state: TempDir, no_color: &str) -> Self {
        Start { kind, state, no_color, ..Start::default() }.with(Command::new(BANK), |_| {})
    }

    /// The program as another one starts it.
    pub(crate) fn open_by(program: &str, arguments: &[&str]) -> Self {
        Start::default().with(Command::new(program).args(arguments), |_| {})
    }

    /// One of the programs in `examples`, in a directory where nothing was before.
    pub(crate) fn open_example(name: &str, prompt: &str) -> Self {
        Self::open_example_with(name, &[], prompt)
    }

    pub(crate) fn open_example_with(name: &str, arguments: &[&str], prompt: &str) -> Self {
        Start { prompt, ..Start::default() }.within(example_path(name), arguments)
    }

    /// The program with arguments, which shows this as its first prompt.
    pub(crate) fn open_with_arguments(arguments: &[&str], prompt: &str) -> Self {
        Start { prompt, ..Start::default() }.within(BANK, arguments)
    }

    /// With another variable in its environment: `NAME=value`.
    pub(crate) fn open_in(variable: &str) -> Self {
        Self::open_by("env", &[variable, BANK])
    }

    /// A shell that stops programs and lets them go on. It knows the program as `$BANK`, and its prompt is [`SHELL`].
    pub(crate) fn open_shell() -> Self {
        Start { prompt: SHELL, ..Start::default() }.within("bash", &["--norc", "--noprofile", "-i"])
    }

    /// On a terminal that another program has left non-blocking.
    pub(crate) fn open_non_blocking() -> Self {
        Start::default().with(Command::new(BANK), |pts| {
            let flags = fcntl_getfl(pts).unwrap();
            fcntl_setfl(pts, flags | OFlags::NONBLOCK).unwrap();
        })
    }

    /// One of the programs in `examples`, on a terminal of another width.
    pub(crate) fn open_example_as_wide_as(columns: NonZeroU16, name: &str, arguments: &[&str], prompt: &str) -> Self {
        Start { columns, prompt, ..Start::default() }.within(example_path(name), arguments)
    }

    /// Another program, on a terminal of another width.
    pub(crate) fn open_by_as_wide_as(columns: NonZeroU16, program: &str, arguments: &[&str], no_color: &str) -> Self {
        Start { columns, no_color, ..Start::default() }.with(Command::new(program).args(arguments), |_| {})
    }

    /// The bank with some flags, on a terminal of another width.
    pub(crate) fn open_as_wide_as(columns: NonZeroU16, arguments: &[&str], no_color: &str) -> Self {
        Start { columns, no_color, ..Start::default() }.with(Command::new(BANK).args(arguments), |_| {})
    }

    pub(crate) fn keys(&self, keys: &str) {
        (&*self.keyboard).write_all(keys.as_bytes()).unwrap();
    }

    /// Types bytes that need not be text.
    pub(crate) fn bytes(&self, bytes: &[u8]) {
        (&*self.keyboard).write_all(bytes).unwrap();
    }

    /// The settings of the terminal.
    pub(crate) fn modes(&self) -> rustix::termios::LocalModes {
        rustix::termios::tcgetattr(&*self.keyboard).unwrap().local_modes
    }

    /// Waits until the terminal is in some mode.
    pub(crate) fn wait_for_modes(&self, what: &str, condition: impl Fn(rustix::termios::LocalModes) -> bool) {
        let deadline = Instant::now() + HANG;
        while !condition(self.modes()) {
            assert!(Instant::now() < deadline, "waited in vain for {what}: {:?}", self.modes());
            thread::yield_now();
        }
    }

    /// Sends a signal to the program that has the terminal, and to those with it.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let foreground = rustix::termios::tcgetpgrp(&*self.keyboard).unwrap();
        rustix::process::kill_process_group(foreground, signal).unwrap();
    }

    pub(crate) fn enter(&self, text: &str) {
        self.keys(&format!("{text}{ENTER}"));
    }

    /// Waits until the last line of the screen is this, behind the cursor's spaces.
    pub(crate) fn wait_for(&self, last_line: &str) {
        self.wait_until(&format!("the last line {last_line:?}"), |screen| {
            screen.contents().trim_end().lines().last().is_some_and(|line| line.trim_end() == last_line.trim_end())
        });
    }

    /// Waits for the prompt of a statement, whatever is open.
    pub(crate) fn wait_for_statement(&self, number: usize) {
        self.wait_until(&format!("the prompt of statement {number}"), |screen| {
            let contents = screen.contents();
            let last = contents.trim_end().lines().last().unwrap_or_default();
            !last.starts_with('.') && last.ends_with(&format!("({number})>"))
        });
    }

    pub(crate) fn wait_until(&self, what: &str, condition: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + HANG;
        let (parser, changed) = &*self.screen;
        let mut parser = parser.lock().unwrap();
        while !condition(parser.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited in vain for {what} on\n{}", parser.screen().contents());
            parser = changed.wait_timeout(parser, left).unwrap().0;
        }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let contents = self.screen.0.lock().unwrap().screen().contents();
        contents.trim_end().lines().map(|line| line.trim_end().to_owned()).collect()
    }

    /// Whether some text is on the screen in a colour.
    pub(crate) fn is_colored(&self, text: &str) -> bool {
        let parser = self.screen.0.lock().unwrap();
        let screen = parser.screen();
        let found = (0..ROWS.get()).rev().find_map(|row| {
            let line: String = screen.rows(0, COLUMNS.get()).nth(row.into()).unwrap();
            line.find(text).map(|column| (row, u16::try_from(column).unwrap()))
        });
        let (row, column) = found.expect(text);
        screen.cell(row, column).unwrap().fgcolor() != vt100::Color::Default
    }

    /// Waits for the program to end; answers with the folder that holds its state.
    pub(crate) fn ended(self) -> (Option<i32>, TempDir) {
        (wait(self.child), self.state)
    }
}

/// What a program sends to a terminal of this width until it ends.
pub(crate) fn printed_in(columns: NonZeroU16, command: Command) -> Vec<u8> {
    let (mut pty, pts) = pty_process::blocking::open().unwrap();
    pty.resize(Size::new(ROWS.get(), columns.get())).unwrap();
    let child = command.env("TERM", "xterm-256color").spawn(pts).unwrap();
    let mut printed = Vec::new();
    let mut bytes = [0; 4_096];
    // A terminal whose program has ended answers with an error.
    while let Ok(count @ 1..) = Read::read(&mut pty, &mut bytes) {
        printed.extend_from_slice(&bytes[..count]);
    }
    wait(child);
    printed
}
