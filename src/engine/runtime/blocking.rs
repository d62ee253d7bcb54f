//! Work that waits for a disk or takes long, on a thread of its own, so that the runtime's threads go on.
//!
//! It is the runtime's own thread, which a clock that is paused waits for. To ask for one panics where the system
//! starts no thread; here that is an answer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use thiserror::Error;

use super::supervisor::panic_message;
use super::tokio_runtime::Runtime;

/// Why work was not done.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NotDone {
    /// The system starts no thread: a limit (`ulimit -u`, a control group's `pids.max`) is reached. Nothing was done.
    #[error("no thread can be started: {0}")]
    NoThread(String),
    /// It panicked.
    #[error("it panicked: {0}")]
    Panicked(String),
    /// The runtime that has such threads has ended. Nothing was done.
    #[error("the tokio runtime has ended")]
    RuntimeEnded,
}

/// Does the work, on the runtime that this is called on, and answers with what comes of it. Dropping the future does not
/// stop it.
///
/// # Errors
///
/// [`NotDone`]: nothing can come of it.
pub async fn blocking<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Result<R, NotDone> {
    Runtime::current().blocking(work).await
}

impl Runtime {
    /// The same on this runtime, for whoever is called from elsewhere.
    ///
    /// # Errors
    ///
    /// [`NotDone`]: nothing can come of it.
    pub async fn blocking<R: Send + 'static>(&self, work: impl FnOnce() -> R + Send + 'static) -> Result<R, NotDone> {
        // Where the system starts a thread for this, it starts one for the runtime too.
        let tried = thread::Builder::new().name("blocking work".into()).spawn(|| {});
        // A thread that does nothing has ended well.
        tried.map_err(|error| NotDone::NoThread(error.to_string()))?.join().ok();
        let started = catch_unwind(AssertUnwindSafe(|| self.spawn_blocking(work)));
        let started = started.map_err(|panic| NotDone::NoThread(panic_message(panic.as_ref())))?;
        started.await.map_err(|ended| match ended.try_into_panic() {
            Ok(panic) => NotDone::Panicked(panic_message(panic.as_ref())),
            Err(_) => NotDone::RuntimeEnded,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_comes_of_it_is_answered_and_so_is_a_panic() {
        let on_the_runtime = blocking(|| tokio::spawn(async { 7 })).await.unwrap();
        assert_eq!(on_the_runtime.await.unwrap(), 7);
        let panicked: Result<(), _> = blocking(|| panic!("over {}", 7)).await;
        assert_eq!(panicked, Err(NotDone::Panicked("over 7".to_owned())));
    }

    #[tokio::test]
    async fn where_the_runtime_has_ended_nothing_is_done() {
        let other = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let runtime = Runtime::at(other.handle());
        assert_eq!(runtime.blocking(|| 7).await, Ok(7));
        other.shutdown_background();
        assert_eq!(runtime.blocking(|| 7).await, Err(NotDone::RuntimeEnded));
    }
}
