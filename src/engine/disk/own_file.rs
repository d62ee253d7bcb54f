//! Files in a directory that others may write to: what is opened is what this user's programs have made, and what is
//! created follows no link.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::geteuid;

use super::file::create_private;

/// Who may own a file, and to whom it may be open.
#[derive(Clone, Copy, Debug)]
pub struct Trusted {
    owner: Option<u32>,
    open_to: u32,
}

impl Trusted {
    /// A file of this user that nobody else may open.
    pub const PRIVATE: Self = Self { owner: None, open_to: 0 };

    /// A file of this user, however open it is: good enough to be looked at or removed.
    pub const OWN: Self = Self { owner: None, open_to: OTHERS };

    /// A file that belongs to another one: of this user or that file's owner, and not more open than that file. If there
    /// is none, of this user.
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

    /// Whether a file may be used: it is regular, has one link, and is owned by and open to nobody else.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the file, with the kind [`io::ErrorKind::Other`].
    pub fn check(self, found: &Metadata) -> io::Result<()> {
        let more_open = found.mode() & OTHERS & !self.open_to;
        let problem = if found.is_symlink() {
            "it is a symbolic link".to_owned()
        } else if !found.is_file() {
            "it is not a regular file".to_owned()
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

/// The modes that are not the owner's.
const OTHERS: u32 = 0o077;

/// Opens a file that is [`Trusted`], following no link and waiting for nobody, as a pipe would let it.
///
/// # Errors
///
/// Returns the system's error, or what is wrong with the file, with the kind [`io::ErrorKind::Other`].
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

/// Creates a private file, in place of a leftover with its name if this user has left it.
///
/// # Errors
///
/// Returns the system's error; [`io::ErrorKind::AlreadyExists`] if there is something of another user.
pub fn create_anew(path: &Path) -> io::Result<File> {
    if fs::symlink_metadata(path).is_ok_and(|found| is_own(&found)) {
        fs::remove_file(path)?;
    }
    create_private(path)
}

fn is_own(found: &Metadata) -> bool {
    found.uid() == geteuid().as_raw()
}
