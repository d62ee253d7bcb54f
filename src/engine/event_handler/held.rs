//! A handler that is held, gets events step by step, or has crashed.

use tokio::sync::mpsc;

use super::EventHandler;
use super::control::ControlRequest;
use super::gate::{Gate, SeamRequest};
use super::run_end::RunEnd;
use super::runner::{Runner, ended};
use crate::engine::feed::checkpoints::{Condition, HandlerState, Hold};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::HandlerRecords as _;

impl<E: StoredEvent, H: EventHandler<E>> Runner<E, H> {
    /// Waits before an event while the handler is held, and answers requests meanwhile. Returns whether the event is one of
    /// a step, which is tried as often as it takes.
    pub(super) async fn wait_at_gate(&mut self, requests: &mut mpsc::Receiver<ControlRequest>) -> Result<bool, RunEnd> {
        loop {
            match &self.gate {
                None => return Ok(false),
                Some(gate) if gate.left > 0 => return Ok(true),
                Some(_) => {}
            }
            tokio::select! {
                biased;
                end = ended(&mut self.held) => return Err(end),
                Some(request) = requests.recv() => self.answer(request).await,
            }
        }
    }

    /// Notes that an event has been dealt with.
    pub(super) fn pass_gate(&mut self) {
        if let Some(gate) = &mut self.gate {
            gate.pass();
        }
    }

    /// Ends a step for which no event is left.
    pub(super) fn end_step(&mut self) {
        if let Some(gate) = &mut self.gate {
            gate.shut();
        }
    }

    pub(super) fn answer_at_seam(&mut self, request: SeamRequest) {
        let reply = match request {
            SeamRequest::Hold { reply } => {
                self.gate.get_or_insert_default();
                self.inbox.set_held(true);
                self.context.checkpoints.set_hold(&self.slot, Hold::Held, true);
                reply
            }
            SeamRequest::Step { events, reply } => {
                if let Some(gate) = &mut self.gate {
                    gate.shut();
                    (gate.left, gate.reply) = (events, Some(reply));
                }
                return;
            }
            SeamRequest::Release { reply } => {
                self.end_step();
                self.gate = None;
                self.untold_until = self.inbox.set_held(false);
                self.context.checkpoints.set_hold(&self.slot, Hold::Held, false);
                reply
            }
            SeamRequest::Break { seam, reply } => {
                self.seam = Some(seam);
                reply
            }
            // Whoever mends has mended the seam, and the handler has not crashed.
            SeamRequest::Mend { reply } => reply,
        };
        // A caller that is gone needs no reply.
        let _ = reply.send(());
    }

    /// Stays dead until somebody mends that, and then begins again as after a restart.
    pub(super) async fn stay_dead(&mut self, requests: &mut mpsc::Receiver<ControlRequest>) -> Result<(), RunEnd> {
        self.inbox.close();
        self.instance.forget();
        if let Some(gate) = &mut self.gate {
            // Without a reply, who steps learns that the handler does not run.
            *gate = Gate::default();
        }
        let (attempts, last_error) = (self.progress.attempts, Some("it has crashed".to_owned()));
        self.context.checkpoints.set_hold(&self.slot, Hold::Crashed, true);
        self.report(Condition { state: HandlerState::Crashed, attempts, last_error });
        let mended = loop {
            tokio::select! {
                biased;
                end = ended(&mut self.held) => break Err(end),
                Some(request) = requests.recv() => match request {
                    ControlRequest::AtSeam(SeamRequest::Mend { reply }) => break Ok(reply),
                    // Nothing steps, and the caller learns that.
                    ControlRequest::AtSeam(SeamRequest::Step { .. }) => {}
                    ControlRequest::AtSeam(request) => self.answer_at_seam(request),
                    request => self.answer_on_standby(request).await,
                },
            }
        };
        self.context.checkpoints.set_hold(&self.slot, Hold::Crashed, false);
        let reply = mended?;
        if self.store().is_durable() {
            self.progress = self.store().begin_progress(H::NAME, self.progress.clone()).await?;
        }
        self.report(Condition { attempts: self.progress.attempts, ..Condition::default() });
        // A caller that is gone needs no reply.
        let _ = reply.send(());
        Ok(())
    }
}
