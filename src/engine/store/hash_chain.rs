//! A SHA-256 hash over each event and its predecessor's hash: later changes and losses break the chain.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::engine::log::{Metadata, Timestamp};

/// The hash of an event.
pub(in crate::engine::store) type Hash = [u8; 32];

/// The predecessor hash of the first event.
pub(in crate::engine::store) const GENESIS: Hash = [0; 32];

/// The fields covered by an event's hash.
pub(in crate::engine::store) struct Content<'a> {
    pub(in crate::engine::store) position: u64,
    pub(in crate::engine::store) stream: &'a str,
    pub(in crate::engine::store) version: u64,
    pub(in crate::engine::store) previous_position: u64,
    pub(in crate::engine::store) time: Timestamp,
    pub(in crate::engine::store) event_type: &'a str,
    pub(in crate::engine::store) schema_version: u16,
    pub(in crate::engine::store) number_in_command: u64,
    pub(in crate::engine::store) metadata: &'a Metadata,
    pub(in crate::engine::store) data: &'a str,
}

impl Content<'_> {
    /// The hash of the event, given its predecessor's.
    pub(in crate::engine::store) fn hash(&self, before: &Hash, buffer: &mut Vec<u8>) -> Hash {
        buffer.clear();
        buffer.extend_from_slice(before);
        for number in [self.position, self.version, self.previous_position, self.number_in_command] {
            buffer.extend_from_slice(&number.to_be_bytes());
        }
        buffer.extend_from_slice(&self.time.as_micros().to_be_bytes());
        buffer.extend_from_slice(&self.schema_version.to_be_bytes());
        for id in [self.metadata.command_id, self.metadata.correlation_id(), self.metadata.causation_id()] {
            buffer.extend_from_slice(id.as_bytes());
        }
        // Without details, the metadata add nothing, so hashes from before there were details stay valid.
        for text in [self.stream, self.event_type, self.data].into_iter().chain(self.metadata.stored()) {
            push_text(buffer, text);
        }
        Sha256::digest(&buffer).into()
    }
}

/// Numbers the events of each command from 1, in a log where these follow each other.
#[derive(Debug, Default)]
pub(in crate::engine::store) struct NumbersInCommand(Option<(Uuid, u64)>);

impl NumbersInCommand {
    /// The number of the next event, of the command with this id.
    pub(in crate::engine::store) fn next(&mut self, command_id: Uuid) -> u64 {
        let number = match self.0 {
            Some((last, number)) if last == command_id => number + 1,
            _ => 1,
        };
        self.0 = Some((command_id, number));
        number
    }
}

/// The hash of a row outside the chain: it reveals damage, not forgery.
pub(in crate::engine::store) fn row_hash(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn push_text(buffer: &mut Vec<u8>, text: &str) {
    buffer.extend_from_slice(&(text.len() as u64).to_be_bytes());
    buffer.extend_from_slice(text.as_bytes());
}
