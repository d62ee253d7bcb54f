//! Watches tasks: one that panics or gives up is reported and stops everything on purpose.

use std::any::Any;
use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use thiserror::Error;
use tokio::sync::{oneshot, watch};
use tokio::task::AbortHandle;

use super::store::{Failure, StoreError};

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
        message: Failure,
    },
    /// A task could not go on.
    #[error("task {task} gave up: {message}")]
    GaveUp {
        /// The task.
        task: &'static str,
        /// What stood in its way.
        message: String,
    },
}

/// A task that meets a store that has failed stops for the same reason as the store does.
impl From<StoreError> for StopReason {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Closed => Self::Closed,
            StoreError::Busy(_) | StoreError::LeaseLost => Self::StoreFailed { message: error.to_string().into() },
            StoreError::Failed(message) | StoreError::OutcomeUnknown(message) => Self::StoreFailed { message },
        }
    }
}

/// A group of tasks that live and stop together. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Supervisor {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    reason: OnceLock<StopReason>,
    tasks: Mutex<Vec<AbortHandle>>,
    /// What ends with the group and is no task.
    others: Mutex<Vec<Other>>,
    stopped: watch::Sender<bool>,
}

#[derive(Debug)]
struct Other {
    close: Option<oneshot::Sender<()>>,
    ended: oneshot::Receiver<()>,
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
                reason: OnceLock::new(),
                tasks: Mutex::new(Vec::new()),
                others: Mutex::new(Vec::new()),
                stopped: watch::Sender::new(false),
            }),
        }
    }

    /// Starts a task of the group. It ends with an error only when it cannot go on.
    pub fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = Result<(), StopReason>> + Send + 'static,
    {
        let running = tokio::spawn(task);
        {
            let mut tasks = self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            tasks.push(running.abort_handle());
            if self.reason().is_some() {
                running.abort();
            }
        }
        let supervisor = self.clone();
        tokio::spawn(async move {
            match running.await {
                Ok(Ok(())) => {}
                Ok(Err(reason)) => supervisor.stop(reason),
                Err(ended) => {
                    if let Ok(panic) = ended.try_into_panic() {
                        let message = panic_message(panic.as_ref());
                        supervisor.stop(StopReason::Panicked { task: name, message });
                    }
                }
            }
        });
    }

    /// Something else ends with the group, a thread for instance: it hears by `close` that it shall end, and says by
    /// `ended` that it has.
    pub fn ends_with(&self, close: oneshot::Sender<()>, ended: oneshot::Receiver<()>) {
        let mut others = self.inner.others.lock().unwrap_or_else(PoisonError::into_inner);
        let close = self.reason().is_none().then_some(close);
        others.push(Other { close, ended });
    }

    /// Waits until all that ends with the group has ended, once it is stopped.
    pub async fn ended(&self) {
        self.stopped().await;
        let others = std::mem::take(&mut *self.inner.others.lock().unwrap_or_else(PoisonError::into_inner));
        for other in others {
            // An error says that it has ended in a panic.
            let _ = other.ended.await;
        }
    }

    /// From now on the reason is [`StopReason::Closed`], unless there is one already: what fails while the tasks tidy
    /// up has stopped nothing.
    pub fn will_close(&self) {
        // An error says that there is a reason already.
        let _ = self.inner.reason.set(StopReason::Closed);
    }

    /// Stops all tasks. The first reason stays; anything but [`StopReason::Closed`] is reported.
    pub fn stop(&self, reason: StopReason) {
        if self.inner.reason.set(reason.clone()).is_ok() && reason != StopReason::Closed {
            tracing::error!("stopped: {reason}");
        }
        for task in self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
        for other in self.inner.others.lock().unwrap_or_else(PoisonError::into_inner).iter_mut() {
            // Told by being dropped.
            drop(other.close.take());
        }
        self.inner.stopped.send_replace(true);
    }

    /// Why the group stopped, once it has.
    pub fn reason(&self) -> Option<StopReason> {
        self.inner.reason.get().cloned()
    }

    /// Waits until the group stops. Ask this when a task no longer answers: the task's channels close a
    /// moment before the reason is known.
    pub async fn stopped(&self) -> StopReason {
        let mut stopped = self.inner.stopped.subscribe();
        // The sender lives in `self`, so the wait ends only with the value.
        let _ = stopped.wait_for(|stopped| *stopped).await;
        self.reason().unwrap_or(StopReason::Closed)
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
