//! Answers requests about parked events: retry one, or discard it.

use tokio::sync::mpsc;

use super::control::{ControlRequest, ParkedError};
use super::deliveries::DeliveryOutcome;
use super::run_end::RunEnd;
use super::runner::{Runner, ended};
use super::{EventHandler, Failure, NackAction};
use crate::engine::log::RecordedEvent;
use crate::engine::store::EventStore as _;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::{HandlerRecords as _, ParkedChange, ParkedEvent};

/// What a handler is called for with a parked event.
enum Late {
    Handle,
    GiveUp,
}

impl<E: StoredEvent, H: EventHandler<E>> Runner<E, H> {
    /// Answers while the handler runs in another process: its filter is known here too.
    pub(super) async fn answer_on_standby(&self, request: ControlRequest) {
        // A caller that is gone needs no reply.
        match request {
            ControlRequest::Retry { reply, .. }
            | ControlRequest::Skip { reply, .. }
            | ControlRequest::FastForward { reply, .. } => {
                let _ = reply.send(Err(ParkedError::NotRunning));
            }
            // Without a reply, the caller learns that the handler does not run.
            ControlRequest::AtSeam(_) => {}
            ControlRequest::UnwantedUntil { after, reply } => {
                let answer = self.unwanted_up_to(after).await;
                let _ = reply.send(answer.map_err(ParkedError::from));
            }
        }
    }

    pub(super) async fn answer(&mut self, request: ControlRequest) {
        // A caller that is gone needs no reply.
        match request {
            ControlRequest::AtSeam(request) => self.answer_at_seam(request),
            ControlRequest::Retry { number, reply } => {
                let answer = self.retry(number).await;
                let _ = reply.send(answer);
            }
            ControlRequest::Skip { number, reply } => {
                let answer = self.skip(number).await;
                let _ = reply.send(answer);
            }
            ControlRequest::FastForward { position, reply } => {
                let answer = self.fast_forward(position).await;
                let _ = reply.send(answer.map_err(ParkedError::from));
            }
            ControlRequest::UnwantedUntil { after, reply } => {
                let answer = self.unwanted_up_to(after).await;
                let _ = reply.send(answer.map_err(ParkedError::from));
            }
        }
    }

    async fn retry(&mut self, number: u64) -> Result<(), ParkedError> {
        let parked = self.find(number).await?;
        let called = self.call_late(&parked, Late::Handle).await?;
        let (change, answer) = match called {
            Ok(()) => {
                self.note_acknowledged(parked.position, parked.attempts + 1);
                (ParkedChange::Remove { number }, Ok(()))
            }
            Err(Failure { action: NackAction::Skip, .. }) => {
                self.note(parked.position, parked.attempts + 1, DeliveryOutcome::Skipped);
                (ParkedChange::Remove { number }, Ok(()))
            }
            Err(Failure { reason, .. }) => {
                let tried = self.parked(parked.position, parked.attempts + 1, reason.clone());
                self.note(parked.position, tried.attempts, DeliveryOutcome::Parked { reason: reason.clone() });
                let change = ParkedChange::Keep(ParkedEvent { number, ..tried });
                (change, Err(ParkedError::FailedAgain { reason }))
            }
        };
        self.write(change).await?;
        answer
    }

    async fn skip(&mut self, number: u64) -> Result<(), ParkedError> {
        let parked = self.find(number).await?;
        if H::FOLDS {
            let given_up = self.call_late(&parked, Late::GiveUp).await?;
            given_up.map_err(|Failure { reason, .. }| ParkedError::FailedAgain { reason })?;
        }
        let ParkedEvent { position, attempts, .. } = parked;
        self.write(ParkedChange::Remove { number }).await?;
        self.note(position, attempts, DeliveryOutcome::Skipped);
        // Nothing else tells later that the event was never handled.
        tracing::info!("{} has given up parked event {number}, at position {position}", H::NAME);
        Ok(())
    }

    /// Calls the handler with a parked event, which lies before its checkpoint.
    async fn call_late(&mut self, parked: &ParkedEvent, late: Late) -> Result<Result<(), Failure>, ParkedError> {
        let events = self.store().read_all(parked.position.before(), 1).await?;
        let Some(event) = events.first() else { return Err(ParkedError::NotParked) };
        // The outcome lies before the checkpoint, so the state is folded again whatever happens.
        let state = self.progress.state.clone();
        if H::FOLDS {
            self.progress.state = None;
        }
        // Written first: a handler that has lost its lease is not called.
        if self.store().is_durable() || H::FOLDS {
            self.write(ParkedChange::None).await?;
        }
        self.progress.state = state;
        let called = match late {
            Late::Handle => self.call(event).await,
            Late::GiveUp => self.give_up(event).await,
        };
        if H::FOLDS {
            self.forget_fold();
            self.restore_state().await.map_err(|_| ParkedError::NotRunning)?;
        }
        called.map_err(|_| ParkedError::NotRunning)
    }

    /// Lets the handler end its work on an event. If the lease is lost meanwhile, the call is dropped.
    async fn give_up(&mut self, event: &RecordedEvent<E>) -> Result<Result<(), Failure>, RunEnd> {
        let Self { instance, progress, held, .. } = self;
        let Some(held) = held else { return Err(RunEnd::LeaseLost) };
        tokio::select! {
            biased;
            given_up = instance.give_up(event, &progress.state, progress.checkpoint) => Ok(given_up),
            () = held.lost() => Err(RunEnd::LeaseLost),
        }
    }

    async fn find(&self, number: u64) -> Result<ParkedEvent, ParkedError> {
        let parked = self.store().read_parked(number.saturating_sub(1), 1).await?;
        let parked = parked.into_iter().find(|parked| parked.number == number && parked.handler == H::NAME);
        parked.ok_or(ParkedError::NotParked)
    }

    /// Answers requests after the handler has stopped.
    pub(super) async fn answer_requests_only(&mut self, requests: &mut mpsc::Receiver<ControlRequest>) -> RunEnd {
        loop {
            tokio::select! {
                end = ended(&mut self.held) => return end,
                request = requests.recv() => match request {
                    Some(request) => self.answer(request).await,
                    None => return RunEnd::Closed,
                },
            }
        }
    }
}
