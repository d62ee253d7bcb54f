//! A group commit as bytes: a line of JSON about it, and its events.
//!
//! In the second form, which this program writes, the events are [packed](packed). In the first form there was a line of JSON
//! for each, as in an exported log; logs that begin with such commits can be read.

mod event;
mod packed;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

pub(in crate::engine::store) use self::event::EntryEvent;
use self::packed::{Packer, Unpacker};
use super::Entry;
use crate::engine::log::{Position, from_hex, hex};
use crate::engine::store::ArcStr;
use crate::engine::store::hash_chain::{Content, Hash};

/// A line for each event.
const OF_LINES: u32 = 1;

/// The form that this program writes.
const PACKED: u32 = 2;

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
    events: Packer,
    snapshots: BTreeMap<u64, ArcStr>,
    snapshot_bytes: usize,
}

impl EntryWriter {
    pub(in crate::engine::store) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// About how many bytes the entry has so far.
    pub(in crate::engine::store) fn len(&self) -> usize {
        self.events.len() + self.snapshot_bytes
    }

    pub(in crate::engine::store) fn add(&mut self, content: &Content<'_>) {
        self.events.add(content);
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
            form: PACKED,
            after,
            base,
            before: hex(before).into(),
            hash: hex(hash).into(),
            writer,
            snapshots: snapshots.collect(),
        };
        let mut bytes = serde_json::to_vec(&header)?;
        bytes.push(b'\n');
        self.events.finish(&mut bytes);
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
    events: &'a [u8],
    pub(in crate::engine::store) before: Hash,
    pub(in crate::engine::store) hash: Hash,
}

impl<'a> Commit<'a> {
    /// Reads an entry; `None` if it is void where it stands.
    pub(in crate::engine::store) fn read(entry: &'a Entry) -> Result<Option<Self>, NotACommit> {
        let sequence = entry.sequence;
        let broken = |reason: &dyn ToString| NotACommit { sequence, reason: reason.to_string() };
        let end = entry.bytes.iter().position(|byte| *byte == b'\n');
        let (first, events) = entry.bytes.split_at(end.ok_or_else(|| broken(&"it has no first line"))?);
        let header: Header<'_> = serde_json::from_slice(first).map_err(|error| broken(&error))?;
        if !matches!(header.form, OF_LINES | PACKED) {
            return Err(broken(&format_args!("a newer version of this program wrote it, in form {}", header.form)));
        }
        if header.after + 1 != sequence {
            return Ok(None);
        }
        let hash = |digits: &str| from_hex(digits).ok_or_else(|| broken(&"its hash is not one"));
        let (before, hash) = (hash(&header.before)?, hash(&header.hash)?);
        Ok(Some(Self { sequence, header, events: &events[1..], before, hash }))
    }

    /// Who wrote it.
    pub(in crate::engine::store) fn writer(&self) -> Uuid {
        self.header.writer
    }

    /// The position of the event before the first one.
    pub(in crate::engine::store) fn base(&self) -> Position {
        self.header.base
    }

    /// The position of the last event.
    #[cfg(feature = "nats")]
    pub(in crate::engine::store) fn end(&self) -> Position {
        let count = match self.header.form {
            OF_LINES => {
                let mut lines = self.events;
                std::iter::from_fn(|| next_line(&mut lines)).count() as u64
            }
            _ => Unpacker::new(self.events, self.base()).map_or(0, |events| events.left()),
        };
        self.base().plus(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// The aggregate's state after the event at a position, if it came along.
    pub(in crate::engine::store) fn snapshot(&self, position: u64) -> Option<ArcStr> {
        self.header.snapshots.get(&position).map(|state| state.as_ref().into())
    }

    /// The events, in order.
    pub(in crate::engine::store) fn events(&self) -> Events<'a> {
        let form = match self.header.form {
            OF_LINES => Form::Lines(self.events),
            _ => match Unpacker::new(self.events, self.base()) {
                Ok(events) => Form::Packed(Box::new(events)),
                Err(reason) => Form::Broken(reason),
            },
        };
        Events { sequence: self.sequence, form }
    }
}

/// The events of a commit. Nothing is read after an error.
pub(in crate::engine::store) struct Events<'a> {
    sequence: u64,
    form: Form<'a>,
}

enum Form<'a> {
    Lines(&'a [u8]),
    Packed(Box<Unpacker<'a>>),
    Broken(&'static str),
    Ended,
}

impl<'a> Iterator for Events<'a> {
    type Item = Result<EntryEvent<'a>, NotACommit>;

    fn next(&mut self) -> Option<Self::Item> {
        let event = match &mut self.form {
            Form::Lines(lines) => next_line(lines).map(EntryEvent::from_line),
            Form::Packed(events) => events.next().map_err(str::to_owned).transpose(),
            Form::Broken(reason) => Some(Err((*reason).to_owned())),
            Form::Ended => None,
        };
        if !matches!(event, Some(Ok(_))) {
            self.form = Form::Ended;
        }
        event.map(|event| event.map_err(|reason| NotACommit { sequence: self.sequence, reason }))
    }
}

/// The next line that is not empty.
fn next_line<'a>(lines: &mut &'a [u8]) -> Option<&'a [u8]> {
    while !lines.is_empty() {
        let end = lines.iter().position(|byte| *byte == b'\n').unwrap_or(lines.len());
        let (line, rest) = lines.split_at(end);
        *lines = rest.get(1..).unwrap_or_default();
        if !line.is_empty() {
            return Some(line);
        }
    }
    None
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
        writer.add(&content);
        writer.add_snapshot(3, &"\"state\"".into());
        writer.finish(after, (Position::new(2), &GENESIS), &[0xA7; 32], Uuid::from_u128(1)).unwrap()
    }

    /// As the first version of this program wrote it.
    const OF_FIRST_FORM: &str = concat!(
        r#"{"form":1,"after":8,"base":2,"before":"0000000000000000000000000000000000000000000000000000000000000000","#,
        r#""hash":"a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7","#,
        r#""writer":"00000000-0000-0000-0000-000000000001","snapshots":{"3":"\"state\""}}"#,
        "\n",
        r#"{"position":3,"stream":"test-a\nb","version":1,"type":"happened","schema_version":2,"data":{"name": 1.50},"#,
        r#""time":"1970-01-01T00:00:00.000001Z","command_id":"00000000-0000-0000-0000-000000000007","#,
        r#""correlation_id":"00000000-0000-0000-0000-000000000007","causation_id":"00000000-0000-0000-0000-000000000007","#,
        r#""metadata":{"snapshot":"DIGEST"}}"#,
        "\n",
    );

    #[test]
    fn a_commit_is_read_as_it_was_written_in_both_forms() {
        let digest = Metadata::from_outside(Uuid::nil()).with_snapshot("\"state\"").snapshot().unwrap().to_owned();
        let of_first_form = OF_FIRST_FORM.replace("DIGEST", &digest).into_bytes();
        for bytes in [entry(8), of_first_form] {
            let entry = Entry { sequence: 9, bytes };
            let commit = Commit::read(&entry).unwrap().unwrap();
            assert_eq!((commit.base(), commit.before, commit.hash), (Position::new(2), GENESIS, [0xA7; 32]));
            assert_eq!(commit.snapshot(3).as_deref(), Some("\"state\""));
            let events: Vec<_> = commit.events().map(Result::unwrap).collect();
            let [event] = &events[..] else { panic!("{}", events.len()) };
            let EntryEvent { position, stream, version, r#type, schema_version, time, metadata, data, .. } = event;
            assert_eq!((position.get(), stream.as_str(), version.get(), &**r#type), (3, "test-a\nb", 1, "happened"));
            assert_eq!((*schema_version, time.as_micros(), &**data), (2, 1, r#"{"name": 1.50}"#));
            assert_eq!(*metadata, Metadata::from_outside(Uuid::from_u128(7)).with_snapshot("\"state\""));
            #[cfg(feature = "nats")]
            assert_eq!(commit.end(), Position::new(3));
        }
    }

    #[test]
    fn a_commit_elsewhere_than_it_says_is_void() {
        assert!(Commit::read(&Entry { sequence: 10, bytes: entry(8) }).unwrap().is_none());
    }

    #[test]
    fn what_is_no_commit_is_called_that() {
        for bytes in [&b"nothing"[..], b"{}\n", b"{\"form\":3,\"after\":8,\"base\":0,\"before\":\"\",\"hash\":\"\",\"writer\":\"00000000-0000-0000-0000-000000000000\"}\n"] {
            let entry = Entry { sequence: 9, bytes: bytes.to_vec() };
            let read = Commit::read(&entry);
            assert_eq!(read.map(drop).unwrap_err().sequence, 9);
        }
    }

    #[test]
    fn a_commit_that_was_cut_is_broken() {
        let whole = entry(8);
        let body = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for length in body..whole.len() {
            let entry = Entry { sequence: 9, bytes: whole[..length].to_vec() };
            let commit = Commit::read(&entry).unwrap().unwrap();
            assert!(commit.events().any(|event| event.is_err()), "{length} of {}", whole.len());
        }
        let longer = Entry { sequence: 9, bytes: [&whole[..], b"\0"].concat() };
        assert!(Commit::read(&longer).unwrap().unwrap().events().any(|event| event.is_err()));
    }
}
