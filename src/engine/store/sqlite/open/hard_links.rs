//! A file with several hard links is one bank. Its companions stand beside the name under which it was first opened.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::error::refused;
use crate::engine::disk::FileId;
use crate::engine::store::OpenStoreError;
use crate::engine::store::sqlite::files::companions::{END, WAL, companion};
use crate::engine::store::sqlite::files::foreign_lock::lock_of_another_process;

/// The name under which the file is in use, if that is in the same directory; otherwise the given name.
pub(in crate::engine::store::sqlite) fn name_in_use(path: &Path) -> Result<PathBuf, OpenStoreError> {
    let found = fs::metadata(path).map_err(|error| refused(path, error))?;
    if found.nlink() < 2 || is_in_use_as(path) {
        return Ok(path.to_owned());
    }
    let same = FileId::of(&found);
    let names = path.parent().map(fs::read_dir).transpose().map_err(|error| refused(path, error))?;
    let others = names.into_iter().flatten().flatten().map(|entry| entry.path());
    let is_same = |name: &PathBuf| FileId::at(name).is_ok_and(|other| other == Some(same)) && !name.is_symlink();
    let in_use = others.filter(is_same).find(|name| is_in_use_as(name));
    Ok(in_use.unwrap_or_else(|| path.to_owned()))
}

/// Refuses a file that is in use under a name in another directory, with its write-ahead log beside that name.
pub(in crate::engine::store::sqlite) fn check_name(path: &Path, file: &File) -> Result<(), OpenStoreError> {
    let found = file.metadata().map_err(|error| refused(path, error))?;
    if found.nlink() < 2 || is_in_use_as(path) {
        return Ok(());
    }
    match lock_of_another_process(file).map_err(|error| refused(path, error))? {
        None => Ok(()),
        Some(held) => {
            let holder = match held.pid {
                Some(pid) => format!("process {}", pid.as_raw_nonzero()),
                None => "this one".to_owned(),
            };
            Err(OpenStoreError::OtherName { path: path.into(), holder })
        }
    }
}

fn is_in_use_as(path: &Path) -> bool {
    [END, WAL].iter().any(|suffix| companion(path, suffix).exists())
}
