//! Reads entries of the log that a file is a replica of: many of them on a thread of its own, while the writer stores those
//! that are read.

use std::sync::mpsc::sync_channel;
use std::thread;

use crate::engine::store::commit_log::{Commit, Entry, EntryEvent, NotACommit};
use crate::engine::store::hash_chain::{Hash, NumbersInCommand};

/// Entries with fewer bytes are read by the writer: starting a thread would take longer.
const WORTH_A_THREAD: usize = 64 * 1_024;

/// How many entries may be read and not stored.
const READ_AHEAD: usize = 4;

/// A commit with its events.
pub(super) struct ReadCommit<'a> {
    pub(super) commit: Commit<'a>,
    pub(super) events: Vec<ReadEvent<'a>>,
}

pub(super) struct ReadEvent<'a> {
    pub(super) event: EntryEvent<'a>,
    pub(super) number_in_command: u64,
    /// If the entry says what is needed for it.
    pub(super) hash: Option<Hash>,
}

/// An entry that was read; `None` if it is void.
pub(super) type Read<'a> = Result<Option<ReadCommit<'a>>, NotACommit>;

/// Reads entries, and hands over each in order, until one is not taken.
pub(super) fn read_each<'a, X>(
    entries: &'a [Entry],
    mut take: impl FnMut(&'a Entry, Read<'a>) -> Result<(), X>,
) -> Result<(), X> {
    if entries.iter().map(|entry| entry.bytes.len()).sum::<usize>() < WORTH_A_THREAD {
        return entries.iter().try_for_each(|entry| take(entry, read(entry)));
    }
    thread::scope(|scope| {
        let (sender, are_read) = sync_channel(READ_AHEAD);
        let reading = move || {
            // An error means that the writer takes no more.
            entries.iter().all(|entry| sender.send((entry, read(entry))).is_ok());
        };
        match thread::Builder::new().name("entries".to_owned()).spawn_scoped(scope, reading) {
            Ok(_) => are_read.into_iter().try_for_each(|(entry, read)| take(entry, read)),
            // The system has no thread to spare.
            Err(_) => entries.iter().try_for_each(|entry| take(entry, read(entry))),
        }
    })
}

fn read(entry: &Entry) -> Read<'_> {
    let Some(commit) = Commit::read(entry)? else { return Ok(None) };
    let (mut last, mut numbers, mut buffer) = (Some(commit.before), NumbersInCommand::default(), Vec::new());
    let events = commit.events().map(|event| {
        let event = event?;
        let number_in_command = numbers.next(event.metadata.command_id);
        last = last.zip(event.previous_position).map(|(before, previous_position)| {
            event.content(previous_position, number_in_command).hash(&before, &mut buffer)
        });
        Ok(ReadEvent { event, number_in_command, hash: last })
    });
    let events = events.collect::<Result<_, _>>()?;
    Ok(Some(ReadCommit { commit, events }))
}
