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

    pub(super) fn run(&mut self, thread: Idle, run: impl FnOnce() + Send + 'static) {
        let ended = Ended(self.running.clone());
        thread.run(move || {
            let _ended = ended;
            run();
        });
        self.count += 1;
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

/// A thread that was started and has nothing to do yet: it ends when this is dropped. Where the system starts too few,
/// that is known before anything is done.
#[derive(Debug)]
pub(super) struct Idle(Sender<Work>);

type Work = Box<dyn FnOnce() + Send>;

impl Idle {
    pub(super) fn start(name: &str) -> io::Result<Self> {
        let (sender, work) = channel::<Work>();
        spawn(name, move || work.iter().take(1).for_each(|run| run()))?;
        Ok(Self(sender))
    }

    pub(super) fn run(self, run: impl FnOnce() + Send + 'static) {
        // It waits for this.
        let _ = self.0.send(Box::new(run));
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
