//! Makes the file, so that whoever finds it finds all of it.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::end_file::{self, End, EndFile, create_private};
use super::open::companion;
use super::open_error::{OpenStoreError, refused, sqlite};
use super::schema::{APPLICATION_ID, TABLES, USER_VERSION, connect};
use crate::engine::event::Position;

/// Makes an empty file, unless one that is gone has left the word that it had events.
pub(super) fn create(path: &Path, accept_loss: bool) -> Result<(), OpenStoreError> {
    let refused = |error| refused(path, error);
    let end_path = companion(path, end_file::SUFFIX);
    let mut end_file = EndFile::open(&end_path).map_err(refused)?;
    if let Some(end_file) = &mut end_file {
        let log_end = Position::START;
        match end_file.read().map_err(refused)? {
            Some(End { position: 0, .. }) => {}
            _ if accept_loss => end_file.replace(End::OF_NOTHING).map_err(refused)?,
            Some(end) => {
                let acknowledged = Position::new(end.position);
                return Err(OpenStoreError::LostEnd { path: path.into(), acknowledged, log_end });
            }
            None => {
                let (path, problem) = (path.into(), "damaged");
                return Err(OpenStoreError::EndUnknown { path, end_file: end_path, problem, log_end });
            }
        }
    }
    // Whoever finds the file shall find its end too.
    make_under_another_name(path, |unfinished| {
        create_under(unfinished)?;
        if end_file.is_none() {
            make_under_another_name(&end_path, |unfinished| {
                EndFile::create(unfinished, End::OF_NOTHING).map(drop).map_err(refused)
            })?;
        }
        Ok(())
    })?;
    let directory = path.parent().unwrap_or(path);
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(refused)
}

/// Makes a file under another name and gives it its own when it is whole: whoever finds the file finds all of it. If
/// somebody else is quicker, theirs stays.
fn make_under_another_name(
    path: &Path,
    make: impl FnOnce(&Path) -> Result<(), OpenStoreError>,
) -> Result<(), OpenStoreError> {
    let unfinished = companion(path, &format!("-new-{}", uuid::Uuid::new_v4().simple()));
    let made = make(&unfinished).and_then(|()| match fs::hard_link(&unfinished, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(refused(path, error)),
        _ => Ok(()),
    });
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(companion(&unfinished, suffix));
    }
    made.map_err(|error| error.of(path))
}

fn create_under(path: &Path) -> Result<(), OpenStoreError> {
    let file = create_private(path).map_err(|error| refused(path, error))?;
    // The write-ahead log is switched on here already: SQLite does not wait for others who do so at the same time.
    let written = connect(path).and_then(|connection| {
        connection.execute_batch(&format!(
            "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = FULL; BEGIN; {TABLES}
             PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {USER_VERSION}; COMMIT;
             PRAGMA journal_mode = WAL;"
        ))
    });
    written.map_err(|error| sqlite(path, error))?;
    file.sync_all().map_err(|error| refused(path, error))
}
