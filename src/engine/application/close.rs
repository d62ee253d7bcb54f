//! Closing an application.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{Application, Inner};
use crate::engine::feed::checkpoints::MAX_WAIT;
use crate::engine::runtime::{StopReason, Supervisor};
use crate::engine::store::EventStore as _;
use crate::engine::store::codec::StoredEvent;

/// How long closing waits for handlers to finish their current event.
const HANDLERS_FINISH: Duration = Duration::from_millis(500);

impl<E: StoredEvent> Application<E> {
    /// Closes the application for all its handles. Commands sent before are handled first, all handlers see their
    /// events, and running processes finish; what other programs write meanwhile is not waited for. Afterwards, a file
    /// that no other program has open is complete by itself: it may be copied, moved or sent.
    ///
    /// Closing completes even if this future is dropped.
    pub async fn close(&self) {
        let application = self.clone();
        let closing = self.supervisor().runtime().spawn(async move {
            // Even after a panic here, callers must not wait for an application that takes no commands.
            let stop = StopOnDrop(application.supervisor());
            let Inner { base, commands, lease, feed, .. } = application.inner.as_ref();
            application.inner.closing.store(true, Ordering::Release);
            base.supervisor.begin_close();
            application.inner.seams.end_delays();
            commands.flush().await;
            // If the file is missing, the supervisor has stopped everything already.
            let _ = application.in_place().await;
            let _changed = application.inner.changing.lock().await;
            let deadline = Instant::now() + MAX_WAIT;
            // A projection that nobody has read is not folded just to be dropped.
            let is_asked = base.checkpoints.is_asked();
            if is_asked {
                application.wait_until_settled().await;
            }
            // Handlers wait for replies to their commands, so they stop before the command handlers.
            let have_stopped = lease.end(HANDLERS_FINISH).await;
            commands.close().await;
            if !have_stopped {
                lease.end(HANDLERS_FINISH).await;
            }
            // Settling may have used up the time; the projections get a little in any case.
            if is_asked {
                application.wait_until_projections_have_seen_all(deadline.max(Instant::now() + HANDLERS_FINISH)).await;
            }
            base.supervisor.will_close();
            if is_asked {
                feed.keep_rows().await;
            }
            lease.give_up();
            drop(stop);
            base.supervisor.tasks_ended(HANDLERS_FINISH).await;
        });
        // An error means that the runtime is shutting down.
        let _ = closing.await;
        self.supervisor().stop(StopReason::Closed);
        // Handlers may hold resources too.
        let controls = std::mem::take(&mut *self.inner.handlers.lock().unwrap_or_else(PoisonError::into_inner));
        drop(controls);
        self.supervisor().ended().await;
    }

    /// Waits until the handlers have processed all events so far, and those that process managers cause by them. Returns
    /// whether they have within [`MAX_WAIT`]; what is unfinished then continues when the store is reopened.
    pub(crate) async fn wait_until_settled(&self) -> bool {
        let settled = async {
            match self.store().end().await {
                Ok(end) => self.checkpoints().wait_until_settled(end, MAX_WAIT).await,
                Err(_) => false,
            }
        };
        tokio::select! {
            is_settled = settled => is_settled,
            _ = self.supervisor().stopped() => false,
        }
    }

    /// Waits until the projections have seen all events so far.
    async fn wait_until_projections_have_seen_all(&self, deadline: Instant) {
        let seen = async {
            if let Ok(end) = self.store().end().await {
                self.checkpoints().projections_have_seen(end).await;
            }
        };
        tokio::select! {
            // After a timeout the projections catch up when the store is reopened.
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
