//! The commands that answer an event, and what follows where one is refused.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use super::failures::{failed, no_command_handler};
use crate::engine::aggregate::Aggregate;
use crate::engine::command_handler::{CommandError, CommandHandlers};
use crate::engine::event::Metadata;
use crate::engine::event_handler::Failure;
use crate::engine::store::Committed;

/// The commands that answer an event. They are sent in this order, each after the one before it has ended, and each is a
/// commit of its own: none is undone because another is refused.
pub struct Reaction<E> {
    answers: Vec<Box<dyn Outgoing<E>>>,
}

/// A command to an aggregate, and what is to follow if it is refused.
pub struct Answer<A: Aggregate> {
    command: A::Command,
    refused: Option<Refused<A>>,
}

type Refused<A> = Box<dyn Fn(&<A as Aggregate>::Refusal) -> Instead<<A as Aggregate>::Event> + Send + Sync>;

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
    pub fn and<A: Aggregate<Event = E>>(mut self, answer: Answer<A>) -> Self {
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

    /// The command with this number, from 0, if it goes to such an aggregate.
    pub fn answer<A: Aggregate<Event = E>>(&self, number: usize) -> Option<&Answer<A>> {
        self.answers.get(number)?.as_any().downcast_ref()
    }

    pub(super) fn into_answers(self) -> impl Iterator<Item = Box<dyn Outgoing<E>>> + Send
    where
        E: 'static,
    {
        self.answers.into_iter()
    }
}

impl<A: Aggregate> From<Answer<A>> for Reaction<A::Event> {
    fn from(answer: Answer<A>) -> Self {
        Self::none().and(answer)
    }
}

impl<E> fmt::Debug for Reaction<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.answers.iter().map(|answer| answer.command())).finish()
    }
}

impl<A: Aggregate> Answer<A> {
    /// A command. Where it is refused, that is that.
    pub fn new(command: A::Command) -> Self {
        Self { command, refused: None }
    }

    /// What follows if the command is refused, and why it was.
    #[must_use]
    pub fn or_else(mut self, refused: impl Fn(&A::Refusal) -> Instead<A::Event> + Send + Sync + 'static) -> Self {
        self.refused = Some(Box::new(refused));
        self
    }

    /// The command that follows if this one is refused, for whatever reason.
    #[must_use]
    pub fn or_send(self, command: A::Command) -> Self
    where
        A::Command: Clone,
    {
        self.or_else(move |_| Instead::send::<A>(command.clone()))
    }

    /// What people should know if the command is refused.
    #[must_use]
    pub fn or_note(self, note: impl Fn(&A::Refusal) -> String + Send + Sync + 'static) -> Self {
        self.or_else(move |refusal| Instead::note(note(refusal)))
    }

    /// The command.
    pub fn command(&self) -> &A::Command {
        &self.command
    }

    /// What follows where it is refused, if anything does.
    pub fn refused(&self, refusal: &A::Refusal) -> Option<Instead<A::Event>> {
        self.refused.as_ref().map(|refused| refused(refusal))
    }
}

impl<A: Aggregate> fmt::Debug for Answer<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.command, f)
    }
}

impl<E> Instead<E> {
    /// A command. If it is refused as well, the event is parked.
    pub fn send<A: Aggregate<Event = E>>(command: A::Command) -> Self {
        Self(Follows::Command(Box::new(Answer::<A>::new(command))))
    }

    /// Nothing but this, which people should know until another command is accepted.
    pub fn note(note: impl Into<String>) -> Self {
        Self(Follows::Note(note.into()))
    }

    /// The command, if it is one to such an aggregate.
    pub fn command<A: Aggregate<Event = E>>(&self) -> Option<&A::Command> {
        match &self.0 {
            Follows::Command(answer) => answer.as_any().downcast_ref::<Answer<A>>().map(Answer::command),
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
pub(super) enum Ended<E> {
    Accepted(Committed<E>),
    /// What follows, if anything does.
    Refused(Option<Instead<E>>),
}

pub(super) type Sending<'a, E> = Pin<Box<dyn Future<Output = Result<Ended<E>, Failure>> + Send + 'a>>;

/// A command to an aggregate of whatever kind.
pub(super) trait Outgoing<E>: Send + Sync {
    /// Sends it, and waits for what becomes of it. One that may have been sent before is sent `again`.
    fn send<'a>(self: Box<Self>, to: &'a CommandHandlers, metadata: Metadata, again: bool) -> Sending<'a, E>
    where
        E: 'a;

    fn command(&self) -> &dyn fmt::Debug;

    fn as_any(&self) -> &dyn Any;
}

impl<A: Aggregate> Outgoing<A::Event> for Answer<A> {
    fn send<'a>(self: Box<Self>, to: &'a CommandHandlers, metadata: Metadata, again: bool) -> Sending<'a, A::Event>
    where
        A::Event: 'a,
    {
        Box::pin(async move {
            let Self { command, refused } = *self;
            let Some(commands) = to.of::<A>() else { return Err(no_command_handler(A::CATEGORY)) };
            let pending = match again {
                true => commands.send_again(command, metadata).await.map_err(failed)?,
                false => commands.send(command, metadata).await.map_err(failed)?,
            };
            match pending.outcome().await {
                Ok(events) => Ok(Ended::Accepted(events)),
                Err(CommandError::Refused(refusal)) => Ok(Ended::Refused(refused.map(|refused| refused(&refusal)))),
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
