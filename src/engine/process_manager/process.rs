//! A process manager at work: an event handler that sends commands, and remembers what they have led to.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use uuid::Uuid;

use super::answer::{AnswerEnded, Outgoing};
use super::chain::{Chains, shown};
use super::failures::store_failed;
use super::fold::{
    commands, note, note_if_possible, outcome, outcomes, remembers_nothing, restored, state_difference, state_up_to,
    text_of,
};
use super::{Event, EventOf, ProcessManager, command_id, first, following};
use crate::engine::command_handler::CommandHandlers;
use crate::engine::event_handler::{EventHandler, Failure, NackAction, StartFrom};
use crate::engine::feed::checkpoints::{Checkpoints, HandlerKind};
use crate::engine::log::{Metadata, Position};
use crate::engine::runtime::trace::trace_line;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::Progress;
use crate::engine::store::{Committed, EventStore as _, Store, StoreError};

/// An event with more causes behind it than this is not answered, unless an application says otherwise.
pub const LONGEST_CHAIN: u32 = 64;

/// A process manager as an event handler.
pub struct Process<P: ProcessManager> {
    policy: P,
    /// What all its commands say of their sender.
    sender: Metadata,
    /// The state after the events that are acknowledged.
    state: P::State,
    /// Told to the filter, so that no event wakes the process up for nothing.
    has_ended: Arc<AtomicBool>,
    note: Option<String>,
    /// Where its commands go.
    commands: CommandHandlers,
    /// Where it looks up what has become of them.
    store: Store<EventOf<P>>,
    /// Where it says that a conversation goes on.
    checkpoints: Checkpoints,
    /// Up to here, an event may have come before: nobody needs to look up what became of a command that was never
    /// sent. Not known before the first event comes.
    may_come_again: Option<Position>,
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
            may_come_again: self.may_come_again,
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
    /// A process manager whose commands go to `commands`, and which looks up in `store` what has become of them.
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
            may_come_again: None,
            longest_chain: LONGEST_CHAIN,
            chains: Chains::default(),
        }
    }

    /// An event with more causes behind it than these is parked and not answered.
    #[must_use]
    pub fn with_longest_chain(self, longest_chain: u32) -> Self {
        Self { longest_chain, ..self }
    }

    fn set_state(&mut self, state: P::State) {
        self.has_ended.store(P::has_ended(&state), Ordering::Relaxed);
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
        let again = self.comes_again(event).await?;
        let commands = reaction.len();
        let mut accepted = Vec::new();
        if !reaction.is_empty() {
            trace_line!(event.metadata.correlation_id, "Process Manager: {}", P::TITLE);
            let causes = self.count_causes(event).await?;
            let mut both_refused = false;
            for (answer, command) in reaction.into_answers().enumerate() {
                match self.answer(event, answer, command, causes, again).await? {
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
        if again && !remembers_nothing::<P>() {
            accepted = outcomes::<P, _>(&self.store, event, commands).await.map_err(store_failed)?;
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
        if remembers_nothing::<P>() {
            return Ok(());
        }
        let commands = commands(&self.policy, &self.state, event);
        let outcomes = outcomes::<P, _>(&self.store, event, commands).await.map_err(store_failed)?;
        let mut state = self.state.clone();
        note_if_possible::<P>(&mut state, event, &outcomes);
        self.set_state(state);
        Ok(())
    }

    async fn difference(&self, progress: &Progress) -> Result<Option<String>, StoreError> {
        state_difference(&self.policy, &self.store, progress).await
    }

    fn note(&self) -> Option<String> {
        self.note.clone().or_else(|| P::note(&self.state))
    }
}

/// What became of a command, and of the one that followed.
enum Answered<E> {
    Accepted(Committed<E>),
    Refused,
    BothRefused,
}

impl<P: ProcessManager<Event: StoredEvent>> Process<P> {
    /// Whether an event may have come before. One that happened after this value was first called with one has not,
    /// unless it came to this value: only one process at a time runs the handlers of a store, and one that takes them
    /// over again begins with a new value.
    async fn comes_again(&mut self, event: &Event<P>) -> Result<bool, Failure> {
        let may_come_again = match self.may_come_again {
            Some(position) => position,
            None => self.store.end().await.map_err(store_failed)?,
        };
        self.may_come_again = Some(may_come_again.max(event.position));
        Ok(event.position <= may_come_again)
    }

    /// How many causes an event has behind it. One that has too many is not answered.
    async fn count_causes(&mut self, event: &Event<P>) -> Result<u32, Failure> {
        let longest = self.longest_chain;
        if longest == u32::MAX {
            return Ok(0);
        }
        let causes = self.chains.causes(event, &self.store, longest).await.map_err(store_failed)?;
        if causes <= longest {
            return Ok(causes);
        }
        let chain = shown(event, &self.store, longest).await.map_err(store_failed)?;
        let reason = format!("more than {longest} events have led to this one: {chain}");
        Err(Failure::retry(reason).with_action(NackAction::Park))
    }

    /// Sends a command, and the one that follows if it is refused, unless that has been done when the event came before.
    async fn answer(
        &mut self,
        event: &Event<P>,
        answer: usize,
        command: Box<dyn Outgoing<EventOf<P>>>,
        causes: u32,
        again: bool,
    ) -> Result<Answered<EventOf<P>>, Failure> {
        if again && let Some(events) = outcome::<P, _>(&self.store, event, answer).await.map_err(store_failed)? {
            self.goes_on(event, causes, &events);
            self.note = None;
            return Ok(Answered::Accepted(events));
        }
        let instead = match self.send(event, first(answer), command, causes, again).await? {
            AnswerEnded::Accepted(events) => {
                self.note = None;
                return Ok(Answered::Accepted(events));
            }
            AnswerEnded::Refused(instead) => instead,
        };
        let Some(instead) = instead else { return Ok(Answered::Refused) };
        match instead.into_command() {
            Err(note) => {
                self.note = Some(note);
                Ok(Answered::Refused)
            }
            Ok(command) => match self.send(event, following(answer), command, causes, again).await? {
                AnswerEnded::Accepted(events) => Ok(Answered::Accepted(events)),
                AnswerEnded::Refused(_) => Ok(Answered::BothRefused),
            },
        }
    }

    /// Sends a command and waits for what becomes of it.
    async fn send(
        &mut self,
        event: &Event<P>,
        number: usize,
        command: Box<dyn Outgoing<EventOf<P>>>,
        causes: u32,
        again: bool,
    ) -> Result<AnswerEnded<EventOf<P>>, Failure> {
        let cause = &event.metadata;
        let id = command_id(P::NAME, event, number);
        let metadata = self.sender.with_ids(id, cause.correlation_id, cause.command_id);
        let ended = command.send(&self.commands, metadata, again).await?;
        if let AnswerEnded::Accepted(events) = &ended {
            self.goes_on(event, causes, events);
        }
        Ok(ended)
    }

    fn goes_on(&mut self, event: &Event<P>, causes: u32, events: &[Event<P>]) {
        if let Some(last) = events.last() {
            self.chains.note(last.metadata.command_id, causes.saturating_add(1));
            self.checkpoints.conversation_goes_on(event.metadata.correlation_id, event.position, last.position);
        }
    }
}
