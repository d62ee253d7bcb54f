//! A domain at a prompt, whose application runs as long as its program does.

use std::future::Future;

use super::{Called, NotDone, Words, call};
use crate::engine::application::Application;
use crate::engine::log::StreamId;
use crate::engine::store::codec::StoredEvent;
use crate::shell::functions::{Answer, Arguments, Domain, Function, Names, Parameter, WantedSecret};
use crate::shell::help::Manual;
use crate::shell::term::Term;

/// What a domain has of its own at a prompt.
pub trait DomainFunctions: Send + Sync {
    /// What can happen in it.
    type Event: StoredEvent;

    /// What its application is called.
    const WORDS: &'static Words;

    /// The application.
    fn application(&self) -> &Application<Self::Event>;

    /// Everything that can be called: its own functions, and behind them those of
    /// [every application](crate::application_functions).
    fn functions(&self) -> &'static [Function];

    /// What the shell says of it beside that.
    fn manual(&self) -> &'static Manual;

    /// The stream that a word names.
    ///
    /// # Errors
    ///
    /// The reply to a word that names none.
    fn stream(name: &str) -> Result<StreamId, Term> {
        Ok(StreamId::named(name))
    }

    /// Calls one of its own functions; `events` says whether the answer should bring its events along.
    fn call(
        &self,
        function: &'static Function,
        arguments: &Arguments,
        events: bool,
    ) -> impl Future<Output = Answer> + Send;

    /// What a call will ask for and was not given, if the domain knows of such a thing.
    fn wanted_secret(&self, function: &'static Function, arguments: &Arguments) -> Option<WantedSecret> {
        let _ = (function, arguments);
        None
    }

    /// Where the editor looks up the names that exist now. A domain that answers no question has none to offer.
    fn names(&self) -> Box<dyn Names> {
        Box::new(|_: &Parameter, _: &str, _: usize| Vec::new())
    }
}

/// A domain as the shell calls it.
#[derive(Debug)]
pub struct Prompt<D> {
    domain: D,
    /// Why the last statement could not do its work.
    failed: Option<String>,
    /// The same, where whatever comes next can be done all the same.
    not_done: Option<String>,
}

impl<D: DomainFunctions> Prompt<D> {
    /// The prompt of a domain whose application runs.
    pub fn new(domain: D) -> Self {
        Self { domain, failed: None, not_done: None }
    }
}

impl<D: DomainFunctions> Domain for Prompt<D> {
    fn functions(&self) -> &'static [Function] {
        self.domain.functions()
    }

    fn manual(&self) -> &'static Manual {
        self.domain.manual()
    }

    async fn call(&mut self, function: &'static Function, arguments: &Arguments, events: bool) -> Answer {
        (self.failed, self.not_done) = (None, None);
        let application = self.domain.application();
        let called = Called { application, function, arguments, words: D::WORDS, as_json: events };
        match call(called, D::stream).await {
            None => self.domain.call(function, arguments, events).await,
            Some(Ok(answer)) => answer,
            Some(Err(NotDone { reply, message, changes_nothing })) => {
                // Of one that is busy it was told who holds the file.
                if !matches!(reply, Term::Error("busy")) {
                    *(if changes_nothing { &mut self.not_done } else { &mut self.failed }) = Some(message);
                }
                reply.into()
            }
        }
    }

    fn wanted_secret(&self, function: &'static Function, arguments: &Arguments) -> Option<WantedSecret> {
        self.domain.wanted_secret(function, arguments)
    }

    fn names(&self) -> Box<dyn Names> {
        self.domain.names()
    }

    async fn close(&mut self) {
        self.domain.application().close().await;
    }

    fn not_done(&self) -> Option<String> {
        self.not_done.clone()
    }

    fn failure(&self) -> Option<String> {
        let has_stopped = || self.domain.application().failure().map(|unavailable| D::WORDS.said(&unavailable));
        self.failed.clone().or_else(has_stopped)
    }
}
