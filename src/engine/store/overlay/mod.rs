//! A store on top of another: the log of a base up to a position, and a log in memory that goes on from there.
//!
//! What is appended here is in no other store. The base is read when somebody asks for it, and never beyond the position;
//! its events, snapshots, command ids and hashes up to there are those of the overlay too. It may go on meanwhile. When it
//! closes, the overlay has no base to read any more, and answers that it is closed.

mod base;
mod event_store;
mod handler_records;
mod handlers_then;
mod upper;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use self::base::Base;
pub(in crate::engine::store) use self::base::{HashAt, HashingAt};
use self::upper::Upper;
use super::computed_head::Chain;
use super::custom_store::OtherStore;
use super::hash_chain::Hash;
use super::memory::Records;
use super::{Publisher, StoreError};
use crate::engine::log::Position;
use crate::engine::store::codec::StoredEvent;

/// A handle on an overlay. Cheap to clone; dropping the last one drops what was appended.
pub struct OverlayStore<E: 'static> {
    inner: Arc<Inner<E>>,
}

struct Inner<E: 'static> {
    base: Base<E>,
    upper: Mutex<Upper<E>>,
    /// What handlers have stored here. What they stored in the base is read there.
    records: Mutex<Records>,
    /// Where handlers of the base are that store their progress nowhere.
    handlers_now: OnceLock<Vec<(&'static str, Position)>>,
    publisher: Publisher<E>,
}

impl<E: 'static> Clone for OverlayStore<E> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<E: 'static> fmt::Debug for OverlayStore<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OverlayStore").field("base_end", &self.inner.base.end()).finish_non_exhaustive()
    }
}

impl<E: StoredEvent> OverlayStore<E> {
    /// An overlay on the base's log up to a position, or up to its current end. `None` for a position beyond the end.
    pub(super) async fn on(
        base: OtherStore<E>,
        hash_at: HashAt,
        at: Option<Position>,
        published_capacity: usize,
    ) -> Result<Option<Self>, StoreError> {
        let Some(base) = Base::up_to(base, hash_at, at).await? else { return Ok(None) };
        let upper = Mutex::new(Upper::after(base.end(), base.last_time()));
        let publisher = Publisher::new(published_capacity);
        let (records, handlers_now) = (Mutex::default(), OnceLock::new());
        Ok(Some(Self { inner: Arc::new(Inner { base, upper, records, handlers_now, publisher }) }))
    }

    /// Says where the handlers of the base are now, if it does not store that: here they go on from there. Asked for once,
    /// before a handler begins here.
    pub(in crate::engine) fn handlers_are_at(&self, checkpoints: Vec<(&'static str, Position)>) {
        // Set already: what was said first counts.
        let _ = self.inner.handlers_now.set(checkpoints);
    }

    /// The position up to which the log is the base's.
    pub fn base_end(&self) -> Position {
        self.inner.base.end()
    }

    /// The position and the hash of the event at a position, or of the last one; `None` beyond the end.
    pub(super) async fn hash_at(&self, at: Option<Position>) -> Result<Option<(Position, Hash)>, StoreError> {
        let base = &self.inner.base;
        if let Some(at) = at
            && at < base.end()
        {
            return base.hash_at(at).await;
        }
        let Some((position, hash)) = base.hash_at(base.end()).await? else { return Err(StoreError::Closed) };
        let (events, ends) = {
            let upper = self.upper();
            (upper.read_all(position, usize::MAX), upper.base_ends())
        };
        let mut chain = Chain::going_on(position, hash, ends);
        for event in events.iter().take_while(|event| at.is_none_or(|at| event.position <= at)) {
            chain.take(event)?;
        }
        let (position, hash) = chain.end();
        Ok(at.is_none_or(|at| at == position).then_some((position, hash)))
    }
}

impl<E: 'static> OverlayStore<E> {
    fn upper(&self) -> MutexGuard<'_, Upper<E>> {
        self.inner.upper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.inner.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
