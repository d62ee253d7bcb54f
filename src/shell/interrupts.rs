//! Signals. Ctrl-C in a script ends a statement that goes on until then, and otherwise the program.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

/// SIGXFSZ has this number wherever the program runs.
const FILE_SIZE_EXCEEDED: i32 = 25;

/// From now on a write beyond the limit for a file's size (`ulimit -f`) fails, as on a full disk, and does not end the
/// program. To be called on a runtime.
pub(super) fn refuse_what_is_too_large() -> io::Result<()> {
    signal(SignalKind::from_raw(FILE_SIZE_EXCEEDED)).map(drop)
}

/// Who is to hear of Ctrl-C. As long as no statement has ever waited for it, it ends the program by itself. Cheap to
/// clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Interrupts {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    program_ends: Notify,
}

#[derive(Debug, Default)]
struct State {
    is_listening: bool,
    statement: Option<Arc<Notify>>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// While it lives, Ctrl-C ends a statement and not the program.
#[derive(Debug)]
pub(super) struct UntilInterrupted {
    shared: Arc<Shared>,
    interrupted: Arc<Notify>,
}

impl Interrupts {
    /// Begins a statement that goes on until Ctrl-C.
    pub(super) fn begin(&self) -> io::Result<UntilInterrupted> {
        let interrupted = Arc::new(Notify::new());
        let mut state = self.shared.lock();
        if !state.is_listening {
            // From now on the signal no longer ends the program by itself, whatever runs.
            let mut signal = signal(SignalKind::interrupt())?;
            let shared = self.shared.clone();
            tokio::spawn(async move {
                while signal.recv().await.is_some() {
                    let statement = shared.lock().statement.clone();
                    statement.as_deref().unwrap_or(&shared.program_ends).notify_one();
                }
            });
            state.is_listening = true;
        }
        state.statement = Some(interrupted.clone());
        Ok(UntilInterrupted { shared: self.shared.clone(), interrupted })
    }

    /// Waits for a Ctrl-C that is to end the program.
    pub(super) async fn program_ends(&self) {
        self.shared.program_ends.notified().await;
    }
}

impl UntilInterrupted {
    /// Waits for Ctrl-C.
    pub(super) async fn interrupted(&self) {
        self.interrupted.notified().await;
    }
}

impl Drop for UntilInterrupted {
    fn drop(&mut self) {
        self.shared.lock().statement = None;
    }
}
