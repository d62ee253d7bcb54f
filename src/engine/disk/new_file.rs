//! Makes a file beside its place and puts it there when it is whole: whoever finds the file finds all of it.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::directory::{directory_of, sync_name};
use super::file::{FileId, create_private, is_unsupported, with_suffix};

/// What follows a file's name in that of one that is not whole yet.
const UNFINISHED: &str = "-new-";

const NO_PLACE: &str = "it can neither rename a file without replacing another one nor give it a second name";

/// Without it, a power cut can take away a file that was made and written to.
pub const NO_SYNC_OF_DIRECTORIES: &str = "it cannot put a file's name onto the disk: directories are not synced";

/// A file that is being made. It is locked meanwhile; one that nobody has locked was left behind by a program that was
/// killed.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    file: File,
    /// What its maker may leave beside it, as the ends of names.
    beside: &'static [&'static str],
}

impl Drop for NewFile {
    fn drop(&mut self) {
        remove(&self.path, self.beside);
    }
}

/// What became of a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It stands at its place.
    Here,
    /// Another file does, and stays.
    AnotherIsThere,
    /// The file system lacks what it takes.
    NotSupported(&'static str),
}

impl NewFile {
    /// Makes an empty file for the place `path`, and removes those that others have left behind there. `beside` are the
    /// ends of the names of what its maker writes beside it, which goes with it.
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
                // Before it was locked, somebody else has taken it for one that was left behind.
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// Where it stands until it is put at its place.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file itself.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Gets the file onto the disk, and then to its place; its name is on the disk too when this answers.
    ///
    /// # Errors
    ///
    /// What the system says; then it does not stand there.
    pub fn put(self, path: &Path) -> io::Result<Placed> {
        self.file.sync_all()?;
        let placed = match renameat_with(CWD, &self.path, CWD, path, RenameFlags::NOREPLACE).map_err(io::Error::from) {
            // Some file systems cannot keep from replacing what is there; links never do.
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
            // A power cut could take it away again with all that is written to it.
            let _ = fs::remove_file(path);
        }
        match synced {
            Err(error) if is_unsupported(&error) => Ok(Placed::NotSupported(NO_SYNC_OF_DIRECTORIES)),
            synced => synced.map(|()| Placed::Here),
        }
    }
}

/// Removes what killed programs have left behind. What cannot be removed does no harm.
fn remove_left_behind(path: &Path, beside: &[&str]) {
    let Some(name) = path.file_name() else { return };
    let Ok(entries) = fs::read_dir(directory_of(path)) else { return };
    for entry in entries.flatten() {
        if is_unfinished(&entry.file_name(), name)
            && let Ok(file) = File::open(entry.path())
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
        // Mostly there is none.
        let _ = fs::remove_file(with_suffix(path, suffix));
    }
}
