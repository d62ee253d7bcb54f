//! What a domain provides to get the functions of every application.

use std::error::Error;

use super::Words;
use super::fork_name;
use super::forks::Forks;
use super::shown_event::ShownEvent;
use crate::engine::application::{Application, Builder};
use crate::engine::log::StreamId;
use crate::shell::common_errors::{BEHIND, BUSY, DEFECT, STORE_FAILED, UNAVAILABLE};
use crate::shell::error_reason::ErrorReason;
use crate::shell::function_table::AT;
use crate::shell::functions::{Call, NotDone, Parameter, ParameterKind};
use crate::shell::term::Term;

/// A domain with an application. It provides what the functions of every application need.
pub trait HasApplication: Send + Sync + 'static {
    /// The domain's event, with what is said of it.
    type Event: ShownEvent;

    /// The domain's words in replies and help.
    const WORDS: &'static Words;

    /// The parameter that names a stream.
    const STREAM: Parameter = Parameter::needed("stream", ParameterKind::Text);

    /// What every function of the application may reply besides errors of its own.
    const ERRORS: &'static [ErrorReason] =
        &[BUSY, BEHIND, UNAVAILABLE, Self::WORDS.stopped, Self::WORDS.closed, STORE_FAILED, DEFECT];

    /// What an argument may lead to that names a stream.
    const STREAM_ERRORS: &'static [ErrorReason] = &[Self::WORDS.no_stream];

    /// The process managers that an application has only where it is asked for them, and so its forks.
    const ONLY_ASKED_FOR: &'static [&'static str] = &[];

    /// The parameters of a new fork. The first is its name; those that a domain adds are for
    /// [`add_to_fork`](HasApplication::add_to_fork).
    const FORK_PARAMETERS: &'static [Parameter] = &[fork_name::NAME, AT];

    /// What `help` says about a new fork.
    const FORK_DETAILS: &'static str = fork_name::DETAILS;

    /// What the parameters that a domain adds may lead to.
    const FORK_ERRORS: &'static [ErrorReason] = &[];

    /// The application that calls go to, which may be a fork.
    ///
    /// # Errors
    ///
    /// The reply when no application is open.
    fn application(&self) -> Result<Application<Self::Event>, Term>;

    /// The application that all forks come from.
    ///
    /// # Errors
    ///
    /// The reply when no application is open.
    fn main(&self) -> Result<Application<Self::Event>, Term>;

    /// The forks of the application.
    fn forks(&self) -> &Forks<Self::Event>;

    /// The same functions on another application, where a call is tried: they print no trace.
    ///
    /// # Errors
    ///
    /// The reply when they cannot run there.
    fn rehearse_on(&self, application: Application<Self::Event>) -> Result<Self, NotDone>
    where
        Self: Sized;

    /// Called when calls go to another of the forks, or to the application itself.
    ///
    /// # Errors
    ///
    /// The reply when they cannot.
    fn switched(&mut self) -> Result<(), NotDone> {
        Ok(())
    }

    /// Adds what a call asks for to a new fork.
    ///
    /// # Errors
    ///
    /// The reply to an invalid argument.
    fn add_to_fork(&self, fork: Builder<Self::Event>, call: &Call<'_>) -> Result<Builder<Self::Event>, NotDone> {
        let _ = call;
        Ok(fork)
    }

    /// The name of a refusal, without its colon. By default what it says stands for it.
    fn name_of_refusal(refusal: &(dyn Error + 'static)) -> Option<&'static str> {
        let _ = refusal;
        None
    }

    /// The stream that an argument names.
    ///
    /// # Errors
    ///
    /// The reply to an invalid name.
    fn stream(name: &str) -> Result<StreamId, Term> {
        Ok(StreamId::named(name))
    }
}
