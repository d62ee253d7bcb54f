//! Strong consistency for queries: a query includes every event acknowledged before, by any process.
//!
//! Usually there is nothing to wait for, and comparing two numbers shows that. Otherwise the store notifies its subscribers
//! at once, and the query waits until all projections have seen the events, so that they agree with each other.

use thiserror::Error;

use super::checkpoints::{Checkpoints, MAX_WAIT};
use crate::engine::log::{Moment, Position};
use crate::engine::store::{EventStore, StoreError};

/// Why a query cannot be answered.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NotCaughtUp {
    /// Some projections have not seen the position within [`MAX_WAIT`].
    #[error("{} has not come to position {end} yet", lagging.join(", "))]
    Behind {
        /// The position.
        end: Position,
        /// Their names.
        lagging: Vec<&'static str>,
    },
    /// The position is beyond the end of the log.
    #[error("{0}")]
    NotYet(#[from] NotYet),
    /// The store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// A position beyond the end of the log.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the log ends at position {end}")]
pub struct NotYet {
    /// The position.
    pub position: Position,
    /// The end of the log.
    pub end: Position,
}

/// Whether all projections have seen every event acknowledged before the call, by any process.
pub fn has_caught_up<E, S: EventStore<E>>(store: &S, checkpoints: &Checkpoints) -> bool {
    store.acknowledged().is_some_and(|end| checkpoints.is_seen_by_projections(end))
}

/// Waits until all projections have seen every event acknowledged before the call, by any process.
///
/// # Errors
///
/// [`NotCaughtUp`]: why they have not.
pub async fn catch_up<E, S: EventStore<E>>(store: &S, checkpoints: &Checkpoints) -> Result<(), NotCaughtUp> {
    let end = match store.acknowledged() {
        Some(end) => end,
        None => store.end().await?,
    };
    wait_until_seen(store, checkpoints, end).await
}

/// Waits until all projections have seen a position, which must exist in the log.
///
/// # Errors
///
/// [`NotCaughtUp`]: why they have not.
pub async fn catch_up_to<E, S: EventStore<E>>(
    store: &S,
    checkpoints: &Checkpoints,
    position: Position,
) -> Result<(), NotCaughtUp> {
    has_reached_position(store, position).await?;
    wait_until_seen(store, checkpoints, position).await
}

/// Checks that the log has reached a moment. A time is always reached.
///
/// # Errors
///
/// [`NotCaughtUp`]: it has not, or the store failed.
pub async fn has_reached<E, S: EventStore<E>>(store: &S, moment: Moment) -> Result<(), NotCaughtUp> {
    match moment {
        Moment::Position(position) if moment != Moment::NOW => has_reached_position(store, position).await,
        Moment::Position(_) | Moment::Time(_) => Ok(()),
    }
}

async fn has_reached_position<E, S: EventStore<E>>(store: &S, position: Position) -> Result<(), NotCaughtUp> {
    if store.acknowledged().is_some_and(|end| end >= position) {
        return Ok(());
    }
    match store.end().await? {
        end if end < position => Err(NotYet { position, end }.into()),
        _ => Ok(()),
    }
}

async fn wait_until_seen<E, S: EventStore<E>>(
    store: &S,
    checkpoints: &Checkpoints,
    end: Position,
) -> Result<(), NotCaughtUp> {
    if checkpoints.is_seen_by_projections(end) {
        return Ok(());
    }
    store.look();
    let lagging = checkpoints.wait_until_projections_have_seen(end, MAX_WAIT).await;
    if lagging.is_empty() { Ok(()) } else { Err(NotCaughtUp::Behind { end, lagging }) }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::engine::domain::DomainEvent;
    use crate::engine::feed::checkpoints::HandlerKind;
    use crate::engine::log::{Metadata, StreamId, Timestamp, Version};
    use crate::engine::runtime::Supervisor;
    use crate::engine::store::memory::MemoryStore;
    use crate::engine::store::{Append, ExpectedEnd};

    #[derive(Clone, Debug)]
    struct Happened;

    impl DomainEvent for Happened {
        fn event_type(&self) -> &'static str {
            "happened"
        }

        fn title(&self) -> &'static str {
            "Happened"
        }
    }

    /// A log of one event.
    async fn store() -> MemoryStore<Happened> {
        let store = MemoryStore::start(&Supervisor::new());
        let append = Append {
            stream: StreamId::new("test", &"a"),
            expected_version: Version::START,
            time: Timestamp::from_micros(0),
            metadata: Metadata::from_outside(Uuid::from_u128(1)),
            events: vec![Happened],
            snapshot: None,
            expected_end: ExpectedEnd::ANY,
        };
        store.append(vec![append]).await.unwrap();
        store
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_ends_without_a_projection_says_which() {
        let (store, checkpoints, end) = (store().await, Checkpoints::new(), Position::new(1));
        let quick = checkpoints.register("quick", Position::START);
        let slow = checkpoints.register("slow", Position::START);
        checkpoints.advance([&quick], end);
        let behind = NotCaughtUp::Behind { end, lagging: vec!["slow"] };
        assert_eq!(behind.to_string(), "slow has not come to position 1 yet");
        assert!(!has_caught_up(&store, &checkpoints));
        assert_eq!(catch_up(&store, &checkpoints).await, Err(behind.clone()));
        assert_eq!(catch_up_to(&store, &checkpoints, end).await, Err(behind));
        let not_yet = NotYet { position: Position::new(2), end };
        assert_eq!(catch_up_to(&store, &checkpoints, not_yet.position).await, Err(not_yet.into()));
        checkpoints.advance([&slow], end);
        assert!(has_caught_up(&store, &checkpoints));
        assert_eq!(catch_up(&store, &checkpoints).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_handlers_that_answer_no_question() {
        let (store, checkpoints) = (store().await, Checkpoints::new());
        checkpoints.register_handler("process", HandlerKind::ProcessManager, true, Position::START);
        assert_eq!(catch_up(&store, &checkpoints).await, Ok(()));
    }
}
