//! The threads of one open file, and their end.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// How long one who reads may take to end.
const WAIT: Duration = Duration::from_secs(5);

/// Threads that are waited for.
#[derive(Debug)]
pub(super) struct Threads {
    running: Sender<()>,
    ended: Receiver<()>,
    count: usize,
}

impl Threads {
    pub(super) fn new() -> Self {
        let (running, ended) = channel();
        Self { running, ended, count: 0 }
    }

    pub(super) fn spawn(&mut self, name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let ended = Ended(self.running.clone());
        spawn(name, move || {
            let _ended = ended;
            run();
        })?;
        self.count += 1;
        Ok(())
    }

    /// Waits until all have ended, but not for ever.
    pub(super) fn wait(self) {
        let until = Instant::now() + WAIT;
        for _ in 0..self.count {
            if self.ended.recv_timeout(until.saturating_duration_since(Instant::now())).is_err() {
                return;
            }
        }
    }
}

/// Told however a thread ends.
struct Ended(Sender<()>);

impl Drop for Ended {
    fn drop(&mut self) {
        // Nobody listens where nobody waits.
        let _ = self.0.send(());
    }
}

pub(super) fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name(format!("event store {name}")).spawn(run).map(drop)
}
