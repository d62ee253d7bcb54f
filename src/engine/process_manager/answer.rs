//! The commands that answer an event, and their fallbacks.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use super::failures::{failed, no_command_handler};
use crate::engine::command_handler::{CommandError, CommandHandlers};
use crate::engine::domain::{Aggregate, Command, CommandEvent, CommandRefusal, Contains, DomainEvent};
use crate::engine::event_handler::Failure;
use crate::engine::log::Metadata;
use crate::engine::store::Committed;

/// The commands that answer an event. They are sent in order, each after the previous one has ended. Each is committed on
/// its own: the refusal of one does not undo another.
pub struct Reaction<E> {
    /// Apart from the others, as most reactions are one command, and are made for every event.
    first: Option<Box<dyn AnyAnswer<E>>>,
    others: Vec<Box<dyn AnyAnswer<E>>>,
}

/// A command, and what follows if it is refused.
pub struct Answer<C: Command, E> {
    command: C,
    fallback: Option<Fallback<C, E>>,
}

type Fallback<C, E> = Box<dyn Fn(&CommandRefusal<C>) -> Instead<E> + Send + Sync>;

/// What follows when a command is refused. Exactly one of the two takes effect: the command, or its fallback.
pub struct Instead<E>(InsteadKind<E>);

enum InsteadKind<E> {
    Command(Box<dyn AnyAnswer<E>>),
    Note(String),
}

impl<E> Reaction<E> {
    /// No command.
    pub fn none() -> Self {
        Self { first: None, others: Vec::new() }
    }

    /// Adds a command.
    #[must_use]
    pub fn and<C: Command>(mut self, answer: Answer<C, E>) -> Self
    where
        E: Contains<CommandEvent<C>> + DomainEvent,
    {
        match &self.first {
            None => self.first = Some(Box::new(answer)),
            Some(_) => self.others.push(Box::new(answer)),
        }
        self
    }

    /// Whether the reaction has no commands.
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// The number of commands.
    pub fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.others.len()
    }

    /// The answer with this number, from 0, if its command has type `C`.
    pub fn answer<C: Command>(&self, number: usize) -> Option<&Answer<C, E>>
    where
        E: 'static,
    {
        self.answers().nth(number)?.as_any().downcast_ref()
    }

    pub(super) fn into_answers(self) -> impl Iterator<Item = Box<dyn AnyAnswer<E>>> + Send
    where
        E: 'static,
    {
        self.first.into_iter().chain(self.others)
    }

    fn answers(&self) -> impl Iterator<Item = &dyn AnyAnswer<E>> {
        self.first.iter().chain(&self.others).map(|answer| &**answer)
    }
}

impl<C: Command, E: Contains<CommandEvent<C>> + DomainEvent> From<Answer<C, E>> for Reaction<E> {
    fn from(answer: Answer<C, E>) -> Self {
        Self::none().and(answer)
    }
}

impl<E> fmt::Debug for Reaction<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.answers().map(|answer| answer.command())).finish()
    }
}

impl<C: Command, E> Answer<C, E> {
    /// A command without a fallback: nothing follows its refusal.
    pub fn new(command: C) -> Self {
        Self { command, fallback: None }
    }

    /// Sets what follows if the command is refused, depending on the refusal.
    #[must_use]
    pub fn or_else(mut self, fallback: impl Fn(&CommandRefusal<C>) -> Instead<E> + Send + Sync + 'static) -> Self {
        self.fallback = Some(Box::new(fallback));
        self
    }

    /// Sets a command to send if this one is refused, for whatever reason.
    #[must_use]
    pub fn or_send<D: Command + Clone>(self, command: D) -> Self
    where
        E: Contains<CommandEvent<D>> + DomainEvent,
    {
        self.or_else(move |_| Instead::send(command.clone()))
    }

    /// Sets a note for operators to show if the command is refused.
    #[must_use]
    pub fn or_note(self, note: impl Fn(&CommandRefusal<C>) -> String + Send + Sync + 'static) -> Self {
        self.or_else(move |refusal| Instead::note(note(refusal)))
    }

    /// The command.
    pub fn command(&self) -> &C {
        &self.command
    }

    /// What follows a refusal, if anything does.
    pub fn refused(&self, refusal: &CommandRefusal<C>) -> Option<Instead<E>> {
        self.fallback.as_ref().map(|fallback| fallback(refusal))
    }
}

impl<C: Command, E> fmt::Debug for Answer<C, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.command, f)
    }
}

impl<E> Instead<E> {
    /// Sends another command. If that one is refused too, the event is parked.
    pub fn send<C: Command>(command: C) -> Self
    where
        E: Contains<CommandEvent<C>> + DomainEvent,
    {
        Self(InsteadKind::Command(Box::new(Answer::new(command))))
    }

    /// Sends nothing, and shows a note to operators until the next command is accepted.
    pub fn note(note: impl Into<String>) -> Self {
        Self(InsteadKind::Note(note.into()))
    }

    /// The other command, if it has type `C`.
    pub fn command<C: Command>(&self) -> Option<&C>
    where
        E: 'static,
    {
        match &self.0 {
            InsteadKind::Command(answer) => answer.as_any().downcast_ref::<Answer<C, E>>().map(Answer::command),
            InsteadKind::Note(_) => None,
        }
    }

    /// The other command, or the note.
    pub(super) fn into_command(self) -> Result<Box<dyn AnyAnswer<E>>, String> {
        match self.0 {
            InsteadKind::Command(command) => Ok(command),
            InsteadKind::Note(note) => Err(note),
        }
    }
}

impl<E> fmt::Debug for Instead<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            InsteadKind::Command(answer) => f.debug_tuple("Send").field(answer.command()).finish(),
            InsteadKind::Note(note) => f.debug_tuple("Note").field(note).finish(),
        }
    }
}

/// The outcome of a command.
pub(super) enum AnswerOutcome<E> {
    Accepted(Committed<E>),
    /// With what follows, if anything does.
    Refused(Option<Instead<E>>),
}

pub(super) type SendingAnswer<'a, E> = Pin<Box<dyn Future<Output = Result<AnswerOutcome<E>, Failure>> + Send + 'a>>;

/// An [`Answer`] with any type of command.
pub(super) trait AnyAnswer<E>: Send + Sync {
    /// Sends the command and waits for its outcome. `may_be_duplicate`: it may have been sent before.
    fn send<'a>(
        self: Box<Self>,
        to: &'a CommandHandlers,
        metadata: Metadata,
        may_be_duplicate: bool,
    ) -> SendingAnswer<'a, E>
    where
        E: 'a;

    fn command(&self) -> &dyn fmt::Debug;

    fn as_any(&self) -> &dyn Any;
}

impl<C: Command, E: Contains<CommandEvent<C>> + DomainEvent> AnyAnswer<E> for Answer<C, E> {
    fn send<'a>(
        self: Box<Self>,
        to: &'a CommandHandlers,
        metadata: Metadata,
        may_be_duplicate: bool,
    ) -> SendingAnswer<'a, E>
    where
        E: 'a,
    {
        Box::pin(async move {
            let Self { command, fallback } = *self;
            let Some(commands) = to.of::<C::Aggregate, E>() else {
                return Err(no_command_handler(C::Aggregate::CATEGORY));
            };
            let offered = commands.offer(command, metadata, may_be_duplicate).map_err(failed)?;
            match commands.sent(offered).await.map_err(failed)?.await {
                Ok(events) => Ok(AnswerOutcome::Accepted(events)),
                Err(CommandError::Refused(refusal)) => {
                    Ok(AnswerOutcome::Refused(fallback.map(|fallback| fallback(&refusal))))
                }
                Err(error) => Err(failed(error)),
            }
        })
    }

    fn command(&self) -> &dyn fmt::Debug {
        &self.command
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
