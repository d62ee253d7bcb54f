//! Watches tasks: one that panics, gives up, or goes with its runtime is reported and stops everything on purpose.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{oneshot, watch};
use tokio::task::AbortHandle;

use super::failure::StoreFailure;
use super::tokio_runtime::Runtime;

/// Why the engine stopped.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StopReason {
    /// It was asked to.
    #[error("it was closed")]
    Closed,
    /// A task panicked.
    #[error("task {task} panicked: {message}")]
    Panicked {
        /// The task.
        task: &'static str,
        /// What the panic said.
        message: String,
    },
    /// The store failed. Where it is a file, what was answered is in it, and opened again it goes on there.
    #[error("the event store failed: {message}")]
    StoreFailed {
        /// What the store said, and where it is.
        #[source]
        message: StoreFailure,
    },
    /// A task could not go on.
    #[error("task {task} gave up: {message}")]
    GaveUp {
        /// The task.
        task: &'static str,
        /// What stood in its way.
        message: String,
    },
    /// The tokio runtime that its tasks ran on has ended, and they with it.
    #[error("the tokio runtime it was started on has ended")]
    RuntimeEnded,
}

/// A group of tasks that live and stop together, on the tokio runtime that it was made on. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Supervisor {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    runtime: Runtime,
    reason: OnceLock<StopReason>,
    /// It is about to be closed: if its runtime ends first, that is no other end.
    is_closing: AtomicBool,
    tasks: Mutex<Vec<AbortHandle>>,
    /// Each task has a receiver as long as it is there. Nothing is sent.
    running: watch::Sender<()>,
    at_stop: Mutex<Vec<AtStop>>,
    threads: Mutex<Vec<Thread>>,
    stopped: watch::Sender<bool>,
}

/// What is done when the group stops.
struct AtStop(Box<dyn FnOnce() + Send>);

impl fmt::Debug for AtStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AtStop")
    }
}

/// A thread that ends with the group.
#[derive(Debug)]
struct Thread {
    /// Nothing is sent here: it closes when there is nothing left but to be joined.
    has_ended: watch::Receiver<()>,
    handle: JoinHandle<()>,
}

impl Default for Supervisor {
    fn default() -> Self {
        Self::new()
    }
}

impl Supervisor {
    /// A group without tasks.
    pub fn new() -> Self {
        Self {
            inner: Arc::new(Inner {
                runtime: Runtime::current(),
                reason: OnceLock::new(),
                is_closing: AtomicBool::new(false),
                tasks: Mutex::default(),
                running: watch::Sender::new(()),
                at_stop: Mutex::default(),
                threads: Mutex::default(),
                stopped: watch::Sender::new(false),
            }),
        }
    }

    /// The runtime of the group's tasks.
    pub fn runtime(&self) -> &Runtime {
        &self.inner.runtime
    }

    /// Starts a task of the group. It ends with an error only when it cannot go on. If it is gone before it has ended,
    /// so is its runtime, and everything stops.
    ///
    /// # Panics
    ///
    /// Where neither this nor the group is on a tokio runtime.
    pub fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = Result<(), StopReason>> + Send + 'static,
    {
        let running = self.inner.running.subscribe();
        let end = End { supervisor: self.clone(), name, has_ended: false, _running: running };
        let task = self.inner.runtime.spawn(Supervised { task: Box::pin(task), end }).abort_handle();
        lock(&self.inner.tasks).push(task.clone());
        if self.reason().is_some() {
            task.abort();
        }
    }

    /// A thread ends with the group: it hears by `close` that it shall end, and drops what `has_ended` listens to when it
    /// has done all it had to.
    pub(in crate::engine) fn ends_with(
        &self,
        close: oneshot::Sender<()>,
        has_ended: watch::Receiver<()>,
        handle: JoinHandle<()>,
    ) {
        lock(&self.inner.threads).push(Thread { has_ended, handle });
        // Told by being dropped.
        self.at_stop(move || drop(close));
    }

    /// Does something when the group stops, or now if it has.
    pub(in crate::engine) fn at_stop(&self, act: impl FnOnce() + Send + 'static) {
        let act = AtStop(Box::new(act));
        let late = {
            let mut at_stop = lock(&self.inner.at_stop);
            if self.reason().is_none() {
                at_stop.push(act);
                None
            } else {
                Some(act)
            }
        };
        if let Some(AtStop(act)) = late {
            act();
        }
    }

    /// Waits until the threads that end with the group have ended, once it is stopped.
    pub async fn ended(&self) {
        self.stopped().await;
        let ending: Vec<_> = lock(&self.inner.threads).iter().map(|thread| thread.has_ended.clone()).collect();
        for mut has_ended in ending {
            // An error says that it has.
            while has_ended.changed().await.is_ok() {}
        }
        let ended = std::mem::take(&mut *lock(&self.inner.threads));
        // It takes the system no time. An error says that it was a panic.
        ended.into_iter().for_each(|thread| drop(thread.handle.join()));
    }

    /// Waits until the tasks are gone, with all they had, once the group is stopped; at most so long.
    pub(in crate::engine) async fn tasks_ended(&self, max_wait: Duration) {
        let time = self.inner.runtime.timer(max_wait);
        tokio::select! {
            () = self.inner.running.closed() => {}
            () = time => {}
        }
    }

    /// It is being closed. What goes wrong meanwhile stops it all the same, but for the end of its runtime.
    pub(in crate::engine) fn begin_close(&self) {
        self.inner.is_closing.store(true, Ordering::Release);
    }

    /// From now on the reason is [`StopReason::Closed`], unless there is one already: what fails while the tasks tidy
    /// up has stopped nothing.
    pub fn will_close(&self) {
        // An error says that there is a reason already.
        let _ = self.inner.reason.set(StopReason::Closed);
    }

    /// Stops all tasks. The first reason stays; anything but [`StopReason::Closed`] is reported.
    pub fn stop(&self, reason: StopReason) {
        if self.inner.reason.set(reason.clone()).is_ok() {
            match reason {
                StopReason::Closed => {}
                // Mostly that is a program that ends without having closed anything.
                StopReason::RuntimeEnded => tracing::warn!("stopped: {reason}"),
                failed => tracing::error!("stopped: {failed}"),
            }
        }
        // A task that is dropped here stops everything itself.
        let tasks = std::mem::take(&mut *lock(&self.inner.tasks));
        tasks.iter().for_each(AbortHandle::abort);
        let at_stop = std::mem::take(&mut *lock(&self.inner.at_stop));
        at_stop.into_iter().for_each(|AtStop(act)| act());
        self.inner.stopped.send_replace(true);
    }

    /// Why the group stopped, once it has.
    pub fn reason(&self) -> Option<StopReason> {
        self.inner.reason.get().cloned()
    }

    /// Waits until the group stops. Ask this when a task no longer answers: the task's channels may close a
    /// moment before the reason is known.
    pub async fn stopped(&self) -> StopReason {
        let mut stopped = self.inner.stopped.subscribe();
        // The sender lives in `self`, so the wait ends only with the value.
        let _ = stopped.wait_for(|stopped| *stopped).await;
        self.reason().unwrap_or(StopReason::Closed)
    }

    /// Waits for something, by the runtime's time at most so long, and no longer than until the group stops. `None` says
    /// that it has not come. This may be called from anywhere.
    pub(crate) async fn timeout<T>(&self, max_wait: Duration, awaited: impl Future<Output = T>) -> Option<T> {
        let time = self.inner.runtime.timer(max_wait);
        tokio::select! {
            // A timer is not asked once the group has stopped, as it has before its runtime is gone.
            biased;
            awaited = awaited => Some(awaited),
            _ = self.stopped() => None,
            () = time => None,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A task of the group.
struct Supervised<F> {
    /// Dropped first: when the group hears of its end, it is gone.
    task: Pin<Box<F>>,
    end: End,
}

/// Tells the group how a task has ended.
struct End {
    supervisor: Supervisor,
    name: &'static str,
    has_ended: bool,
    _running: watch::Receiver<()>,
}

impl<F: Future<Output = Result<(), StopReason>>> Future for Supervised<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Self { task, end } = self.get_mut();
        let reason = match catch_unwind(AssertUnwindSafe(|| task.as_mut().poll(context))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(ended)) => ended.err(),
            Err(panic) => {
                let message = panic_message(panic.as_ref());
                Some(StopReason::Panicked { task: end.name, message })
            }
        };
        end.has_ended = true;
        if let Some(reason) = reason {
            end.supervisor.stop(reason);
        }
        Poll::Ready(())
    }
}

impl Drop for End {
    fn drop(&mut self) {
        // Nobody but the group itself and its runtime takes a task away.
        if !self.has_ended && !*self.supervisor.inner.stopped.borrow() {
            let is_closing = self.supervisor.inner.is_closing.load(Ordering::Acquire);
            self.supervisor.stop(if is_closing { StopReason::Closed } else { StopReason::RuntimeEnded });
        }
    }
}

/// What a panic said, as far as it said it in words.
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    if let Some(message) = panic.downcast_ref::<&str>() {
        (*message).to_owned()
    } else if let Some(message) = panic.downcast_ref::<String>() {
        message.clone()
    } else {
        "a panic without a message".to_owned()
    }
}
