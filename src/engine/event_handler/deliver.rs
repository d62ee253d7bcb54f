//! Delivering one event: the handler is called until the event is acknowledged, skipped or parked.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::control::ControlRequest;
use super::deliveries::{Delivery, DeliveryOutcome};
use super::lease::Held;
use super::run_end::RunEnd;
use super::runner::{Runner, ended};
use super::{EventHandler, Failure, NackAction};
use crate::engine::feed::checkpoints::{Condition, HandlerKind, HandlerState};
use crate::engine::log::{Position, RecordedEvent, Timestamp};
use crate::engine::runtime::trace::{detail_line, trace_line};
use crate::engine::store::EventStore as _;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::{HandlerRecords as _, ParkedChange, ParkedEvent};

/// How long the line about a later attempt waits for those of the projections.
const LONGEST_TO_BE_TOLD: Duration = Duration::from_secs(1);

/// What follows a failed attempt.
enum AfterFailure {
    Retry { delay: Duration },
    Park,
    Skip,
    Stop,
}

impl<E: StoredEvent, H: EventHandler<E>> Runner<E, H> {
    /// Calls the handler with an event until it is acknowledged, skipped or parked.
    pub(super) async fn deliver(
        &mut self,
        event: &RecordedEvent<E>,
        requests: &mut mpsc::Receiver<ControlRequest>,
    ) -> Result<(), RunEnd> {
        self.try_until_done(event, requests).await?;
        self.pass_gate();
        Ok(())
    }

    async fn try_until_done(
        &mut self,
        event: &RecordedEvent<E>,
        requests: &mut mpsc::Receiver<ControlRequest>,
    ) -> Result<(), RunEnd> {
        // Attempts count for the event after the checkpoint, so the checkpoint moves over unwanted events first.
        self.advance_to(event.position.before());
        let (mut is_of_step, mut is_told) = (false, false);
        loop {
            if self.held.as_ref().is_some_and(Held::is_ending) {
                return Err(RunEnd::Closed);
            }
            if self.gate.is_some() && !is_of_step {
                is_of_step = Box::pin(self.wait_at_gate(requests)).await?;
            }
            if (is_of_step || event.position <= self.untold_until) && !is_told {
                is_told = true;
                if let Some(title) = H::TRACE_TITLE {
                    trace_line!(event.metadata.correlation_id(), "Event Handler: {title}");
                }
            }
            if self.context.retry.gives_up_after(self.progress.attempts) {
                // The process ended in the middle of each attempt.
                return self.park(event, self.progress.attempts, "the handler never came back".to_owned()).await;
            }
            self.progress.attempts += 1;
            // Recorded first: a handler that has lost its lease is not called.
            if !H::MAY_REPEAT || self.progress.attempts > 1 {
                self.write_if_durable().await?;
            }
            let called = match &self.seam {
                Some(seam) if seam.is_broken() => Box::pin(self.call_at_seam(event)).await?,
                Some(_) | None => self.call(event).await?,
            };
            let Err(failure) = called else {
                if self.progress.attempts > 1 {
                    Box::pin(self.tell_of_attempt(event)).await;
                }
                self.note_acknowledged(event.position, self.progress.attempts);
                self.report(Condition { last_error: self.instance.note(), ..Condition::default() });
                return self.acknowledge(event, ParkedChange::None).await;
            };
            if failure.action == NackAction::Untried {
                // The event is not at fault, so the attempt does not count towards parking.
                self.take_attempt_back().await?;
                self.wait(self.context.retry.delay(H::NAME, event.position, 1), requests).await?;
                continue;
            }
            let attempt = self.progress.attempts;
            let (name, position) = (H::NAME, event.position);
            tracing::warn!("{name} failed at position {position} (attempt {attempt}): {failure}");
            match self.after_failure(failure.action, position) {
                AfterFailure::Retry { delay } => {
                    let (id, next) = (event.metadata.correlation_id(), attempt + 1);
                    detail_line!(
                        id,
                        "{name}: attempt {attempt} at position {position} failed: {failure}; attempt {next} in {} ms",
                        delay.as_millis()
                    );
                    self.note(position, attempt, DeliveryOutcome::Failed { reason: failure.reason.clone() });
                    self.report_failure(&failure, attempt, self.retry_at(delay));
                    self.wait(delay, requests).await?;
                }
                AfterFailure::Park => {
                    self.report_failure(&failure, 0, HandlerState::Running);
                    return self.park(event, attempt, failure.reason).await;
                }
                AfterFailure::Skip => {
                    self.note(position, attempt, DeliveryOutcome::Skipped);
                    self.report_failure(&failure, 0, HandlerState::Running);
                    return self.acknowledge(event, ParkedChange::None).await;
                }
                AfterFailure::Stop => {
                    tracing::error!("{name} has stopped: {failure}");
                    self.inbox.close();
                    self.report_failure(&failure, attempt, HandlerState::Stopped);
                    self.take_attempt_back().await?;
                    return Err(RunEnd::Stopped);
                }
            }
        }
    }

    /// Tells of an event that is acknowledged at a later attempt than the first.
    async fn tell_of_attempt(&mut self, event: &RecordedEvent<E>) {
        self.projections_have_told().await;
        let (name, attempt, id) = (H::NAME, self.progress.attempts, event.metadata.correlation_id());
        detail_line!(id, "{name}: attempt {attempt} at position {} is acknowledged", event.position);
    }

    /// Waits until the projections have told of what a process manager has answered an event with: otherwise their lines or
    /// the one that follows here could be the first.
    pub(super) async fn projections_have_told(&mut self) {
        if H::KIND == HandlerKind::ProcessManager
            && let Ok(end) = self.store().end().await
        {
            tokio::select! {
                _ = self.context.checkpoints.wait_until_projections_have_seen(end, LONGEST_TO_BE_TOLD) => {}
                _ = ended(&mut self.held) => {}
            }
        }
    }

    /// Notes an acknowledgement: of process managers only a late one, as their commands tell the rest, and they may get very
    /// many events.
    pub(super) fn note_acknowledged(&self, position: Position, attempts: u32) {
        let came_twice = |known: Delivery| known.outcome == DeliveryOutcome::CameTwice && known.attempts == attempts;
        // The seam has noted that.
        let is_noted = || self.seam.is_some() && self.deliveries.of(position).is_some_and(came_twice);
        if (H::KIND != HandlerKind::ProcessManager || attempts > 1) && !is_noted() {
            self.note(position, attempts, DeliveryOutcome::Acknowledged);
        }
    }

    pub(super) fn note(&self, position: Position, attempts: u32, outcome: DeliveryOutcome) {
        self.deliveries.note(Delivery { handler: H::NAME, position, attempts, outcome });
    }

    fn after_failure(&self, action: NackAction, position: Position) -> AfterFailure {
        let (policy, attempt) = (self.context.retry, self.progress.attempts);
        match action {
            NackAction::Retry | NackAction::RetryAfter(_) if policy.gives_up_after(attempt) => AfterFailure::Park,
            NackAction::Retry => AfterFailure::Retry { delay: policy.delay(H::NAME, position, attempt) },
            NackAction::RetryAfter(delay) => AfterFailure::Retry { delay },
            NackAction::Park | NackAction::Untried => AfterFailure::Park,
            NackAction::Skip => AfterFailure::Skip,
            NackAction::Stop => AfterFailure::Stop,
        }
    }

    async fn take_attempt_back(&mut self) -> Result<(), RunEnd> {
        self.progress.attempts -= 1;
        if H::MAY_REPEAT && self.progress.attempts == 0 { Ok(()) } else { Ok(self.write_if_durable().await?) }
    }

    /// Waits before the next attempt, and answers requests meanwhile.
    async fn wait(&mut self, delay: Duration, requests: &mut mpsc::Receiver<ControlRequest>) -> Result<(), RunEnd> {
        // Unlike a deadline, a sleep accepts delays of any length.
        let mut waited = pin!(sleep(delay));
        loop {
            tokio::select! {
                end = ended(&mut self.held) => return Err(end),
                () = &mut waited => return Ok(()),
                Some(request) = requests.recv() => self.answer(request).await,
            }
        }
    }

    async fn park(&mut self, event: &RecordedEvent<E>, attempts: u32, reason: String) -> Result<(), RunEnd> {
        let Self { instance, progress, .. } = self;
        instance.on_parked(event, &mut progress.state, progress.checkpoint).await;
        let (name, position) = (H::NAME, event.position);
        let parked = self.parked(position, attempts, reason.clone());
        self.acknowledge(event, ParkedChange::Park(parked)).await?;
        self.note(position, attempts, DeliveryOutcome::Parked { reason: reason.clone() });
        let id = event.metadata.correlation_id();
        detail_line!(id, "{name}: position {position} is parked after attempt {attempts}: {reason}");
        tracing::warn!("{name} has parked the event at position {position} after attempt {attempts}: {reason}");
        Ok(())
    }

    async fn acknowledge(&mut self, event: &RecordedEvent<E>, parked: ParkedChange) -> Result<(), RunEnd> {
        let attempts = std::mem::take(&mut self.progress.attempts);
        self.progress.checkpoint = event.position;
        if H::MAY_REPEAT && parked == ParkedChange::None && attempts <= 1 {
            self.write_if_many_since().await?;
        } else if parked == ParkedChange::None && H::KIND == HandlerKind::ProcessManager {
            // Its commands have ids of their own, so that a second delivery changes nothing.
            self.write_if_durable().await?;
        } else if self.store().is_durable() || parked != ParkedChange::None {
            self.write(parked).await?;
        }
        let (position, correlation_id) = (event.position.get(), event.metadata.correlation_id());
        tracing::debug!(handler = H::NAME, position, %correlation_id, "checkpoint");
        self.context.checkpoints.advance([&self.slot], event.position);
        Ok(())
    }

    /// Calls the handler. If the lease is lost meanwhile, the call is dropped.
    pub(super) async fn call(&mut self, event: &RecordedEvent<E>) -> Result<Result<(), Failure>, RunEnd> {
        let Self { instance, progress, held, .. } = self;
        let Some(held) = held else { return Err(RunEnd::LeaseLost) };
        tokio::select! {
            biased;
            called = instance.call(event, &mut progress.state, progress.checkpoint) => Ok(called),
            () = held.lost() => Err(RunEnd::LeaseLost),
        }
    }

    pub(super) fn parked(&self, position: Position, attempts: u32, reason: String) -> ParkedEvent {
        let time = self.context.clock.now();
        ParkedEvent { number: 0, handler: H::NAME.to_owned(), position, attempts, reason, time }
    }

    fn retry_at(&self, delay: Duration) -> HandlerState {
        let micros = i64::try_from(delay.as_micros()).unwrap_or(i64::MAX);
        let at = Timestamp::from_micros(self.context.clock.now().as_micros().saturating_add(micros));
        HandlerState::WaitingToRetry { at }
    }

    fn report_failure(&mut self, failure: &Failure, attempts: u32, state: HandlerState) {
        self.report(Condition { state, attempts, last_error: Some(failure.reason.clone()) });
    }
}
