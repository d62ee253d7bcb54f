//! The write service: takes commands, and answers no question.

use std::ops::Deref;

#[cfg(feature = "sqlite")]
use super::LibraryFile;
use super::start::start;
use super::stock::Stock;
use super::{Book, BookCommand, BookEvent, CommandFailure};
use crate::engine::application::{Application, Builder, StartError};
use crate::engine::runtime::Origin;
use crate::engine::store::{Committed, Store};

/// Lets books decide on commands, and stores what they decide. Cheap to clone.
///
/// It is an [`Application`] without a read model: what has come of its commands is for the read service to tell, in this
/// process or in another one on the same store. Dropping the last handle closes it.
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

impl WriteService {
    /// Opens a library and starts the service. A `seed` makes ids and times the same in every run that begins with the
    /// same log.
    ///
    /// # Errors
    ///
    /// [`StartError`]: what stands in the way.
    #[cfg(feature = "sqlite")]
    pub async fn open(file: &LibraryFile, seed: Option<u64>) -> Result<Self, StartError> {
        Self::of(Application::builder(file.clone()), seed).await
    }

    /// Starts the service on a store that is open already, and stays open after it.
    ///
    /// # Errors
    ///
    /// [`StartError`]: what stands in the way.
    pub async fn start(store: impl Into<Store<BookEvent>>, seed: Option<u64>) -> Result<Self, StartError> {
        Self::of(Application::on(store), seed).await
    }

    async fn of(application: Builder<BookEvent>, seed: Option<u64>) -> Result<Self, StartError> {
        Ok(Self { application: start(application.seed(seed).aggregate::<Book>().invariants::<Stock>()).await? })
    }

    /// Handles a command that comes from outside. Answers with its events once they are stored.
    ///
    /// # Errors
    ///
    /// [`CommandFailure`]: why there are none.
    pub async fn handle(&self, command: BookCommand) -> Result<Committed<BookEvent>, CommandFailure> {
        self.handle_as(command, self.start_conversation()).await
    }

    /// The same under ids that the caller knows before: in a new [`Conversation`](crate::engine::runtime::Conversation), or
    /// under an id that is given with [`Metadata`](crate::engine::log::Metadata).
    ///
    /// A command under an id that was given may be sent any number of times, also by another program, and happens once:
    /// what it has led to when it was handled first is the answer each time, also where it would be refused by now. Of
    /// another book, or with other content, it is [`CommandFailure::IdTaken`]. A refusal is not remembered. What was
    /// stored without the content of its command, in a new conversation or by an earlier version of the program, is told
    /// apart by the book alone.
    ///
    /// # Errors
    ///
    /// [`CommandFailure`]: why there are no events.
    pub async fn handle_as(
        &self,
        command: BookCommand,
        origin: impl Into<Origin>,
    ) -> Result<Committed<BookEvent>, CommandFailure> {
        Ok(self.dispatch(command).metadata(origin).await?.into_events())
    }
}
