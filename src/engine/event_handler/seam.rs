//! Calls a handler where it may be made to fail.

use super::deliveries::DeliveryOutcome;
use super::run_end::RunEnd;
use super::runner::{Runner, ended};
use super::{EventHandler, Failure};
use crate::engine::log::RecordedEvent;
use crate::engine::runtime::trace::detail_line;
use crate::engine::seams::Fault;
use crate::engine::store::codec::StoredEvent;

impl<E: StoredEvent, H: EventHandler<E>> Runner<E, H> {
    /// Calls the handler, unless its seam says otherwise.
    pub(super) async fn call_at_seam(&mut self, event: &RecordedEvent<E>) -> Result<Result<(), Failure>, RunEnd> {
        let Some(seam) = self.seam.clone() else { return self.call(event).await };
        let (name, correlation_id) = (H::NAME, event.metadata.correlation_id());
        match seam.meet() {
            Some(Fault::Fail { .. }) => Ok(Err(Failure::retry("it was made to fail"))),
            Some(Fault::Panic) => {
                self.instance.forget();
                Ok(Err(Failure::retry("it panicked: it was made to panic")))
            }
            Some(Fault::Delay(delay)) => {
                tokio::select! {
                    biased;
                    end = ended(&mut self.held) => return Err(end),
                    () = seam.delay(delay) => {}
                }
                self.call(event).await
            }
            Some(Fault::Duplicate) => {
                let before = self.progress.state.clone();
                let called = self.call(event).await?;
                if called.is_err() {
                    return Ok(called);
                }
                // As if the acknowledgement had been lost.
                self.instance.forget();
                self.progress.state = before;
                self.projections_have_told().await;
                detail_line!(correlation_id, "{name}: position {} comes a second time", event.position);
                let called = self.call(event).await?;
                if called.is_ok() {
                    self.note(event.position, self.progress.attempts, DeliveryOutcome::CameTwice);
                }
                Ok(called)
            }
            Some(Fault::CrashBeforeAck) => {
                let before = self.progress.state.clone();
                let called = self.call(event).await?;
                if called.is_err() {
                    return Ok(called);
                }
                self.progress.state = before;
                self.note(event.position, self.progress.attempts, DeliveryOutcome::Crashed);
                self.projections_have_told().await;
                detail_line!(
                    correlation_id,
                    "{name}: it has crashed before position {} was acknowledged",
                    event.position
                );
                Err(RunEnd::Crashed)
            }
            Some(Fault::Conflict | Fault::DiskFull) | None => self.call(event).await,
        }
    }
}
