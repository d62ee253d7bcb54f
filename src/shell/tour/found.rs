//! Events that a lesson is about, found in the log.

use std::collections::BTreeMap;

use super::Toured;
use super::position::{NamedEvent, POSITION};
use super::since::Since;
use crate::engine::domain::DomainEvent;
use crate::engine::log::{Position, RecordedEvent};
use crate::shell::application_functions::MAIN;
use crate::shell::event_record::fields;

/// How many of the latest events are looked at.
const LATEST: usize = 10_000;

/// Stands for the id of the command that led to the event at the position that a lesson is about.
const COMMAND: &str = "{command}";

/// Events that the log must have since the lesson began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct EventCheck {
    pub(super) event: NamedEvent,
    /// So many, or more.
    pub(super) count: u32,
    /// What their data say, field by field.
    pub(super) data: BTreeMap<String, String>,
    /// They are of a conversation that the check before has found.
    pub(super) is_of_the_same: bool,
    /// They are in this history, and statements go there.
    pub(super) history: Option<String>,
}

impl EventCheck {
    /// The events that are meant.
    pub(super) async fn find<D: Toured>(&self, domain: &mut D, since: &Since) -> Option<Vec<RecordedEvent<D::Event>>> {
        let history = domain.forks().current_name();
        if self.history.as_deref().is_some_and(|wanted| wanted != history.as_deref().unwrap_or(MAIN)) {
            return None;
        }
        let data = self.data(domain).await?;
        let mut found = events(domain, &self.event).await?;
        let evidence = &domain.tour().under_way.as_ref()?.place.evidence;
        found.retain(|event| {
            event.position.get() > since.position
                && (!self.is_of_the_same || evidence.is_about(event.metadata.correlation_id()))
                && (data.is_empty() || says(&event.data, &data))
        });
        Some(found)
    }

    /// What the data are to say here; `None` as long as the position that the lesson is about is not known.
    async fn data<D: Toured>(&self, domain: &mut D) -> Option<BTreeMap<String, String>> {
        let mut data = self.data.clone();
        for value in data.values_mut().filter(|value| value.contains(POSITION) || value.contains(COMMAND)) {
            let position = domain.tour().under_way.as_ref()?.place.position?;
            let at = domain.application().ok()?.events(Position::new(position), 1).await.ok()?;
            let command = at.first()?.metadata.command_id.to_string();
            *value = value.replace(POSITION, &position.to_string()).replace(COMMAND, &command);
        }
        Some(data)
    }
}

/// The position of the last event that is meant; `None` where there is none.
pub(super) async fn last_position<D: Toured>(domain: &D, event: &NamedEvent) -> Option<u64> {
    Some(events(domain, event).await?.last()?.position.get())
}

/// The events that are meant, among the latest.
pub(super) async fn events<D: Toured>(domain: &D, named: &NamedEvent) -> Option<Vec<RecordedEvent<D::Event>>> {
    let application = domain.application().ok()?;
    let stream = named.stream.as_deref().map(D::stream).transpose().ok()?;
    let mut events = application.latest_events(stream.as_ref(), LATEST).await.ok()?;
    events.retain(|event| is_meant(event, named));
    Some(events)
}

/// Whether an event has the title or the type that is meant, in whatever stream.
pub(super) fn is_meant<E: DomainEvent>(event: &RecordedEvent<E>, named: &NamedEvent) -> bool {
    event.data.title() == named.event || event.data.event_type() == named.event
}

/// Whether the data of an event say this, numbers and texts alike.
fn says<E: crate::engine::store::codec::StoredEvent>(event: &E, wanted: &BTreeMap<String, String>) -> bool {
    let fields = fields(event).unwrap_or_default();
    wanted.iter().all(|(name, wanted)| {
        let field = fields.iter().find(|(field, _)| field == name);
        field.is_some_and(|(_, value)| value.get().trim_matches('"') == wanted)
    })
}
