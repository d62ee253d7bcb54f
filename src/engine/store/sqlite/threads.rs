//! The threads of one open file.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long to wait for all threads to end.
const WAIT: Duration = Duration::from_secs(5);

/// Threads to wait for.
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

    pub(super) fn run(&mut self, thread: IdleThread, run: impl FnOnce() + Send + 'static) {
        let ended = ThreadEnded(self.running.clone());
        self.handles.push(thread.run(move || {
            let _ended = ended;
            run();
        }));
    }

    /// Waits until all threads have ended, for a limited time.
    pub(super) fn wait(self) {
        let until = Instant::now() + WAIT;
        for _ in &self.handles {
            if self.ended.recv_timeout(until.saturating_duration_since(Instant::now())).is_err() {
                return;
            }
        }
        // All threads have ended their work. An error means that one panicked.
        self.handles.into_iter().for_each(|handle| drop(handle.join()));
    }
}

/// A started thread without work, which ends when this is dropped. Starting all threads first reveals a lack of threads
/// before anything is done.
#[derive(Debug)]
pub(super) struct IdleThread {
    work: Sender<Work>,
    handle: JoinHandle<()>,
}

type Work = Box<dyn FnOnce() + Send>;

impl IdleThread {
    pub(super) fn start(name: &str) -> io::Result<Self> {
        let (work, to_do) = channel::<Work>();
        let handle = spawn(name, move || to_do.iter().take(1).for_each(|run| run()))?;
        Ok(Self { work, handle })
    }

    pub(super) fn run(self, run: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
        // The thread waits for this.
        let _ = self.work.send(Box::new(run));
        self.handle
    }
}

/// Signals that a thread has ended, also by a panic.
struct ThreadEnded(Sender<()>);

impl Drop for ThreadEnded {
    fn drop(&mut self) {
        // An error means that no one waits.
        let _ = self.0.send(());
    }
}

pub(super) fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    spawn_boxed(name, Box::new(run))
}

/// Compiled once, and not for each thing that a thread runs.
fn spawn_boxed(name: &str, run: Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(format!("event store {name}")).spawn(run)
}
