//! Forks: the same application on an overlay, which goes on from a position without changing anything here.
//!
//! A fork has the aggregates, projections, process managers, invariants and observers of its application. It has no event
//! handlers: their effects are outside, where nothing can be tried.

use std::sync::{Arc, PoisonError};

use super::builder::{Builder, OBSERVER, Part};
use super::{Application, ForkError, QueryError, Unavailable};
use crate::engine::command_handler::Decisions;
use crate::engine::feed::catch_up::NotYet;
use crate::engine::log::Position;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::HandlerRecords as _;
use crate::engine::store::overlay::OverlayStore;
use crate::engine::store::{EventStore as _, StoreError};

impl<E: StoredEvent> Application<E> {
    /// Begins to build a fork: the same application on an [overlay](OverlayStore) of this one's log up to a position, or up
    /// to its current end. What happens there is stored nowhere, and ends with the fork. Without copying anything, the fork
    /// reads the log here as it needs it, and its projections are folded when somebody first asks it for anything. A process
    /// manager goes on where it was when the log ended there, from then on or
    /// [at once](Application::finish_what_is_under_way).
    ///
    /// # Errors
    ///
    /// [`QueryError`]: the log ends before the position, or cannot be read.
    pub async fn fork(&self, at: Option<Position>) -> Result<Builder<E>, QueryError> {
        self.fork_without(at, &[]).await
    }

    /// Begins to build a fork as [`Application::fork`] does, without these process managers.
    ///
    /// # Errors
    ///
    /// [`QueryError`]: the log ends before the position, or cannot be read.
    pub async fn fork_without(&self, at: Option<Position>, without: &[&str]) -> Result<Builder<E>, QueryError> {
        let overlay = self.overlay(at).await?;
        Ok(self.built_again(overlay, without).folded_when_asked(true))
    }

    /// Begins to build a fork at the current end, to try commands there: their ids and times are those that they would get
    /// here next, and how they are decided is noted in `decisions`. Observers hear nothing of it.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the log cannot be read.
    pub async fn rehearsal(&self, decisions: Decisions) -> Result<Builder<E>, Unavailable> {
        let overlay = match self.overlay(None).await {
            Ok(overlay) => overlay,
            Err(QueryError::Unavailable(unavailable)) => return Err(unavailable),
            // Cannot happen: the end exists.
            Err(QueryError::NotYet(not_yet)) => return Err(Unavailable::Defect(not_yet.to_string())),
        };
        let clock = Arc::new(self.inner.clock.forked());
        let ids = self.inner.ids.forked(clock.clone());
        Ok(self.built_again(overlay, &[OBSERVER]).with_time_and_ids(clock, ids).noting(decisions))
    }

    async fn overlay(&self, at: Option<Position>) -> Result<OverlayStore<E>, QueryError> {
        self.still_open()?;
        let overlay = self.store().overlay(at).await;
        match (self.or_unavailable(overlay).await?, at) {
            (Some(overlay), _) => {
                if !self.store().is_durable() {
                    overlay.handlers_are_at(self.seams().checkpoints());
                }
                Ok(overlay)
            }
            (None, Some(position)) => {
                let end = self.store().end().await;
                let end = self.or_unavailable(end).await?;
                Err(NotYet { position, end }.into())
            }
            (None, None) => Err(Unavailable::Store(StoreError::Failed("the log has no end".into())).into()),
        }
    }

    fn built_again(&self, overlay: OverlayStore<E>, without: &[&str]) -> Builder<E> {
        let parts = self.inner.parts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let is_left_out = |part: &Part<E>| part.name.is_some_and(|name| without.contains(&name));
        let user = self.inner.sender.user().map(str::to_owned);
        let builder = Builder::on(overlay.into())
            .seed(self.inner.seed)
            .user(user)
            .limits(self.inner.limits)
            .retry(self.inner.retry)
            .longest_chain(self.inner.longest_chain);
        parts.iter().filter(|part| !is_left_out(part)).fold(builder, |builder, part| (part.add)(builder))
    }

    /// Remembers a part that was added while the application runs, for its forks.
    pub(super) fn remember(&self, part: Part<E>) {
        self.inner.parts.lock().unwrap_or_else(PoisonError::into_inner).push(part);
    }

    /// Forgets a part that was removed.
    pub(super) fn forget(&self, name: &str) {
        self.inner.parts.lock().unwrap_or_else(PoisonError::into_inner).retain(|part| part.name != Some(name));
    }
}

impl From<QueryError> for ForkError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::NotYet(not_yet) => Self::NotYet(not_yet),
            QueryError::Unavailable(unavailable) => Self::Unavailable(unavailable),
        }
    }
}
