//! Runs a process manager as an event handler that sends commands.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use uuid::Uuid;

use super::answer::{AnswerOutcome, AnyAnswer};
use super::chain::{Chains, LONGEST_CHAIN, describe_chain};
use super::failures::store_failed;
use super::fold::{
    command_count, is_stateless, note, note_if_possible, outcome, outcomes, restored, state_difference, state_up_to,
    text_of,
};
use super::{Event, EventOf, Instead, ProcessManager, command_id, fallback, first};
use crate::engine::command_handler::CommandHandlers;
use crate::engine::event_handler::{EventHandler, Failure, NackAction, StartFrom};
use crate::engine::feed::checkpoints::{Checkpoints, HandlerKind};
use crate::engine::log::{Metadata, Position};
use crate::engine::runtime::trace::{detail_line, trace_line};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::Progress;
use crate::engine::store::{Committed, EventStore as _, Store, StoreError};

/// A process manager as an event handler.
pub struct Process<P: ProcessManager> {
    policy: P,
    /// The metadata common to all its commands.
    sender: Metadata,
    /// The state after the acknowledged events.
    state: P::State,
    /// Shared with the filter, so that no event wakes a process that is over.
    has_ended: Arc<AtomicBool>,
    note: Option<String>,
    commands: CommandHandlers,
    /// For looking up the outcomes of its commands.
    store: Store<EventOf<P>>,
    /// Told when a conversation continues.
    checkpoints: Checkpoints,
    /// Events up to this position may be redeliveries. Later ones are new, which saves looking up their answers. `None`
    /// before the first event.
    redelivered_up_to: Option<Position>,
    longest_chain: u32,
    chains: Chains,
}

impl<P: ProcessManager> Clone for Process<P> {
    fn clone(&self) -> Self {
        Self {
            policy: self.policy.clone(),
            sender: self.sender.clone(),
            state: self.state.clone(),
            has_ended: self.has_ended.clone(),
            note: self.note.clone(),
            commands: self.commands.clone(),
            store: self.store.clone(),
            checkpoints: self.checkpoints.clone(),
            redelivered_up_to: self.redelivered_up_to,
            longest_chain: self.longest_chain,
            chains: self.chains.clone(),
        }
    }
}

impl<P: ProcessManager> fmt::Debug for Process<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("name", &P::NAME).finish_non_exhaustive()
    }
}

impl<P: ProcessManager> Process<P> {
    /// A process manager that sends its commands to `commands` and looks up their outcomes in `store`.
    pub fn new(
        policy: P,
        commands: impl Into<CommandHandlers>,
        store: Store<EventOf<P>>,
        checkpoints: Checkpoints,
    ) -> Self {
        Self {
            policy,
            sender: Metadata::from_outside(Uuid::nil()).with_process(P::NAME),
            state: P::State::default(),
            has_ended: Arc::default(),
            note: None,
            commands: commands.into(),
            store,
            checkpoints,
            redelivered_up_to: None,
            longest_chain: LONGEST_CHAIN,
            chains: Chains::default(),
        }
    }

    /// Sets the limit for the number of causes behind an event; `u32::MAX` is none. Events beyond it are parked.
    #[must_use]
    pub fn with_longest_chain(self, longest_chain: u32) -> Self {
        Self { longest_chain, ..self }
    }

    fn set_state(&mut self, state: P::State) {
        self.has_ended.store(self.policy.has_ended(&state), Ordering::Relaxed);
        self.state = state;
    }
}

impl<P: ProcessManager<Event: StoredEvent>> EventHandler<EventOf<P>> for Process<P> {
    const NAME: &'static str = P::NAME;
    const KIND: HandlerKind = HandlerKind::ProcessManager;
    const AWAITED: bool = true;
    const START: StartFrom = P::START;
    const FOLDS: bool = true;

    fn filter(&self) -> impl Fn(&Event<P>) -> bool + Send + Sync + 'static {
        let (filter, has_ended) = (self.policy.filter(), self.has_ended.clone());
        move |event| !has_ended.load(Ordering::Relaxed) && filter(event)
    }

    async fn handle(&mut self, event: &Event<P>) -> Result<(), Failure> {
        let reaction = self.policy.react(&self.state, event);
        let may_be_redelivered = self.may_be_redelivered(event).await?;
        let command_count = reaction.len();
        let mut accepted = Vec::new();
        if !reaction.is_empty() {
            trace_line!(event.metadata.correlation_id(), "Process Manager: {}", P::TITLE);
            let causes = self.count_causes(event).await?;
            let mut both_refused = false;
            for (answer, command) in reaction.into_answers().enumerate() {
                match self.answer(event, answer, command, causes, may_be_redelivered).await? {
                    Answered::Accepted(events) => accepted.push(events),
                    Answered::Refused => {}
                    Answered::BothRefused => both_refused = true,
                }
            }
            if both_refused {
                let reason = "a command that follows a refusal was refused too";
                return Err(Failure::retry(reason).with_action(NackAction::Park));
            }
        }
        if may_be_redelivered && !is_stateless::<P>() {
            // Boxed, as all that a new event does not need: it would be part of the future of every delivery.
            let known = Box::pin(outcomes::<P, _>(&self.store, event, command_count)).await;
            accepted = known.map_err(store_failed)?;
        }
        let mut state = self.state.clone();
        note::<P>(&mut state, event, &accepted);
        self.set_state(state);
        Ok(())
    }

    fn state(&self) -> Option<Box<str>> {
        text_of::<P>(&self.state)
    }

    async fn resume(&mut self, state: Option<&str>, checkpoint: Position) -> Result<(), Failure> {
        let state = match state.and_then(restored::<P>) {
            Some(state) => state,
            None => state_up_to(&self.policy, &self.store, checkpoint).await.map_err(store_failed)?,
        };
        self.set_state(state);
        Ok(())
    }

    async fn on_parked(&mut self, event: &Event<P>) -> Result<(), Failure> {
        if is_stateless::<P>() {
            return Ok(());
        }
        let command_count = command_count(&self.policy, &self.state, event);
        let outcomes = outcomes::<P, _>(&self.store, event, command_count).await.map_err(store_failed)?;
        let mut state = self.state.clone();
        note_if_possible::<P>(&mut state, event, &outcomes);
        self.set_state(state);
        Ok(())
    }

    /// The command has the id of the first answer: one of the two takes effect, whatever is called again after a crash, and
    /// even if another process still sends the answer.
    async fn give_up(&mut self, event: &Event<P>) -> Result<(), Failure> {
        let Some(Ok(command)) = self.policy.give_up(event).map(Instead::into_command) else { return Ok(()) };
        if outcome::<P, _>(&self.store, event, 0).await.map_err(store_failed)?.is_some() {
            return Ok(());
        }
        trace_line!(event.metadata.correlation_id(), "Process Manager: {}", P::TITLE);
        // A refusal says that there is nothing to end.
        let Err(failure) = self.send(event, first(0), command, 0, true).await else { return Ok(()) };
        match outcome::<P, _>(&self.store, event, 0).await.map_err(store_failed)? {
            Some(_) => Ok(()),
            None => Err(failure),
        }
    }

    async fn difference(&self, progress: &Progress) -> Result<Option<String>, StoreError> {
        state_difference(&self.policy, &self.store, progress).await
    }

    fn note(&self) -> Option<String> {
        self.note.clone().or_else(|| P::note(&self.state))
    }
}

/// The outcome of a command and its fallback.
enum Answered<E> {
    Accepted(Committed<E>),
    Refused,
    BothRefused,
}

impl<P: ProcessManager<Event: StoredEvent>> Process<P> {
    /// Whether an event may be redelivered. An event stored after the first delivery to this value is new, unless this
    /// value got it before: only one process at a time runs a store's handlers, and taking them over starts a new value.
    async fn may_be_redelivered(&mut self, event: &Event<P>) -> Result<bool, Failure> {
        let redelivered_up_to = match self.redelivered_up_to {
            Some(position) => position,
            None => Box::pin(self.store.end()).await.map_err(store_failed)?,
        };
        self.redelivered_up_to = Some(redelivered_up_to.max(event.position));
        Ok(event.position <= redelivered_up_to)
    }

    /// The number of causes behind an event. Too many are a failure that parks the event.
    async fn count_causes(&mut self, event: &Event<P>) -> Result<u32, Failure> {
        let longest = self.longest_chain;
        if longest == u32::MAX {
            return Ok(0);
        }
        let causes = match self.chains.known_causes(event) {
            Some(causes) => causes,
            None => Box::pin(self.chains.causes(event, &self.store, longest)).await.map_err(store_failed)?,
        };
        if causes <= longest {
            return Ok(causes);
        }
        let chain = Box::pin(describe_chain(event, &self.store, longest)).await.map_err(store_failed)?;
        let reason = format!("more than {longest} events have led to this one: {chain}");
        Err(Failure::retry(reason).with_action(NackAction::Park))
    }

    /// Sends a command, and its fallback if it is refused, unless an earlier delivery has done so.
    async fn answer(
        &mut self,
        event: &Event<P>,
        answer: usize,
        command: Box<dyn AnyAnswer<EventOf<P>>>,
        causes: u32,
        may_be_redelivered: bool,
    ) -> Result<Answered<EventOf<P>>, Failure> {
        if may_be_redelivered
            && let Some(events) = Box::pin(outcome::<P, _>(&self.store, event, answer)).await.map_err(store_failed)?
        {
            let id = event.metadata.correlation_id();
            detail_line!(id, "{}: this event was answered before, and the command is not sent again", P::TITLE);
            self.continue_conversation(event, causes, &events);
            self.note = None;
            return Ok(Answered::Accepted(events));
        }
        let instead = match self.send(event, first(answer), command, causes, may_be_redelivered).await? {
            AnswerOutcome::Accepted(events) => {
                self.note = None;
                return Ok(Answered::Accepted(events));
            }
            AnswerOutcome::Refused(instead) => instead,
        };
        let Some(instead) = instead else { return Ok(Answered::Refused) };
        match instead.into_command() {
            Err(note) => {
                self.note = Some(note);
                Ok(Answered::Refused)
            }
            Ok(command) => match self.send(event, fallback(answer), command, causes, may_be_redelivered).await? {
                AnswerOutcome::Accepted(events) => Ok(Answered::Accepted(events)),
                AnswerOutcome::Refused(_) => Ok(Answered::BothRefused),
            },
        }
    }

    /// Sends a command and waits for its outcome.
    async fn send(
        &mut self,
        event: &Event<P>,
        number: usize,
        command: Box<dyn AnyAnswer<EventOf<P>>>,
        causes: u32,
        may_be_duplicate: bool,
    ) -> Result<AnswerOutcome<EventOf<P>>, Failure> {
        let cause = &event.metadata;
        let id = command_id(P::NAME, event, number);
        let metadata = self.sender.with_ids(id, cause.correlation_id(), cause.command_id);
        let outcome = command.send(&self.commands, metadata, may_be_duplicate).await?;
        if let AnswerOutcome::Accepted(events) = &outcome {
            self.continue_conversation(event, causes, events);
        }
        Ok(outcome)
    }

    fn continue_conversation(&mut self, event: &Event<P>, causes: u32, events: &[Event<P>]) {
        if let Some(last) = events.last() {
            self.chains.note(last.metadata.command_id, causes.saturating_add(1));
            self.checkpoints.extend_conversation(event.metadata.correlation_id(), event.position, last.position);
        }
    }
}
