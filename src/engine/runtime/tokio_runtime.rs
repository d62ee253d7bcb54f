//! The tokio runtime that something was started on: its tasks, timers and threads are there, whoever asks for them, and
//! from wherever.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use thiserror::Error;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::task::coop::unconstrained;
use tokio::time::sleep;

/// A tokio runtime, known from anywhere. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Runtime {
    /// Nothing where there was none: then there has to be one whenever this is used.
    handle: Option<Handle>,
}

/// Why nothing can be started here.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NoRuntime {
    /// There is none.
    #[error("there is no tokio runtime to start on")]
    None,
    /// There is one, but nothing could wait there for a time to come.
    #[error("the tokio runtime to start on has no timers: its builder was not told to `enable_time`")]
    WithoutTimers,
}

impl Runtime {
    /// The one that this is called on.
    pub fn current() -> Self {
        Self { handle: Handle::try_current().ok() }
    }

    #[cfg(test)]
    pub(in crate::engine) fn at(handle: &Handle) -> Self {
        Self { handle: Some(handle.clone()) }
    }

    /// Whether all that is needed is there.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`]: what is not.
    pub(in crate::engine) fn check(&self) -> Result<(), NoRuntime> {
        if self.handle.is_none() {
            return Err(NoRuntime::None);
        }
        // Nothing tells but a panic.
        catch_unwind(AssertUnwindSafe(|| drop(self.timer(Duration::ZERO)))).map_err(|_| NoRuntime::WithoutTimers)
    }

    /// Starts a task there. Where the runtime has ended, the task ends before it begins.
    ///
    /// # Panics
    ///
    /// Where there was no runtime, and is none.
    pub fn spawn<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        match &self.handle {
            Some(handle) => handle.spawn(task),
            None => tokio::spawn(task),
        }
    }

    /// Does work on one of the threads there that are for what takes long.
    ///
    /// # Panics
    ///
    /// Where there was no runtime, and is none; and where the system starts no thread.
    pub(in crate::engine) fn spawn_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        match &self.handle {
            Some(handle) => handle.spawn_blocking(work),
            None => tokio::task::spawn_blocking(work),
        }
    }

    /// Ends when a time has passed there, or when the runtime has ended.
    ///
    /// # Panics
    ///
    /// Where there was no runtime, and is none; and where it has no timers.
    pub(in crate::engine) fn timer(&self, time: Duration) -> impl Future<Output = ()> + use<> {
        let sleep = {
            let _there = self.handle.as_ref().map(Handle::enter);
            sleep(time)
        };
        async move {
            // Whoever has something else to do first is not kept from hearing that the time is over.
            let mut sleep = pin!(unconstrained(sleep));
            // Asked elsewhere when the runtime has ended, it panics.
            poll_fn(|context| {
                let polled = catch_unwind(AssertUnwindSafe(|| sleep.as_mut().poll(context)));
                polled.unwrap_or(Poll::Ready(()))
            })
            .await;
        }
    }
}
