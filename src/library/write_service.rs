//! The write service: takes commands, and answers no question.

use std::sync::Arc;

use super::{Book, BookCommand, BookEvent, CommandFailure, Unavailable};
use crate::engine::application::command_failure;
use crate::engine::command_handler::{CommandError, CommandHandler, Limits};
use crate::engine::id_source::{IdSource, time_and_ids};
use crate::engine::origin::{Conversation, Origin};
use crate::engine::store::{Committed, EventStore as _, Store, StoreError};
use crate::engine::supervisor::{StopReason, Supervisor};

/// Lets books decide on commands, and stores what they decide. Cheap to clone.
///
/// It holds no read model: what has come of its commands is for the read service to tell, in this process or in
/// another one on the same store. Dropping the last handle closes it.
///
/// ```
/// use cqrs_bank::engine::store::memory::MemoryStore;
/// use cqrs_bank::engine::supervisor::Supervisor;
/// use cqrs_bank::library::{Author, BookCommand, Isbn, Quantity, ReadService, Title, WriteService};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::start(&Supervisor::new());
/// let writer = WriteService::start(store.clone(), Supervisor::new(), None).await?;
/// let reader = ReadService::start(store, Supervisor::new()).await?;
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
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    commands: CommandHandler<Book>,
    ids: IdSource,
    supervisor: Supervisor,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.supervisor.stop(StopReason::Closed);
    }
}

impl WriteService {
    /// Starts the service on a store. `supervisor` is the group its tasks run in, and stops with it; where the
    /// store is for this service alone, its tasks belong there too. A `seed` makes ids and times the same in
    /// every run that begins with the same log.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not be read.
    pub async fn start(
        store: impl Into<Store<BookEvent>>,
        supervisor: Supervisor,
        seed: Option<u64>,
    ) -> Result<Self, StoreError> {
        let store = store.into();
        let (clock, ids) = time_and_ids(seed, store.end().await?);
        let commands = CommandHandler::start(store, clock, Limits::default(), &supervisor);
        Ok(Self { inner: Arc::new(Inner { commands, ids, supervisor }) })
    }

    /// Handles a command that comes from outside. Answers with its events once they are stored.
    ///
    /// # Errors
    ///
    /// [`CommandFailure`]: why there are none.
    pub async fn handle(&self, command: BookCommand) -> Result<Committed<BookEvent>, CommandFailure> {
        self.handle_as(command, self.start_conversation()).await
    }

    /// The same under ids that the caller knows before: in a new [`Conversation`], or under an id that is given with
    /// [`Metadata`](crate::engine::event::Metadata).
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
        let outcome = match self.inner.commands.send_from(command, origin.into()).await {
            Ok(pending) => pending.outcome().await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(events) => Ok(events),
            // The store may be another one's, who has closed it.
            Err(CommandError::Store(error)) => Err(Unavailable::Store(error).into()),
            Err(error) => Err(command_failure(error, &self.inner.supervisor).await),
        }
    }

    /// A new conversation: the ids under which the next command and all it causes will be known.
    pub fn start_conversation(&self) -> Conversation {
        self.inner.ids.start_conversation()
    }

    /// What has stopped the service, if anything but [`WriteService::close`] has.
    pub fn failure(&self) -> Option<Unavailable> {
        let reason = self.inner.supervisor.reason().map(Unavailable::from);
        reason.filter(|unavailable| *unavailable != Unavailable::Closed)
    }

    /// Closes the service for all its handles, when every command sent before has been handled.
    ///
    /// It is closed even if the future is dropped before it is done.
    pub async fn close(&self) {
        let inner = self.inner.clone();
        let closing = tokio::spawn(async move {
            inner.commands.close().await;
            inner.supervisor.stop(StopReason::Closed);
            inner.supervisor.ended().await;
        });
        // An error says that the runtime is going down, and the service with it.
        let _ = closing.await;
    }
}
