//! The commands that answer an event, and what follows where one is refused.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use super::failures::{failed, no_command_handler};
use crate::engine::command_handler::{CommandError, CommandHandlers};
use crate::engine::domain::{Aggregate, Command, Contains, DomainEvent};
use crate::engine::event_handler::Failure;
use crate::engine::log::Metadata;
use crate::engine::store::Committed;

/// The commands that answer an event. They are sent in this order, each after the one before it has ended, and each is a
/// commit of its own: none is undone because another is refused.
pub struct Reaction<E> {
    answers: Vec<Box<dyn Outgoing<E>>>,
}

/// A command to an aggregate, and what is to follow if it is refused.
pub struct Answer<C: Command, E> {
    command: C,
    refused: Option<Refused<C, E>>,
}

type Refused<C, E> = Box<dyn Fn(&RefusalOf<C>) -> Instead<E> + Send + Sync>;
type RefusalOf<C> = <<C as Command>::Aggregate as Aggregate>::Refusal;
type EventOf<C> = <<C as Command>::Aggregate as Aggregate>::Event;

/// What follows when a command is refused. Of the two, one and only one happens, ever.
pub struct Instead<E>(Follows<E>);

enum Follows<E> {
    Command(Box<dyn Outgoing<E>>),
    Note(String),
}

impl<E> Reaction<E> {
    /// Nothing is to be done.
    pub fn none() -> Self {
        Self { answers: Vec::new() }
    }

    /// One command more, after those before it.
    #[must_use]
    pub fn and<C: Command>(mut self, answer: Answer<C, E>) -> Self
    where
        E: Contains<EventOf<C>> + DomainEvent,
    {
        self.answers.push(Box::new(answer));
        self
    }

    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// How many commands there are.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// The command with this number, from 0, if it is such a one.
    pub fn answer<C: Command>(&self, number: usize) -> Option<&Answer<C, E>>
    where
        E: 'static,
    {
        self.answers.get(number)?.as_any().downcast_ref()
    }

    pub(super) fn into_answers(self) -> impl Iterator<Item = Box<dyn Outgoing<E>>> + Send
    where
        E: 'static,
    {
        self.answers.into_iter()
    }
}

impl<C: Command, E: Contains<EventOf<C>> + DomainEvent> From<Answer<C, E>> for Reaction<E> {
    fn from(answer: Answer<C, E>) -> Self {
        Self::none().and(answer)
    }
}

impl<E> fmt::Debug for Reaction<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.answers.iter().map(|answer| answer.command())).finish()
    }
}

impl<C: Command, E> Answer<C, E> {
    /// A command. Where it is refused, that is that.
    pub fn new(command: C) -> Self {
        Self { command, refused: None }
    }

    /// What follows if the command is refused, and why it was.
    #[must_use]
    pub fn or_else(mut self, refused: impl Fn(&RefusalOf<C>) -> Instead<E> + Send + Sync + 'static) -> Self {
        self.refused = Some(Box::new(refused));
        self
    }

    /// The command that follows if this one is refused, for whatever reason.
    #[must_use]
    pub fn or_send<D: Command + Clone>(self, command: D) -> Self
    where
        E: Contains<EventOf<D>> + DomainEvent,
    {
        self.or_else(move |_| Instead::send(command.clone()))
    }

    /// What people should know if the command is refused.
    #[must_use]
    pub fn or_note(self, note: impl Fn(&RefusalOf<C>) -> String + Send + Sync + 'static) -> Self {
        self.or_else(move |refusal| Instead::note(note(refusal)))
    }

    /// The command.
    pub fn command(&self) -> &C {
        &self.command
    }

    /// What follows where it is refused, if anything does.
    pub fn refused(&self, refusal: &RefusalOf<C>) -> Option<Instead<E>> {
        self.refused.as_ref().map(|refused| refused(refusal))
    }
}

impl<C: Command, E> fmt::Debug for Answer<C, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.command, f)
    }
}

impl<E> Instead<E> {
    /// A command. If it is refused as well, the event is parked.
    pub fn send<C: Command>(command: C) -> Self
    where
        E: Contains<EventOf<C>> + DomainEvent,
    {
        Self(Follows::Command(Box::new(Answer::new(command))))
    }

    /// Nothing but this, which people should know until another command is accepted.
    pub fn note(note: impl Into<String>) -> Self {
        Self(Follows::Note(note.into()))
    }

    /// The command, if it is such a one.
    pub fn command<C: Command>(&self) -> Option<&C>
    where
        E: 'static,
    {
        match &self.0 {
            Follows::Command(answer) => answer.as_any().downcast_ref::<Answer<C, E>>().map(Answer::command),
            Follows::Note(_) => None,
        }
    }

    /// What it is, a command or else a note.
    pub(super) fn into_command(self) -> Result<Box<dyn Outgoing<E>>, String> {
        match self.0 {
            Follows::Command(command) => Ok(command),
            Follows::Note(note) => Err(note),
        }
    }
}

impl<E> fmt::Debug for Instead<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Follows::Command(answer) => f.debug_tuple("Send").field(answer.command()).finish(),
            Follows::Note(note) => f.debug_tuple("Note").field(note).finish(),
        }
    }
}

/// What became of a command.
pub(super) enum AnswerEnded<E> {
    Accepted(Committed<E>),
    /// What follows, if anything does.
    Refused(Option<Instead<E>>),
}

pub(super) type Sending<'a, E> = Pin<Box<dyn Future<Output = Result<AnswerEnded<E>, Failure>> + Send + 'a>>;

/// A command to an aggregate of whatever kind.
pub(super) trait Outgoing<E>: Send + Sync {
    /// Sends it, and waits for what becomes of it. One that may have been sent before is sent `again`.
    fn send<'a>(self: Box<Self>, to: &'a CommandHandlers, metadata: Metadata, again: bool) -> Sending<'a, E>
    where
        E: 'a;

    fn command(&self) -> &dyn fmt::Debug;

    fn as_any(&self) -> &dyn Any;
}

impl<C: Command, E: Contains<EventOf<C>> + DomainEvent> Outgoing<E> for Answer<C, E> {
    fn send<'a>(self: Box<Self>, to: &'a CommandHandlers, metadata: Metadata, again: bool) -> Sending<'a, E>
    where
        E: 'a,
    {
        Box::pin(async move {
            let Self { command, refused } = *self;
            let Some(commands) = to.of::<C::Aggregate, E>() else {
                return Err(no_command_handler(C::Aggregate::CATEGORY));
            };
            let pending = match again {
                true => commands.resend(command, metadata).await.map_err(failed)?,
                false => commands.send(command, metadata).await.map_err(failed)?,
            };
            match pending.outcome().await {
                Ok(events) => Ok(AnswerEnded::Accepted(events)),
                Err(CommandError::Refused(refusal)) => {
                    Ok(AnswerEnded::Refused(refused.map(|refused| refused(&refusal))))
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
