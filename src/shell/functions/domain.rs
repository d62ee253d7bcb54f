//! A domain as the shell sees it.

use std::future::{Future, ready};

use super::function::{Function, Parameter};
use super::row::{Call, Row, Running};
use super::vocabulary::{Manual, Vocabulary};

/// A domain as the shell sees it: functions by name, and what they reply.
pub trait Domain: Send + Sized + 'static {
    /// What can be called.
    fn rows() -> &'static [Row<Self>];

    /// What the shell says of it beside that.
    fn manual(&self) -> &'static Manual;

    /// Calls one of them.
    fn call<'a>(&'a mut self, row: &'static Row<Self>, call: Call<'a>) -> Running<'a> {
        row.run(self, call)
    }

    /// Where the editor looks up the names that exist now. A domain that answers no question has none to offer.
    fn names(&self) -> Box<dyn Names> {
        Box::new(|_: &Parameter, _: &str, _: usize| Vec::new())
    }

    /// Finishes what is under way. Nothing is called afterwards.
    fn close(&mut self) -> impl Future<Output = ()> + Send;

    /// Lets what was sent and not waited for make some way before the next call.
    fn let_others_run(&self) -> impl Future<Output = ()> + Send {
        ready(())
    }

    /// What has stopped the domain for good, if anything has; or what has failed since the last call that was not waited
    /// for.
    fn failure(&self) -> Option<String>;
}

impl Vocabulary {
    /// The functions of a domain and the helpers.
    pub fn of<D: Domain>(domain: &D) -> Self {
        Self::new(|number| D::rows().get(number).map(|row| &row.function as &'static Function), domain.manual())
    }
}

/// The names that can stand where a parameter is [`Kind::Named`](super::Kind::Named) or
/// [`Kind::Text`](super::Kind::Text).
pub trait Names: Send {
    /// The first `limit` names that begin with `prefix`, in order; none where a parameter takes no names.
    fn beginning_with(&self, parameter: &Parameter, prefix: &str, limit: usize) -> Vec<String>;
}

impl<F: Fn(&Parameter, &str, usize) -> Vec<String> + Send> Names for F {
    fn beginning_with(&self, parameter: &Parameter, prefix: &str, limit: usize) -> Vec<String> {
        self(parameter, prefix, limit)
    }
}
