//! Blocking work on threads of its own, so that the runtime's worker threads stay free.
//!
//! This wraps tokio's `spawn_blocking`, whose threads a paused clock waits for. `spawn_blocking` panics if the system
//! cannot start a thread; here, that is an error.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;

use thiserror::Error;
use tokio::task::JoinHandle;

use super::panics::panic_message;
use super::supervisor::lock;
use super::tokio_runtime::Runtime;

/// Why blocking work was not done.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BlockingError {
    /// The system could not start a thread: a limit (`ulimit -u`, a control group's `pids.max`) is reached. The work did
    /// not start.
    #[error("no thread can be started: {0}")]
    NoThread(String),
    /// The work panicked.
    #[error("it panicked: {0}")]
    Panicked(String),
    /// The runtime has ended. The work did not start.
    #[error("the tokio runtime has ended")]
    RuntimeEnded,
}

/// Runs blocking work on the current runtime and returns its result. Dropping the future does not stop the work.
///
/// # Errors
///
/// [`BlockingError`]: why there is no result.
pub async fn blocking<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Result<R, BlockingError> {
    Runtime::current().blocking(work).await
}

impl Runtime {
    /// Runs blocking work on this runtime, as [`blocking`] does on the current one.
    ///
    /// # Errors
    ///
    /// [`BlockingError`]: why there is no result.
    pub async fn blocking<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, BlockingError> {
        let result = Arc::new(Mutex::new(None));
        let returned = result.clone();
        // The work is boxed and its result handed over, so that tokio's task is compiled once and not for each kind of work.
        let started = self.start(Box::new(move || *lock(&returned) = Some(work())))?;
        let ended = started.await.map_err(|ended| match ended.try_into_panic() {
            Ok(panic) => BlockingError::Panicked(panic_message(panic.as_ref())),
            Err(_) => BlockingError::RuntimeEnded,
        });
        ended.and_then(|()| lock(&result).take().ok_or(BlockingError::RuntimeEnded))
    }

    fn start(&self, work: Box<dyn FnOnce() + Send>) -> Result<JoinHandle<()>, BlockingError> {
        // If the system can start this thread, it can start one for the runtime too.
        let probe = thread::Builder::new().name("blocking work".into()).spawn(|| {});
        // An empty thread does not panic.
        probe.map_err(|error| BlockingError::NoThread(error.to_string()))?.join().ok();
        let started = catch_unwind(AssertUnwindSafe(|| self.spawn_blocking(work)));
        started.map_err(|panic| BlockingError::NoThread(panic_message(panic.as_ref())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_result_is_returned_and_so_is_a_panic() {
        let on_the_runtime = blocking(|| tokio::spawn(async { 7 })).await.unwrap();
        assert_eq!(on_the_runtime.await.unwrap(), 7);
        let panicked: Result<(), _> = blocking(|| panic!("over {}", 7)).await;
        assert_eq!(panicked, Err(BlockingError::Panicked("over 7".to_owned())));
    }

    #[tokio::test]
    async fn nothing_is_done_once_the_runtime_has_ended() {
        let other = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let runtime = Runtime::at(other.handle());
        assert_eq!(runtime.blocking(|| 7).await, Ok(7));
        other.shutdown_background();
        assert_eq!(runtime.blocking(|| 7).await, Err(BlockingError::RuntimeEnded));
    }
}
