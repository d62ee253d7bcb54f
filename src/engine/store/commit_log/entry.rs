//! A group commit as bytes: a line about it, and a line for each event, as an exported log has them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use super::Entry;
use crate::engine::log::{Position, from_hex, hex};
use crate::engine::store::ArcStr;
use crate::engine::store::event_line::EventLine;
use crate::engine::store::hash_chain::{Content, Hash};

/// The form that this program writes, and the only one that it reads.
const FORM: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    form: u32,
    /// The entry that this one follows. Anywhere else it is void.
    after: u64,
    /// The position of the event before the first one, and the hash of all events up to that.
    base: Position,
    #[serde(borrow)]
    before: Cow<'a, str>,
    /// The hash of all events up to the last one.
    #[serde(borrow)]
    hash: Cow<'a, str>,
    /// Who wrote it. No two writers write the same bytes.
    writer: Uuid,
    /// Aggregates' states after some of the events, by position.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    snapshots: BTreeMap<u64, Cow<'a, str>>,
}

/// Collects the events of a group commit.
#[derive(Debug, Default)]
pub(in crate::engine::store) struct EntryWriter {
    lines: Vec<u8>,
    snapshots: BTreeMap<u64, ArcStr>,
    snapshot_bytes: usize,
}

impl EntryWriter {
    pub(in crate::engine::store) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// About how many bytes the entry has so far.
    pub(in crate::engine::store) fn len(&self) -> usize {
        self.lines.len() + self.snapshot_bytes
    }

    pub(in crate::engine::store) fn add(&mut self, content: &Content<'_>) -> serde_json::Result<()> {
        serde_json::to_writer(&mut self.lines, &EventLine::of_content(content)?)?;
        self.lines.push(b'\n');
        Ok(())
    }

    pub(in crate::engine::store) fn add_snapshot(&mut self, position: u64, state: &ArcStr) {
        self.snapshot_bytes += state.len() + 32;
        self.snapshots.insert(position, state.clone());
    }

    /// The entry, for the place after `after`. `before` and `hash` are the hashes before the first and after the last
    /// event.
    pub(in crate::engine::store) fn finish(
        self,
        after: u64,
        (base, before): (Position, &Hash),
        hash: &Hash,
        writer: Uuid,
    ) -> serde_json::Result<Vec<u8>> {
        let snapshots = self.snapshots.iter().map(|(position, state)| (*position, state.as_str().into()));
        let header = Header {
            form: FORM,
            after,
            base,
            before: hex(before).into(),
            hash: hex(hash).into(),
            writer,
            snapshots: snapshots.collect(),
        };
        let mut bytes = serde_json::to_vec(&header)?;
        bytes.reserve_exact(self.lines.len() + 1);
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.lines);
        Ok(bytes)
    }
}

/// The bytes are no group commit, or not one that this program can read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the entry {sequence} is not a commit: {reason}")]
pub(in crate::engine::store) struct NotACommit {
    sequence: u64,
    reason: String,
}

/// A group commit that was read.
pub(in crate::engine::store) struct Commit<'a> {
    sequence: u64,
    header: Header<'a>,
    lines: &'a [u8],
    pub(in crate::engine::store) before: Hash,
    pub(in crate::engine::store) hash: Hash,
}

impl<'a> Commit<'a> {
    /// Reads an entry; `None` if it is void where it stands.
    pub(in crate::engine::store) fn read(entry: &'a Entry) -> Result<Option<Self>, NotACommit> {
        let sequence = entry.sequence;
        let broken = |reason: &dyn ToString| NotACommit { sequence, reason: reason.to_string() };
        let end = entry.bytes.iter().position(|byte| *byte == b'\n');
        let (first, lines) = entry.bytes.split_at(end.ok_or_else(|| broken(&"it has no first line"))?);
        let header: Header<'_> = serde_json::from_slice(first).map_err(|error| broken(&error))?;
        if header.form != FORM {
            return Err(broken(&format_args!("a newer version of this program wrote it, in form {}", header.form)));
        }
        if header.after + 1 != sequence {
            return Ok(None);
        }
        let hash = |digits: &str| from_hex(digits).ok_or_else(|| broken(&"its hash is not one"));
        let (before, hash) = (hash(&header.before)?, hash(&header.hash)?);
        Ok(Some(Self { sequence, header, lines: &lines[1..], before, hash }))
    }

    /// The position of the event before the first one.
    pub(in crate::engine::store) fn base(&self) -> Position {
        self.header.base
    }

    /// The position of the last event.
    #[cfg(feature = "nats")]
    pub(in crate::engine::store) fn end(&self) -> Position {
        self.header.base.plus(self.lines.iter().filter(|byte| **byte == b'\n').count())
    }

    /// The aggregate's state after the event at a position, if it came along.
    pub(in crate::engine::store) fn snapshot(&self, position: u64) -> Option<ArcStr> {
        self.header.snapshots.get(&position).map(|state| state.as_ref().into())
    }

    /// The events, in order.
    pub(in crate::engine::store) fn events(&self) -> impl Iterator<Item = Result<EventLine<'a>, NotACommit>> + use<'a> {
        let sequence = self.sequence;
        let lines = self.lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(move |line| {
            serde_json::from_slice(line).map_err(|error| NotACommit { sequence, reason: error.to_string() })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::log::{Metadata, Timestamp};
    use crate::engine::store::hash_chain::GENESIS;

    fn entry(after: u64) -> Vec<u8> {
        let metadata = Metadata::from_outside(Uuid::from_u128(7)).with_snapshot("\"state\"");
        let content = Content {
            position: 3,
            stream: "test-a\nb",
            version: 1,
            previous_position: 0,
            time: Timestamp::from_micros(1),
            event_type: "happened",
            schema_version: 2,
            number_in_command: 1,
            metadata: &metadata,
            data: r#"{"name": 1.50}"#,
        };
        let mut writer = EntryWriter::default();
        writer.add(&content).unwrap();
        writer.add_snapshot(3, &"\"state\"".into());
        writer.finish(after, (Position::new(2), &GENESIS), &[0xA7; 32], Uuid::from_u128(1)).unwrap()
    }

    #[test]
    fn a_commit_is_read_as_it_was_written() {
        let entry = Entry { sequence: 9, bytes: entry(8) };
        let commit = Commit::read(&entry).unwrap().unwrap();
        assert_eq!((commit.base(), commit.before, commit.hash), (Position::new(2), GENESIS, [0xA7; 32]));
        assert_eq!(commit.snapshot(3).as_deref(), Some("\"state\""));
        let events: Vec<_> = commit.events().map(Result::unwrap).collect();
        let [event] = &events[..] else { panic!("{}", events.len()) };
        assert_eq!((&*event.stream, &*event.r#type, event.data.get()), ("test-a\nb", "happened", r#"{"name": 1.50}"#));
        assert!(event.details().unwrap().names_snapshot("\"state\""));
    }

    #[test]
    fn a_commit_elsewhere_than_it_says_is_void() {
        assert!(Commit::read(&Entry { sequence: 10, bytes: entry(8) }).unwrap().is_none());
    }

    #[test]
    fn what_is_no_commit_is_called_that() {
        for bytes in [&b"nothing"[..], b"{}\n", b"{\"form\":2,\"after\":8,\"base\":0,\"before\":\"\",\"hash\":\"\",\"writer\":\"00000000-0000-0000-0000-000000000000\"}\n"] {
            let entry = Entry { sequence: 9, bytes: bytes.to_vec() };
            let read = Commit::read(&entry);
            assert_eq!(read.map(drop).unwrap_err().sequence, 9);
        }
    }
}
