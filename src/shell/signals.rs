//! Signals. The program catches those that ask it to end, so that it can print its pending output first.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, io};

use rustix::process::{Signal as Kill, getpid, kill_process};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// SIGXFSZ, which has this number on Linux and macOS.
const FILE_SIZE_EXCEEDED: i32 = 25;

/// From now on, a write beyond the file size limit (`ulimit -f`) fails as on a full disk, instead of ending the program.
/// Must be called on a runtime.
pub(super) fn ignore_file_size_signal() -> io::Result<()> {
    signal(SignalKind::from_raw(FILE_SIZE_EXCEEDED)).map(drop)
}

/// Ends the program at once, as a power cut would: nothing is closed.
pub(super) fn die() -> ! {
    // An error cannot happen: a program may always kill itself.
    let _ = kill_process(getpid(), Kill::KILL);
    std::process::abort()
}

/// The signals that ask the program to end.
#[derive(Debug)]
pub(super) struct EndingSignals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
    hangup: Option<Signal>,
    quit: Option<Signal>,
}

impl EndingSignals {
    /// For a prompt, where Ctrl-C does not end the program.
    pub(super) fn at_a_prompt() -> io::Result<Self> {
        Ok(Self {
            interrupt: None,
            terminate: Some(signal(SignalKind::terminate())?),
            hangup: Some(signal(SignalKind::hangup())?),
            quit: Some(signal(SignalKind::quit())?),
        })
    }

    /// For a script, where Ctrl-\ still ends the program on the spot.
    fn in_a_script() -> io::Result<Self> {
        let ignored = ignored();
        Ok(Self {
            interrupt: unless_ignored(SignalKind::interrupt(), &ignored)?,
            terminate: unless_ignored(SignalKind::terminate(), &ignored)?,
            hangup: unless_ignored(SignalKind::hangup(), &ignored)?,
            quit: None,
        })
    }

    /// For a program that serves others until it is asked to end, and then has to end what it has started.
    pub(super) fn of_a_server() -> io::Result<Self> {
        let ignored = ignored();
        Ok(Self { quit: unless_ignored(SignalKind::quit(), &ignored)?, ..Self::in_a_script()? })
    }

    /// Waits for one of them; answers with its number.
    pub(super) async fn any(&mut self) -> i32 {
        let kind = tokio::select! {
            () = received(&mut self.interrupt) => SignalKind::interrupt(),
            () = received(&mut self.terminate) => SignalKind::terminate(),
            () = received(&mut self.hangup) => SignalKind::hangup(),
            () = received(&mut self.quit) => SignalKind::quit(),
        };
        kind.as_raw_value()
    }
}

/// Catches a signal, unless the parent process has it ignored (`nohup`, `&`).
fn unless_ignored(kind: SignalKind, ignored: &impl Fn(i32) -> bool) -> io::Result<Option<Signal>> {
    if ignored(kind.as_raw_value()) { Ok(None) } else { signal(kind).map(Some) }
}

/// Which signals are ignored. Only Linux tells; elsewhere none counts as ignored.
fn ignored() -> impl Fn(i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    move |number| mask >> (number - 1) & 1 == 1
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => pending().await,
    }
}

/// What signals ask of a script. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Interrupts {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    request: watch::Sender<StopRequest>,
    /// Whether a live statement runs, which Ctrl-C ends instead of the program.
    has_live_statement: AtomicBool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StopRequest {
    None,
    /// End the live statement.
    Statement,
    /// End the program after the current statement. With the number of the signal.
    Program(i32),
    /// End the program without waiting: a second signal arrived. With the number of the first.
    ProgramNow(i32),
}

impl Interrupts {
    /// Listens to no signal.
    pub fn none() -> Self {
        let request = watch::Sender::new(StopRequest::None);
        Self { shared: Arc::new(Shared { request, has_live_statement: false.into() }) }
    }

    /// Catches INT, TERM and HUP from now on. Must be called on a runtime.
    ///
    /// # Errors
    ///
    /// The system cannot install the signal handlers.
    pub fn listen() -> io::Result<Self> {
        let mut signals = EndingSignals::in_a_script()?;
        let interrupts = Self::none();
        let shared = interrupts.shared.clone();
        tokio::spawn(async move {
            loop {
                let number = signals.any().await;
                let ends_statement = number == SignalKind::interrupt().as_raw_value()
                    && shared.has_live_statement.load(Ordering::Relaxed);
                shared.request.send_modify(|request| {
                    *request = match *request {
                        StopRequest::Program(first) | StopRequest::ProgramNow(first) => StopRequest::ProgramNow(first),
                        StopRequest::None | StopRequest::Statement if ends_statement => StopRequest::Statement,
                        StopRequest::None | StopRequest::Statement => StopRequest::Program(number),
                    }
                });
            }
        });
        Ok(interrupts)
    }

    /// The number of the signal that asked the program to end.
    pub(super) fn end_signal(&self) -> Option<i32> {
        match *self.shared.request.borrow() {
            StopRequest::Program(number) | StopRequest::ProgramNow(number) => Some(number),
            StopRequest::None | StopRequest::Statement => None,
        }
    }

    /// Waits for a signal that asks the program to end.
    pub(super) async fn end_requested(&self) {
        self.until(|request| matches!(request, StopRequest::Program(_) | StopRequest::ProgramNow(_))).await;
    }

    /// Waits for a second such signal, which asks it to end at once.
    pub(super) async fn immediate_end_requested(&self) {
        self.until(|request| matches!(request, StopRequest::ProgramNow(_))).await;
    }

    /// Begins a live statement, which Ctrl-C ends.
    pub(super) fn begin_live_statement(&self) -> LiveStatement<'_> {
        self.shared.has_live_statement.store(true, Ordering::Relaxed);
        LiveStatement { interrupts: self }
    }

    async fn until(&self, condition: impl FnMut(&StopRequest) -> bool) {
        let mut changes = self.shared.request.subscribe();
        // `self` keeps the sender alive, so `wait_for` cannot fail.
        let _ = changes.wait_for(condition).await;
    }
}

/// While this guard lives, Ctrl-C ends the live statement and not the program.
#[derive(Debug)]
pub(super) struct LiveStatement<'a> {
    interrupts: &'a Interrupts,
}

impl LiveStatement<'_> {
    /// Waits for a signal that asks the statement or the program to end.
    pub(super) async fn interrupted(&self) {
        self.interrupts.until(|request| *request != StopRequest::None).await;
    }
}

impl Drop for LiveStatement<'_> {
    fn drop(&mut self) {
        self.interrupts.shared.has_live_statement.store(false, Ordering::Relaxed);
        self.interrupts.shared.request.send_if_modified(|request| {
            let is_fulfilled = *request == StopRequest::Statement;
            if is_fulfilled {
                *request = StopRequest::None;
            }
            is_fulfilled
        });
    }
}
