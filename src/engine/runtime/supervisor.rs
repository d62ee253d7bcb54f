//! Supervises tasks: if one panics, gives up, or loses its runtime, the whole group is stopped, and the reason reported.

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
use tokio::time::Instant;

use super::failure::StoreFailure;
use super::panics::panic_message;
use super::tokio_runtime::Runtime;

/// Why the engine stopped.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StopReason {
    /// It was closed on request.
    #[error("it was closed")]
    Closed,
    /// A task panicked.
    #[error("task {task} panicked: {message}")]
    Panicked {
        /// The task's name.
        task: &'static str,
        /// The panic's message.
        message: String,
    },
    /// The store failed. If it is a file, everything acknowledged is in it, and reopening it continues from there.
    #[error("the event store failed: {message}")]
    StoreFailed {
        /// The store's failure, with its path.
        #[source]
        message: StoreFailure,
    },
    /// A task could not continue.
    #[error("task {task} gave up: {message}")]
    GaveUp {
        /// The task's name.
        task: &'static str,
        /// The cause.
        message: String,
    },
    /// The tokio runtime has ended, and the tasks with it.
    #[error("the tokio runtime it was started on has ended")]
    RuntimeEnded,
}

/// A group of tasks that stop together, on the tokio runtime it was created on. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Supervisor {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    runtime: Runtime,
    reason: OnceLock<StopReason>,
    /// Whether closing has begun. If the runtime ends from then on, the reason is still [`StopReason::Closed`].
    is_closing: AtomicBool,
    tasks: Mutex<Vec<AbortHandle>>,
    /// Each task holds a receiver while it exists. Carries no values.
    running: watch::Sender<()>,
    at_stop: Mutex<Vec<AtStop>>,
    threads: Mutex<Vec<Thread>>,
    stopped: watch::Sender<bool>,
}

/// An action to run when the group stops.
struct AtStop(Box<dyn FnOnce() + Send>);

impl fmt::Debug for AtStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AtStop")
    }
}

/// A thread that ends with the group.
#[derive(Debug)]
struct Thread {
    /// Carries no values: closes when the thread is ready to be joined.
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

    /// The runtime of the tasks.
    pub fn runtime(&self) -> &Runtime {
        &self.inner.runtime
    }

    /// Starts a task of the group. An error of the task stops the group. A task that is dropped before it has ended has
    /// lost its runtime, which stops the group too.
    ///
    /// # Panics
    ///
    /// If neither the caller nor the group is on a tokio runtime.
    pub fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = Result<(), StopReason>> + Send + 'static,
    {
        self.spawn_boxed(name, Box::pin(task));
    }

    fn spawn_boxed(&self, name: &'static str, task: BoxedTask) {
        let running = self.inner.running.subscribe();
        let guard = TaskGuard { supervisor: self.clone(), name, has_ended: false, _running: running };
        let task = self.inner.runtime.spawn(Supervised { task, guard }).abort_handle();
        lock(&self.inner.tasks).push(task.clone());
        if self.reason().is_some() {
            task.abort();
        }
    }

    /// Adds a thread to the group. Dropping `close` tells the thread to end; the thread drops the sender of `has_ended` when
    /// it is done.
    pub(in crate::engine) fn ends_with(
        &self,
        close: oneshot::Sender<()>,
        has_ended: watch::Receiver<()>,
        handle: JoinHandle<()>,
    ) {
        lock(&self.inner.threads).push(Thread { has_ended, handle });
        self.at_stop(move || drop(close));
    }

    /// Runs an action when the group stops, or now if it has stopped.
    pub(in crate::engine) fn at_stop(&self, act: impl FnOnce() + Send + 'static) {
        let act = AtStop(Box::new(act));
        let overdue = {
            let mut at_stop = lock(&self.inner.at_stop);
            if self.reason().is_none() {
                at_stop.push(act);
                None
            } else {
                Some(act)
            }
        };
        if let Some(AtStop(act)) = overdue {
            act();
        }
    }

    /// Waits until the group has stopped and its threads have ended.
    pub async fn ended(&self) {
        self.stopped().await;
        let ending: Vec<_> = lock(&self.inner.threads).iter().map(|thread| thread.has_ended.clone()).collect();
        for mut has_ended in ending {
            // An error means that the thread is done.
            while has_ended.changed().await.is_ok() {}
        }
        let ended = std::mem::take(&mut *lock(&self.inner.threads));
        // Does not block: the threads are done. An error means that one panicked.
        ended.into_iter().for_each(|thread| drop(thread.handle.join()));
    }

    /// After a stop, waits until all tasks and what they own are dropped, at most `max_wait`.
    pub(in crate::engine) async fn tasks_ended(&self, max_wait: Duration) {
        let timeout = self.inner.runtime.timer(max_wait);
        tokio::select! {
            () = self.inner.running.closed() => {}
            () = timeout => {}
        }
    }

    /// Marks the beginning of closing. Failures still stop the group with their reason, except the end of the runtime.
    pub(in crate::engine) fn begin_close(&self) {
        self.inner.is_closing.store(true, Ordering::Release);
    }

    /// Fixes the reason to [`StopReason::Closed`], unless there is one already: failures during the cleanup no longer count.
    pub fn will_close(&self) {
        // An error means that there is a reason already.
        let _ = self.inner.reason.set(StopReason::Closed);
    }

    /// Stops all tasks. Only the first reason counts, and is logged unless it is [`StopReason::Closed`].
    pub fn stop(&self, reason: StopReason) {
        if self.inner.reason.set(reason.clone()).is_ok() {
            match reason {
                StopReason::Closed => {}
                // Usually a program that ends without closing, so only a warning.
                StopReason::RuntimeEnded => tracing::warn!("stopped: {reason}"),
                failed => tracing::error!("stopped: {failed}"),
            }
        }
        // Takes the tasks out of the lock first: a task dropped by the abort calls this again.
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

    /// Waits until the group stops, and returns the reason. Use this when a task no longer answers: its channels may close
    /// a moment before the reason is known.
    pub async fn stopped(&self) -> StopReason {
        let mut stopped = self.inner.stopped.subscribe();
        // The sender lives in `self`, so the wait ends only with the value.
        let _ = stopped.wait_for(|stopped| *stopped).await;
        self.reason().unwrap_or(StopReason::Closed)
    }

    /// Awaits a future, at most `max_wait` by the runtime's time and at most until the group stops; `None` if it did not
    /// complete. May be called from any runtime.
    pub(crate) async fn timeout<T>(&self, max_wait: Duration, awaited: impl Future<Output = T>) -> Option<T> {
        self.unless(self.inner.runtime.timer(max_wait), awaited).await
    }

    /// Like [`Supervisor::timeout`], until a deadline.
    pub(crate) async fn timeout_at<T>(&self, deadline: Instant, awaited: impl Future<Output = T>) -> Option<T> {
        self.unless(self.inner.runtime.timer_at(deadline), awaited).await
    }

    async fn unless<T>(&self, timeout: impl Future<Output = ()>, awaited: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            // Biased: the group stops before its runtime is gone, and then the timer must not be polled.
            biased;
            awaited = awaited => Some(awaited),
            _ = self.stopped() => None,
            () = timeout => None,
        }
    }
}

/// A mutex that is still good after a panic: what it guards is whole between any two statements.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Without its type, so that what runs it is compiled once and not for each task.
type BoxedTask = Pin<Box<dyn Future<Output = Result<(), StopReason>> + Send>>;

/// A task of the group.
struct Supervised {
    /// Dropped before `guard`: when the group learns of the task's end, the task no longer exists.
    task: BoxedTask,
    guard: TaskGuard,
}

/// Tells the group that a task was dropped before it ended.
struct TaskGuard {
    supervisor: Supervisor,
    name: &'static str,
    has_ended: bool,
    _running: watch::Receiver<()>,
}

impl Future for Supervised {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Self { task, guard } = self.get_mut();
        let reason = match catch_unwind(AssertUnwindSafe(|| task.as_mut().poll(context))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(ended)) => ended.err(),
            Err(panic) => {
                let message = panic_message(panic.as_ref());
                Some(StopReason::Panicked { task: guard.name, message })
            }
        };
        guard.has_ended = true;
        if let Some(reason) = reason {
            guard.supervisor.stop(reason);
        }
        Poll::Ready(())
    }
}

impl Drop for TaskGuard {
    fn drop(&mut self) {
        // Only the group and the runtime drop tasks; without a stop it was the runtime.
        if !self.has_ended && !*self.supervisor.inner.stopped.borrow() {
            let is_closing = self.supervisor.inner.is_closing.load(Ordering::Acquire);
            self.supervisor.stop(if is_closing { StopReason::Closed } else { StopReason::RuntimeEnded });
        }
    }
}
