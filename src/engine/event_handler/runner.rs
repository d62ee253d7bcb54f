//! A handler's task: it reads events, and delivers those that the handler wants.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::control::ControlRequest;
use super::deliveries::Deliveries;
use super::gate::Gate;
use super::lease::Held;
use super::panic_guard::GuardedHandler;
use super::run_end::RunEnd;
use super::{EventHandler, HandlerContext, StartFrom};
use crate::engine::feed::checkpoints::{Condition, HandlerState, Slot};
use crate::engine::feed::inbox::{FallingAsleep, HandlerInbox};
use crate::engine::log::Position;
use crate::engine::runtime::StopReason;
use crate::engine::seams::Seam;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::{HandlerRecords as _, ParkedChange, Progress};
use crate::engine::store::{Committed, EventStore as _, MAX_READ, Store, StoreError};

/// The most unwanted events between two writes of a checkpoint.
pub(super) const WRITE_AFTER: u64 = 1_024;

/// How long a handler that may repeat events is idle before its checkpoint is written.
const WRITE_WHEN_IDLE_FOR: Duration = Duration::from_millis(200);

pub(super) struct Runner<E: 'static, H> {
    pub(super) instance: GuardedHandler<E, H>,
    pub(super) inbox: Arc<HandlerInbox<E>>,
    pub(super) slot: Slot,
    pub(super) context: HandlerContext<E>,
    /// The checkpoint, and the handler's state there.
    pub(super) progress: Progress,
    /// The checkpoint written last.
    pub(super) written: Position,
    /// The condition reported last.
    reported: Condition,
    /// The lease; `None` while another process may run the handler.
    pub(super) held: Option<Held>,
    /// While the handler is held.
    pub(super) gate: Option<Gate>,
    /// The last event that was offered while the handler was held: the trace does not tell of it yet.
    pub(super) untold_until: Position,
    /// Where it is made to fail; `None` until somebody does.
    pub(super) seam: Option<Arc<Seam>>,
    pub(super) deliveries: Deliveries,
}

impl<E: StoredEvent, H: EventHandler<E>> Runner<E, H> {
    pub(super) fn new(
        instance: GuardedHandler<E, H>,
        inbox: Arc<HandlerInbox<E>>,
        slot: Slot,
        context: HandlerContext<E>,
        progress: Progress,
        held: Option<Held>,
    ) -> Self {
        let written = progress.checkpoint;
        let reported = Condition::default();
        Self {
            instance,
            inbox,
            slot,
            context,
            progress,
            written,
            reported,
            held,
            gate: None,
            untold_until: Position::START,
            seam: None,
            deliveries: Deliveries::default(),
        }
    }

    pub(super) async fn run(mut self, mut requests: mpsc::Receiver<ControlRequest>) -> Result<(), StopReason> {
        loop {
            let mut end = self.serve(&mut requests).await;
            if matches!(end, RunEnd::Stopped) {
                end = self.answer_requests_only(&mut requests).await;
            }
            if matches!(end, RunEnd::Crashed) {
                match self.stay_dead(&mut requests).await {
                    Ok(()) => continue,
                    Err(ended) => end = ended,
                }
            }
            match end {
                RunEnd::Closed => {
                    if self.has_unwritten() {
                        // What is not written now is handled once more.
                        let _ = self.write_repeatable().await;
                    }
                    return Ok(());
                }
                RunEnd::Failed(error) => return Err(error.into()),
                RunEnd::LeaseLost | RunEnd::Stopped | RunEnd::Crashed => self.hand_off(),
            }
        }
    }

    async fn serve(&mut self, requests: &mut mpsc::Receiver<ControlRequest>) -> RunEnd {
        match self.try_serve(requests).await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn try_serve(&mut self, requests: &mut mpsc::Receiver<ControlRequest>) -> Result<Infallible, RunEnd> {
        if self.held.is_none() {
            self.await_lease(requests).await?;
        }
        self.inbox.open();
        let request = self.until_asked(requests).await?;
        self.resume().await?;
        if let Some(request) = request {
            self.answer(request).await;
        }
        loop {
            // Now rather than when the next event comes.
            if H::FOLDS && !self.instance.exists() && self.progress.checkpoint >= self.inbox.readable() {
                self.restore_state().await?;
            }
            let wake_at = if self.store().is_durable() { self.written.get() + WRITE_AFTER } else { u64::MAX };
            match self.inbox.sleep(self.progress.checkpoint, Position::new(wake_at)) {
                FallingAsleep::Asleep => {}
                FallingAsleep::Offered => {
                    self.read_on(requests).await?;
                    continue;
                }
                FallingAsleep::Called => {
                    while let Ok(request) = requests.try_recv() {
                        self.sync();
                        self.answer(request).await;
                    }
                    continue;
                }
            }
            let skipped_to = loop {
                self.end_step();
                tokio::select! {
                    biased;
                    end = ended(&mut self.held) => return Err(end),
                    skipped_to = self.inbox.woken() => break skipped_to,
                    () = sleep(WRITE_WHEN_IDLE_FOR), if self.has_unwritten() => self.write_repeatable().await?,
                    Some(request) = requests.recv() => {
                        self.sync();
                        self.answer(request).await;
                    }
                }
            };
            self.advance_to(skipped_to);
            self.write_if_due().await?;
        }
    }

    /// Waits until there is anything to do: an application that folds when asked restores no handler before.
    async fn until_asked(
        &mut self,
        requests: &mut mpsc::Receiver<ControlRequest>,
    ) -> Result<Option<ControlRequest>, RunEnd> {
        let checkpoints = self.context.checkpoints.clone();
        loop {
            let request = tokio::select! {
                biased;
                end = ended(&mut self.held) => return Err(end),
                () = checkpoints.until_asked() => return Ok(None),
                request = requests.recv() => request,
            };
            match request {
                // The filter alone answers that.
                Some(request @ ControlRequest::UnwantedUntil { .. }) => self.answer_on_standby(request).await,
                request => return Ok(request),
            }
        }
    }

    /// Leaves the handler to another process.
    fn hand_off(&mut self) {
        self.inbox.close();
        self.context.checkpoints.set_awaited(&self.slot, false);
        self.report(Condition { state: HandlerState::RunningElsewhere, ..Condition::default() });
        self.instance.forget();
        self.held = None;
    }

    /// Waits for the lease, and continues from the checkpoint of the process that ran the handler.
    async fn await_lease(&mut self, requests: &mut mpsc::Receiver<ControlRequest>) -> Result<(), RunEnd> {
        self.report(Condition { state: HandlerState::RunningElsewhere, ..Condition::default() });
        let lease = self.context.lease.clone();
        let held = loop {
            tokio::select! {
                held = lease.held() => break held,
                Some(request) = requests.recv() => self.answer_on_standby(request).await,
            }
        };
        self.held = Some(held);
        // If that process never ran this handler, its own start position counts.
        self.progress = self.store().begin_progress(H::NAME, self.progress.clone()).await?;
        self.written = self.progress.checkpoint;
        self.context.checkpoints.advance([&self.slot], self.progress.checkpoint);
        self.context.checkpoints.set_awaited(&self.slot, H::AWAITED);
        Ok(())
    }

    /// Restores the handler as it was at its checkpoint.
    async fn resume(&mut self) -> Result<(), RunEnd> {
        self.restore_state().await?;
        let (attempts, last_error) = (self.progress.attempts, self.instance.note());
        self.report(Condition { attempts, last_error, ..Condition::default() });
        Ok(())
    }

    pub(super) async fn restore_state(&mut self) -> Result<(), RunEnd> {
        let Self { instance, progress, held, .. } = self;
        tokio::select! {
            biased;
            () = instance.resume(&mut progress.state, progress.checkpoint) => Ok(()),
            end = ended(held) => Err(end),
        }
    }

    /// Takes over the checkpoint that the feed has moved while the handler slept.
    fn sync(&mut self) {
        self.advance_to(self.inbox.skipped_to());
    }

    /// Moves the checkpoint over unwanted events, in memory only.
    pub(super) fn advance_to(&mut self, checkpoint: Position) {
        if checkpoint > self.progress.checkpoint {
            self.progress.checkpoint = checkpoint;
            self.progress.attempts = 0;
        }
    }

    /// Delivers the next page of events, up to where the feed allows.
    async fn read_on(&mut self, requests: &mut mpsc::Receiver<ControlRequest>) -> Result<(), RunEnd> {
        let checkpoint = self.progress.checkpoint;
        let (end, at_hand) = self.inbox.take(checkpoint);
        let events = match at_hand {
            Some(events) => events,
            None => Committed::whole(self.store().read_all(checkpoint, MAX_READ).await?),
        };
        let seen = events.partition_point(|event| event.position <= checkpoint);
        let allowed = events.partition_point(|event| event.position <= end);
        let Some(last) = events[seen..allowed].last() else {
            // No event has these positions, and none will.
            return self.skip_to(end).await;
        };
        for event in &events[seen..allowed] {
            if self.instance.may_want(event) {
                self.deliver(event, requests).await?;
            }
        }
        self.skip_to(last.position).await
    }

    /// Moves the checkpoint over unwanted events.
    async fn skip_to(&mut self, position: Position) -> Result<(), RunEnd> {
        if position <= self.progress.checkpoint {
            return Ok(());
        }
        self.advance_to(position);
        self.write_if_due().await?;
        self.context.checkpoints.advance([&self.slot], position);
        Ok(())
    }

    /// Moves the checkpoint over events that the handler must not get.
    pub(super) async fn fast_forward(&mut self, position: Position) -> Result<(), StoreError> {
        if position <= self.progress.checkpoint {
            return Ok(());
        }
        self.forget_fold();
        self.advance_to(position);
        self.write(ParkedChange::None).await?;
        self.context.checkpoints.advance([&self.slot], position);
        Ok(())
    }

    /// Discards a folded state that no longer fits the checkpoint. It is folded again before it is needed.
    pub(super) fn forget_fold(&mut self) {
        if H::FOLDS {
            self.progress.state = None;
            self.instance.forget();
        }
    }

    /// The last position before the next event that the handler may want, as far as is worth reading.
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

    pub(super) fn report(&mut self, condition: Condition) {
        if condition != self.reported {
            self.reported = condition.clone();
            self.context.checkpoints.report(&self.slot, condition);
        }
    }

    pub(super) fn store(&self) -> &Store<E> {
        &self.context.store
    }
}

/// Waits for the end of a lease.
pub(super) async fn ended(held: &mut Option<Held>) -> RunEnd {
    match held {
        Some(held) => held.ended().await,
        None => RunEnd::LeaseLost,
    }
}

/// The stored progress of a handler. If there is none, it is recorded where the handler starts.
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
