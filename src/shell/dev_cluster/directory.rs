//! The directory of a cluster: a lock, and a folder for each node.
//!
//! ```text
//! nats/lock             held by the program that runs the nodes
//! nats/n1/lock          held by the node too, also when that program was killed
//! nats/n1/nats.conf     written at each start
//! nats/n1/jetstream/    what the node keeps
//! nats/n1/server.log    what it says
//! ```

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::configuration::{PROCESS_ID, cluster_in, configuration, new_name, ports_in};
use super::ports::NodePorts;
use super::{NAMES, NODES};
use crate::engine::disk::{create_private_directory, replace_file};

const LOCK: &str = "lock";

pub(super) const CONFIGURATION: &str = "nats.conf";

/// The most that is read of a file of one number.
const NUMBER: u64 = 32;

/// Why the directory cannot be used.
#[derive(Debug, Error)]
pub(in crate::shell) enum DirectoryError {
    /// The system refuses something.
    #[error("{}: {error}", path.display())]
    Failed {
        /// What it refuses it for.
        path: PathBuf,
        /// What it says.
        error: io::Error,
    },
    /// Another program runs this cluster.
    #[error("{} is in use: process {process} runs this cluster", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The other program, as it has written it down.
        process: String,
    },
    /// A program that was killed has left nodes behind.
    #[error("{} is in use by nodes whose program was killed: `kill {}` ends them", path.display(), processes.join(" "))]
    LeftBehind {
        /// The directory.
        path: PathBuf,
        /// The nodes, as they have written it down.
        processes: Vec<String>,
    },
}

/// A directory that this program alone uses.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) folders: [NodeFolder; NODES],
    /// Another program finds the directory in use for as long as this is open.
    _lock: File,
}

/// The folder of one node.
#[derive(Debug)]
pub(super) struct NodeFolder {
    pub(super) node: usize,
    pub(super) path: PathBuf,
    /// What the process of the node holds too.
    pub(super) lock: File,
}

impl Directory {
    /// Makes the directory if there is none, and takes it for this program.
    pub(super) fn claim(path: &Path) -> Result<Self, DirectoryError> {
        create_private_directory(path).map_err(failed(path))?;
        let path = &path.canonicalize().map_err(failed(path))?;
        let lock_path = path.join(LOCK);
        let Some(mut held) = lock(&lock_path)? else {
            return Err(DirectoryError::InUse { path: path.clone(), process: number_in(&lock_path) });
        };
        let process = std::process::id().to_string();
        held.set_len(0).and_then(|()| held.write_all(process.as_bytes())).map_err(failed(&lock_path))?;
        let mut folders = Vec::with_capacity(NODES);
        let mut left_behind = Vec::new();
        for (node, name) in NAMES.iter().enumerate() {
            let folder = path.join(name);
            create_private_directory(&folder).map_err(failed(&folder))?;
            match lock(&folder.join(LOCK))? {
                Some(lock) => folders.push(NodeFolder { node, path: folder, lock }),
                None => left_behind.push(number_in(&folder.join(PROCESS_ID))),
            }
        }
        match folders.try_into() {
            Ok(folders) => Ok(Self { folders, _lock: held }),
            Err(_) => Err(DirectoryError::LeftBehind { path: path.clone(), processes: left_behind }),
        }
    }

    /// The ports of an earlier run, if there was one.
    pub(super) fn ports_of_before(&self) -> Option<[NodePorts; NODES]> {
        let ports: Option<Vec<_>> = self.folders.iter().map(|folder| ports_in(&folder.configuration()?)).collect();
        ports?.try_into().ok()
    }

    /// Writes the configuration of each node. The cluster keeps its name.
    pub(super) fn write_configurations(&self, ports: &[NodePorts; NODES]) -> Result<(), DirectoryError> {
        let name = self.folders.iter().find_map(|folder| cluster_in(&folder.configuration()?));
        let name = name.unwrap_or_else(new_name);
        self.folders.iter().try_for_each(|NodeFolder { node, path, .. }| {
            let path = path.join(CONFIGURATION);
            replace_file(&path, configuration(*node, &name, ports).as_bytes()).map_err(failed(&path))
        })
    }
}

impl NodeFolder {
    /// The configuration of an earlier run, if there was one.
    fn configuration(&self) -> Option<String> {
        fs::read_to_string(self.path.join(CONFIGURATION)).ok()
    }
}

/// Takes a lock, which ends with the processes that hold it. `None`: another program has it.
fn lock(path: &Path) -> Result<Option<File>, DirectoryError> {
    let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).clone();
    let file = options.open(path).map_err(failed(path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed(path)(error)),
    }
}

/// The number that a program has written into a file; it may not have come to that.
fn number_in(path: &Path) -> String {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(NUMBER).read_to_string(&mut text));
    match text.trim() {
        number if read.is_ok() && !number.is_empty() => number.to_owned(),
        _ => "?".to_owned(),
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> DirectoryError {
    |error| DirectoryError::Failed { path: path.to_owned(), error }
}
