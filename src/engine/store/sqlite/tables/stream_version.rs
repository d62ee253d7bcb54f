//! Finds the version of a stream at a moment: by binary search over marks, and from there backwards.

use rusqlite::Connection;

use super::log_links::{Head, Link, mark_from};
use super::schema::MARK_EVERY;
use super::stored_log::StoredLog;
use crate::engine::log::{Moment, Position, StreamId, Version};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::sqlite::file_error::FileError;

impl<E: StoredEvent> StoredLog<E> {
    /// The version of a stream's last event up to a moment.
    pub(in crate::engine::store::sqlite) fn stream_version(
        &mut self,
        connection: &Connection,
        stream: &StreamId,
        until: Moment,
    ) -> Result<Version, FileError> {
        let Some(head) = Head::read(connection, stream.as_str())? else { return Ok(Version::START) };
        let (last, next) = around(connection, head, until)?;
        // The search did not check hashes, so check the events where it ended.
        for (link, is_next) in last.map(|last| (last, false)).into_iter().chain(next.map(|next| (next, true))) {
            let event = self.event_at(connection, link.position)?.event;
            if until.is_after(&event) == is_next || event.version.get() != link.version || event.stream != *stream {
                let what = "the event does not stand where its stream has it";
                return Err(FileError::Damaged { position: link.position, what });
            }
        }
        Ok(last.map_or(Version::START, |last| Version::new(last.version)))
    }
}

/// The last event of a stream up to a moment, and the event after it.
fn around(connection: &Connection, head: Head, until: Moment) -> Result<(Option<Link>, Option<Link>), FileError> {
    let happened = |link: &Link| until.includes(Position::new(link.position), link.time);
    let end = Link::read(connection, head.stream, head.version, head.last_position)?;
    if happened(&end) {
        return Ok((Some(end), None));
    }
    let (mut last, mut next) = (None::<Link>, end);
    // All marks from `high` on follow the moment.
    let mut high = head.version;
    loop {
        let low = last.map_or(0, |last| last.version);
        if high - low <= MARK_EVERY {
            break;
        }
        let middle = low + (high - low) / 2;
        match mark_from(connection, head.stream, middle)? {
            Some((version, position)) if version < high => {
                let link = Link::read(connection, head.stream, version, position)?;
                if happened(&link) {
                    last = Some(link);
                } else {
                    (next, high) = (link, middle);
                }
            }
            _ => high = middle,
        }
    }
    while next.version > last.map_or(0, |last| last.version) + 1 {
        let link = Link::read(connection, head.stream, next.version - 1, next.previous_position)?;
        if happened(&link) {
            last = Some(link);
        } else {
            next = link;
        }
    }
    Ok((last, Some(next)))
}
