//! What every application can do, at the prompt of its domain: `handlers`, `watch`, `export`, and so on.
//!
//! A domain has functions of its own and [joins](super::table::joined) these to them, in its own [`Words`]. [`Prompt`] is the
//! whole of it for a domain whose application runs as long as its program does, and [`Prompted`] what its functions reach
//! the application by.

mod handlers;
mod log;
mod prompt;
mod prompted;
pub mod table;
mod upkeep;
mod words;

pub use self::prompt::{DomainFunctions, Prompt};
pub use self::prompted::Prompted;
pub use self::upkeep::NotDone;
pub use self::words::{Words, words};
use super::functions::{Answer, Arguments, Function};
use super::term::Term;
use crate::engine::application::{Application, Receipt};
use crate::engine::log::StreamId;
use crate::engine::store::codec::StoredEvent;

/// The stream that a word at the prompt names, or the reply to a word that names none.
pub type StreamNamed = fn(&str) -> Result<StreamId, Term>;

/// A call of one of these functions.
#[derive(Debug)]
pub struct Called<'a, E: 'static> {
    /// What it is called on.
    pub application: &'a Application<E>,
    /// The function.
    pub function: &'static Function,
    /// What it is given.
    pub arguments: &'a Arguments,
    /// What the application is called.
    pub words: &'static Words,
    /// Whether replies are printed as JSON.
    pub as_json: bool,
}

impl<E> Clone for Called<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Called<'_, E> {}

/// What came of a call: the answer, or what could not be done.
pub type Outcome = Result<Answer, NotDone>;

/// Does what is called, if it is one of these functions.
pub async fn call<E: StoredEvent>(called: Called<'_, E>, stream: StreamNamed) -> Option<Outcome> {
    Some(match called.function.name {
        "events" => Ok(either(log::events(&called, stream).await)),
        "watch" => Ok(match log::watch(&called).await {
            Ok(live) => Answer { live: Some(live), ..Term::OK.into() },
            Err(refused) => refused.into(),
        }),
        "handlers" => Ok(either(handlers::handlers(&called).await)),
        "parked" => Ok(either(handlers::parked(&called).await)),
        "retry" => Ok(either(handlers::retry(&called).await)),
        "skip" => Ok(either(handlers::skip(&called).await)),
        "head" => upkeep::head(&called).await.map(Answer::from),
        "verify" => upkeep::verify(&called).await.map(Answer::from),
        "backup" => upkeep::backup(&called).await.map(Answer::from),
        "import" => upkeep::import(&called).await.map(Answer::from),
        "export" => upkeep::export(&called).await.map(Answer::from),
        "rebuild" => upkeep::rebuild(&called).await.map(Answer::from),
        _ => return None,
    })
}

/// What was asked for and what stands in its way are both replies.
fn either(reply: Result<Term, Term>) -> Answer {
    reply.unwrap_or_else(std::convert::identity).into()
}

pub(in crate::shell) fn integer(number: u64) -> Term {
    Term::Integer(number.into())
}

/// The reply to a command that was handled: who had not seen it when waiting ended is told.
pub(in crate::shell) fn handled<E>(receipt: &Receipt<E>) -> Term {
    if receipt.lagging().is_empty() {
        return Term::OK;
    }
    let lagging = receipt.lagging().iter().map(|name| Term::String((*name).to_owned())).collect();
    let committed = integer(receipt.position().get());
    Term::Ok(Box::new(Term::Map(vec![("committed", committed), ("lagging", Term::List(lagging))])))
}
