//! The events of a commit as bytes: each name once, and nothing that follows from what is there.
//!
//! First the number of events. Of each event then, in this order:
//!
//! 1. a byte of [flags](Flags),
//! 2. the names of its stream and of its type, its schema version, its version in the stream, and by how many positions the
//!    event before it in the stream is before it; for the first one, its position,
//! 3. unless it is of the same command as the event before: how much later it is than that, in microseconds, the id of the
//!    command in 16 bytes, and as the flags say the ids of correlation and causation, and the details,
//! 4. its data.
//!
//! A number is as many bytes of 7 bits as it needs, the lowest first; each but the last has the highest bit set. A difference
//! of times is a number that is doubled, and one less than that for each below zero. Text is its length and its bytes in
//! UTF-8. A name is 0 and the text, or, from the second time on, the number under which it was first there, from 1. Streams,
//! types and details have numbers of their own.

use std::str::from_utf8;

use foldhash::HashMap;
use uuid::Uuid;

use super::event::EntryEvent;
use crate::engine::log::{Metadata, Position, StreamId, Timestamp, Version};
use crate::engine::store::hash_chain::Content;

/// What else an event has.
struct Flags;

impl Flags {
    /// Its command, time, ids and details are those of the event before.
    const SAME_COMMAND: u8 = 1;
    /// The id of the correlation is not the command's.
    const CORRELATION: u8 = 2;
    /// The id of the causation is not the command's.
    const CAUSATION: u8 = 4;
    /// There are details of the command.
    const DETAILS: u8 = 8;

    const ALL: u8 = Self::SAME_COMMAND | Self::CORRELATION | Self::CAUSATION | Self::DETAILS;
}

/// Writes events.
#[derive(Debug, Default)]
pub(super) struct Packer {
    bytes: Vec<u8>,
    count: u64,
    streams: Names,
    types: Names,
    details: Names,
    /// Of the event before.
    time: i64,
    metadata: Option<Metadata>,
}

impl Packer {
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many bytes the events have.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn add(&mut self, content: &Content<'_>) {
        let metadata = content.metadata;
        let time = content.time.as_micros();
        let flags = match &self.metadata {
            Some(last) if last == metadata && self.time == time => Flags::SAME_COMMAND,
            _ => {
                let has = |flag: u8, is_there: bool| if is_there { flag } else { 0 };
                has(Flags::CORRELATION, metadata.correlation_id() != metadata.command_id)
                    | has(Flags::CAUSATION, metadata.causation_id() != metadata.command_id)
                    | has(Flags::DETAILS, metadata.stored().is_some())
            }
        };
        self.bytes.push(flags);
        self.streams.write(content.stream, &mut self.bytes);
        self.types.write(content.event_type, &mut self.bytes);
        write_number(content.schema_version.into(), &mut self.bytes);
        write_number(content.version, &mut self.bytes);
        write_number(content.position.wrapping_sub(content.previous_position), &mut self.bytes);
        if flags != Flags::SAME_COMMAND {
            write_number(zigzag(time.wrapping_sub(self.time)), &mut self.bytes);
            self.bytes.extend_from_slice(metadata.command_id.as_bytes());
            if flags & Flags::CORRELATION != 0 {
                self.bytes.extend_from_slice(metadata.correlation_id().as_bytes());
            }
            if flags & Flags::CAUSATION != 0 {
                self.bytes.extend_from_slice(metadata.causation_id().as_bytes());
            }
            if let Some(details) = metadata.stored() {
                self.details.write(details, &mut self.bytes);
            }
            (self.time, self.metadata) = (time, Some(metadata.clone()));
        }
        write_text(content.data, &mut self.bytes);
        self.count += 1;
    }

    /// Adds all events to `bytes`.
    pub(super) fn finish(&self, bytes: &mut Vec<u8>) {
        bytes.reserve_exact(self.bytes.len() + LONGEST_NUMBER);
        write_number(self.count, bytes);
        bytes.extend_from_slice(&self.bytes);
    }
}

/// Names that were written, and the number of each.
#[derive(Debug, Default)]
struct Names(HashMap<Box<str>, u64>);

impl Names {
    fn write(&mut self, name: &str, bytes: &mut Vec<u8>) {
        if let Some(number) = self.0.get(name) {
            return write_number(*number, bytes);
        }
        self.0.insert(name.into(), self.0.len() as u64 + 1);
        bytes.push(0);
        write_text(name, bytes);
    }
}

const LONGEST_NUMBER: usize = 10;

fn write_number(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn write_text(text: &str, bytes: &mut Vec<u8>) {
    write_number(text.len() as u64, bytes);
    bytes.extend_from_slice(text.as_bytes());
}

fn zigzag(difference: i64) -> u64 {
    ((difference << 1) ^ (difference >> 63)) as u64
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Reads events.
pub(super) struct Unpacker<'a> {
    bytes: Bytes<'a>,
    /// How many are still to come.
    left: u64,
    position: Position,
    streams: Vec<StreamId>,
    types: Vec<&'a str>,
    /// With any ids.
    details: Vec<Metadata>,
    /// Of the event before.
    time: i64,
    metadata: Option<Metadata>,
}

impl<'a> Unpacker<'a> {
    /// Reads the events after a position.
    pub(super) fn new(bytes: &'a [u8], base: Position) -> Result<Self, &'static str> {
        let mut bytes = Bytes(bytes);
        let left = bytes.number()?;
        let (streams, types, details) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { bytes, left, position: base, streams, types, details, time: 0, metadata: None })
    }

    /// How many events are still to come, as the bytes say.
    #[cfg(feature = "nats")]
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// The next event; `None` after the last one.
    pub(super) fn next(&mut self) -> Result<Option<EntryEvent<'a>>, &'static str> {
        if self.left == 0 {
            return if self.bytes.0.is_empty() { Ok(None) } else { Err("there is more than its events") };
        }
        let flags = self.bytes.byte()?;
        if flags & !Flags::ALL != 0 || (flags & Flags::SAME_COMMAND != 0 && flags != Flags::SAME_COMMAND) {
            return Err("an event has flags that are none");
        }
        let stream = self.bytes.name(&mut self.streams, |name| Ok(StreamId::named(name)))?;
        let r#type = self.bytes.name(&mut self.types, Ok)?;
        let schema_version = u16::try_from(self.bytes.number()?).map_err(|_| "a schema version is too high")?;
        let version = Version::new(self.bytes.number()?);
        let position = self.position.next();
        let previous_position = position.get().checked_sub(self.bytes.number()?);
        let previous_position = Some(previous_position.ok_or("an event follows one before the first")?);
        let metadata = match self.metadata.take() {
            Some(metadata) if flags == Flags::SAME_COMMAND => metadata,
            None if flags == Flags::SAME_COMMAND => return Err("the first event has no command"),
            _ => {
                self.time = self.time.wrapping_add(unzigzag(self.bytes.number()?));
                self.bytes.metadata(flags, &mut self.details)?
            }
        };
        let data = self.bytes.text()?.into();
        self.position = position;
        self.left -= 1;
        self.metadata = Some(metadata.clone());
        let (r#type, time) = (r#type.into(), Timestamp::from_micros(self.time));
        Ok(Some(EntryEvent {
            position,
            stream,
            version,
            previous_position,
            r#type,
            schema_version,
            time,
            metadata,
            data,
        }))
    }
}

const ENDS: &str = "it ends within an event";

/// The bytes that are left to read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> Result<u8, &'static str> {
        let (byte, rest) = self.0.split_first().ok_or(ENDS)?;
        self.0 = rest;
        Ok(*byte)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], &'static str> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(ENDS)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u64, &'static str> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7F);
            if bits << shift >> shift != bits {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err("a number is too high")
    }

    fn text(&mut self) -> Result<&'a str, &'static str> {
        let length = usize::try_from(self.number()?).map_err(|_| ENDS)?;
        from_utf8(self.take(length)?).map_err(|_| "a text is not UTF-8")
    }

    fn id(&mut self) -> Result<Uuid, &'static str> {
        Uuid::from_slice(self.take(16)?).map_err(|_| ENDS)
    }

    fn name<T: Clone>(
        &mut self,
        known: &mut Vec<T>,
        read: impl FnOnce(&'a str) -> Result<T, &'static str>,
    ) -> Result<T, &'static str> {
        match self.number()? {
            0 => {
                let name = read(self.text()?)?;
                known.push(name.clone());
                Ok(name)
            }
            number => {
                let index = usize::try_from(number - 1).ok();
                index.and_then(|index| known.get(index)).cloned().ok_or("a name has a number that is none")
            }
        }
    }

    fn metadata(&mut self, flags: u8, details: &mut Vec<Metadata>) -> Result<Metadata, &'static str> {
        let command_id = self.id()?;
        let correlation_id = if flags & Flags::CORRELATION != 0 { self.id()? } else { command_id };
        let causation_id = if flags & Flags::CAUSATION != 0 { self.id()? } else { command_id };
        if flags & Flags::DETAILS == 0 {
            return Ok(Metadata::new(command_id, correlation_id, causation_id));
        }
        let details = self.name(details, |text| {
            let is_object = text.starts_with('{');
            is_object
                .then(|| Metadata::from_outside(command_id).with_stored(Some(text)))
                .ok_or("metadata are no object")
        })?;
        Ok(details.with_ids(command_id, correlation_id, causation_id))
    }
}

#[cfg(test)]
mod tests;
