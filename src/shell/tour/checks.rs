//! What must have happened: looked up in the log, at the handlers and in replies, however it came about.

use serde::Deserialize;

use super::Toured;
use super::position::NamedEvent;
use super::since::Since;
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
    /// The log, or a stream, has so many events of a title or a type since the lesson began.
    Event {
        event: NamedEvent,
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
    /// The program has ended without closing anything since the lesson began, and begun again.
    Crashed,
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
    /// It has parked an event since the lesson began.
    Parked,
    Crashed,
    /// It runs, is not held, has had every event, and has parked none since the lesson began.
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

/// Whether it is so. Nothing is where nothing is open. `since` says where the log was as the lesson began.
pub(super) async fn holds<D: Toured>(domain: &mut D, check: &Check, since: Option<&Since>) -> bool {
    let place = domain.tour().under_way.as_ref().map(|tour| &tour.place);
    match check {
        Check::Restarted => place.is_some_and(|place| place.is_restarted),
        Check::Crashed => place.is_some_and(|place| place.has_crashed),
        Check::Reply { to, is } => {
            let position = place.and_then(|place| place.position);
            ask(domain, to, position).await.is_some_and(|reply| reply.to_string().trim() == is.trim())
        }
        check => match since {
            Some(since) => look(domain, check, since).await.unwrap_or(false),
            None => false,
        },
    }
}

async fn look<D: Toured>(domain: &D, check: &Check, since: &Since) -> Option<bool> {
    let application = domain.application().ok()?;
    Some(match check {
        Check::Event { event, count } => {
            let positions = positions(domain, event).await?;
            positions.iter().filter(|position| **position > since.position).count() >= *count as usize
        }
        Check::Handler { name, is } => {
            let handlers = application.handlers().await.ok()?;
            is.is_of(handlers.iter().find(|handler| handler.status.name == name)?, since.parked(name))
        }
        Check::Broken(place) => application.breaks().iter().any(|broken| broken.name == *place),
        Check::Forks(count) => domain.forks().names("", usize::MAX).len() > *count as usize,
        Check::In(name) => domain.forks().current_name().as_deref().unwrap_or(MAIN) == name,
        Check::Open(Open::Any) => true,
        Check::Open(Open::File) => domain.main().ok()?.url().path().is_some(),
        // These are not looked up here.
        Check::Reply { .. } | Check::Restarted | Check::Crashed => false,
    })
}

/// The position of the last event that is meant; `None` where there is none.
pub(super) async fn last_position<D: Toured>(domain: &D, event: &NamedEvent) -> Option<u64> {
    positions(domain, event).await?.pop()
}

/// The positions of the events that are meant, among the latest.
async fn positions<D: Toured>(domain: &D, NamedEvent { event, stream }: &NamedEvent) -> Option<Vec<u64>> {
    let application = domain.application().ok()?;
    let stream = stream.as_deref().map(D::stream).transpose().ok()?;
    let events = application.latest_events(stream.as_ref(), LATEST).await.ok()?;
    let is_meant = |data: &D::Event| data.title() == event || data.event_type() == event;
    Some(events.iter().filter(|event| is_meant(&event.data)).map(|event| event.position.get()).collect())
}

impl Condition {
    /// Whether a handler is so, which had parked so many events as the lesson began.
    fn is_of(self, HandlerReport { status, behind, parked }: &HandlerReport, parked_before: usize) -> bool {
        let state = status.condition.state;
        match self {
            Self::Held => status.is_held,
            Self::Behind => *behind > 0,
            Self::CaughtUp => *behind == 0,
            Self::Retrying => matches!(state, HandlerState::WaitingToRetry { .. }),
            Self::Parked => *parked > parked_before,
            Self::Crashed => state == HandlerState::Crashed,
            Self::InOrder => {
                state == HandlerState::Running && !status.is_held && *behind == 0 && *parked <= parked_before
            }
        }
    }
}
