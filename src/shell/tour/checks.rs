//! What must have happened: looked up in the log, at the handlers and in replies, however it came about.

use serde::Deserialize;

use super::Toured;
use super::statements::ask;
use crate::engine::application::handlers::HandlerReport;
use crate::engine::domain::DomainEvent as _;
use crate::engine::feed::checkpoints::HandlerState;
use crate::shell::application_functions::MAIN;

/// How many of the latest events are looked at.
const LATEST: usize = 10_000;

/// Something that must be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// The log, or a stream, has so many events of a title or a type.
    Event {
        title: String,
        stream: Option<String>,
        count: u32,
    },
    Handler {
        name: String,
        is: Condition,
    },
    /// A fault waits at a place.
    Broken(String),
    /// This is what a question is answered with.
    Reply {
        to: String,
        is: String,
    },
    /// There are so many forks, or more.
    Forks(u32),
    /// Statements go to this history.
    In(String),
    Open(Open),
    /// The program has ended and begun again since the lesson did.
    Restarted,
}

/// How a handler is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Condition {
    Held,
    Behind,
    /// It has had every event.
    #[serde(rename = "caught up")]
    CaughtUp,
    /// It has failed and waits to try again.
    Retrying,
    /// It has parked an event.
    Parked,
    Crashed,
    /// It runs, is not held, has had every event, and none is parked.
    #[serde(rename = "in order")]
    InOrder,
}

/// What is to be open.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Open {
    Any,
    File,
}

/// Whether it is so. Nothing is where nothing is open.
pub(super) async fn holds<D: Toured>(domain: &mut D, check: &Check, is_restarted: bool) -> bool {
    match check {
        Check::Restarted => is_restarted,
        Check::Reply { to, is } => ask(domain, to).await.is_some_and(|reply| reply.to_string().trim() == is.trim()),
        check => look(domain, check).await.unwrap_or(false),
    }
}

async fn look<D: Toured>(domain: &D, check: &Check) -> Option<bool> {
    let application = domain.application().ok()?;
    Some(match check {
        Check::Event { title, stream, count } => {
            let stream = stream.as_deref().map(D::stream).transpose().ok()?;
            let events = application.latest_events(stream.as_ref(), LATEST).await.ok()?;
            let is_one = |data: &D::Event| data.title() == title || data.event_type() == title;
            events.iter().filter(|event| is_one(&event.data)).count() >= *count as usize
        }
        Check::Handler { name, is } => {
            let handlers = application.handlers().await.ok()?;
            is.is_of(handlers.iter().find(|handler| handler.status.name == name)?)
        }
        Check::Broken(place) => application.breaks().iter().any(|broken| broken.name == *place),
        Check::Forks(count) => domain.forks().names("", usize::MAX).len() > *count as usize,
        Check::In(name) => domain.forks().current_name().as_deref().unwrap_or(MAIN) == name,
        Check::Open(Open::Any) => true,
        Check::Open(Open::File) => domain.main().ok()?.url().path().is_some(),
        // These are not looked up here.
        Check::Reply { .. } | Check::Restarted => false,
    })
}

impl Condition {
    fn is_of(self, HandlerReport { status, behind, parked }: &HandlerReport) -> bool {
        let state = status.condition.state;
        match self {
            Self::Held => status.is_held,
            Self::Behind => *behind > 0,
            Self::CaughtUp => *behind == 0,
            Self::Retrying => matches!(state, HandlerState::WaitingToRetry { .. }),
            Self::Parked => *parked > 0,
            Self::Crashed => state == HandlerState::Crashed,
            Self::InOrder => state == HandlerState::Running && !status.is_held && *behind == 0 && *parked == 0,
        }
    }
}
