//! The length of the chain of causes behind an event. Its limit ends loops of process managers that answer each other.

use std::collections::VecDeque;

use uuid::Uuid;

use crate::engine::domain::DomainEvent;
use crate::engine::log::RecordedEvent;
use crate::engine::store::{EventStore, StoreError};

/// The default limit for the number of causes behind an event. Events beyond it are parked.
pub const LONGEST_CHAIN: u32 = 64;

/// The most commands whose chain length is cached. For others the log is read.
const CACHED: usize = 1_024;

/// The number of events shown at each end of a chain.
const SHOWN: usize = 3;

/// The chain lengths of commands sent lately. Each has one place, where it replaces another.
#[derive(Clone, Debug)]
pub(super) struct Chains {
    cached: Box<[(Uuid, u32)]>,
}

impl Default for Chains {
    fn default() -> Self {
        Self { cached: vec![(Uuid::nil(), 0); CACHED].into_boxed_slice() }
    }
}

impl Chains {
    /// The number of causes behind an event; 0 for a request from outside. Counting may stop beyond `longest`.
    pub(super) async fn causes<E, S>(
        &mut self,
        event: &RecordedEvent<E>,
        store: &S,
        longest: u32,
    ) -> Result<u32, StoreError>
    where
        E: DomainEvent,
        S: EventStore<E>,
    {
        if let Some(causes) = self.known_causes(event) {
            return Ok(causes);
        }
        let (command_id, mut cause) = (event.metadata.command_id, event.metadata.causation_id());
        let mut causes = 1;
        while causes <= longest {
            if let Some(known) = self.cached(cause) {
                causes += known;
                break;
            }
            match cause_of(cause, store).await? {
                Some(before) if before.metadata.causation_id() != cause => cause = before.metadata.causation_id(),
                _ => break,
            }
            causes += 1;
        }
        self.note(command_id, causes);
        Ok(causes)
    }

    /// The same, if no other event has to be read for it.
    pub(super) fn known_causes<E>(&self, event: &RecordedEvent<E>) -> Option<u32> {
        let (command_id, cause) = (event.metadata.command_id, event.metadata.causation_id());
        if cause == command_id { Some(0) } else { self.cached(command_id) }
    }

    /// Caches the chain length of a command.
    pub(super) fn note(&mut self, command_id: Uuid, causes: u32) {
        self.cached[place_of(command_id)] = (command_id, causes);
    }

    fn cached(&self, command_id: Uuid) -> Option<u32> {
        let (cached, causes) = self.cached[place_of(command_id)];
        // A free place has no causes, and whatever is cached has at least one.
        (cached == command_id && causes > 0).then_some(causes)
    }
}

/// The last bytes of derived ids are random enough.
fn place_of(command_id: Uuid) -> usize {
    let [.., high, low] = *command_id.as_bytes();
    usize::from(u16::from_be_bytes([high, low])) % CACHED
}

/// Describes the chain of causes that led to an event, first cause first, without the middle of a long one.
pub(super) async fn describe_chain<E, S>(
    event: &RecordedEvent<E>,
    store: &S,
    longest: u32,
) -> Result<String, StoreError>
where
    E: DomainEvent,
    S: EventStore<E>,
{
    let mut last = vec![link(event)];
    let mut first = VecDeque::new();
    let (mut event, mut length) = (event.clone(), 1_u32);
    while length <= longest.saturating_add(1) && event.metadata.causation_id() != event.metadata.command_id {
        let Some(cause) = cause_of(event.metadata.causation_id(), store).await? else { break };
        if last.len() < SHOWN {
            last.push(link(&cause));
        } else {
            first.push_back(link(&cause));
            if first.len() > SHOWN {
                first.pop_front();
            }
        }
        (event, length) = (cause, length + 1);
    }
    let left_out = (length as usize > last.len() + first.len()).then(|| "…".to_owned());
    let links = first.into_iter().rev().chain(left_out).chain(last.into_iter().rev());
    Ok(links.collect::<Vec<_>>().join(" → "))
}

fn link<E: DomainEvent>(event: &RecordedEvent<E>) -> String {
    let (title, position) = (event.data.title(), event.position);
    match event.metadata.process() {
        Some(process) => format!("{process}: {title} at {position}"),
        None => format!("{title} at {position}"),
    }
}

/// The last event of a command.
async fn cause_of<E, S>(command_id: Uuid, store: &S) -> Result<Option<RecordedEvent<E>>, StoreError>
where
    E: DomainEvent,
    S: EventStore<E>,
{
    Ok(store.read_command(command_id).await?.and_then(|events| events.last().cloned()))
}
