//! The read service: keeps the inventory and answers from it, and takes no command.

use std::sync::Arc;

use super::past::Past;
use super::{Book, BookEvent, Inventory, Isbn, ListedBook, Loan, QueryError, Unavailable, UserId, inventory};
use crate::engine::aggregate::{Aggregate as _, restored_from};
use crate::engine::event::{StreamId, Version};
use crate::engine::feed::catch_up::{catch_up, has_caught_up, is_there};
use crate::engine::feed::checkpoints::Checkpoints;
use crate::engine::feed::{Feed, FeedHandle};
use crate::engine::moment::Moment;
use crate::engine::projection::ReadModel;
use crate::engine::store::{EventStore as _, MAX_READ, Store, StoreError};
use crate::engine::supervisor::{StopReason, Supervisor};

/// Answers what the library has. Cheap to clone.
///
/// Every answer knows at least what was stored when the question came, whoever has stored it. An answer about the
/// past is folded from the log up to then; what was folded last is kept, so that the next page of it is not folded
/// again. Dropping the last handle closes the service.
#[derive(Clone, Debug)]
pub struct ReadService {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store<BookEvent>,
    inventory: ReadModel<Inventory>,
    past: Past,
    projections: FeedHandle<BookEvent>,
    checkpoints: Checkpoints,
    supervisor: Supervisor,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.supervisor.stop(StopReason::Closed);
    }
}

impl ReadService {
    /// Starts the service on a store: where the rows of the inventory are that the store has kept, over what has
    /// happened since, then live. `supervisor` is the group its tasks run in, and stops with it; where the store is
    /// for this service alone, its tasks belong there too.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not be read.
    pub async fn start(store: impl Into<Store<BookEvent>>, supervisor: Supervisor) -> Result<Self, StoreError> {
        let store = store.into();
        let checkpoints = Checkpoints::new();
        let mut projections = Feed::new(checkpoints.clone());
        let inventory = projections.add();
        projections.observe(inventory::tell);
        projections.restore(&store).await?;
        let projections = projections.start(store.clone(), &supervisor);
        let past = Past::default();
        Ok(Self { inner: Arc::new(Inner { store, inventory, past, projections, checkpoints, supervisor }) })
    }

    /// At most `limit` books in the order of their numbers, from `from` on, now or at a moment in the past.
    ///
    /// # Errors
    ///
    /// [`QueryError`]: why there is no answer.
    pub async fn get_inventory(
        &self,
        from: Isbn,
        limit: usize,
        moment: Option<Moment>,
    ) -> Result<Vec<ListedBook>, QueryError> {
        self.ask(moment, |inventory| inventory.books(from, limit)).await
    }

    /// A book, now or at a moment in the past; `None` if the library does not have it then.
    ///
    /// # Errors
    ///
    /// [`QueryError`]: why there is no answer.
    pub async fn get_book(&self, isbn: Isbn, moment: Option<Moment>) -> Result<Option<ListedBook>, QueryError> {
        self.check_running()?;
        match moment {
            // The book's own stream says it all.
            Some(moment) => {
                is_there(&self.inner.store, moment).await?;
                Ok(self.book_at(isbn, moment).await.map_err(Unavailable::from)?)
            }
            None => self.ask(None, |inventory| inventory.book(&isbn).cloned()).await,
        }
    }

    /// At most `limit` loans of a user in the order of the books' numbers, from `from` on, now or at a moment in
    /// the past.
    ///
    /// # Errors
    ///
    /// [`QueryError`]: why there is no answer.
    pub async fn get_loans(
        &self,
        user_id: &UserId,
        from: Isbn,
        limit: usize,
        moment: Option<Moment>,
    ) -> Result<Vec<Loan>, QueryError> {
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

    /// Closes the service for all its handles, when the rows of the inventory are stored that have changed: then the
    /// next start has nothing to fold again.
    ///
    /// It is closed even if the future is dropped before it is done.
    pub async fn close(&self) {
        let inner = self.inner.clone();
        let closing = tokio::spawn(async move {
            inner.projections.keep_rows().await;
            inner.supervisor.stop(StopReason::Closed);
            inner.supervisor.ended().await;
        });
        // An error says that the runtime is going down, and the service with it.
        let _ = closing.await;
    }

    async fn ask<R>(&self, moment: Option<Moment>, ask: impl FnOnce(&Inventory) -> R) -> Result<R, QueryError> {
        self.check_running()?;
        match moment {
            Some(moment) => {
                is_there(&self.inner.store, moment).await?;
                let then = self.inner.past.at(moment, &self.inner.store).await.map_err(Unavailable::from)?;
                Ok(ask(&then.inventory))
            }
            None => {
                self.catch_up().await?;
                Ok(self.inner.inventory.read(ask))
            }
        }
    }

    fn check_running(&self) -> Result<(), Unavailable> {
        self.inner.supervisor.reason().map_or(Ok(()), |reason| Err(reason.into()))
    }

    /// Waits until the inventory has seen everything that was acknowledged before, by whatever program.
    async fn catch_up(&self) -> Result<(), QueryError> {
        let Inner { store, checkpoints, supervisor, .. } = &*self.inner;
        if has_caught_up(store, checkpoints) {
            return Ok(());
        }
        tokio::select! {
            biased;
            caught_up = catch_up(store, checkpoints) => Ok(caught_up?),
            reason = supervisor.stopped() => Err(Unavailable::from(reason).into()),
        }
    }

    /// The book as its own stream tells it: its last snapshot before the moment, and the events from there on.
    async fn book_at(&self, isbn: Isbn, moment: Moment) -> Result<Option<ListedBook>, StoreError> {
        let store = &self.inner.store;
        let stream = StreamId::new(Book::CATEGORY, &isbn);
        let (snapshot, mut events) = store.read_from_snapshot(&stream, moment, MAX_READ).await?;
        let mut book = Book::default();
        if let Some(snapshot) = snapshot {
            match restored_from(&stream, &snapshot.state) {
                Some(restored) => book = restored,
                None => events = store.read_stream(&stream, Version::START, MAX_READ).await?,
            }
        }
        loop {
            let happened = events.iter().take_while(|event| moment.is_after(event)).count();
            events[..happened].iter().for_each(|event| book.apply(&event.data));
            match events.last() {
                Some(last) if happened == events.len() => {
                    events = store.read_stream(&stream, last.version, MAX_READ).await?;
                }
                _ => break,
            }
        }
        let (copies_in, copies_out) = (book.copies_in(), book.copies_out());
        let listed = book.listed_as().cloned();
        Ok(listed.map(|(title, author)| ListedBook { isbn, title, author, copies_in, copies_out }))
    }
}
