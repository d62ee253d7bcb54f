//! An application at a prompt: what a domain's functions send to it and ask it, and what is replied.

use super::{Words, handled};
use crate::engine::application::{Application, CommandFailure, QueryError, Receipt};
use crate::engine::domain::{Aggregate, Command, Contains};
use crate::engine::projection::Projection;
use crate::engine::store::codec::StoredEvent;
use crate::shell::event_record::event_record;
use crate::shell::functions::{Answer, Call, Outcome};
use crate::shell::question::moment;
use crate::shell::term::Term;
use crate::shell::trace::Trace;

/// An application as the functions of its domain reach it.
#[derive(Clone, Debug)]
pub struct Prompted<E: 'static> {
    application: Application<E>,
    words: &'static Words,
    trace: Trace,
}

type EventOf<C> = <<C as Command>::Aggregate as Aggregate>::Event;
type RefusalOf<C> = <<C as Command>::Aggregate as Aggregate>::Refusal;

impl<E: StoredEvent> Prompted<E> {
    /// An application that runs, and what it is called; `trace` shows what its commands cause.
    pub fn new(application: Application<E>, words: &'static Words, trace: Trace) -> Self {
        Self { application, words, trace }
    }

    /// The application.
    pub fn application(&self) -> &Application<E> {
        &self.application
    }

    /// Sends a command and waits for what comes of it. The reply is what the first event has to say that has something
    /// to say, of those of the command and those that process managers have made of them, and `:ok` where none has,
    /// with who lags if anybody does; for a refusal it is the word that `refused` has for it. The answer brings all of these
    /// events along, if the call is one that prints them.
    pub async fn send<C: Command>(
        &self,
        call: Call<'_>,
        command: C,
        refused: impl FnOnce(&RefusalOf<C>) -> &'static str,
        says: impl FnMut(&E) -> Option<Term>,
    ) -> Outcome
    where
        E: Contains<EventOf<C>>,
    {
        let conversation = self.application.start_conversation();
        let _followed = self.trace.follow(conversation.metadata().correlation_id);
        match self.application.dispatch(command).metadata(conversation).await {
            Ok(receipt) => Ok(self.handled(&receipt, call.as_json(), says).await),
            Err(CommandFailure::Refused(refusal)) => Err(Term::Error(refused(&refusal)).into()),
            Err(CommandFailure::IdTaken { .. }) => Err(Term::Error("command_id_taken").into()),
            Err(CommandFailure::Unavailable(reason)) => Err(self.words.unavailable(&reason).into()),
        }
    }

    async fn handled(&self, receipt: &Receipt<E>, events: bool, says: impl FnMut(&E) -> Option<Term>) -> Answer {
        // Where the log cannot be read any more, the command's own events are at hand.
        let caused = self.application.conversation(receipt).await.unwrap_or_else(|_| receipt.events().to_vec());
        // Where somebody lags, what the events have to say may not be all of it.
        let said =
            receipt.lagging().is_empty().then(|| caused.iter().map(|event| &event.data).find_map(says)).flatten();
        let reply = said.unwrap_or_else(|| handled(receipt));
        let events = if events { caused.iter().filter_map(event_record).collect() } else { Vec::new() };
        Answer { reply, events, live: None }
    }

    /// Asks a projection: as it is now, or as it was at the moment that `at:` or `as_of:` names.
    pub async fn ask<P: Projection<E> + Clone>(&self, call: Call<'_>, ask: impl FnOnce(&P) -> Term) -> Outcome {
        let answer = match moment(&call)? {
            Some(moment) => self.application.read_at(moment, ask).await,
            None => self.application.read(ask).await.map_err(QueryError::from),
        };
        Ok(answer.map_err(|error| self.words.no_answer(error))?.into())
    }

    /// Closes the application.
    pub async fn close(&self) {
        self.application.close().await;
    }

    /// What has stopped it, if anything has.
    pub fn failure(&self) -> Option<String> {
        self.words.failure(&self.application)
    }
}
