//! Why a file was not opened.

use std::path::PathBuf;

use thiserror::Error;

use crate::engine::log::Position;
use crate::engine::runtime::StoreFailure;
use crate::engine::store::codec::UnreadableEvent;

/// Why a file was not opened. Nothing in it was changed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OpenStoreError {
    /// The directory it should be in does not exist.
    #[error("{}: there is no directory {}", path.display(), directory.display())]
    NoDirectory {
        /// The file.
        path: PathBuf,
        /// The directory.
        directory: PathBuf,
    },
    /// It is a directory, or something else that is no file.
    #[error("{}: this is no file", path.display())]
    NoFile {
        /// What it is not.
        path: PathBuf,
    },
    /// It is a file of something else.
    #[error("{}: this file is not ours: {reason}", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// How that was seen.
        reason: String,
    },
    /// A newer version of the program has written it.
    #[error("{}: the file has version {found}, and this program knows versions up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version that is known here.
        known: u32,
    },
    /// It cannot be written.
    #[error("{}: it cannot be written: {reason}", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        reason: StoreFailure,
    },
    /// There is no room on the disk.
    #[error("{}: the disk is full", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// It is not as it was written.
    #[error("{}: the file is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        reason: StoreFailure,
    },
    /// Events that were acknowledged are gone: the log ends too early, or is another one.
    #[error(
        "{}: events up to position {acknowledged} were acknowledged, but the log {}; \
         only `accept_loss: true` opens it as it is",
        path.display(),
        if log_end < acknowledged { format!("ends at position {log_end}") }
        else { format!("has another event there (it ends at position {log_end})") }
    )]
    LostEnd {
        /// The file.
        path: PathBuf,
        /// The highest position that was acknowledged.
        acknowledged: Position,
        /// Where the log ends now.
        log_end: Position,
    },
    /// The file that knows where the log ends is missing or damaged, so that nobody can tell whether the log is
    /// whole.
    #[error(
        "{}: {} is {problem}, so the log, which ends at position {log_end}, may have lost its end; \
         only `accept_loss: true` opens it as it is",
        path.display(),
        end_file.display()
    )]
    EndUnknown {
        /// The file.
        path: PathBuf,
        /// The one that should know.
        end_file: PathBuf,
        /// What is the matter with it.
        problem: &'static str,
        /// Where the log ends now.
        log_end: Position,
    },
    /// Another program committed, opened or closed it for too long. Nothing was changed.
    #[error("{}: another program holds the file: {holder}", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
        /// Who that is, as far as the system tells.
        holder: String,
    },
    /// Its events are about something else.
    #[error("{}: this is the file of a {found}, not of a {expected}", path.display())]
    OtherDomain {
        /// The file.
        path: PathBuf,
        /// What it is about.
        found: String,
        /// What it should be about.
        expected: &'static str,
    },
    /// The last event is not known here. It is no damage.
    #[error("{}: the event at position {position} is {event}", path.display())]
    UnknownEvent {
        /// The file.
        path: PathBuf,
        /// The event's position.
        position: Position,
        /// What is not known.
        #[source]
        event: UnreadableEvent,
    },
    /// A file that is gone has left its log, which would be taken for that of a new one.
    #[error(
        "{}: there is no such file, but {} is left of one; put the file back beside it, remove it, \
         or let `accept_loss: true` do that",
        path.display(),
        left_over.display()
    )]
    LeftOver {
        /// The file that is not there.
        path: PathBuf,
        /// What is left of it.
        left_over: PathBuf,
    },
    /// There is no such file, and its name would be that of a companion of another one.
    #[error("{}: a name that ends in `{ending}` is that of a file beside another one; choose another name", path.display())]
    ReservedName {
        /// The file.
        path: PathBuf,
        /// How its name ends.
        ending: &'static str,
    },
    /// It is open under another of its names, and has its log there.
    #[error("{}: another program has this file open under another name: {holder}", path.display())]
    OtherName {
        /// The file.
        path: PathBuf,
        /// Who that is, as far as the system tells.
        holder: String,
    },
    /// The file system lacks what a file needs.
    #[error("{}: the file system does not support this: {what}", path.display())]
    NotSupported {
        /// The file.
        path: PathBuf,
        /// What it lacks.
        what: &'static str,
    },
    /// Anything else that the system or SQLite has against it.
    #[error("{}: {reason}", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What they said.
        #[source]
        reason: StoreFailure,
    },
}
