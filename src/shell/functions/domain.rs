//! What the shell needs of a domain.

use std::future::{Future, ready};

use super::function::{Function, Parameter};
use super::outcome::{NotDone, SentCall};
use super::row::{Call, Row, RunningCall};
use super::vocabulary::{Manual, Vocabulary};
use crate::engine::application::Seams;
use crate::shell::common_errors::DEFECT;

/// A domain as the shell sees it: functions to call by name.
pub trait Domain: Send + Sized + 'static {
    /// The table of its functions.
    fn rows() -> &'static [Row<Self>];

    /// What `help` and error messages say about the domain as a whole.
    fn manual(&self) -> &'static Manual;

    /// Calls a function.
    fn call<'a>(&'a mut self, row: &'static Row<Self>, call: Call<'a>) -> RunningCall<'a> {
        row.run(self, call)
    }

    /// Calls a function that sends a command, and shows what that leads to: nothing is stored, sent or counted. A domain with
    /// functions that send commands provides it; see
    /// [`try_call`](crate::shell::application_functions::try_call).
    fn try_call<'a>(&'a mut self, _row: &'static Row<Self>, _call: Call<'a>) -> RunningCall<'a> {
        Box::pin(ready(Err(NotDone::noted(DEFECT, "this domain has nothing to try a command on"))))
    }

    /// The name of the fork that calls go to, for the prompt. By default there are none.
    fn fork(&self) -> Option<String> {
        None
    }

    /// Sends the command of a call without waiting for its outcome. `None`, if the call must wait until every call before
    /// it has its outcome; nothing was done then. By default all must.
    ///
    /// Whether a call is sent like this must make no difference to its reply, its trace and its events.
    fn send_ahead(&mut self, _call: Call<'_>) -> impl Future<Output = Option<SentCall>> + Send {
        ready(None)
    }

    /// Where completion looks up existing names. By default there are none.
    fn names(&self) -> Box<dyn Names> {
        Box::new(|_: &Parameter, _: &str, _: usize| Vec::new())
    }

    /// The name of what is open, for the prompt: `bank.db` for `bank:bank.db(1)> `. By default the prompt has none.
    fn what_is_open(&self) -> Option<String> {
        None
    }

    /// What is open, for the first line of a prompt: `bank.db`, or `a bank in memory`, which has no name.
    fn opened_as(&self) -> Option<String> {
        self.what_is_open()
    }

    /// What calls go to, for whoever reads the session later: what is open, and which fork of it. Empty where nothing is open.
    fn where_calls_go(&self) -> String {
        match (self.what_is_open(), self.fork()) {
            (open, None) => open.unwrap_or_default(),
            (None, Some(fork)) => format!("fork {fork}"),
            (Some(open), Some(fork)) => format!("{open}, fork {fork}"),
        }
    }

    /// What is held and broken of the domain's application. Asked for only once a call has held or broken something.
    fn seams(&self) -> Option<Seams> {
        None
    }

    /// Finishes pending commands and closes the domain. No call follows.
    fn close(&mut self) -> impl Future<Output = ()> + Send;

    /// Lets commands that were sent without waiting make progress before the next call.
    fn let_pending_commands_run(&self) -> impl Future<Output = ()> + Send {
        ready(())
    }

    /// What is said after the reply to a statement, such as the next lesson of a tour. It is text for people: paragraphs of
    /// one line each, which are wrapped as they are printed. By default nothing is.
    fn afterword(&mut self) -> impl Future<Output = Option<String>> + Send {
        ready(None)
    }

    /// Waits for the outcomes of commands that were sent without waiting. Answers with what was refused or declined of them,
    /// in words.
    fn refused_meanwhile(&mut self) -> impl Future<Output = Option<String>> + Send {
        ready(None)
    }

    /// Why the domain has stopped for good, or which command failed since the last call without anybody waiting for it.
    fn failure(&self) -> Option<String>;
}

impl Vocabulary {
    /// The functions of a domain and of the shell itself.
    pub fn of<D: Domain>(domain: &D) -> Self {
        Self::new(|number| D::rows().get(number).map(|row| &row.function as &'static Function), domain.manual())
    }
}

/// Looks up names for completion, where a parameter is [`Named`](super::ParameterKind::Named) or
/// [`Text`](super::ParameterKind::Text).
pub trait Names: Send {
    /// The first `limit` names that begin with `prefix`, in order; none for a parameter that takes no names.
    fn beginning_with(&self, parameter: &Parameter, prefix: &str, limit: usize) -> Vec<String>;
}

impl<F: Fn(&Parameter, &str, usize) -> Vec<String> + Send> Names for F {
    fn beginning_with(&self, parameter: &Parameter, prefix: &str, limit: usize) -> Vec<String> {
        self(parameter, prefix, limit)
    }
}
