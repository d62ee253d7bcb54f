//! Offers what callers append to the log that a file is a replica of, and commits what it accepts.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use rusqlite::Connection;

use super::batch_insert::BatchInsert;
use super::execute;
use super::record_appends::{AppendedRange, WritableLog};
use super::replication::Replication;
use super::replies::PendingReply;
use super::requests::{Reply, WriteRequest};
use crate::engine::log::{Position, StreamId};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::commit_log::{Offered, wait_for};
use crate::engine::store::encoded_append::EncodedAppend;
use crate::engine::store::sqlite::file_error::FileError;
use crate::engine::store::sqlite::tables::log_links::LogEnd;
use crate::engine::store::{Appended, Conflict, StoreError};

/// How often one commit is decided anew before its callers are told to try again.
const MOST_ROUNDS: u32 = 64;

/// One call of a store's `append`.
struct Call<E> {
    reply: Reply<Appended<E>>,
    appends: Vec<EncodedAppend<E>>,
    /// The results of the first appends.
    ranges: Vec<AppendedRange<E>>,
    rejected: BTreeMap<StreamId, Conflict>,
}

impl<E> Call<E> {
    fn is_begun(&self) -> bool {
        !self.ranges.is_empty()
    }

    fn into_request(self) -> WriteRequest<E> {
        WriteRequest::Append { appends: self.appends, reply: self.reply }
    }

    /// Ends a call of which a part is stored: the rest is to be decided again.
    fn leave_the_rest(mut self) -> PendingReply<E> {
        for EncodedAppend { append, .. } in &self.appends[self.ranges.len()..] {
            let expected = append.expected_version;
            self.ranges.push(Err(Conflict { expected, actual: expected }.into()));
        }
        PendingReply::Append(self.reply, self.ranges)
    }
}

/// The results of appends that were recorded together, for each call from the first on.
type Round<E> = Vec<(Vec<AppendedRange<E>>, BTreeMap<StreamId, Conflict>)>;

impl Replication {
    /// Takes in what other programs have appended, and then appends what the batch asks for. Leaves the other requests in
    /// the batch, and in `returned` those that the next commit must take up. Returns the end of the log before the events
    /// of this program.
    pub(super) fn append<E: StoredEvent>(
        &mut self,
        connection: &Connection,
        log: &mut WritableLog<E>,
        batch: &mut Vec<WriteRequest<E>>,
        pending: &mut Vec<PendingReply<E>>,
        returned: &mut Vec<WriteRequest<E>>,
    ) -> Result<LogEnd, FileError> {
        let mut calls = take_calls(batch);
        let appended = self.append_calls(connection, log, &mut calls, pending, returned);
        // After a failure, some are left to be told of it.
        batch.extend(calls.into_iter().map(Call::into_request));
        appended
    }

    fn append_calls<E: StoredEvent>(
        &mut self,
        connection: &Connection,
        log: &mut WritableLog<E>,
        calls: &mut VecDeque<Call<E>>,
        pending: &mut Vec<PendingReply<E>>,
        returned: &mut Vec<WriteRequest<E>>,
    ) -> Result<LogEnd, FileError> {
        if calls.is_empty() {
            self.take_in(connection, log)?;
        } else {
            self.yield_to_others(connection, log)?;
        }
        let mut before = log.end;
        let (mut rounds, mut most_bytes, mut has_stored) = (0, self.log.most_bytes(), false);
        while !calls.is_empty() {
            rounds += 1;
            let (end, recorded) = (log.end, log.recorded());
            execute(connection, "SAVEPOINT round")?;
            log.begin_entry();
            let mut insert = BatchInsert::at_the_end(connection, calls.len());
            let round = record(&mut insert, log, calls, most_bytes)?;
            let entry = log.entry.take().filter(|entry| !entry.is_empty());
            let entry = entry.map(|entry| {
                let base = (Position::new(end.end.position), &end.end.hash);
                entry.finish(self.sequence, base, &log.end.end.hash, self.writer)
            });
            let entry = entry.transpose().map_err(|error| FileError::OfLog(error.to_string().into()))?;
            let offered = match entry {
                None => None,
                Some(entry) if entry.len() > self.log.most_bytes() => {
                    drop(insert);
                    roll_back(connection, log, end, recorded)?;
                    if round.iter().map(|(ranges, _)| ranges.len()).sum::<usize>() > 1 {
                        most_bytes /= 2;
                    } else if let Some(call) = calls.pop_front() {
                        too_large(call, entry.len(), self.log.most_bytes(), pending);
                    }
                    continue;
                }
                Some(entry) => {
                    let begun = Instant::now();
                    let offered = self.log.offer(self.sequence, entry);
                    // Where others write, this may be in vain; otherwise it takes no time of its own.
                    let waits = self.sees_others();
                    if !waits {
                        self.store_rows(&mut insert, log)?;
                    }
                    let offered = wait_for(offered)?;
                    if offered == Offered::Accepted {
                        self.others.accepted(begun.elapsed());
                        if waits {
                            self.store_rows(&mut insert, log)?;
                        }
                    }
                    Some(offered)
                }
            };
            drop(insert);
            match offered {
                None | Some(Offered::Accepted) => {
                    execute(connection, "RELEASE round")?;
                    if offered.is_some() {
                        self.sequence += 1;
                        has_stored = true;
                    }
                    accept(calls, round, pending);
                }
                Some(Offered::Conflict) => {
                    roll_back(connection, log, end, recorded)?;
                    if has_stored {
                        // The events of one commit are one range of the log.
                        give_back(std::mem::take(calls), pending, returned);
                        break;
                    }
                    if rounds >= MOST_ROUNDS {
                        refuse(std::mem::take(calls), 0, "other programs append without a pause", pending);
                        break;
                    }
                    self.log.ask_for_turn(self.writer);
                    wait_for(self.log.reception(self.sequence));
                    self.take_in(connection, log)?;
                    before = log.end;
                }
                Some(Offered::NotOffered(reason)) => {
                    roll_back(connection, log, end, recorded)?;
                    refuse(std::mem::take(calls), 0, &reason, pending);
                    break;
                }
                Some(Offered::Unknown(reason)) => {
                    roll_back(connection, log, end, recorded)?;
                    refuse(std::mem::take(calls), round.len(), &reason, pending);
                    break;
                }
            }
        }
        Ok(before)
    }

    /// Puts what is recorded for the next entry into the tables.
    fn store_rows<E: StoredEvent>(
        &self,
        insert: &mut BatchInsert<'_, '_>,
        log: &mut WritableLog<E>,
    ) -> Result<(), FileError> {
        insert.flush()?;
        log.write_heads(insert.connection())?;
        self.write_place(insert.connection(), self.sequence + 1)
    }
}

fn take_calls<E>(batch: &mut Vec<WriteRequest<E>>) -> VecDeque<Call<E>> {
    let mut calls = VecDeque::new();
    for request in std::mem::take(batch) {
        match request {
            WriteRequest::Append { appends, reply } => {
                calls.push_back(Call { reply, appends, ranges: Vec::new(), rejected: BTreeMap::new() });
            }
            other => batch.push(other),
        }
    }
    calls
}

/// Records as many of the appends as fit into one entry, but at least one. Their rows are still to be stored.
fn record<'r, E: StoredEvent>(
    insert: &mut BatchInsert<'_, 'r>,
    log: &mut WritableLog<E>,
    calls: &'r VecDeque<Call<E>>,
    most_bytes: usize,
) -> Result<Round<E>, FileError> {
    let (mut round, mut is_full) = (Vec::new(), false);
    for call in calls {
        let (mut ranges, mut rejected) = (Vec::new(), call.rejected.clone());
        for append in &call.appends[call.ranges.len()..] {
            let begun = log.entry.as_ref().map_or(0, |entry| entry.len());
            is_full = begun > 0 && begun + append.bytes_in_entry() > most_bytes;
            if is_full {
                break;
            }
            let EncodedAppend { append, data } = append;
            let events = append.events.iter().cloned().zip(data.iter().map(|data| data.as_str().into()));
            ranges.push(log.record(insert, append, events, &mut rejected)?);
        }
        round.push((ranges, rejected));
        if is_full {
            break;
        }
    }
    Ok(round)
}

fn accept<E>(calls: &mut VecDeque<Call<E>>, round: Round<E>, pending: &mut Vec<PendingReply<E>>) {
    for (ranges, rejected) in round {
        let Some(mut call) = calls.pop_front() else { return };
        call.ranges.extend(ranges);
        call.rejected = rejected;
        if call.ranges.len() < call.appends.len() {
            calls.push_front(call);
            return;
        }
        pending.push(PendingReply::Append(call.reply, call.ranges));
    }
}

fn roll_back<E: StoredEvent>(
    connection: &Connection,
    log: &mut WritableLog<E>,
    end: LogEnd,
    recorded: usize,
) -> Result<(), FileError> {
    execute(connection, "ROLLBACK TO round")?;
    execute(connection, "RELEASE round")?;
    log.roll_back(end, recorded);
    Ok(())
}

fn give_back<E>(calls: VecDeque<Call<E>>, pending: &mut Vec<PendingReply<E>>, returned: &mut Vec<WriteRequest<E>>) {
    for call in calls {
        if call.is_begun() {
            pending.push(call.leave_the_rest());
        } else {
            returned.push(call.into_request());
        }
    }
}

/// Refuses all calls. Of the first `offered` nobody knows whether they are stored; the others are not.
fn refuse<E>(calls: VecDeque<Call<E>>, offered: usize, reason: &str, pending: &mut Vec<PendingReply<E>>) {
    for (number, call) in calls.into_iter().enumerate() {
        // A failed send is no error: the caller no longer waits.
        if number < offered {
            let _ = call.reply.send(Err(StoreError::OutcomeUnknown(reason.into())));
        } else if call.is_begun() {
            pending.push(call.leave_the_rest());
        } else {
            let _ = call.reply.send(Err(StoreError::Unavailable(reason.to_owned())));
        }
    }
}

/// Refuses a call whose next append fits into no entry.
fn too_large<E>(call: Call<E>, bytes: usize, most_bytes: usize, pending: &mut Vec<PendingReply<E>>) {
    if call.is_begun() {
        pending.push(call.leave_the_rest());
        return;
    }
    let reason = format!("the events of a command have {bytes} bytes, and the log takes {most_bytes} at once");
    let _ = call.reply.send(Err(StoreError::Failed(reason.into())));
}
