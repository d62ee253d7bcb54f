//! Creates a file under a temporary name beside its destination and renames it once it is complete: no reader ever sees
//! a partial file.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::directory::{directory_of, sync_name};
use super::file::{FileId, create_private, is_unsupported, with_suffix};
use super::own_file::{Trusted, open_own};

/// Separates the destination's name from the random part of a temporary name.
const UNFINISHED: &str = "-new-";

const NO_PLACE: &str = "it can neither rename a file without replacing another one nor give it a second name";

/// Without synced directories, a power cut can take away a file that was created and written.
pub const NO_SYNC_OF_DIRECTORIES: &str = "it cannot put a file's name onto the disk: directories are not synced";

/// A file under construction. Its creator holds a lock on it, so an unlocked one was left behind by a killed program.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    file: File,
    /// Suffixes of the files its creator may leave beside it.
    beside: &'static [&'static str],
}

impl Drop for NewFile {
    fn drop(&mut self) {
        remove(&self.path, self.beside);
    }
}

/// The outcome of moving a new file to its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// The file is at its destination.
    Here,
    /// Another file has the name already, and stays.
    AnotherIsThere,
    /// The file system lacks a feature that this needs.
    NotSupported(&'static str),
}

impl NewFile {
    /// Creates an empty temporary file for the destination `path`, and removes the leftovers of killed programs.
    /// `beside` lists the suffixes of companion files, which are removed together with the temporary file.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn beside(path: &Path, beside: &'static [&'static str]) -> io::Result<Self> {
        remove_left_behind(path, beside);
        loop {
            let unfinished = with_suffix(path, &format!("{UNFINISHED}{}", uuid::Uuid::new_v4().simple()));
            let file = create_private(&unfinished)?;
            let new = Self { path: unfinished, file, beside };
            match new.file.try_lock() {
                Ok(()) if FileId::at(&new.path)? == Some(FileId::of(&new.file.metadata()?)) => return Ok(new),
                // Another program took the file for a leftover before it was locked, and removed it.
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// The temporary path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The open file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Syncs the file, moves it to `path` and syncs its name, so that a power cut takes neither.
    ///
    /// # Errors
    ///
    /// Returns the system's error; the file is then not at `path`.
    pub fn put(self, path: &Path) -> io::Result<Placed> {
        self.file.sync_all()?;
        if FileId::of(&fs::symlink_metadata(&self.path)?) != FileId::of(&self.file.metadata()?) {
            return Err(io::Error::other("it was replaced by another file while it was written"));
        }
        let placed = match renameat_with(CWD, &self.path, CWD, path, RenameFlags::NOREPLACE).map_err(io::Error::from) {
            // Some file systems cannot rename without replacing; a hard link never replaces.
            Err(error) if is_unsupported(&error) => fs::hard_link(&self.path, path),
            renamed => renamed,
        };
        match placed {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Placed::AnotherIsThere),
            Err(error) if is_unsupported(&error) => return Ok(Placed::NotSupported(NO_PLACE)),
            Err(error) => return Err(error),
        }
        let synced = sync_name(path);
        if synced.is_err() {
            // The name may be lost in a power cut, together with everything written to the file by then.
            let _ = fs::remove_file(path);
        }
        match synced {
            Err(error) if is_unsupported(&error) => Ok(Placed::NotSupported(NO_SYNC_OF_DIRECTORIES)),
            synced => synced.map(|()| Placed::Here),
        }
    }
}

/// Removes the leftovers of killed programs. Those that cannot be removed do no harm.
fn remove_left_behind(path: &Path, beside: &[&str]) {
    let Some(name) = path.file_name() else { return };
    let Ok(entries) = fs::read_dir(directory_of(path)) else { return };
    for entry in entries.flatten() {
        if is_unfinished(&entry.file_name(), name)
            && let Ok(file) = open_own(&entry.path(), OpenOptions::new().read(true), Trusted::OWN)
            && file.try_lock().is_ok()
        {
            remove(&entry.path(), beside);
        }
    }
}

fn is_unfinished(found: &OsStr, name: &OsStr) -> bool {
    let id = found.as_bytes().strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(UNFINISHED.as_bytes()));
    id.is_some_and(|id| id.len() == 32 && id.iter().all(u8::is_ascii_hexdigit))
}

fn remove(path: &Path, beside: &[&str]) {
    for suffix in [""].iter().chain(beside) {
        // Most of these files do not exist.
        let _ = fs::remove_file(with_suffix(path, suffix));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_that_was_replaced_is_not_put_in_place() {
        let directory = tempfile::tempdir().unwrap();
        let (destination, other) = (directory.path().join("export"), directory.path().join("other"));
        fs::write(&other, "other").unwrap();
        let link = |path: &Path| symlink(&other, path).unwrap();
        let copy = |path: &Path| fs::write(path, "other").unwrap();
        for replace in [&link as &dyn Fn(&Path), &copy] {
            let new = NewFile::beside(&destination, &[]).unwrap();
            fs::remove_file(new.path()).unwrap();
            replace(new.path());
            let refused = new.put(&destination).unwrap_err();
            assert_eq!(refused.to_string(), "it was replaced by another file while it was written");
            assert!(fs::symlink_metadata(&destination).is_err());
        }
        let new = NewFile::beside(&destination, &[]).unwrap();
        assert_eq!(new.put(&destination).unwrap(), Placed::Here);
        assert_eq!(fs::read_to_string(&other).unwrap(), "other");
    }
}
