//! Writes a whole file at once.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::Path;

use super::directory::{create_private_directory, directory_of, sync_name};
use super::own_file::{create_anew, rename_anew};

/// Writes a private file atomically and durably, in place of one of this user with that name, and creates the missing
/// directories above it. It writes through no link.
///
/// Until it is whole, the file has a hidden name beside `path`: `.letter.unfinished` for `letter.txt`.
///
/// # Errors
///
/// Returns the system's error; [`io::ErrorKind::AlreadyExists`] if one of the names belongs to another user.
pub fn replace_file(path: &Path, content: &[u8]) -> io::Result<()> {
    create_private_directory(directory_of(path))?;
    let mut hidden = OsString::from(".");
    hidden.push(path.file_stem().unwrap_or_default());
    hidden.push(".unfinished");
    let unfinished = path.with_file_name(hidden);
    let mut file = create_anew(&unfinished)?;
    file.write_all(content)?;
    file.sync_all()?;
    rename_anew(&unfinished, path)?;
    // Without this, a power cut could lose the renamed file's name.
    sync_name(path)
}
