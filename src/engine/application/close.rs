//! Closing.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{Application, Inner};
use crate::engine::feed::checkpoints::MAX_WAIT;
use crate::engine::runtime::{StopReason, Supervisor};
use crate::engine::store::EventStore as _;
use crate::engine::store::codec::StoredEvent;

/// How long closing waits for handlers to finish what they are at.
const HANDLERS_FINISH: Duration = Duration::from_millis(500);

impl<E: StoredEvent> Application<E> {
    /// Closes it for all its handles, when everything sent before has been handled and seen, and when the
    /// processes that had been set going by then have ended. What others do with the store meanwhile is not waited for.
    /// A file that no other program has open is then all there is: it may be copied, moved or sent.
    ///
    /// It is closed even if the future is dropped before it is done.
    pub async fn close(&self) {
        let application = self.clone();
        let closing = self.supervisor().runtime().spawn(async move {
            // However this ends, nobody shall wait for what takes no more commands.
            let stop = StopOnDrop(application.supervisor());
            let Inner { base, commands, lease, feed, .. } = application.inner.as_ref();
            application.inner.closing.store(true, Ordering::Release);
            base.supervisor.begin_close();
            commands.flush().await;
            // What is not there is what has stopped everything then.
            let _ = application.in_place().await;
            let _changed = application.inner.changing.lock().await;
            let deadline = Instant::now() + MAX_WAIT;
            application.settle().await;
            // What handlers send has to be answered, so they stop first.
            let have_stopped = lease.end(HANDLERS_FINISH).await;
            commands.close().await;
            if !have_stopped {
                lease.end(HANDLERS_FINISH).await;
            }
            // Where there was much to settle, little time is left for this.
            application.seen_by_projections(deadline.max(Instant::now() + HANDLERS_FINISH)).await;
            base.supervisor.will_close();
            feed.keep_rows().await;
            lease.give_up();
            drop(stop);
            base.supervisor.tasks_ended(HANDLERS_FINISH).await;
        });
        // An error says that the runtime is going down, and everything with it.
        let _ = closing.await;
        self.supervisor().stop(StopReason::Closed);
        // What the handlers are made of may hold something as well.
        let controls = std::mem::take(&mut *self.inner.handlers.lock().unwrap_or_else(PoisonError::into_inner));
        drop(controls);
        self.supervisor().ended().await;
    }

    /// Waits until the handlers have done what they can with what has happened by now, and with what process managers
    /// make of it.
    pub(crate) async fn settle(&self) {
        let settled = async {
            if let Ok(end) = self.store().end().await {
                // When time is up, what is left undone is done where the store is opened again, or lost with it.
                self.checkpoints().settle(end, MAX_WAIT).await;
            }
        };
        tokio::select! {
            () = settled => {}
            _ = self.supervisor().stopped() => {}
        }
    }

    /// Waits until the projections have seen what has happened by now.
    async fn seen_by_projections(&self, deadline: Instant) {
        let seen = async {
            if let Ok(end) = self.store().end().await {
                self.checkpoints().projections_have_passed(end).await;
            }
        };
        tokio::select! {
            // What they have not seen they see when the store is opened again.
            _ = timeout_at(deadline, seen) => {}
            _ = self.supervisor().stopped() => {}
        }
    }
}

struct StopOnDrop<'a>(&'a Supervisor);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.stop(StopReason::Closed);
    }
}
