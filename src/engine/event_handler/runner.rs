//! A handler's task: reads what it may read, calls the handler, and acknowledges.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::control::ControlRequest;
use super::instance::Instance;
use super::{EventHandler, Failure, HandlerContext, NackAction, StartFrom};
use crate::engine::event_handler::lease::Held;
use crate::engine::feed::checkpoints::{Condition, Slot};
use crate::engine::feed::inbox::HandlerInbox;
use crate::engine::log::{Position, RecordedEvent, Timestamp};
use crate::engine::runtime::StopReason;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::{HandlerRecords as _, ParkedChange, ParkedEvent, Progress};
use crate::engine::store::{Committed, EventStore as _, MAX_READ, Store, StoreError};

/// How many events a handler may be passed over before that is written down.
const WRITE_AFTER: u64 = 1_024;

pub(super) struct Runner<E: 'static, H> {
    pub(super) instance: Instance<E, H>,
    inbox: Arc<HandlerInbox<E>>,
    checkpoint: Slot,
    context: HandlerContext<E>,
    /// Where the handler is. Its state is the one after the checkpoint.
    pub(super) progress: Progress,
    written: Position,
    /// What it has said of itself last.
    reported: Condition,
    /// The right by which it runs; nothing while another process may run it.
    pub(super) held: Option<Held>,
}

/// What ends a handler's task, or its part in it.
pub(super) enum End {
    /// The store is closed, or the handlers are to come to an end.
    Closed,
    /// The handler wants no more events.
    Stopped,
    /// Another process runs the handlers.
    LeaseLost,
    /// The store has failed.
    Failed(StoreError),
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Closed => Self::Closed,
            StoreError::LeaseLost => Self::LeaseLost,
            failed => Self::Failed(failed),
        }
    }
}

impl<E: StoredEvent, H: EventHandler<E>> Runner<E, H> {
    pub(super) fn new(
        instance: Instance<E, H>,
        inbox: Arc<HandlerInbox<E>>,
        checkpoint: Slot,
        context: HandlerContext<E>,
        progress: Progress,
        held: Option<Held>,
    ) -> Self {
        let written = progress.checkpoint;
        let reported = Condition::default();
        Self { instance, inbox, checkpoint, context, progress, written, reported, held }
    }

    pub(super) async fn run(mut self, mut requests: mpsc::Receiver<ControlRequest>) -> Result<(), StopReason> {
        loop {
            let mut end = self.serve(&mut requests).await;
            if matches!(end, End::Stopped) {
                end = self.answer_only(&mut requests).await;
            }
            match end {
                End::Closed => return Ok(()),
                End::Failed(error) => return Err(error.into()),
                End::LeaseLost | End::Stopped => self.let_go(),
            }
        }
    }

    async fn serve(&mut self, requests: &mut mpsc::Receiver<ControlRequest>) -> End {
        match self.try_serve(requests).await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn try_serve(&mut self, requests: &mut mpsc::Receiver<ControlRequest>) -> Result<Infallible, End> {
        if self.held.is_none() {
            self.stand_by(requests).await?;
        }
        self.inbox.let_in();
        self.resume().await?;
        loop {
            while self.progress.checkpoint < self.inbox.end() {
                self.read_on(requests).await?;
            }
            // Better now than when the next event comes.
            if H::FOLDS && !self.instance.is_made() {
                self.remember().await?;
            }
            let alarm = if self.store().is_durable() { self.written.get() + WRITE_AFTER } else { u64::MAX };
            self.inbox.sleep(self.progress.checkpoint, Position::new(alarm));
            loop {
                tokio::select! {
                    biased;
                    end = ended(&self.held) => return Err(end),
                    () = self.inbox.opened() => break,
                    Some(request) = requests.recv() => {
                        self.sync();
                        self.answer(request).await;
                    }
                }
            }
            self.sync();
            self.write_now_and_then().await?;
        }
    }

    /// Does nothing more: another process does it.
    fn let_go(&mut self) {
        self.inbox.close();
        self.context.checkpoints.set_awaited(&self.checkpoint, false);
        self.report(Condition { elsewhere: true, ..Condition::default() });
        self.instance.forget();
        self.held = None;
    }

    /// Waits until the process is gone that runs the handler now, and goes on where it has stopped.
    async fn stand_by(&mut self, requests: &mut mpsc::Receiver<ControlRequest>) -> Result<(), End> {
        self.report(Condition { elsewhere: true, ..Condition::default() });
        let lease = self.context.lease.clone();
        let held = loop {
            tokio::select! {
                held = lease.held() => break held,
                Some(request) = requests.recv() => self.answer_from_beside(request).await,
            }
        };
        self.held = Some(held);
        // Where that process has not run this handler, it has waited here since it was started.
        self.progress = self.store().begin_progress(H::NAME, self.progress.clone()).await?;
        self.written = self.progress.checkpoint;
        self.context.checkpoints.advance([&self.checkpoint], self.progress.checkpoint);
        self.context.checkpoints.set_awaited(&self.checkpoint, H::AWAITED);
        Ok(())
    }

    /// Lets the handler remember what it remembered when it ran last.
    async fn resume(&mut self) -> Result<(), End> {
        self.remember().await?;
        let (attempts, last_error) = (self.progress.attempts, self.instance.note());
        self.report(Condition { attempts, last_error, ..Condition::default() });
        Ok(())
    }

    pub(super) async fn remember(&mut self) -> Result<(), End> {
        let Self { instance, progress, held, .. } = self;
        tokio::select! {
            biased;
            () = instance.resume(&mut progress.state, progress.checkpoint) => Ok(()),
            end = ended(held) => Err(end),
        }
    }

    /// Goes on from where the feeding task has moved the checkpoint while there was nothing to do.
    fn sync(&mut self) {
        self.advance_to(self.inbox.passed());
    }

    /// There was nothing to do up to this checkpoint.
    fn advance_to(&mut self, checkpoint: Position) {
        if checkpoint > self.progress.checkpoint {
            self.progress.checkpoint = checkpoint;
            self.progress.attempts = 0;
        }
    }

    /// Takes the next events that it may, as many as one read gives.
    async fn read_on(&mut self, requests: &mut mpsc::Receiver<ControlRequest>) -> Result<(), End> {
        let checkpoint = self.progress.checkpoint;
        let at_hand = self.inbox.take(checkpoint);
        let end = self.inbox.end();
        let events = match at_hand {
            Some(events) => events,
            None => Committed::whole(self.store().read_all(checkpoint, MAX_READ).await?),
        };
        let seen = events.partition_point(|event| event.position <= checkpoint);
        let allowed = events.partition_point(|event| event.position <= end);
        let Some(last) = events[seen..allowed].last() else {
            // Positions up to the end that hold no event: there is nothing more to come there.
            return self.skip_to(end).await;
        };
        for event in &events[seen..allowed] {
            if self.instance.may_want(event) {
                self.deliver(event, requests).await?;
            }
        }
        self.skip_to(last.position).await
    }

    /// Moves the checkpoint over events that are not wanted.
    async fn skip_to(&mut self, position: Position) -> Result<(), End> {
        if position <= self.progress.checkpoint {
            return Ok(());
        }
        self.advance_to(position);
        self.write_now_and_then().await?;
        self.context.checkpoints.advance([&self.checkpoint], position);
        Ok(())
    }

    /// Moves the checkpoint over events that the handler shall not get.
    pub(super) async fn fast_forward(&mut self, position: Position) -> Result<(), StoreError> {
        if position <= self.progress.checkpoint {
            return Ok(());
        }
        self.forget_fold();
        self.advance_to(position);
        self.write(ParkedChange::None).await?;
        self.context.checkpoints.advance([&self.checkpoint], position);
        Ok(())
    }

    /// What the handler remembers is not what it was made of any more: it is folded again before it is needed.
    pub(super) fn forget_fold(&mut self) {
        if H::FOLDS {
            self.progress.state = None;
            self.instance.forget();
        }
    }

    /// Calls the handler with an event until it is acknowledged, skipped or parked.
    async fn deliver(
        &mut self,
        event: &RecordedEvent<E>,
        requests: &mut mpsc::Receiver<ControlRequest>,
    ) -> Result<(), End> {
        // What was tried is the event right after the checkpoint. Where that one is not wanted any more, it is another.
        self.advance_to(event.position.before());
        let policy = self.context.retry;
        loop {
            if self.held.as_ref().is_some_and(Held::is_ending) {
                return Err(End::Closed);
            }
            if policy.gives_up_after(self.progress.attempts) {
                // The process ended in the middle of each attempt.
                let reason = "the handler never came back".to_owned();
                return self.park(event, self.progress.attempts, reason).await;
            }
            self.progress.attempts += 1;
            // Whoever may not write this down any more does not call the handler either.
            if self.store().is_durable() {
                self.write(ParkedChange::None).await?;
            }
            let failure = match self.call(event).await? {
                Ok(()) => {
                    self.report(Condition { last_error: self.instance.note(), ..Condition::default() });
                    return self.acknowledge(event, ParkedChange::None).await;
                }
                Err(failure) => failure,
            };
            if failure.action == NackAction::Untried {
                // It has not failed at the event: however often that happens, the event is not parked.
                self.take_attempt_back().await?;
                self.wait(policy.delay(H::NAME, event.position, 1), requests).await?;
                continue;
            }
            let attempt = self.progress.attempts;
            let (name, position) = (H::NAME, event.position);
            tracing::warn!("{name} failed at position {position} (attempt {attempt}): {failure}");
            let delay = match failure.action {
                NackAction::Skip => {
                    self.report_failure(&failure, None);
                    return self.acknowledge(event, ParkedChange::None).await;
                }
                NackAction::Stop => {
                    tracing::error!("{name} has stopped: {failure}");
                    self.inbox.close();
                    self.report(Condition {
                        attempts: attempt,
                        last_error: Some(failure.reason),
                        next_attempt: None,
                        stopped: true,
                        elsewhere: false,
                    });
                    self.take_attempt_back().await?;
                    return Err(End::Stopped);
                }
                NackAction::Retry | NackAction::RetryAfter(_) if policy.gives_up_after(attempt) => None,
                NackAction::Retry => Some(policy.delay(name, position, attempt)),
                NackAction::RetryAfter(delay) => Some(delay),
                NackAction::Park | NackAction::Untried => None,
            };
            let Some(delay) = delay else {
                self.report_failure(&failure, None);
                return self.park(event, attempt, failure.reason).await;
            };
            self.report_failure(&failure, Some(delay));
            self.wait(delay, requests).await?;
        }
    }

    async fn take_attempt_back(&mut self) -> Result<(), End> {
        self.progress.attempts -= 1;
        if self.store().is_durable() {
            self.write(ParkedChange::None).await?;
        }
        Ok(())
    }

    /// Waits before the next attempt, and answers meanwhile.
    async fn wait(&mut self, delay: Duration, requests: &mut mpsc::Receiver<ControlRequest>) -> Result<(), End> {
        // Unlike a sum of times, this takes delays of any length.
        let mut waited = pin!(sleep(delay));
        loop {
            tokio::select! {
                end = ended(&self.held) => return Err(end),
                () = &mut waited => return Ok(()),
                Some(request) = requests.recv() => self.answer(request).await,
            }
        }
    }

    async fn park(&mut self, event: &RecordedEvent<E>, attempts: u32, reason: String) -> Result<(), End> {
        let Self { instance, progress, .. } = self;
        instance.on_parked(event, &mut progress.state, progress.checkpoint).await;
        let parked = self.parked(event.position, attempts, reason);
        self.acknowledge(event, ParkedChange::Park(parked)).await
    }

    async fn acknowledge(&mut self, event: &RecordedEvent<E>, parked: ParkedChange) -> Result<(), End> {
        self.progress.checkpoint = event.position;
        self.progress.attempts = 0;
        if self.store().is_durable() || parked != ParkedChange::None {
            self.write(parked).await?;
        }
        self.context.checkpoints.advance([&self.checkpoint], event.position);
        Ok(())
    }

    /// Calls the handler, until the right to is lost: then it is broken off wherever it waits.
    pub(super) async fn call(&mut self, event: &RecordedEvent<E>) -> Result<Result<(), Failure>, End> {
        let Self { instance, progress, held, .. } = self;
        let Some(held) = held else { return Err(End::LeaseLost) };
        tokio::select! {
            biased;
            called = instance.call(event, &mut progress.state, progress.checkpoint) => Ok(called),
            () = held.lost() => Err(End::LeaseLost),
        }
    }

    /// Writes the checkpoint down if it has come far without a deed: a start begins there.
    async fn write_now_and_then(&mut self) -> Result<(), StoreError> {
        if self.store().is_durable() && self.progress.checkpoint.get() - self.written.get() >= WRITE_AFTER {
            self.write(ParkedChange::None).await?;
        }
        Ok(())
    }

    pub(super) async fn write(&mut self, parked: ParkedChange) -> Result<(), StoreError> {
        let progress = self.progress.clone();
        self.written = progress.checkpoint;
        let written = self.store().write_progress(H::NAME, progress, parked).await;
        if written == Err(StoreError::LeaseLost) {
            self.context.lease.lose();
        }
        written
    }

    /// The last position after this one before an event that the handler may want, as far as is worth reading.
    pub(super) async fn unwanted_up_to(&self, after: Position) -> Result<Position, StoreError> {
        let mut position = after;
        while position.get() - after.get() <= 4 * WRITE_AFTER {
            let events = self.store().read_all(position, MAX_READ).await?;
            let Some(last) = events.last() else { break };
            if let Some(wanted) = events.iter().find(|event| self.instance.may_want(event)) {
                return Ok(wanted.position.before());
            }
            position = last.position;
        }
        Ok(position)
    }

    pub(super) fn parked(&self, position: Position, attempts: u32, reason: String) -> ParkedEvent {
        let time = self.context.clock.now();
        ParkedEvent { number: 0, handler: H::NAME.to_owned(), position, attempts, reason, time }
    }

    fn report_failure(&mut self, failure: &Failure, delay: Option<Duration>) {
        let next_attempt = delay.map(|delay| {
            let micros = i64::try_from(delay.as_micros()).unwrap_or(i64::MAX);
            Timestamp::from_micros(self.context.clock.now().as_micros().saturating_add(micros))
        });
        let attempts = if delay.is_some() { self.progress.attempts } else { 0 };
        let last_error = Some(failure.reason.clone());
        self.report(Condition { attempts, last_error, next_attempt, ..Condition::default() });
    }

    fn report(&mut self, condition: Condition) {
        if condition != self.reported {
            self.reported = condition.clone();
            self.context.checkpoints.report(&self.checkpoint, condition);
        }
    }

    pub(super) fn store(&self) -> &Store<E> {
        &self.context.store
    }
}

/// What ends a handler's work by the right it has.
pub(super) async fn ended(held: &Option<Held>) -> End {
    let Some(held) = held else { return End::LeaseLost };
    tokio::select! {
        () = held.lost() => End::LeaseLost,
        () = held.ending() => End::Closed,
    }
}

/// Where a handler was when it ran last, or where it starts, from now on.
pub(super) async fn progress<E, H>(store: &Store<E>) -> Result<Progress, StoreError>
where
    E: StoredEvent,
    H: EventHandler<E>,
{
    if let Some(progress) = store.read_progress(H::NAME).await? {
        return Ok(progress);
    }
    let checkpoint = match H::START {
        StartFrom::Origin => Position::START,
        StartFrom::Now => store.end().await?,
    };
    store.begin_progress(H::NAME, Progress { checkpoint, ..Progress::default() }).await
}
