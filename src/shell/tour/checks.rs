//! What must have happened: looked up in the log, at the handlers and in replies, however it came about.

use serde::Deserialize;
use uuid::Uuid;

use super::Toured;
use super::evidence::CallEnd;
use super::found::{EventCheck, events, is_meant};
use super::position::NamedEvent;
use super::since::Since;
use super::statements::ask;
use crate::engine::application::Application;
use crate::engine::application::handlers::HandlerReport;
use crate::engine::feed::checkpoints::HandlerState;
use crate::engine::log::{Position, RecordedEvent};
use crate::shell::application_functions::MAIN;

/// Something that must be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// The log has such events since the lesson began.
    Event(EventCheck),
    /// A handler is so, at an event like this.
    Handler {
        name: String,
        is: Condition,
        at: Option<NamedEvent>,
    },
    /// A fault waits at a place.
    Broken(String),
    /// This is what a question is answered with.
    Reply {
        to: String,
        is: String,
    },
    /// A call has come to this since the lesson began.
    Call(CallEnd),
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

impl Check {
    /// Whether it asks whether a call has come to this.
    pub(super) fn is_about(&self, end: &CallEnd) -> bool {
        matches!(self, Self::Call(asked) if asked == end)
    }

    /// Whether it is about events whose conversation another check may be about.
    pub(super) fn finds_events(&self) -> bool {
        match self {
            Self::Event(_) => true,
            Self::Handler { is, .. } => is.has_event(),
            _ => false,
        }
    }

    /// Whether it is about the conversation that the check before it has found.
    pub(super) fn is_of_the_same(&self) -> bool {
        matches!(self, Self::Event(EventCheck { is_of_the_same: true, .. }))
    }
}

/// Whether it is so. Nothing is where nothing is open. `since` says where the log was as the lesson began.
pub(super) async fn holds<D: Toured>(domain: &mut D, check: &Check, since: Option<&Since>) -> bool {
    let place = domain.tour().under_way.as_ref().map(|tour| &tour.place);
    match check {
        Check::Restarted => place.is_some_and(|place| place.evidence.is_restarted),
        Check::Crashed => place.is_some_and(|place| place.evidence.has_crashed),
        Check::Call(end) => place.is_some_and(|place| place.evidence.has(end)),
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

async fn look<D: Toured>(domain: &mut D, check: &Check, since: &Since) -> Option<bool> {
    let application = domain.application().ok()?;
    Some(match check {
        Check::Event(wanted) => wanted.find(domain, since).await?.len() >= wanted.count as usize,
        Check::Handler { name, is, at } => {
            let handler = Handler::of(&application, name, since).await?;
            match at {
                None => is.is_of(&handler),
                Some(at) => is.is_of(&handler) && handler.is_at(domain, *is, at, since).await?,
            }
        }
        Check::Broken(place) => application.breaks().iter().any(|broken| broken.name == *place),
        Check::Forks(count) => domain.forks().names("", usize::MAX).len() > *count as usize,
        Check::In(name) => domain.forks().current_name().as_deref().unwrap_or(MAIN) == name,
        Check::Open(Open::Any) => true,
        Check::Open(Open::File) => domain.main().ok()?.url().path().is_some(),
        // These are not looked up here.
        Check::Reply { .. } | Check::Call(_) | Check::Restarted | Check::Crashed => false,
    })
}

/// The conversations of the events that a check finds now.
pub(super) async fn conversations<D: Toured>(domain: &mut D, check: &Check, since: &Since) -> Option<Vec<Uuid>> {
    let application = domain.application().ok()?;
    let found = match check {
        Check::Event(wanted) => wanted.find(domain, since).await?,
        Check::Handler { name, is, .. } => {
            let handler = Handler::of(&application, name, since).await?;
            if is.is_of(&handler) { handler.events_at(&application, *is).await? } else { Vec::new() }
        }
        _ => Vec::new(),
    };
    Some(found.iter().map(|event| event.metadata.correlation_id()).collect())
}

/// A handler, and what it has parked since the lesson began.
struct Handler {
    report: HandlerReport,
    parked: Vec<Position>,
}

impl Handler {
    async fn of<E: crate::engine::store::codec::StoredEvent>(
        application: &Application<E>,
        name: &str,
        since: &Since,
    ) -> Option<Self> {
        let handlers = application.handlers().await.ok()?;
        let report = handlers.into_iter().find(|handler| handler.status.name == name)?;
        let parked = application.parked().await.ok()?;
        let is_meant = |number: u64, handler: &str| number > since.last_parked && handler == name;
        let parked = parked.iter().filter(|(parked, _)| is_meant(parked.number, &parked.handler));
        Some(Self { report, parked: parked.map(|(parked, _)| parked.position).collect() })
    }

    /// The events at which it is so.
    async fn events_at<E: crate::engine::store::codec::StoredEvent>(
        &self,
        application: &Application<E>,
        is: Condition,
    ) -> Option<Vec<RecordedEvent<E>>> {
        let positions = match is {
            Condition::Parked => self.parked.clone(),
            _ => vec![Position::new(self.report.status.checkpoint.get() + 1)],
        };
        let mut events = Vec::new();
        for position in positions {
            events.extend(application.events(position, 1).await.ok()?);
        }
        Some(events)
    }

    /// Whether it is so at an event that is meant.
    async fn is_at<D: Toured>(&self, domain: &D, is: Condition, at: &NamedEvent, since: &Since) -> Option<bool> {
        let application = domain.application().ok()?;
        if is == Condition::Behind {
            let seen = self.report.status.checkpoint.get().max(since.position);
            return Some(events(domain, at).await?.iter().any(|event| event.position.get() > seen));
        }
        let stream = at.stream.as_deref().map(D::stream).transpose().ok()?;
        let found = self.events_at(&application, is).await?;
        Some(
            found
                .iter()
                .any(|event| is_meant(event, at) && stream.as_ref().is_none_or(|stream| *stream == event.stream)),
        )
    }
}

impl Condition {
    /// Whether it is about an event that the handler is at, or has parked.
    fn has_event(self) -> bool {
        matches!(self, Self::Retrying | Self::Parked | Self::Crashed)
    }

    /// Whether it can be so at an event that is named.
    pub(super) fn may_name_event(self) -> bool {
        self.has_event() || self == Self::Behind
    }

    fn is_of(self, Handler { report: HandlerReport { status, behind, .. }, parked }: &Handler) -> bool {
        let state = status.condition.state;
        match self {
            Self::Held => status.is_held,
            Self::Behind => *behind > 0,
            Self::CaughtUp => *behind == 0,
            Self::Retrying => matches!(state, HandlerState::WaitingToRetry { .. }),
            Self::Parked => !parked.is_empty(),
            Self::Crashed => state == HandlerState::Crashed,
            Self::InOrder => state == HandlerState::Running && !status.is_held && *behind == 0 && parked.is_empty(),
        }
    }
}
