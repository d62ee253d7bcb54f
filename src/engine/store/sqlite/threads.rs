//! The threads of one open file, and their end.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long one who reads may take to end.
const WAIT: Duration = Duration::from_secs(5);

/// Threads that are waited for.
#[derive(Debug)]
pub(super) struct Threads {
    running: Sender<()>,
    ended: Receiver<()>,
    handles: Vec<JoinHandle<()>>,
}

impl Threads {
    pub(super) fn new() -> Self {
        let (running, ended) = channel();
        Self { running, ended, handles: Vec::new() }
    }

    pub(super) fn run(&mut self, thread: Idle, run: impl FnOnce() + Send + 'static) {
        let ended = ThreadEnded(self.running.clone());
        self.handles.push(thread.run(move || {
            let _ended = ended;
            run();
        }));
    }

    /// Waits until all have ended, but not for ever.
    pub(super) fn wait(self) {
        let until = Instant::now() + WAIT;
        for _ in &self.handles {
            if self.ended.recv_timeout(until.saturating_duration_since(Instant::now())).is_err() {
                return;
            }
        }
        // They have nothing more to do. An error says that it was a panic.
        self.handles.into_iter().for_each(|handle| drop(handle.join()));
    }
}

/// A thread that was started and has nothing to do yet: it ends when this is dropped. Where the system starts too few,
/// that is known before anything is done.
#[derive(Debug)]
pub(super) struct Idle {
    work: Sender<Work>,
    handle: JoinHandle<()>,
}

type Work = Box<dyn FnOnce() + Send>;

impl Idle {
    pub(super) fn start(name: &str) -> io::Result<Self> {
        let (work, to_do) = channel::<Work>();
        let handle = spawn(name, move || to_do.iter().take(1).for_each(|run| run()))?;
        Ok(Self { work, handle })
    }

    pub(super) fn run(self, run: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
        // It waits for this.
        let _ = self.work.send(Box::new(run));
        self.handle
    }
}

/// Told however a thread ends.
struct ThreadEnded(Sender<()>);

impl Drop for ThreadEnded {
    fn drop(&mut self) {
        // Nobody listens where nobody waits.
        let _ = self.0.send(());
    }
}

pub(super) fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(format!("event store {name}")).spawn(run)
}
