//! Signals. Those that ask the program to end are heard, so that it can print what it owes first.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, io};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// SIGXFSZ has this number wherever the program runs.
const FILE_SIZE_EXCEEDED: i32 = 25;

/// From now on a write beyond the limit for a file's size (`ulimit -f`) fails, as on a full disk, and does not end the
/// program. To be called on a runtime.
pub(super) fn refuse_what_is_too_large() -> io::Result<()> {
    signal(SignalKind::from_raw(FILE_SIZE_EXCEEDED)).map(drop)
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
    /// At a prompt, where Ctrl-C does not end the program.
    pub(super) fn at_a_prompt() -> io::Result<Self> {
        Ok(Self {
            interrupt: None,
            terminate: Some(signal(SignalKind::terminate())?),
            hangup: Some(signal(SignalKind::hangup())?),
            quit: Some(signal(SignalKind::quit())?),
        })
    }

    /// In a script, where Ctrl-\ goes on to end the program on the spot.
    fn in_a_script() -> io::Result<Self> {
        let ignored = ignored();
        Ok(Self {
            interrupt: heard(SignalKind::interrupt(), &ignored)?,
            terminate: heard(SignalKind::terminate(), &ignored)?,
            hangup: heard(SignalKind::hangup(), &ignored)?,
            quit: None,
        })
    }

    /// Waits for one of them; answers with its number.
    pub(super) async fn any(&mut self) -> i32 {
        let kind = tokio::select! {
            () = comes(&mut self.interrupt) => SignalKind::interrupt(),
            () = comes(&mut self.terminate) => SignalKind::terminate(),
            () = comes(&mut self.hangup) => SignalKind::hangup(),
            () = comes(&mut self.quit) => SignalKind::quit(),
        };
        kind.as_raw_value()
    }
}

/// A signal that whoever has started the program wants ignored (`nohup`, `&`) stays ignored.
fn heard(kind: SignalKind, ignored: &impl Fn(i32) -> bool) -> io::Result<Option<Signal>> {
    if ignored(kind.as_raw_value()) { Ok(None) } else { signal(kind).map(Some) }
}

/// Which signals are ignored. Where the system does not tell, and only Linux does, none is taken to be.
fn ignored() -> impl Fn(i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    move |number| mask >> (number - 1) & 1 == 1
}

async fn comes(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => pending().await,
    }
}

/// What a script is asked for by signals. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Interrupts {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    asked: watch::Sender<Asked>,
    /// Whether a statement goes on that Ctrl-C ends, and not the program.
    statement_goes_on: AtomicBool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Nothing,
    /// The statement that goes on is to end.
    EndOfStatement,
    /// The program is to end once what runs is done. With the signal's number.
    End(i32),
    /// It was asked once more: it is not to wait for anything.
    EndNow(i32),
}

impl Interrupts {
    /// Nobody ever asks.
    pub fn none() -> Self {
        Self { shared: Arc::new(Shared { asked: watch::Sender::new(Asked::Nothing), statement_goes_on: false.into() }) }
    }

    /// INT, TERM and HUP ask from now on, and do not end the program by themselves. To be called on a runtime.
    ///
    /// # Errors
    ///
    /// What the system says when they cannot be heard.
    pub fn listen() -> io::Result<Self> {
        let mut signals = EndingSignals::in_a_script()?;
        let interrupts = Self::none();
        let shared = interrupts.shared.clone();
        tokio::spawn(async move {
            loop {
                let number = signals.any().await;
                let ends_statement = number == SignalKind::interrupt().as_raw_value()
                    && shared.statement_goes_on.load(Ordering::Relaxed);
                shared.asked.send_modify(|asked| {
                    *asked = match *asked {
                        Asked::End(first) | Asked::EndNow(first) => Asked::EndNow(first),
                        Asked::Nothing | Asked::EndOfStatement if ends_statement => Asked::EndOfStatement,
                        Asked::Nothing | Asked::EndOfStatement => Asked::End(number),
                    }
                });
            }
        });
        Ok(interrupts)
    }

    /// The number of the signal that has asked the program to end.
    pub(super) fn ending(&self) -> Option<i32> {
        match *self.shared.asked.borrow() {
            Asked::End(number) | Asked::EndNow(number) => Some(number),
            Asked::Nothing | Asked::EndOfStatement => None,
        }
    }

    /// Waits until the program is asked to end.
    pub(super) async fn end(&self) {
        self.until(|asked| matches!(asked, Asked::End(_) | Asked::EndNow(_))).await;
    }

    /// Waits until the program is asked to end at once.
    pub(super) async fn end_now(&self) {
        self.until(|asked| matches!(asked, Asked::EndNow(_))).await;
    }

    /// Begins a statement that goes on until Ctrl-C.
    pub(super) fn begin(&self) -> UntilInterrupted<'_> {
        self.shared.statement_goes_on.store(true, Ordering::Relaxed);
        UntilInterrupted { interrupts: self }
    }

    async fn until(&self, asked: impl FnMut(&Asked) -> bool) {
        let mut changes = self.shared.asked.subscribe();
        // The sender lives in `self`, so the wait ends only with the value.
        let _ = changes.wait_for(asked).await;
    }
}

/// While it lives, Ctrl-C ends a statement and not the program.
#[derive(Debug)]
pub(super) struct UntilInterrupted<'a> {
    interrupts: &'a Interrupts,
}

impl UntilInterrupted<'_> {
    /// Waits until the statement is to end, or the program.
    pub(super) async fn interrupted(&self) {
        self.interrupts.until(|asked| *asked != Asked::Nothing).await;
    }
}

impl Drop for UntilInterrupted<'_> {
    fn drop(&mut self) {
        self.interrupts.shared.statement_goes_on.store(false, Ordering::Relaxed);
        self.interrupts.shared.asked.send_if_modified(|asked| {
            let was_meant_for_it = *asked == Asked::EndOfStatement;
            if was_meant_for_it {
                *asked = Asked::Nothing;
            }
            was_meant_for_it
        });
    }
}
