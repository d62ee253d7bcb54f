//! The right to run the handlers that have effects outside, where several processes share a store.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::store::StoreError;
use super::store::handler_records::{HandlerRecords, HandlersLease};
use super::supervisor::Supervisor;

/// How often a process asks whether the one that has the right is gone. The system tells nobody.
const ASK_EVERY: Duration = Duration::from_millis(50);

const TASK: &str = "handlers' lease";

/// This process's share in the right. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Lease {
    held: watch::Receiver<bool>,
    right: Arc<Mutex<Right>>,
}

#[derive(Debug)]
enum Right {
    Wanted,
    Held { _lease: HandlersLease },
    GivenUp,
}

impl Lease {
    /// Takes the right, now or as soon as another process gives it up.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot tell.
    pub async fn start<S>(store: &S, supervisor: &Supervisor) -> Result<Self, StoreError>
    where
        S: HandlerRecords + Clone + Send + Sync + 'static,
    {
        let (sender, held) = watch::channel(false);
        let lease = Self { held, right: Arc::new(Mutex::new(Right::Wanted)) };
        if !lease.try_take(store).await? {
            let (asking, store) = (lease.clone(), store.clone());
            supervisor.spawn(TASK, async move {
                let mut ticks = interval(ASK_EVERY);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                loop {
                    ticks.tick().await;
                    if asking.try_take(&store).await? {
                        sender.send_replace(true);
                        return Ok(());
                    }
                }
            });
        } else {
            sender.send_replace(true);
        }
        Ok(lease)
    }

    /// For a store that no other process has.
    pub fn unshared() -> Self {
        let right = Right::Held { _lease: HandlersLease::unshared() };
        Self { held: watch::channel(true).1, right: Arc::new(Mutex::new(right)) }
    }

    /// Whether this process has the right.
    pub fn is_held(&self) -> bool {
        *self.held.borrow()
    }

    /// Waits until this process has the right.
    pub async fn held(&self) {
        // The sender is gone only once it has told, or when everything stops.
        if self.held.clone().wait_for(|held| *held).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Lets another process have the right. Nothing may be done with it here any more.
    pub fn give_up(&self) {
        *self.right.lock().unwrap_or_else(PoisonError::into_inner) = Right::GivenUp;
    }

    /// Answers whether the question is settled.
    async fn try_take(&self, store: &impl HandlerRecords) -> Result<bool, StoreError> {
        let Some(lease) = store.try_acquire_lease().await? else { return Ok(false) };
        let mut right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*right, Right::Wanted) {
            *right = Right::Held { _lease: lease };
        }
        Ok(matches!(*right, Right::Held { .. }))
    }
}
