//! Creates the file.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::error::{refused, sqlite};
use crate::engine::disk::{NewFile, Placed};
use crate::engine::log::Position;
use crate::engine::store::OpenStoreError;
use crate::engine::store::sqlite::files::companions::{
    END, HANDLERS, JOURNAL, OF_UNFINISHED, SHM, WAL, companion, ending_of_companion,
};
use crate::engine::store::sqlite::files::end_file::{End, EndFile, RecordedEnd};
use crate::engine::store::sqlite::tables::schema::APPLICATION_ID;
use crate::engine::store::sqlite::tables::upgrade;

/// Creates an empty file for the events of a domain. If another program creates it first, that one stays. Returns
/// whether this call created the file.
pub(in crate::engine::store::sqlite) fn create(
    path: &Path,
    domain: &str,
    accept_loss: bool,
) -> Result<bool, OpenStoreError> {
    if let Some(ending) = ending_of_companion(path) {
        return Err(OpenStoreError::ReservedName { path: path.into(), ending });
    }
    check_left_over(path, accept_loss)?;
    let new = NewFile::beside(path, OF_UNFINISHED).map_err(|error| refused(path, error))?;
    let image = image(domain).map_err(|error| sqlite(path, error))?;
    new.file().write_all(&image).map_err(|error| refused(path, error))?;
    match new.put(path).map_err(|error| refused(path, error))? {
        Placed::Here => Ok(true),
        Placed::AnotherIsThere => Ok(false),
        Placed::NotSupported(what) => Err(OpenStoreError::NotSupported { path: path.into(), what }),
    }
}

/// Refuses leftovers of a deleted file that would be taken for parts of the new one.
fn check_left_over(path: &Path, accept_loss: bool) -> Result<(), OpenStoreError> {
    let end_path = companion(path, END);
    let log_end = Position::START;
    let refusal = match EndFile::read_at(&end_path).map_err(|error| refused(&end_path, error))? {
        RecordedEnd::Empty | RecordedEnd::UpTo(End { position: 0, .. }) => None,
        RecordedEnd::UpTo(end) => {
            let acknowledged = Position::new(end.position);
            Some(OpenStoreError::LostEnd { path: path.into(), acknowledged, log_end })
        }
        RecordedEnd::Damaged => {
            let (end_file, problem) = (end_path, "damaged");
            Some(OpenStoreError::EndUnknown { path: path.into(), end_file, problem, log_end })
        }
    };
    let refusal = refusal.or_else(|| {
        let left_over = left_over(path)?;
        Some(OpenStoreError::LeftOver { path: path.into(), left_over })
    });
    let is_gone = || fs::metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    match refusal {
        // If the file exists by now, its companions are its own.
        Some(refusal) if !accept_loss && is_gone() => Err(refusal),
        Some(refusal) if is_gone() => {
            tracing::warn!("{refusal}; removing what is left");
            remove_left_over(path).map_err(|error| refused(path, error))
        }
        None => {
            say_what_is_left(path);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Warns of harmless leftovers. The new file takes them over, and they are removed when it is closed.
fn say_what_is_left(path: &Path) {
    let left: Vec<_> =
        [SHM, HANDLERS].map(|suffix| companion(path, suffix)).into_iter().filter(|left| left.exists()).collect();
    let is_gone = fs::metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    if !left.is_empty() && is_gone {
        let left: Vec<_> = left.iter().map(|left| left.display().to_string()).collect();
        tracing::warn!(
            "{}: there is no such file, but {} is left over from one; the new file takes its place",
            path.display(),
            left.join(", ")
        );
    }
}

/// A leftover that SQLite would take for a part of the new file.
pub(in crate::engine::store::sqlite) fn left_over(path: &Path) -> Option<PathBuf> {
    let logs = [WAL, JOURNAL].map(|suffix| companion(path, suffix));
    logs.into_iter().find(|log| fs::metadata(log).is_ok_and(|found| found.len() > 0))
}

fn remove_left_over(path: &Path) -> io::Result<()> {
    for suffix in [WAL, SHM, JOURNAL, END, HANDLERS] {
        match fs::remove_file(companion(path, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// The bytes of an empty file in write-ahead mode.
pub(in crate::engine::store::sqlite) fn image(domain: &str) -> rusqlite::Result<Vec<u8>> {
    /// The bytes of the header that select the journal mode.
    const WRITE_AND_READ_VERSION: std::ops::Range<usize> = 18..20;
    const WRITE_AHEAD: u8 = 2;
    let mut connection = Connection::open_in_memory()?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    let transaction = connection.transaction()?;
    upgrade::create_tables(&transaction, domain)?;
    transaction.commit()?;
    let mut image = connection.serialize("main")?.to_vec();
    image[WRITE_AND_READ_VERSION].fill(WRITE_AHEAD);
    Ok(image)
}
