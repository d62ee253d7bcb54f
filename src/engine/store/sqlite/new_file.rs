//! Makes a file beside its place and puts it there when it is whole: whoever finds the file finds all of it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::companions::{END, SHM, WAL, companion, create_private, is_unsupported};
use super::end_file::{directory_of, sync_directory};

/// What follows a file's name in that of one that is not whole yet.
const UNFINISHED: &str = "-new-";

/// A file that is being made. It is locked meanwhile; one that nobody has locked was left behind by a program that was
/// killed.
#[derive(Debug)]
pub(super) struct NewFile {
    path: PathBuf,
    file: File,
}

impl Drop for NewFile {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// What became of a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// It stands at its place.
    Here,
    /// Another file does, and stays.
    AnotherIsThere,
}

impl NewFile {
    /// Makes an empty file for the place `path`, and removes those that others have left behind there.
    pub(super) fn beside(path: &Path) -> io::Result<Self> {
        remove_left_behind(path);
        let unfinished = companion(path, &format!("{UNFINISHED}{}", uuid::Uuid::new_v4().simple()));
        let file = create_private(&unfinished)?;
        let new = Self { path: unfinished, file };
        new.file.try_lock()?;
        Ok(new)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Gets the file onto the disk, and then to its place.
    pub(super) fn put(self, path: &Path) -> io::Result<Placed> {
        self.file.sync_all()?;
        let placed = match renameat_with(CWD, &self.path, CWD, path, RenameFlags::NOREPLACE).map_err(io::Error::from) {
            // Some file systems cannot keep from replacing what is there; links never do.
            Err(error) if is_unsupported(&error) => fs::hard_link(&self.path, path),
            renamed => renamed,
        };
        match placed {
            Ok(()) => sync_directory(path).map(|()| Placed::Here),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Placed::AnotherIsThere),
            Err(error) => Err(error),
        }
    }
}

/// Removes what killed programs have left behind. What cannot be removed does no harm.
fn remove_left_behind(path: &Path) {
    let Some(name) = path.file_name() else { return };
    let Ok(entries) = fs::read_dir(directory_of(path)) else { return };
    for entry in entries.flatten() {
        if is_unfinished(&entry.file_name(), name)
            && let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            remove(&entry.path());
        }
    }
}

fn is_unfinished(found: &OsStr, name: &OsStr) -> bool {
    let id = found.as_bytes().strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(UNFINISHED.as_bytes()));
    id.is_some_and(|id| id.len() == 32 && id.iter().all(u8::is_ascii_hexdigit))
}

fn remove(path: &Path) {
    for suffix in ["", WAL, SHM, END, "-journal"] {
        // Mostly there is none.
        let _ = fs::remove_file(companion(path, suffix));
    }
}
