//! The read service, which answers questions from the inventory.

use std::ops::Deref;

#[cfg(feature = "sqlite")]
use super::LibraryStore;
use super::invariants::Stock;
use super::start::start;
use super::{Book, BookEvent, Inventory, Isbn, ListedBook, Loan, QueryError, UserId, inventory};
use crate::engine::application::{Application, Builder, StartError, Unavailable};
use crate::engine::domain::Aggregate as _;
use crate::engine::log::{Moment, StreamId};
use crate::engine::projection::ReadModel;
use crate::engine::store::{ClusterOptions, Store};

/// Answers questions about the library. Cheap to clone.
///
/// The service is an [`Application`] without aggregates. Every answer includes at least the events stored when the question
/// came, by any process. Dropping the last handle closes the service.
#[derive(Clone, Debug)]
pub struct ReadService {
    application: Application<BookEvent>,
    inventory: ReadModel<Inventory>,
}

impl Deref for ReadService {
    type Target = Application<BookEvent>;

    fn deref(&self) -> &Application<BookEvent> {
        &self.application
    }
}

/// How a read service is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Trusts nothing in the file but its log: see [`Builder::foreign`].
    pub foreign: bool,
    /// How a library on a cluster is opened.
    pub cluster: ClusterOptions,
}

impl ReadService {
    /// Opens a library and starts the service: restores the stored rows of the inventory, and projects the events since.
    ///
    /// # Errors
    ///
    /// [`StartError`]: why the service did not start.
    #[cfg(feature = "sqlite")]
    pub async fn open(library: &LibraryStore) -> Result<Self, StartError> {
        Self::open_with(library, ReadOptions::default()).await
    }

    /// Opens a library and starts the service with these options.
    ///
    /// # Errors
    ///
    /// [`StartError`]: why the service did not start.
    #[cfg(feature = "sqlite")]
    pub async fn open_with(library: &LibraryStore, options: ReadOptions) -> Result<Self, StartError> {
        let ReadOptions { foreign, cluster } = options;
        Self::of(Application::builder(library.clone()).cluster(cluster).foreign(foreign)).await
    }

    /// Starts the service on an open store, which stays open when the service closes.
    ///
    /// # Errors
    ///
    /// [`StartError`]: why the service did not start.
    pub async fn start(store: impl Into<Store<BookEvent>>) -> Result<Self, StartError> {
        Self::of(Application::on(store)).await
    }

    async fn of(application: Builder<BookEvent>) -> Result<Self, StartError> {
        let service = application.projection::<Inventory>().invariants::<Stock>().observe(inventory::trace);
        let application = start(service).await?;
        let inventory = application.read_model()?;
        Ok(Self { application, inventory })
    }

    /// The service on a fork of its application.
    ///
    /// # Errors
    ///
    /// [`Unavailable::Missing`]: it is a fork of another kind of application.
    pub fn of_fork(application: Application<BookEvent>) -> Result<Self, Unavailable> {
        let inventory = application.read_model()?;
        Ok(Self { application, inventory })
    }

    /// At most `limit` books in the order of their ISBNs, from `from` on, now or at a moment in the past.
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

    /// A book, now or at a moment in the past; `None` if the library does not have it at that time.
    ///
    /// # Errors
    ///
    /// [`QueryError`]: why there is no answer.
    pub async fn get_book(&self, isbn: Isbn, moment: Option<Moment>) -> Result<Option<ListedBook>, QueryError> {
        let Some(moment) = moment else { return self.ask(None, |inventory| inventory.book(&isbn).cloned()).await };
        // One book's stream is quicker to fold than the whole inventory.
        let book: Book = self.state_at(&StreamId::new(Book::CATEGORY, &isbn), moment).await?;
        let (copies_in, copies_out) = (book.copies_in(), book.copies_out());
        let listed = book.listed_as().cloned();
        Ok(listed.map(|(title, author)| ListedBook { isbn, title, author, copies_in, copies_out }))
    }

    /// At most `limit` loans of a user in the order of the books' ISBNs, from `from` on, now or at a moment in the past.
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

    /// A handle on the inventory, for reads that need not wait for the latest events.
    pub fn inventory(&self) -> &ReadModel<Inventory> {
        &self.inventory
    }

    async fn ask<R>(&self, moment: Option<Moment>, ask: impl FnOnce(&Inventory) -> R) -> Result<R, QueryError> {
        match moment {
            Some(moment) => self.read_at(moment, ask).await,
            None => Ok(self.read(ask).await?),
        }
    }
}
