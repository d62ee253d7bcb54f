//! What process managers had under way where a fork begins.

use std::time::Duration;

use super::{Application, Unavailable};
use crate::engine::feed::checkpoints::{HandlerKind, HandlerStatus};
use crate::engine::log::Position;
use crate::engine::store::EventStore as _;
use crate::engine::store::codec::StoredEvent;

impl<E: StoredEvent> Application<E> {
    /// Lets the process managers of a fork go on with what they had under way where it begins, and waits until they have
    /// dealt with all of it, at most `longest`. What they do afterwards is what happens next. Where they have nothing left to
    /// do, nothing is folded.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the log cannot be read.
    pub async fn finish_what_is_under_way(&self, longest: Duration) -> Result<(), Unavailable> {
        self.still_open()?;
        let end = self.store().end().await;
        let end = self.or_unavailable(end).await?;
        let finished = async {
            if self.have_process_managers_work(end).await {
                self.checkpoints().ask();
                self.wait_until_settled().await;
            }
        };
        // After a timeout they go on by themselves.
        let _ = self.supervisor().timeout(longest, finished).await;
        self.still_open()
    }

    /// Whether a process manager wants an event that it has not dealt with, as far as is worth looking.
    async fn have_process_managers_work(&self, end: Position) -> bool {
        let controls = self.handler_controls();
        for HandlerStatus { name, kind, checkpoint, .. } in self.checkpoints().handlers() {
            if kind != HandlerKind::ProcessManager || checkpoint >= end {
                continue;
            }
            let Some(control) = controls.iter().find(|control| control.name() == name) else { continue };
            // One that does not run here does nothing.
            if control.unwanted_until(checkpoint).await.is_ok_and(|unwanted| unwanted < end) {
                return true;
            }
        }
        false
    }
}
