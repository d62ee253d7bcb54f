//! The read service: keeps the inventory and answers from it, and takes no command.

use std::sync::Arc;

use super::{Book, BookEvent, Inventory, Isbn, ListedBook, Loan, Unavailable, UserId};
use crate::engine::aggregate::Aggregate as _;
use crate::engine::checkpoints::{Checkpoints, MAX_WAIT};
use crate::engine::event::{Position, RecordedEvent, StreamId, Version};
use crate::engine::moment::Moment;
use crate::engine::projection::{self, Projection as _, ReadModel};
use crate::engine::store::{EventStore, MAX_READ};
use crate::engine::supervisor::{StopReason, Supervisor};

/// Answers what the library has. Cheap to clone.
///
/// Every answer knows at least what was stored when the question came, whoever has stored it. An answer about the
/// past is folded from the log up to then. Dropping the last handle closes the service.
#[derive(Clone, Debug)]
pub struct ReadService<S> {
    inner: Arc<Inner<S>>,
}

#[derive(Debug)]
struct Inner<S> {
    store: S,
    inventory: ReadModel<Inventory>,
    checkpoints: Checkpoints,
    supervisor: Supervisor,
}

impl<S> Drop for Inner<S> {
    fn drop(&mut self) {
        self.supervisor.stop(StopReason::Closed);
    }
}

impl<S: EventStore<BookEvent>> ReadService<S> {
    /// Starts the service on a store: over everything that has happened, then live. `supervisor` is the group its
    /// tasks run in, and stops with it; where the store is for this service alone, its tasks belong there too.
    pub fn start(store: S, supervisor: Supervisor) -> Self {
        let checkpoints = Checkpoints::new();
        let inventory = projection::start(store.clone(), &checkpoints, &supervisor);
        Self { inner: Arc::new(Inner { store, inventory, checkpoints, supervisor }) }
    }

    /// At most `limit` books in the order of their numbers, from `from` on, now or at a moment in the past.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: why there is no answer.
    pub async fn get_inventory(
        &self,
        from: Isbn,
        limit: usize,
        moment: Option<Moment>,
    ) -> Result<Vec<ListedBook>, Unavailable> {
        self.ask(moment, |inventory| inventory.books(from, limit)).await
    }

    /// A book, now or at a moment in the past; `None` if the library does not have it then.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: why there is no answer.
    pub async fn get_book(&self, isbn: Isbn, moment: Option<Moment>) -> Result<Option<ListedBook>, Unavailable> {
        self.check_running()?;
        match moment {
            // The book's own stream says it all.
            Some(moment) => Ok(self.replay_book(isbn, moment).await?.book(&isbn).cloned()),
            None => self.ask(None, |inventory| inventory.book(&isbn).cloned()).await,
        }
    }

    /// At most `limit` loans of a user in the order of the books' numbers, from `from` on, now or at a moment in
    /// the past.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: why there is no answer.
    pub async fn get_loans(
        &self,
        user_id: &UserId,
        from: Isbn,
        limit: usize,
        moment: Option<Moment>,
    ) -> Result<Vec<Loan>, Unavailable> {
        self.ask(moment, |inventory| inventory.loans(user_id, from, limit)).await
    }

    /// The inventory projection as it is now, for questions that need not wait for what was stored last.
    pub fn inventory(&self) -> &ReadModel<Inventory> {
        &self.inner.inventory
    }

    /// What has stopped the service, if anything but [`ReadService::close`] has.
    pub fn failure(&self) -> Option<Unavailable> {
        let reason = self.inner.supervisor.reason().map(Unavailable::from);
        reason.filter(|unavailable| *unavailable != Unavailable::Closed)
    }

    /// Closes the service for all its handles.
    pub fn close(&self) {
        self.inner.supervisor.stop(StopReason::Closed);
    }

    async fn ask<R>(&self, moment: Option<Moment>, ask: impl FnOnce(&Inventory) -> R) -> Result<R, Unavailable> {
        self.check_running()?;
        match moment {
            Some(moment) => Ok(ask(&self.replay(moment).await?)),
            None => {
                self.catch_up().await?;
                Ok(self.inner.inventory.read(ask))
            }
        }
    }

    fn check_running(&self) -> Result<(), Unavailable> {
        self.inner.supervisor.reason().map_or(Ok(()), |reason| Err(reason.into()))
    }

    /// Waits until the inventory has seen everything that is stored now.
    async fn catch_up(&self) -> Result<(), Unavailable> {
        let Inner { store, checkpoints, supervisor, .. } = &*self.inner;
        let end = store.end().await?;
        tokio::select! {
            lagging = checkpoints.wait(end, MAX_WAIT) => match lagging.as_slice() {
                [] => Ok(()),
                _ => Err(Unavailable::Behind { end }),
            },
            reason = supervisor.stopped() => Err(reason.into()),
        }
    }

    async fn replay(&self, moment: Moment) -> Result<Inventory, Unavailable> {
        let mut inventory = Inventory::default();
        let mut position = Position::START;
        loop {
            let events = self.inner.store.read_all(position, MAX_READ).await?;
            if !fold(&mut inventory, &events, moment) {
                return Ok(inventory);
            }
            position = events.last().map_or(position, |last| last.position);
        }
    }

    async fn replay_book(&self, isbn: Isbn, moment: Moment) -> Result<Inventory, Unavailable> {
        let stream = StreamId::new(Book::CATEGORY, &isbn);
        let mut inventory = Inventory::default();
        let mut version = Version::START;
        loop {
            let events = self.inner.store.read_stream(&stream, version, MAX_READ).await?;
            if !fold(&mut inventory, &events, moment) {
                return Ok(inventory);
            }
            version = events.last().map_or(version, |last| last.version);
        }
    }
}

/// Folds the events that had happened by then. Answers whether more of them may follow.
fn fold(inventory: &mut Inventory, events: &[RecordedEvent<BookEvent>], moment: Moment) -> bool {
    let happened = events.iter().take_while(|event| moment.is_after(event));
    let folded = happened.map(|event| inventory.project(event)).count();
    folded > 0 && folded == events.len()
}
