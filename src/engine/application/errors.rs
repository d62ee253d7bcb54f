//! The errors of an application.

use std::convert::Infallible;
use std::path::PathBuf;

use thiserror::Error;
use uuid::Uuid;

use crate::engine::feed::catch_up::{NotCaughtUp, NotYet};
use crate::engine::log::{Position, StreamId};
use crate::engine::runtime::{NoRuntime, StopReason, StoreFailure};
use crate::engine::store;
use crate::engine::store::codec::AmbiguousTypes;
use crate::engine::store::{OpenClusterError, OpenStoreError, StoreError, UnsupportedUrl};

/// Why an application cannot serve a request.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Unavailable {
    /// The application was closed.
    #[error("it is closed")]
    Closed,
    /// The application stopped because of a failure.
    #[error("it has stopped: {0}")]
    Stopped(#[source] StopReason),
    /// The store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The store failed while it stored the command. Once the store is open again, events with this command id tell
    /// whether the command was carried out.
    #[error(
        "the outcome is unknown: {reason}; if the command was carried out, there are events of command {command_id}"
    )]
    OutcomeUnknown {
        /// The command's id.
        command_id: Uuid,
        /// Why the outcome is unknown.
        #[source]
        reason: StoreFailure,
    },
    /// Each attempt ended in a conflict with other writers. Nothing was stored, and the command may be sent again.
    #[error("too many others write here at once")]
    Busy,
    /// The domain lacks a resource besides the store.
    #[error("{reason}")]
    Lacking {
        /// The domain's name of the resource.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// The application was started without this part.
    #[error("the application has no {0}")]
    Missing(String),
    /// A defect, usually a panic in the domain's code. Nothing was stored.
    #[error("this could not be done: {0}")]
    Defect(String),
    /// Read models did not catch up in time with the events acknowledged before the question. It may be asked again.
    #[error("{} has not come to position {end} yet", lagging.join(", "))]
    Behind {
        /// The position that the read models should have reached.
        end: Position,
        /// The names of the read models.
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

/// Why a command led to no events.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CommandFailure<R: std::error::Error + 'static> {
    /// The aggregate refused the command. Nothing was stored.
    #[error("{0}")]
    Refused(#[source] R),
    /// Another command has this id: one for another stream, or with other content. Nothing was stored.
    #[error("the command id has been used for another command already, of {stream}")]
    IdTaken {
        /// The other command's stream.
        stream: StreamId,
    },
    /// The application cannot serve.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// Why a question has no answer.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum QueryError {
    /// The question is about a position that the log has not reached yet.
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

/// Why a handler or projection was not added.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AddHandlerError {
    /// Another handler or projection has this name, and progress is stored by name.
    #[error("there is a handler {name:?} already")]
    NameTaken {
        /// The name.
        name: &'static str,
    },
    /// The projection panicked repeatedly on past events. The application continues without it.
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
    /// The start was not called on a suitable tokio runtime.
    #[error("{0}")]
    NoRuntime(#[from] NoRuntime),
    /// The store's URL is of no known kind.
    #[error("{0}")]
    UnsupportedStore(#[from] UnsupportedUrl),
    /// The file cannot be opened as it is. It is unchanged.
    #[error("{0}")]
    File(#[from] OpenStoreError),
    /// The log on a cluster cannot be opened as it is. It is unchanged.
    #[error("{0}")]
    Cluster(#[from] OpenClusterError),
    /// The store is open but cannot be read.
    #[error("{0}")]
    Unreadable(#[from] StoreError),
    /// Two handlers or projections have the same name, and progress is stored by name.
    #[error("there are two handlers called {name:?}")]
    NameTaken {
        /// The name.
        name: &'static str,
    },
    /// Streams of two kinds of aggregate could have equal names: the categories are equal, or one of them followed by
    /// `-` is a prefix of the other.
    #[error("streams of the categories {first:?} and {second:?} could have the same name")]
    CategoriesClash {
        /// One category.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// An import into this store was interrupted. [`Builder::accept_loss`](super::Builder::accept_loss) opens the store
    /// as it is.
    #[error(
        "{store}: an import into this {domain} was not finished; import into a new one, or open it as it is with \
         `accept_loss: true`"
    )]
    HalfImported {
        /// The store.
        store: String,
        /// The [domain](crate::engine::domain::DomainEvent::DOMAIN) that it stores.
        domain: &'static str,
    },
    /// Someone else has a store open that was to be opened as [foreign](super::Builder::foreign).
    #[error("{store}: another program has this {domain} open; to open it with `foreign: true`, close it there")]
    OpenElsewhere {
        /// The store.
        store: String,
        /// The [domain](crate::engine::domain::DomainEvent::DOMAIN) that it stores.
        domain: &'static str,
    },
    /// The log of a [foreign](super::Builder::foreign) store is broken, or contains what no import would accept. The
    /// store is unchanged.
    #[error("{store}: {problem}")]
    BrokenLog {
        /// The store.
        store: String,
        /// What is wrong with the log, and where.
        problem: String,
    },
    /// Two types of events would be stored under the same name.
    #[error("{0}")]
    AmbiguousTypes(#[from] AmbiguousTypes),
    /// An event handler reads a projection that the application does not have.
    #[error("there is no projection {projection:?}, which {handler} asks")]
    NoProjection {
        /// The handler's name.
        handler: &'static str,
        /// The projection's name.
        projection: &'static str,
    },
    /// The application stopped during the start.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// A [`StoreUrl`](crate::engine::store::StoreUrl) converts to itself without errors.
impl From<Infallible> for StartError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Why a log was not written to a file.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ExportError {
    /// The path is taken. The file there is unchanged.
    #[error("{}: the file already exists", path.display())]
    FileExists {
        /// The path.
        path: PathBuf,
    },
    /// The name is reserved for the files that belong to a store's file.
    #[error("{}: names that end in `{ending}` are reserved for companions of another file; choose another name", path.display())]
    ReservedName {
        /// The file.
        path: PathBuf,
        /// The reserved ending of the name.
        ending: &'static str,
    },
    /// The file could not be written. Nothing of it is left behind.
    #[error("{}: {reason}", path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// The cause.
        #[source]
        reason: StoreFailure,
    },
    /// The application cannot serve.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// Why there is no fork of an application.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ForkError {
    /// The log ends before the position of the fork.
    #[error("{0}")]
    NotYet(#[from] NotYet),
    /// The fork did not start.
    #[error("{0}")]
    Start(#[from] StartError),
    /// The application cannot serve.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// Why no backup was made.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BackupError {
    /// The file could not be written. Nothing of it is left behind.
    #[error("{0}")]
    File(#[from] store::BackupError),
    /// The application cannot serve.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// Why the events of a file were not stored.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ImportError {
    /// The store already has events.
    #[error("events are imported into an empty store only, and this one has {events}")]
    NotEmpty {
        /// Their number.
        events: u64,
    },
    /// Another process may run this store's handlers, and would deliver the imported events to them as new.
    #[error("another process has this store open, and would take the events for new ones")]
    OpenElsewhere,
    /// The file cannot be read.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        reason: StoreFailure,
    },
    /// The file does not hold a log of this domain. Nothing was stored.
    #[error("{}:{line}: {problem}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// The first line with a problem, counted from 1.
        line: u64,
        /// The problem.
        problem: String,
    },
    /// The import stopped midway. The store will be refused when it is opened again.
    #[error("{}: after {imported} of {events} events: {reason}", path.display())]
    Stopped {
        /// The file.
        path: PathBuf,
        /// The number of events stored.
        imported: u64,
        /// The number of events in the file.
        events: u64,
        /// The cause.
        #[source]
        reason: StoreFailure,
    },
    /// The application cannot serve. Nothing was stored.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}
