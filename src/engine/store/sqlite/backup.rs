//! Copies a file in use: a consistent view, verified, and closed the way the last program closes a file.

use std::path::Path;
use std::{fs, io};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::wal::CheckpointMode;
use tokio::sync::oneshot;

use super::file_error::FileError;
use super::files::companions::{END, OF_UNFINISHED, WAL, companion, ending_of_companion};
use super::files::disk_full;
use super::files::end_file::RecordedEnd;
use super::files::open_file::OpenFile;
use super::open::create::left_over;
use super::tables::format::Format;
use super::tables::log_links::LogEnd;
use super::tables::schema::{connect, connect_to_read};
use super::tables::{properties, upgrade};
use super::threads::spawn;
use super::{SqliteStore, unreadable, verify};
use crate::engine::disk::{NewFile, Placed};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::{BackupError, BackupStep, StoreError, Verification, Verified};

/// Pages per copy step: 4 MiB.
const PAGES: i32 = 1_024;

impl From<FileError> for BackupError {
    fn from(error: FileError) -> Self {
        Self::Store(error.into())
    }
}

impl<E: StoredEvent> SqliteStore<E> {
    /// Copies a consistent view of the file while it is in use, and verifies the copy. `report` receives the step, the
    /// amount done and the total.
    ///
    /// # Errors
    ///
    /// Returns [`BackupError`] if no copy was made.
    pub async fn backup(
        &self,
        to: &Path,
        mut report: impl FnMut(BackupStep, u64, u64) + Send + 'static,
    ) -> Result<Verified, BackupError> {
        let (path, to) = (self.path.clone(), to.to_owned());
        let open_file = self.open_file.upgrade().ok_or(StoreError::Closed)?;
        let (reply, answer) = oneshot::channel();
        let copy = move || {
            let mut report = |step, done, total| {
                // Stop once the caller no longer waits.
                let is_wanted = !reply.is_closed();
                if is_wanted {
                    report(step, done, total);
                }
                is_wanted
            };
            let copied = copy::<E>(&path, &open_file, &to, &mut report);
            drop(open_file);
            let _ = reply.send(copied);
        };
        spawn("backup", copy).map_err(verify::no_thread)?;
        answer.await.map_err(|_| StoreError::Failed("the backup panicked".into()))?
    }
}

fn copy<E: StoredEvent>(
    path: &Path,
    open_file: &OpenFile,
    to: &Path,
    report: &mut dyn FnMut(BackupStep, u64, u64) -> bool,
) -> Result<Verified, BackupError> {
    check_place(to)?;
    let unreadable = |error: rusqlite::Error| unreadable(path, error.into());
    let from = connect_to_read(path).map_err(unreadable)?;
    if !open_file.is_at(path) {
        let path = path.display();
        return Err(StoreError::Failed(
            format!("{path} was moved, removed or replaced while the file was open").into(),
        )
        .into());
    }
    let failed = |error| not_written(to, error);
    let new = NewFile::beside(to, OF_UNFINISHED).map_err(failed)?;
    let length = |path: &Path| fs::metadata(path).map_or(0, |found| found.len());
    let length = length(path).max(length(&companion(path, WAL)));
    let sqlite = |error: rusqlite::Error| {
        let path = to.to_owned();
        if disk_full::is_cause_at_length(new.path(), &error, length) {
            BackupError::DiskFull { path }
        } else {
            BackupError::File { path, reason: error.into() }
        }
    };
    let mut copy = connect(new.path()).map_err(sqlite)?;
    // No journal is needed: a failed copy is deleted.
    let _: String = copy.query_row("PRAGMA journal_mode = OFF", [], |row| row.get(0)).map_err(sqlite)?;
    // The transaction keeps the view consistent, however long the copy takes.
    let state = from.unchecked_transaction().map_err(unreadable)?;
    let end = LogEnd::read(&from).map_err(unreadable)?.end;
    copy_pages(&from, &mut copy, report).map_err(sqlite)?.ok_or(StoreError::Closed)?;
    drop(state);
    let transaction = copy.transaction().map_err(sqlite)?;
    if Format::read(&transaction).map_err(sqlite)? == Some(Format::First) {
        upgrade::upgrade(&transaction, E::DOMAIN)?;
    }
    properties::write_closed_at(&transaction, end).map_err(sqlite)?;
    properties::write_schema_cookie(&transaction).map_err(sqlite)?;
    // The copy of a replica is a file of its own.
    properties::remove(&transaction, properties::LOG).map_err(sqlite)?;
    transaction.commit().map_err(sqlite)?;
    let mut report_check = |done, total| report(BackupStep::Check, done, total);
    let verified = require_intact(verify::verify_view::<E>(
        &copy,
        Ok(RecordedEnd::UpTo(end)),
        verify::Part::Everything,
        &mut report_check,
    )?)?;
    let checkpointed = copy
        .wal_checkpoint_v2(None::<&str>, CheckpointMode::TRUNCATE)
        .and_then(|_| copy.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false));
    checkpointed.map_err(sqlite)?;
    copy.close().map_err(|(_, error)| sqlite(error))?;
    match new.put(to).map_err(failed)? {
        Placed::Here => Ok(verified),
        Placed::AnotherIsThere => Err(BackupError::FileExists { path: to.to_owned() }),
        Placed::NotSupported(what) => Err(not_supported(to, what)),
    }
}

/// The destination must not exist, nor any file that would be taken for a part of it.
pub(super) fn check_place(to: &Path) -> Result<(), BackupError> {
    if to.symlink_metadata().is_ok() {
        return Err(BackupError::FileExists { path: to.to_owned() });
    }
    if let Some(ending) = ending_of_companion(to) {
        return Err(BackupError::ReservedName { path: to.to_owned(), ending });
    }
    let end = companion(to, END);
    let left_over = left_over(to).or_else(|| fs::metadata(&end).is_ok_and(|found| found.len() > 0).then_some(end));
    left_over.map_or(Ok(()), |left_over| Err(BackupError::LeftOver { path: to.to_owned(), left_over }))
}

/// The error for a copy that could not be written.
pub(super) fn not_written(to: &Path, error: io::Error) -> BackupError {
    let path = to.to_owned();
    match disk_full::is_out_of_space(&error) {
        true => BackupError::DiskFull { path },
        false => BackupError::File { path, reason: error.into() },
    }
}

/// The error for a file system that lacks a required feature.
pub(super) fn not_supported(to: &Path, what: &'static str) -> BackupError {
    BackupError::File { path: to.to_owned(), reason: format!("the file system does not support this: {what}").into() }
}

/// Rejects a copy that failed verification.
pub(super) fn require_intact(verification: Verification) -> Result<Verified, BackupError> {
    match verification {
        Verification::Whole(verified) => Ok(verified),
        Verification::Broken { position, problem } => {
            let at = position.map(|position| format!("at position {position}: ")).unwrap_or_default();
            Err(BackupError::Broken { problem: format!("{at}{problem}") })
        }
    }
}

/// Returns `None` once the caller no longer waits.
fn copy_pages(
    from: &Connection,
    copy: &mut Connection,
    report: &mut dyn FnMut(BackupStep, u64, u64) -> bool,
) -> rusqlite::Result<Option<()>> {
    let backup = Backup::new(from, copy)?;
    loop {
        let step = backup.step(PAGES)?;
        let progress = backup.progress();
        let total = u64::try_from(progress.pagecount).unwrap_or(0);
        let left = u64::try_from(progress.remaining).unwrap_or(0);
        if !report(BackupStep::Copy, total.saturating_sub(left), total) {
            return Ok(None);
        }
        match step {
            StepResult::Done => return Ok(Some(())),
            StepResult::More => {}
            // The copy is locked, which cannot last: it is private to this program.
            _ => std::thread::yield_now(),
        }
    }
}
