//! Opens and creates files in a directory that other users may write to, where a name may lead to a link, a pipe or a file
//! of another user.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::geteuid;

use super::file::create_private;

/// The owners and modes with which a file may be used.
#[derive(Clone, Copy, Debug)]
pub struct Trusted {
    owner: Option<u32>,
    open_to: u32,
}

impl Trusted {
    /// This user is the owner, and nobody else may open the file.
    pub const PRIVATE: Self = Self { owner: None, open_to: 0 };

    /// This user is the owner. The mode does not matter, or the caller checks it.
    pub const OWN: Self = Self { owner: None, open_to: OTHERS };

    /// For a companion of the file at `path`: this user or that file's owner is the owner, and the companion is not more
    /// open than that file. If that file does not exist, this user is the owner.
    ///
    /// # Errors
    ///
    /// Returns the system's error if the other file cannot be examined.
    pub fn beside(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(found) => Ok(Self { owner: Some(found.uid()), open_to: found.mode() & OTHERS }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::OWN),
            Err(error) => Err(error),
        }
    }

    /// Checks that a file is regular, has one link, and has a trusted owner and mode.
    ///
    /// # Errors
    ///
    /// Returns the problem with the file, with the kind [`io::ErrorKind::Other`].
    pub fn check(self, found: &Metadata) -> io::Result<()> {
        let more_open = found.mode() & OTHERS & !self.open_to;
        let problem = if found.is_symlink() {
            "it is a symbolic link".to_owned()
        } else if !found.is_file() {
            NOT_REGULAR.to_owned()
        } else if found.nlink() > 1 {
            "it has another name, which may be somebody else's".to_owned()
        } else if !is_own(found) && self.owner != Some(found.uid()) {
            format!("it belongs to another user ({})", found.uid())
        } else if more_open != 0 {
            format!("it is open to other users (mode {:03o})", found.mode() & 0o777)
        } else {
            return Ok(());
        };
        Err(io::Error::other(problem))
    }
}

const NOT_REGULAR: &str = "it is not a regular file";

/// The mode bits for other users.
const OTHERS: u32 = 0o077;

/// Opens a [`Trusted`] file. It does not follow a link, and does not block as opening a pipe would.
///
/// # Errors
///
/// Returns the system's error, or the problem with the file, with the kind [`io::ErrorKind::Other`].
pub fn open_own(path: &Path, options: &OpenOptions, trusted: Trusted) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = match options.clone().custom_flags(flags.bits().cast_signed()).open(path) {
        Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            return Err(io::Error::other("it is a symbolic link"));
        }
        opened => opened?,
    };
    trusted.check(&file.metadata()?)?;
    Ok(file)
}

/// Opens a regular file for reading, through links too, whoever owns it. It does not block as opening a pipe would.
///
/// # Errors
///
/// Returns the system's error; one of the kind [`io::ErrorKind::Other`] if the file is not regular.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let check = |found: Metadata| if found.is_file() { Ok(()) } else { Err(io::Error::other(NOT_REGULAR)) };
    // Opening a device may already have an effect. After the open, the path may lead to another file than before.
    check(fs::metadata(path)?)?;
    let file = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    check(file.metadata()?)?;
    Ok(file)
}

/// Creates a private file. A leftover of this user with the same name is removed first.
///
/// # Errors
///
/// Returns the system's error; [`io::ErrorKind::AlreadyExists`] if the name belongs to another user.
pub fn create_anew(path: &Path) -> io::Result<File> {
    if fs::symlink_metadata(path).is_ok_and(|found| is_own(&found)) {
        fs::remove_file(path)?;
    }
    create_private(path)
}

/// Renames a file to `path`, in place of a leftover of this user with that name.
///
/// # Errors
///
/// Returns the system's error; [`io::ErrorKind::AlreadyExists`] if the name belongs to another user.
pub fn rename_anew(from: &Path, path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if !is_own(&found) => {
            let problem = format!("{} belongs to another user ({})", path.display(), found.uid());
            Err(io::Error::new(io::ErrorKind::AlreadyExists, problem))
        }
        _ => fs::rename(from, path),
    }
}

fn is_own(found: &Metadata) -> bool {
    found.uid() == geteuid().as_raw()
}
