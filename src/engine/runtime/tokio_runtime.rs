//! The tokio runtime of an application, for starting tasks, timers and threads on it from any other one.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use thiserror::Error;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::task::coop::{Unconstrained, unconstrained};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// A handle on a tokio runtime. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Runtime {
    /// `None` if it was created outside any runtime; then each use needs a current one.
    handle: Option<Handle>,
}

/// Why nothing can be started on the current runtime.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NoRuntime {
    /// There is no current runtime.
    #[error("there is no tokio runtime to start on")]
    None,
    /// The runtime has no timers.
    #[error("the tokio runtime to start on has no timers: its builder was not told to `enable_time`")]
    WithoutTimers,
}

impl Runtime {
    /// The current runtime.
    pub fn current() -> Self {
        Self { handle: Handle::try_current().ok() }
    }

    #[cfg(test)]
    pub(in crate::engine) fn at(handle: &Handle) -> Self {
        Self { handle: Some(handle.clone()) }
    }

    /// Checks for a runtime with timers.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`]: what is missing.
    pub(in crate::engine) fn check(&self) -> Result<(), NoRuntime> {
        if self.handle.is_none() {
            return Err(NoRuntime::None);
        }
        // Tokio reports missing timers only by a panic.
        catch_unwind(AssertUnwindSafe(|| drop(self.timer(Duration::ZERO)))).map_err(|_| NoRuntime::WithoutTimers)
    }

    /// Starts a task on the runtime. If the runtime has ended, the task is dropped without running.
    ///
    /// # Panics
    ///
    /// If there is no runtime.
    pub fn spawn<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        match &self.handle {
            Some(handle) => handle.spawn(task),
            None => tokio::spawn(task),
        }
    }

    /// Runs work on one of the runtime's blocking threads.
    ///
    /// # Panics
    ///
    /// If there is no runtime, or the system cannot start a thread.
    pub(in crate::engine) fn spawn_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        match &self.handle {
            Some(handle) => handle.spawn_blocking(work),
            None => tokio::task::spawn_blocking(work),
        }
    }

    /// Completes when a time has passed, or when the runtime has ended.
    ///
    /// # Panics
    ///
    /// If there is no runtime, or it has no timers.
    pub(in crate::engine) fn timer(&self, time: Duration) -> Timer {
        self.timer_of(move || sleep(time))
    }

    /// Completes at a time, or when the runtime has ended.
    ///
    /// # Panics
    ///
    /// If there is no runtime, or it has no timers.
    pub(in crate::engine) fn timer_at(&self, deadline: Instant) -> Timer {
        self.timer_of(move || sleep_until(deadline))
    }

    fn timer_of(&self, sleep: impl FnOnce() -> Sleep) -> Timer {
        let _entered = self.handle.as_ref().map(Handle::enter);
        Timer(Box::pin(unconstrained(sleep())))
    }
}

/// Completes at its time, or when its runtime has ended.
///
/// Boxed: a future that waits for it holds it several times over.
pub(in crate::engine) struct Timer(
    /// Unconstrained: a busy task that has used up its budget must still see the timeout.
    Pin<Box<Unconstrained<Sleep>>>,
);

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // Polled from another runtime after its own has ended, a timer panics.
        catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context))).unwrap_or(Poll::Ready(()))
    }
}
