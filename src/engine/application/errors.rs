//! Why an application does not do what it was asked.

use std::convert::Infallible;
use std::path::PathBuf;

use thiserror::Error;
use uuid::Uuid;

use crate::engine::feed::catch_up::{NotCaughtUp, NotYet};
use crate::engine::log::{Position, StreamId};
use crate::engine::runtime::{NoRuntime, StopReason, StoreFailure};
use crate::engine::store;
use crate::engine::store::codec::AmbiguousTypes;
use crate::engine::store::{OpenStoreError, StoreError, UnsupportedUrl};

/// It cannot serve, whatever is asked of it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Unavailable {
    /// It was closed.
    #[error("it is closed")]
    Closed,
    /// It stopped because it could not go on.
    #[error("it has stopped: {0}")]
    Stopped(#[source] StopReason),
    /// The store could not do it, or does not know whether it has.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The command was about to be stored, and nobody knows whether it was. If so, there are events with this command
    /// id, once the store is open again.
    #[error(
        "the outcome is unknown: {reason}; if the command was carried out, there are events of command {command_id}"
    )]
    OutcomeUnknown {
        /// The command's id.
        command_id: Uuid,
        /// What stands in the way of an answer.
        #[source]
        reason: StoreFailure,
    },
    /// Other writers were quicker each time. The command changed nothing and may be sent again.
    #[error("too many others write here at once")]
    Busy,
    /// Something that the domain needs besides the store is not there.
    #[error("{reason}")]
    Lacking {
        /// What, as the domain calls it.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// It is asked for something that it was started without.
    #[error("the application has no {0}")]
    Missing(String),
    /// A defect, mostly in the domain's own code. Nothing was changed.
    #[error("this could not be done: {0}")]
    Defect(String),
    /// Read models have not seen everything yet that was acknowledged before they were asked. They may be asked again.
    #[error("{} has not come to position {end} yet", lagging.join(", "))]
    Behind {
        /// Where they should be.
        end: Position,
        /// Their names.
        lagging: Vec<&'static str>,
    },
}

impl From<StopReason> for Unavailable {
    fn from(reason: StopReason) -> Self {
        match reason {
            StopReason::Closed => Self::Closed,
            stopped => Self::Stopped(stopped),
        }
    }
}

/// Why a command has no events to show.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CommandFailure<R: std::error::Error + 'static> {
    /// The aggregate said no. Nothing was stored.
    #[error("{0}")]
    Refused(#[source] R),
    /// The command's id was given to another one before: of another stream, or with other content. Nothing was stored.
    #[error("the command id has been used for another command already, of {stream}")]
    IdTaken {
        /// The stream of the command that has the id.
        stream: StreamId,
    },
    /// The application cannot serve.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// Why a question has no answer.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum QueryError {
    /// It is about a position that the log does not have yet.
    #[error("{0}")]
    NotYet(#[from] NotYet),
    /// The application cannot serve.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

impl From<NotCaughtUp> for QueryError {
    fn from(reason: NotCaughtUp) -> Self {
        match reason {
            NotCaughtUp::NotYet(not_yet) => Self::NotYet(not_yet),
            NotCaughtUp::Behind { end, lagging } => Self::Unavailable(Unavailable::Behind { end, lagging }),
            NotCaughtUp::Store(error) => Self::Unavailable(error.into()),
        }
    }
}

/// Why a handler was not added, or a projection.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AddHandlerError {
    /// There is one of this name: its progress is stored under it.
    #[error("there is a handler {name:?} already")]
    NameTaken {
        /// The name.
        name: &'static str,
    },
    /// A projection panicked on what has happened, time and again. The application goes on without it.
    #[error("the projection panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// The application cannot serve.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// Why an application did not start.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StartError {
    /// There is no tokio runtime here that it could run on.
    #[error("{0}")]
    NoRuntime(#[from] NoRuntime),
    /// The store's URL is of no known kind.
    #[error("{0}")]
    UnsupportedStore(#[from] UnsupportedUrl),
    /// The file cannot be opened as it is. Nothing in it was changed.
    #[error("{0}")]
    File(#[from] OpenStoreError),
    /// The store is open, but does not say what is in it.
    #[error("{0}")]
    Unreadable(#[from] StoreError),
    /// Two handlers or projections have one name: how far each has come is stored under it.
    #[error("there are two handlers called {name:?}")]
    NameTaken {
        /// The name.
        name: &'static str,
    },
    /// The streams of two kinds of aggregate could not be told apart: two have one category, or that of one, with a `-`
    /// behind it, begins that of the other.
    #[error("streams of the categories {first:?} and {second:?} could have the same name")]
    CategoriesClash {
        /// The one category.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// An import into this store has begun and not ended. To accept the loss opens it as it is.
    #[error(
        "{store}: an import into this {domain} was not finished; import into a new one, or open it as it is with \
         `accept_loss: true`"
    )]
    HalfImported {
        /// The store.
        store: String,
        /// What it is [the store of](crate::engine::domain::DomainEvent::DOMAIN).
        domain: &'static str,
    },
    /// Types of events cannot be told from each other as they are stored.
    #[error("{0}")]
    AmbiguousTypes(#[from] AmbiguousTypes),
    /// An event handler asks a projection that is not there.
    #[error("there is no projection {projection:?}, which {handler} asks")]
    NoProjection {
        /// The handler's name.
        handler: &'static str,
        /// The projection's.
        projection: &'static str,
    },
    /// It has ended as soon as it had started.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// What is a [`StoreUrl`](crate::engine::store::StoreUrl) already can be no error.
impl From<Infallible> for StartError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Why a log was not written to a file.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ExportError {
    /// There is something at this path already, which stays as it is.
    #[error("{}: the file already exists", path.display())]
    FileExists {
        /// The path.
        path: PathBuf,
    },
    /// Its name would be that of a file beside the one of a store.
    #[error("{}: names that end in `{ending}` are reserved for companions of another file; choose another name", path.display())]
    ReservedName {
        /// The file.
        path: PathBuf,
        /// How its name ends.
        ending: &'static str,
    },
    /// The file could not be written. Nothing is left of it.
    #[error("{}: {reason}", path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// What went wrong.
        #[source]
        reason: StoreFailure,
    },
    /// The application cannot serve.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// Why there is no backup.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BackupError {
    /// The file cannot be made. Nothing is left of it.
    #[error("{0}")]
    File(#[from] store::BackupError),
    /// The application cannot serve.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// Why the events of a file were not stored.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ImportError {
    /// There are events in the store already.
    #[error("events are imported into an empty store only, and this one has {events}")]
    NotEmpty {
        /// How many.
        events: u64,
    },
    /// Another process may run the handlers of this store, and would take the events for new ones.
    #[error("another process has this store open, and would take the events for new ones")]
    OpenElsewhere,
    /// The file cannot be read.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        reason: StoreFailure,
    },
    /// The file does not hold a log of this domain. Nothing was stored.
    #[error("{}:{line}: {problem}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// The first line where that shows, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// It has ended midway. Opened again, the store is refused for that.
    #[error("{}: after {imported} of {events} events: {reason}", path.display())]
    Stopped {
        /// The file.
        path: PathBuf,
        /// How many events of it are stored.
        imported: u64,
        /// How many there are in it.
        events: u64,
        /// What stood in the way.
        reason: String,
    },
    /// The application cannot serve. Nothing was stored.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}
