//! Work that waits for a disk or takes long, on a thread of its own, so that the runtime's threads go on.
//!
//! A runtime's own way to do this panics where the system starts no thread; here that is an answer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::supervisor::panic_message;

/// Why work was not done.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NotDone {
    /// The system starts no thread: a limit (`ulimit -u`, a control group's `pids.max`) is reached. Nothing was done.
    #[error("no thread can be started: {0}")]
    NoThread(String),
    /// It panicked.
    #[error("it panicked: {0}")]
    Panicked(String),
}

/// Does the work, on this runtime, and answers with what comes of it. Dropping the future does not stop it.
///
/// # Errors
///
/// [`NotDone`]: nothing can come of it.
pub async fn blocking<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Result<R, NotDone> {
    let runtime = Handle::current();
    let (answer, done) = oneshot::channel();
    let run = move || {
        let _on_this_runtime = runtime.enter();
        let done = catch_unwind(AssertUnwindSafe(work));
        // Nobody may wait any more.
        let _ = answer.send(done.map_err(|panic| NotDone::Panicked(panic_message(panic.as_ref()))));
    };
    let started = thread::Builder::new().name("blocking work".into()).spawn(run);
    started.map_err(|error| NotDone::NoThread(error.to_string()))?;
    done.await.unwrap_or_else(|_| Err(NotDone::Panicked("its thread is gone".to_owned())))
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
}
