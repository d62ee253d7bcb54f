//! Reading what was acknowledged before, whoever has stored it: what strong consistency means to a question.
//!
//! Mostly there is nothing to wait for, and to find that out is one look at a number. Where something has come, the
//! store is asked to tell its subscribers at once, and the question waits until all projections have taken it in: so
//! one answer knows the same of each of them.

use thiserror::Error;

use super::checkpoints::{Checkpoints, MAX_WAIT};
use crate::engine::log::{Moment, Position};
use crate::engine::store::{EventStore, StoreError};

/// Why a question cannot be answered as it was asked.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NotCaughtUp {
    /// Some projections have not come far enough within [`MAX_WAIT`].
    #[error("{} has not come to position {end} yet", lagging.join(", "))]
    Behind {
        /// Where they should be.
        end: Position,
        /// Their names.
        lagging: Vec<&'static str>,
    },
    /// The question is about a position that the log does not have yet.
    #[error("{0}")]
    NotYet(#[from] NotYet),
    /// The store did not answer.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// A position that was asked about lies beyond the log's end.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the log ends at position {end}")]
pub struct NotYet {
    /// What was asked about.
    pub position: Position,
    /// Where the log ends.
    pub end: Position,
}

/// Whether all projections have taken in what was acknowledged to anybody before this was called.
pub fn has_caught_up<E, S: EventStore<E>>(store: &S, checkpoints: &Checkpoints) -> bool {
    store.acknowledged().is_some_and(|end| checkpoints.projections_are_past(end))
}

/// Waits until all projections have taken in what was acknowledged to anybody before this was called.
///
/// # Errors
///
/// [`NotCaughtUp`]: why that is not so.
pub async fn catch_up<E, S: EventStore<E>>(store: &S, checkpoints: &Checkpoints) -> Result<(), NotCaughtUp> {
    let end = match store.acknowledged() {
        Some(end) => end,
        None => store.end().await?,
    };
    wait(store, checkpoints, end).await
}

/// Waits until all projections have taken in what there was at a position, which the log must have.
///
/// # Errors
///
/// [`NotCaughtUp`]: why that is not so.
pub async fn catch_up_to<E, S: EventStore<E>>(
    store: &S,
    checkpoints: &Checkpoints,
    position: Position,
) -> Result<(), NotCaughtUp> {
    is_there(store, Moment::Position(position)).await?;
    wait(store, checkpoints, position).await
}

/// Whether the log has come to a moment, as it always has where that is a time.
///
/// # Errors
///
/// [`NotCaughtUp`]: it has not, or that cannot be found out.
pub async fn is_there<E, S: EventStore<E>>(store: &S, moment: Moment) -> Result<(), NotCaughtUp> {
    let Moment::Position(position) = moment else { return Ok(()) };
    if moment == Moment::NOW || store.acknowledged().is_some_and(|end| end >= position) {
        return Ok(());
    }
    match store.end().await? {
        end if end < position => Err(NotYet { position, end }.into()),
        _ => Ok(()),
    }
}

async fn wait<E, S: EventStore<E>>(store: &S, checkpoints: &Checkpoints, end: Position) -> Result<(), NotCaughtUp> {
    if checkpoints.projections_are_past(end) {
        return Ok(());
    }
    store.look();
    let lagging = checkpoints.wait_for_projections(end, MAX_WAIT).await;
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
    use crate::engine::store::Append;
    use crate::engine::store::memory::MemoryStore;

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
