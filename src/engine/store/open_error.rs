//! Why a file was not opened. Its contents are unchanged.

use std::path::PathBuf;

use thiserror::Error;

use crate::engine::log::Position;
use crate::engine::runtime::StoreFailure;
use crate::engine::store::codec::UnreadableEvent;
use crate::engine::store::commit_log::LogError;

/// Why a file was not opened. Its contents are unchanged.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OpenStoreError {
    /// The file's directory does not exist.
    #[error("{}: there is no directory {}", path.display(), directory.display())]
    NoDirectory {
        /// The file.
        path: PathBuf,
        /// The directory.
        directory: PathBuf,
    },
    /// The path leads to a directory, or to something else that is not a file.
    #[error("{}: this is not a file", path.display())]
    NoFile {
        /// The path.
        path: PathBuf,
    },
    /// The file belongs to another program.
    #[error("{}: this is not a file of this program: {reason}", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// How the program recognized that.
        reason: String,
    },
    /// A newer version of the program wrote the file.
    #[error("{}: the file has version {found}, and this program knows versions up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The file's version.
        found: u32,
        /// The newest version that this program knows.
        known: u32,
    },
    /// The file cannot be written.
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
    /// The file is damaged.
    #[error("{}: the file is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        reason: StoreFailure,
    },
    /// Acknowledged events are missing: the log ends too early, or contains other events.
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
    /// The `-end` file is missing or damaged, so the program cannot tell whether the log is complete.
    #[error(
        "{}: {} is {problem}, so the log, which ends at position {log_end}, may have lost its end; \
         only `accept_loss: true` opens it as it is",
        path.display(),
        end_file.display()
    )]
    EndUnknown {
        /// The file.
        path: PathBuf,
        /// The `-end` file.
        end_file: PathBuf,
        /// What is wrong with the `-end` file.
        problem: &'static str,
        /// Where the log ends now.
        log_end: Position,
    },
    /// Another program held the file for too long.
    #[error("{}: another program holds the file: {holder}; wait for it and try again, or end it", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
        /// The other program, as far as the system reveals it.
        holder: String,
    },
    /// The file contains the events of another domain.
    #[error("{}: this is the file of a {found}, not of a {expected}", path.display())]
    OtherDomain {
        /// The file.
        path: PathBuf,
        /// The file's domain.
        found: String,
        /// The expected domain.
        expected: &'static str,
    },
    /// This program does not know the last event's type. That is not damage.
    #[error("{}: the event at position {position} is {event}", path.display())]
    UnknownEvent {
        /// The file.
        path: PathBuf,
        /// The event's position.
        position: Position,
        /// Why the event cannot be decoded.
        #[source]
        event: UnreadableEvent,
    },
    /// A deleted file of this name left its write-ahead log, which would be taken for a new file's.
    #[error(
        "{}: there is no such file, but {} is left over from one; put the file back beside it, remove it, \
         or let `accept_loss: true` remove it",
        path.display(),
        left_over.display()
    )]
    LeftOver {
        /// The file to be created.
        path: PathBuf,
        /// The leftover file.
        left_over: PathBuf,
    },
    /// The file does not exist, and its name is reserved for a companion of another file.
    #[error("{}: names that end in `{ending}` are reserved for companions of another file; choose another name", path.display())]
    ReservedName {
        /// The file.
        path: PathBuf,
        /// The reserved ending.
        ending: &'static str,
    },
    /// The file is open under another of its names, with its write-ahead log beside that one.
    #[error("{}: another program has this file open under another name: {holder}", path.display())]
    OtherName {
        /// The file.
        path: PathBuf,
        /// The other program, as far as the system reveals it.
        holder: String,
    },
    /// The file is the replica of a log that other programs share, and only as that it may be written.
    #[error("{}: this is the replica of {log}; open that one", path.display())]
    IsReplica {
        /// The file.
        path: PathBuf,
        /// The log.
        log: String,
    },
    /// The file was to be the replica of a log, and is not.
    #[error("{}: this is not a replica of {log}; choose another name", path.display())]
    NoReplica {
        /// The file.
        path: PathBuf,
        /// The log.
        log: String,
    },
    /// The log that the file is a replica of cannot be read.
    #[error("{0}")]
    Log(#[source] LogError),
    /// The file system lacks a required feature.
    #[error("{}: the file system does not support this: {what}", path.display())]
    NotSupported {
        /// The file.
        path: PathBuf,
        /// The missing feature.
        what: &'static str,
    },
    /// Any other error of the system or SQLite.
    #[error("{}: {reason}", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// The error.
        #[source]
        reason: StoreFailure,
    },
}
