//! An application at a prompt: a domain's functions send commands to it and query it.

use super::forks::Forks;
use super::names::names;
use super::{Words, handled};
use crate::engine::application::{Application, CommandFailure, QueryError, Receipt, Unavailable};
use crate::engine::domain::{Command, CommandEvent, CommandRefusal, Contains};
use crate::engine::projection::Projection;
use crate::engine::store::codec::StoredEvent;
use crate::shell::common_errors::COMMAND_ID_TAKEN;
use crate::shell::error_reason::ErrorReason;
use crate::shell::event_record::event_record;
use crate::shell::functions::{Call, Names, Outcome, Parameter, Reply};
use crate::shell::query_arguments::moment;
use crate::shell::term::Term;
use crate::shell::trace::Trace;

/// An application at a prompt. It traces commands and makes replies of outcomes.
#[derive(Clone, Debug)]
pub struct ShellApplication<E: 'static> {
    main: Application<E>,
    forks: Forks<E>,
    words: &'static Words,
    trace: Trace,
}

impl<E: StoredEvent> ShellApplication<E> {
    /// A running application, with the words for its replies; `trace` prints what its commands cause.
    pub fn new(application: Application<E>, words: &'static Words, trace: Trace) -> Self {
        Self { main: application, forks: Forks::default(), words, trace }
    }

    /// The application that calls go to, which may be a fork.
    pub fn application(&self) -> Application<E> {
        self.forks.current().unwrap_or_else(|| self.main.clone())
    }

    /// The application that all forks come from.
    pub fn main(&self) -> &Application<E> {
        &self.main
    }

    /// Its forks.
    pub fn forks(&self) -> &Forks<E> {
        &self.forks
    }

    /// The same with another application, without a trace.
    #[must_use]
    pub fn rehearse_on(&self, application: Application<E>) -> Self {
        Self::new(application, self.words, Trace::default())
    }

    /// Completes names that `look_up` finds in a projection, as [`names`](super::names) does.
    pub fn names<P: Projection<E>>(
        &self,
        look_up: impl Fn(&P, &Parameter, &str, usize) -> Vec<String> + Send + 'static,
    ) -> Box<dyn Names> {
        names(&self.main, &self.forks, look_up)
    }

    /// Sends a command and waits for its outcome.
    ///
    /// The events of the command, and of the commands with which process managers answered them, are offered to
    /// `reply_for` in order, and its first term is the reply. Without one it is `:ok`, with the names of lagging handlers
    /// if there are any. `refused` names the reason of a refusal. A call that prints JSON gets these events too.
    pub async fn send<C: Command>(
        &self,
        call: Call<'_>,
        command: C,
        refused: impl FnOnce(&CommandRefusal<C>) -> ErrorReason,
        reply_for: impl FnMut(&E) -> Option<Term>,
    ) -> Outcome
    where
        E: Contains<CommandEvent<C>>,
    {
        let application = self.application();
        let conversation = application.start_conversation();
        let _followed = self.trace.follow(conversation.metadata().correlation_id());
        match application.dispatch(command).metadata(conversation).await {
            Ok(receipt) => Ok(reply(&application, &receipt, call.as_json(), reply_for).await),
            Err(CommandFailure::Refused(refusal)) => Err(Term::Error(refused(&refusal)).into()),
            Err(CommandFailure::IdTaken { .. }) => Err(Term::Error(COMMAND_ID_TAKEN).into()),
            Err(CommandFailure::Unavailable(reason @ (Unavailable::Store(_) | Unavailable::OutcomeUnknown { .. }))) => {
                Err(self.words.failed(&reason))
            }
            Err(CommandFailure::Unavailable(reason)) => Err(self.words.unavailable(&reason).into()),
        }
    }

    /// Queries a projection: as it is now, or as of the moment that `at:` or `as_of:` names.
    pub async fn ask<P: Projection<E> + Clone>(&self, call: Call<'_>, query: impl FnOnce(&P) -> Term) -> Outcome {
        let application = self.application();
        let answer = match moment(&call)? {
            Some(moment) => application.read_at(moment, query).await,
            None => application.read(query).await.map_err(QueryError::from),
        };
        Ok(answer.map_err(|error| self.words.no_answer(error))?.into())
    }

    /// Closes the application and its forks.
    pub async fn close(&self) {
        self.forks.end_all().await;
        self.main.close().await;
    }

    /// Why the application has stopped, if it has.
    pub fn failure(&self) -> Option<String> {
        self.words.failure(&self.main)
    }
}

async fn reply<E: StoredEvent>(
    application: &Application<E>,
    receipt: &Receipt<E>,
    wants_events: bool,
    reply_for: impl FnMut(&E) -> Option<Term>,
) -> Reply {
    // If the log cannot be read any more, the receipt still has the command's own events.
    let caused = application.conversation(receipt).await.unwrap_or_else(|_| receipt.events().to_vec());
    // While a handler lags, events may be missing, and a reply made of the others could be wrong.
    let is_complete = receipt.lagging().is_empty();
    let term = is_complete.then(|| caused.iter().map(|event| &event.data).find_map(reply_for)).flatten();
    let term = term.unwrap_or_else(|| handled(receipt));
    let events = if wants_events { caused.iter().filter_map(event_record).collect() } else { Vec::new() };
    Reply { events, ..term.into() }
}
