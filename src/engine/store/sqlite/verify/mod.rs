//! Reads the whole file and checks its consistency.

pub(super) mod ended;
mod handler_records;
mod pages;
mod structure;

use std::io;
use std::path::Path;

use foldhash::HashMap;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use self::ended::{Ended, broken};
use self::handler_records::verify_records;
use self::pages::Pages;
use self::structure::StructureCheck;
use super::files::companions::{END, companion};
use super::files::end_file::{EndFile, RecordedEnd};
use super::files::open_file::OpenFile;
use super::tables::expected_tables;
use super::tables::expected_tables::Tables;
use super::tables::format::Format;
use super::tables::hashed_row::Checked;
use super::tables::log_links::{LogEnd, hash_at};
use super::tables::numbers::{signed, unsigned};
use super::tables::parked_numbers;
use super::tables::projection_rows::check_projections;
use super::tables::properties;
use super::tables::row_sets::check_row_sets;
use super::tables::schema::{MARK_EVERY, connect_to_read};
use super::tables::snapshots::{SELECT_SNAPSHOTS, SNAPSHOT_HASH, StoredSnapshot};
use super::tables::stored_log::StoredLog;
use super::threads::spawn;
use super::{SqliteStore, unreadable};
use crate::engine::log::{Metadata, Position, RecordedEvent, Timestamp};
use crate::engine::runtime::{StoreFailure, StoreFailureKind};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::{StoreError, Verification, Verified};

/// The number of events between two progress reports.
const REPORT_EVERY: u64 = 10_000;

impl<E: StoredEvent> SqliteStore<E> {
    /// Verifies the whole file: versions have no gaps, positions increase, times never go back, every event fits its
    /// hash, and heads, indexes, snapshots and records agree with the events. `progress` receives the number of events
    /// read and their total.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the file cannot be read at all.
    pub async fn verify(&self, progress: impl FnMut(u64, u64) + Send + 'static) -> Result<Verification, StoreError> {
        self.verify_part(Part::Everything, progress, None).await
    }

    /// Verifies the whole file, and hands its events on as they are read, page by page, for further checks. They are those
    /// of the file when this was called, or of a moment after that. A caller that drops the receiver ends only that.
    pub(in crate::engine) async fn verify_and_read(
        &self,
        progress: impl FnMut(u64, u64) + Send + 'static,
        pages: mpsc::Sender<Vec<RecordedEvent<E>>>,
    ) -> Result<Verification, StoreError> {
        self.verify_part(Part::Everything, progress, Some(pages)).await
    }

    /// Verifies the log as [`SqliteStore::verify`] does, but nothing that derives from it.
    pub(in crate::engine) async fn verify_log(&self) -> Result<Verification, StoreError> {
        self.verify_part(Part::Log, |_, _| {}, None).await
    }

    async fn verify_part(
        &self,
        part: Part,
        progress: impl FnMut(u64, u64) + Send + 'static,
        pages: Option<mpsc::Sender<Vec<RecordedEvent<E>>>>,
    ) -> Result<Verification, StoreError> {
        let path = self.path.clone();
        let open_file = self.open_file.upgrade().ok_or(StoreError::Closed)?;
        let (reply, answer) = oneshot::channel();
        let mut progress = progress;
        let verify = move || {
            let mut report = |done, total| {
                // Stop once the caller no longer waits.
                let is_wanted = !reply.is_closed();
                if is_wanted {
                    progress(done, total);
                }
                is_wanted
            };
            let verified = verify(&path, &open_file, part, Pages::to(pages), &mut report);
            drop(open_file);
            let _ = reply.send(verified);
        };
        spawn("verification", verify).map_err(no_thread)?;
        answer.await.map_err(|_| StoreError::Failed("the verification panicked".into()))?
    }
}

pub(super) fn no_thread(error: io::Error) -> StoreError {
    StoreError::Failed(StoreFailure::caused_by(format!("no thread: {error}"), StoreFailureKind::Other, error))
}

/// The part of a file that is verified.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Everything,
    Log,
}

fn verify<E: StoredEvent>(
    path: &Path,
    open_file: &OpenFile,
    part: Part,
    pages: Pages<E>,
    report: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Verification, StoreError> {
    let unreadable = |error: rusqlite::Error| unreadable(path, error.into());
    let connection = connect_to_read(path).map_err(unreadable)?;
    let another = connect_to_read(path).map_err(unreadable)?;
    if !open_file.is_at(path) {
        let path = path.display();
        return Err(StoreError::Failed(
            format!("{path} was moved, removed or replaced while the file was open").into(),
        ));
    }
    // Read this first: the view taken next contains everything acknowledged by now.
    let acknowledged = EndFile::read_at(&companion(path, END));
    // A consistent view, whatever is written meanwhile.
    let transaction = connection.unchecked_transaction().map_err(unreadable)?;
    let structure = StructureCheck::begin(another).map_err(no_thread)?;
    verdict(verify_all(&transaction, acknowledged, part, pages, Some(structure), report))
}

/// Verifies a connection's view, which must not change meanwhile.
pub(super) fn verify_view<E: StoredEvent>(
    connection: &Connection,
    acknowledged: io::Result<RecordedEnd>,
    part: Part,
    report: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Verification, StoreError> {
    verdict(verify_all(connection, acknowledged, part, Pages::<E>::to(None), None, report))
}

fn verdict(verified: Result<Verified, Ended>) -> Result<Verification, StoreError> {
    Ok(match verified {
        Ok(verified) => Verification::Whole(verified),
        Err(Ended::Broken { position, problem }) => {
            Verification::Broken { position: position.map(Position::new), problem }
        }
        Err(Ended::Unwanted) => return Err(StoreError::Closed),
    })
}

fn verify_all<E: StoredEvent>(
    connection: &Connection,
    acknowledged: io::Result<RecordedEnd>,
    part: Part,
    pages: Pages<E>,
    structure: Option<StructureCheck>,
    report: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Verified, Ended> {
    let Some(format) = Format::read(connection)? else { return broken(None, "its version is not known") };
    if let Tables::Changed { what } = expected_tables::check(connection, format)? {
        return broken(None, what);
    }
    let end = LogEnd::read(connection)?.end.position;
    let heads = verify_log(connection, format, end, pages, report)?;
    verify_heads(connection, &heads)?;
    verify_acknowledged(connection, format, acknowledged)?;
    let snapshots = match part {
        Part::Everything => verify_derived(connection, format, end)?,
        Part::Log => 0,
    };
    match structure {
        Some(under_way) => under_way.end()?,
        None => structure::check(connection)?,
    }
    Ok(Verified { events: end, streams: heads.len() as u64, snapshots })
}

/// Verifies what derives from the log. Returns the number of snapshots.
fn verify_derived(connection: &Connection, format: Format, end: u64) -> Result<u64, Ended> {
    let mut snapshots = 0;
    if format == Format::Second {
        snapshots = verify_snapshots(connection)?;
        check_row_sets(connection)?;
        check_projections(connection)?;
    }
    verify_records(connection, end)?;
    parked_numbers::check(connection)?;
    Ok(snapshots)
}

/// The last version and position of each stream.
type Heads = HashMap<i64, (u64, u64)>;

fn verify_log<E: StoredEvent>(
    connection: &Connection,
    format: Format,
    end: u64,
    mut pages: Pages<E>,
    report: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Heads, Ended> {
    let mut heads = Heads::default();
    let mut last_time = Timestamp::from_micros(i64::MIN);
    let mut last_command: Option<(Uuid, u64, i64)> = None;
    let mut last_position = 0;
    let mut mark = connection.prepare("SELECT position FROM stream_marks WHERE stream = ?1 AND version = ?2")?;
    let mut marks = 0;
    let visit = |event: RecordedEvent<E>, stream: i64, previous: u64, number: u64| {
        let (position, version) = (event.position.get(), event.version.get());
        let head = heads.entry(stream).or_insert((0, 0));
        if (head.0 + 1, head.1) != (version, previous) {
            return broken(position, format!("version {version} of its stream follows version {}", head.0));
        }
        *head = (version, position);
        if event.time < last_time {
            return broken(position, "its time is before that of the event before it");
        }
        last_time = event.time;
        let command = event.metadata.command_id;
        let follows = last_command == Some((command, number.wrapping_sub(1), stream));
        if number != 1 && !follows {
            return broken(position, "the events of its command are not contiguous");
        }
        last_command = Some((command, number, stream));
        if version.is_multiple_of(MARK_EVERY) {
            marks += 1;
            let marked = mark.query_row((stream, signed(version)), |row| unsigned(row, 0));
            if marked.ok() != Some(position) {
                return broken(position, "its stream's mark is missing here");
            }
        }
        last_position = position;
        pages.push(event);
        if position.is_multiple_of(REPORT_EVERY) && !report(position, end) {
            return Err(Ended::Unwanted);
        }
        Ok(())
    };
    StoredLog::<E>::of(format).walk(connection, visit)?;
    // Whoever checks them goes on meanwhile.
    pages.finish();
    if last_position != end {
        return broken(last_position + 1, "the event is missing");
    }
    let found: u64 = connection.query_row("SELECT count(*) FROM stream_marks", [], |row| unsigned(row, 0))?;
    if found != marks {
        return broken(None, format!("the file has {found} stream marks instead of {marks}"));
    }
    report(end, end);
    Ok(heads)
}

fn verify_heads(connection: &Connection, heads: &Heads) -> Result<(), Ended> {
    let mut statement = connection.prepare("SELECT stream, version, last_position, name FROM streams")?;
    let mut rows = statement.query([])?;
    let mut found = 0;
    while let Some(row) = rows.next()? {
        let (stream, head) = (row.get(0)?, (unsigned(row, 1)?, unsigned(row, 2)?));
        let name: String = row.get(3)?;
        if heads.get(&stream) != Some(&head) {
            return broken(head.1, format!("the stream {name} does not end here, at version {}", head.0));
        }
        let by_name = connection
            .prepare_cached("SELECT stream FROM streams INDEXED BY sqlite_autoindex_streams_1 WHERE name = ?1")?
            .query_row([&name], |row| row.get::<_, i64>(0));
        if by_name.ok() != Some(stream) {
            return broken(head.1, format!("the stream {name} is not found by its name"));
        }
        found += 1;
    }
    if found == heads.len() { Ok(()) } else { broken(None, "the head of a stream is missing") }
}

fn verify_acknowledged(
    connection: &Connection,
    format: Format,
    acknowledged: io::Result<RecordedEnd>,
) -> Result<(), Ended> {
    let unreadable = |error| Ended::Broken { position: None, problem: format!("the log's end: {error}") };
    let closed_at = match format {
        Format::First => None,
        Format::Second => Some(properties::closed_at(connection)?),
    };
    let known = match acknowledged.map_err(unreadable)? {
        RecordedEnd::UpTo(end) => end,
        RecordedEnd::Empty => return broken(None, "the `-end` file is missing"),
        RecordedEnd::Damaged => return broken(None, "the `-end` file is damaged"),
    };
    if closed_at == Some(None) {
        return broken(None, "the file does not record where the log ended when it was last closed");
    }
    for end in [Some(known), closed_at.flatten()].into_iter().flatten() {
        if hash_at(connection, end.position)? != end.hash {
            return broken(end.position, "another event was acknowledged here");
        }
    }
    Ok(())
}

fn verify_snapshots(connection: &Connection) -> Result<u64, Ended> {
    let mut statement = connection.prepare(SELECT_SNAPSHOTS)?;
    let mut event = connection.prepare("SELECT stream, version, time FROM events WHERE position = ?1")?;
    let mut rows = statement.query([])?;
    let mut found = 0;
    while let Some(row) = rows.next()? {
        let (stream, position) = (row.get::<_, i64>(0)?, unsigned(row, 1)?);
        let stands_after = event
            .query_row([signed(position)], |row| Ok((row.get::<_, i64>(0)?, unsigned(row, 1)?, row.get::<_, i64>(2)?)));
        if stands_after.ok() != Some((stream, unsigned(row, 2)?, row.get(3)?)) {
            return broken(position, "a snapshot does not follow an event of its stream");
        }
        let stored = StoredSnapshot::checked(row, SNAPSHOT_HASH, || format!("the snapshot at position {position}"))?;
        // Events of earlier versions name none.
        let metadata = Metadata::from_outside(Uuid::nil()).with_stored(stored.metadata.as_deref());
        if metadata.snapshot().is_some() && !metadata.names_snapshot(&stored.snapshot.state) {
            return broken(position, "the snapshot here differs from the one that was stored with its event");
        }
        found += 1;
    }
    Ok(found)
}
