//! The write service, which takes commands.

use std::ops::Deref;

#[cfg(feature = "sqlite")]
use super::LibraryStore;
use super::invariants::Stock;
use super::start::start;
use super::{Book, BookCommand, BookEvent, CommandFailure};
use crate::engine::application::{Application, Builder, StartError};
use crate::engine::runtime::Origin;
use crate::engine::store::{ClusterOptions, Committed, Store};

/// Lets books decide on commands, and stores their events. Cheap to clone.
///
/// The service is an [`Application`] without projections. The read service answers questions, in this process or in another
/// one on the same store. Dropping the last handle closes the service.
///
/// ```
/// use cqrs_bank::engine::store::memory::MemoryStore;
/// use cqrs_bank::engine::runtime::Supervisor;
/// use cqrs_bank::library::{Author, BookCommand, Isbn, Quantity, ReadService, Title, WriteService};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::start(&Supervisor::new());
/// let writer = WriteService::start(store.clone(), None).await?;
/// let reader = ReadService::start(store).await?;
///
/// let isbn = Isbn::new("978-1593275846")?;
/// let (title, author) = (Title::new("Elixir in Action")?, Author::new("Sasa Juric")?);
/// writer.handle(BookCommand::AddBook { isbn, title, author, quantity: Quantity::new(10)? }).await?;
/// assert_eq!(reader.get_book(isbn, None).await?.map(|book| book.copies_in), Some(10));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct WriteService {
    application: Application<BookEvent>,
}

impl Deref for WriteService {
    type Target = Application<BookEvent>;

    fn deref(&self) -> &Application<BookEvent> {
        &self.application
    }
}

/// How a write service is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Trusts nothing in the file but its log: see [`Builder::foreign`].
    pub foreign: bool,
    /// Makes ids and times the same in every run that starts with the same log.
    pub seed: Option<u64>,
    /// Who sends the commands, for the log: see [`Builder::user`].
    pub user: Option<String>,
    /// How a library on a cluster is opened.
    pub cluster: ClusterOptions,
}

impl WriteService {
    /// Opens a library and starts the service. With a `seed`, ids and times are the same in every run that starts with the
    /// same log.
    ///
    /// # Errors
    ///
    /// [`StartError`]: why the service did not start.
    #[cfg(feature = "sqlite")]
    pub async fn open(library: &LibraryStore, seed: Option<u64>) -> Result<Self, StartError> {
        Self::open_with(library, WriteOptions { seed, ..WriteOptions::default() }).await
    }

    /// Opens a library and starts the service with these options.
    ///
    /// # Errors
    ///
    /// [`StartError`]: why the service did not start.
    #[cfg(feature = "sqlite")]
    pub async fn open_with(library: &LibraryStore, options: WriteOptions) -> Result<Self, StartError> {
        let WriteOptions { foreign, seed, user, cluster } = options;
        let application = Application::builder(library.clone()).cluster(cluster);
        Self::of(application.foreign(foreign).user(user), seed).await
    }

    /// Starts the service on an open store, which stays open when the service closes.
    ///
    /// # Errors
    ///
    /// [`StartError`]: why the service did not start.
    pub async fn start(store: impl Into<Store<BookEvent>>, seed: Option<u64>) -> Result<Self, StartError> {
        Self::of(Application::on(store), seed).await
    }

    async fn of(application: Builder<BookEvent>, seed: Option<u64>) -> Result<Self, StartError> {
        Ok(Self { application: start(application.seed(seed).aggregate::<Book>().invariants::<Stock>()).await? })
    }

    /// Handles a command under a new id. Returns its events once they are stored.
    ///
    /// # Errors
    ///
    /// [`CommandFailure`]: why the command led to no events.
    pub async fn handle(&self, command: BookCommand) -> Result<Committed<BookEvent>, CommandFailure> {
        self.handle_as(command, self.start_conversation()).await
    }

    /// Handles a command under ids that the caller knows: those of a new
    /// [`Conversation`](crate::engine::runtime::Conversation), or given [`Metadata`](crate::engine::log::Metadata).
    ///
    /// A command under a given id takes effect once, however often it is sent, and by whichever program. Each time, the
    /// outcome is that of the first time, even if the book would refuse the command by now. The same id with another book or
    /// other content is [`CommandFailure::IdTaken`]. Refusals are not remembered. Events stored without a fingerprint of
    /// their command, from an earlier version of the program for example, are compared by book only.
    ///
    /// # Errors
    ///
    /// [`CommandFailure`]: why the command led to no events.
    pub async fn handle_as(
        &self,
        command: BookCommand,
        origin: impl Into<Origin>,
    ) -> Result<Committed<BookEvent>, CommandFailure> {
        Ok(self.dispatch(command).metadata(origin).await?.into_events())
    }
}
