//! Notices when the file, or a companion of SQLite's, is moved, removed or replaced while it is open.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::companions::{SHM, WAL, companion};
use super::open_file::OpenFile;
use crate::engine::disk::FileId;

/// The identities of the opened files.
#[derive(Debug)]
pub(in crate::engine::store::sqlite) struct FileIdentities {
    path: Arc<Path>,
    beside: [(PathBuf, Option<FileId>); 2],
}

impl FileIdentities {
    /// The current files. Call this right after SQLite has opened them.
    pub(in crate::engine::store::sqlite) fn at(path: &Arc<Path>) -> io::Result<Self> {
        let beside = [WAL, SHM].map(|suffix| companion(path, suffix));
        let [log, index] = beside;
        let ids = (FileId::at(&log)?, FileId::at(&index)?);
        Ok(Self { path: path.clone(), beside: [(log, ids.0), (index, ids.1)] })
    }

    /// Describes the first file that is no longer at its path.
    pub(in crate::engine::store::sqlite) fn check(&self, open_file: &OpenFile) -> Result<(), String> {
        let gone = |path: &Path| {
            let path = path.display();
            Err(format!(
                "{path} was moved, removed or replaced while the file was open; nothing more is written to what was \
                 opened"
            ))
        };
        if !open_file.is_at(&self.path) {
            return gone(&self.path);
        }
        for (path, opened) in &self.beside {
            if opened.is_some() && !FileId::at(path).is_ok_and(|found| found == *opened) {
                return gone(path);
            }
        }
        Ok(())
    }
}
