//! Keeps SQLite from replaying a rollback journal that another user puts beside a file while it is being opened.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::companions::{JOURNAL, check_usable, companion};
use crate::engine::disk::create_private;

/// An empty file under the name of the journal, which SQLite takes for none. It is needed until SQLite has read the
/// file for the first time: from then on, SQLite's lock on the file keeps everybody from replaying a journal.
pub(in crate::engine::store::sqlite) struct NoJournal {
    path: Option<PathBuf>,
}

impl NoJournal {
    /// Takes the name, unless a trusted journal has it: the `sqlite3` tool may have left one.
    pub(in crate::engine::store::sqlite) fn beside(path: &Path) -> Result<Self, (PathBuf, io::Error)> {
        let journal = companion(path, JOURNAL);
        match create_private(&journal) {
            Ok(_) => Ok(Self { path: Some(journal) }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                check_usable(path).map(|()| Self { path: None })
            }
            // In a directory that is read-only or full, the check that was made must do.
            Err(_) => Ok(Self { path: None }),
        }
    }
}

impl Drop for NoJournal {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // If it stays, the next program that opens the file finds an empty journal of a trusted user.
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use rusqlite::Connection;

    use super::*;

    #[test]
    fn nobody_else_can_put_one_there_while_sqlite_opens_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file.db");
        let journal = companion(&path, JOURNAL);
        let file = Connection::open(&path).unwrap();
        file.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE a (b)").unwrap();
        drop(file);
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let no_journal = NoJournal::beside(&path).unwrap();
        let file = Connection::open(&path).unwrap();
        file.execute_batch("INSERT INTO a VALUES (1)").unwrap();
        assert_eq!(create_private(&journal).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        drop(no_journal);
        assert!(!journal.exists());
        fs::write(&journal, "").unwrap();
        fs::set_permissions(&journal, Permissions::from_mode(0o666)).unwrap();
        let (named, problem) = NoJournal::beside(&path).err().unwrap();
        assert_eq!((named, problem.to_string()), (journal, "it is open to other users (mode 666)".to_owned()));
    }
}
