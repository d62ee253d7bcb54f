//! Offers what callers append to the log that a store in memory is a replica of, and keeps what it accepts.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};
use tokio::task::yield_now;
use tokio::time::timeout;

use super::log::AppendedRange;
use super::records::Records;
use super::replica::Writing;
use super::{LogRequest, publish};
use crate::engine::log::{Batch, StreamId};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::commit_log::{EntryWriter, Offered, Replicated};
use crate::engine::store::encoded_append::EncodedAppend;
use crate::engine::store::hash_chain::{Content, Hash, NumbersInCommand};
use crate::engine::store::{Append, Appended, Committed, Conflict, StoreError};

/// How many calls share an entry at most.
const MOST_CALLS: usize = 4_096;

/// How often other tasks may run without another call coming, before the entry is made without those that are missing.
const MOST_IN_VAIN: u32 = 3;

/// How often an entry is decided anew before its callers are told to try again.
const MOST_ROUNDS: u32 = 64;

type Reply<E> = oneshot::Sender<Result<Appended<E>, StoreError>>;

/// One call of the store's `append`.
pub(super) struct Call<E> {
    reply: Reply<E>,
    appends: Vec<EncodedAppend<E>>,
    /// The answers to the first appends.
    answers: Appended<E>,
    rejected: BTreeMap<StreamId, Conflict>,
}

/// The results of appends that were recorded together, for each call from the first on.
type Round<E> = Vec<(Vec<AppendedRange<E>>, BTreeMap<StreamId, Conflict>)>;

/// What became of an entry, and so of the calls that are left.
enum Appending {
    GoesOn,
    /// Another program was first.
    Conflict,
}

impl<E: StoredEvent> Call<E> {
    /// `None` for a call that was refused, as an event of it cannot be written.
    fn new(appends: Vec<Append<E>>, reply: Reply<E>) -> Option<Self> {
        match appends.into_iter().map(EncodedAppend::new).collect::<Result<Vec<_>, _>>() {
            Ok(appends) => {
                let answers = Vec::with_capacity(appends.len());
                Some(Self { reply, appends, answers, rejected: BTreeMap::new() })
            }
            Err(unwritable) => {
                // A failed reply is no error: the caller no longer waits.
                let _ = reply.send(Err(unwritable.into()));
                None
            }
        }
    }

    /// Answers a call that is complete.
    fn answer(self) {
        // A failed reply is no error: the caller no longer waits.
        let _ = self.reply.send(Ok(self.answers));
    }

    /// Ends a call that is not.
    fn refuse(mut self, error: StoreError) {
        let left = &self.appends[self.answers.len()..];
        let answer = if self.answers.is_empty() || matches!(error, StoreError::OutcomeUnknown(_)) {
            Err(error)
        } else {
            // A part is stored: the rest is to be decided again.
            let again = left.iter().map(|EncodedAppend { append, .. }| append.expected_version);
            self.answers.extend(again.map(|expected| Err(Conflict { expected, actual: expected }.into())));
            Ok(self.answers)
        };
        let _ = self.reply.send(answer);
    }
}

impl<E: StoredEvent> Writing<E> {
    /// What one call asks for, and those that came with it or come soon, up to as many as were answered last. Other
    /// requests among them are answered: they may know nothing yet of what is still to be appended.
    pub(super) async fn gather(
        &self,
        (appends, reply): (Vec<Append<E>>, Reply<E>),
        requests: &mut mpsc::Receiver<LogRequest<E>>,
        records: &mut Records,
    ) -> VecDeque<Call<E>> {
        let mut calls: VecDeque<_> = Call::new(appends, reply).into_iter().collect();
        let mut in_vain = 0;
        while calls.len() < MOST_CALLS {
            match requests.try_recv() {
                Ok(LogRequest::Append { appends, reply }) => {
                    calls.extend(Call::new(appends, reply));
                    in_vain = 0;
                }
                Ok(other) => other.answer(&self.held, records),
                Err(_) if calls.len() < self.answered && in_vain < MOST_IN_VAIN => {
                    in_vain += 1;
                    yield_now().await;
                }
                Err(_) => break,
            }
        }
        calls
    }

    /// Appends what these calls ask for, as one entry if it fits into one.
    pub(super) async fn append(&mut self, mut calls: VecDeque<Call<E>>) {
        self.answered = calls.len();
        let yielded = self.yield_to_others().await;
        let (mut conflicts, mut most_bytes) = (0, self.log.most_bytes());
        if let Err(error) = yielded {
            calls.drain(..).for_each(|call| call.refuse(error.clone()));
        }
        while !calls.is_empty() {
            let refusal = match self.append_entry(&mut calls, &mut most_bytes).await {
                Ok(Appending::GoesOn) => continue,
                Ok(Appending::Conflict) if conflicts < MOST_ROUNDS => {
                    conflicts += 1;
                    continue;
                }
                Ok(Appending::Conflict) => StoreError::Unavailable("other programs append without a pause".to_owned()),
                Err(error) => error,
            };
            calls.drain(..).for_each(|call| call.refuse(refusal.clone()));
        }
    }

    /// After an entry of its own, lets the other programs that write have their turn, and takes in what comes.
    async fn yield_to_others(&mut self) -> Result<(), StoreError> {
        self.take_in()?;
        while let Some(at_most) = self.others.turn(self.writer, &self.log.turns_asked()) {
            let begun = self.replicated.sequence;
            // Whether anything comes is seen when it is taken in.
            let _ = timeout(at_most, self.log.reception(begun)).await;
            self.take_in()?;
            if self.replicated.sequence == begun {
                self.others.have_had_their_turn();
            }
        }
        Ok(())
    }

    /// Appends what fits into one entry, and answers the calls that are complete with it.
    async fn append_entry(
        &mut self,
        calls: &mut VecDeque<Call<E>>,
        most_bytes: &mut usize,
    ) -> Result<Appending, StoreError> {
        self.take_in()?;
        let (mark, before, start) = (self.held.mark(), self.held.end(), self.held.events.len());
        let mut hash = self.replicated.hash;
        let mut entry = EntryWriter::default();
        let round = self.record(calls, *most_bytes, &mut entry, &mut hash);
        if entry.is_empty() {
            let (_, answered) = self.accept(calls, round, start);
            answered.into_iter().for_each(Call::answer);
            return Ok(Appending::GoesOn);
        }
        let base = (before, &self.replicated.hash);
        let entry = entry.finish(self.replicated.sequence, base, &hash, self.writer).map_err(|error| {
            self.held.roll_back(mark);
            StoreError::Failed(error.to_string().into())
        })?;
        if entry.len() > self.log.most_bytes() {
            self.held.roll_back(mark);
            if round.iter().map(|(ranges, _)| ranges.len()).sum::<usize>() > 1 {
                *most_bytes /= 2;
            } else if let Some(call) = calls.pop_front() {
                let (bytes, most) = (entry.len(), self.log.most_bytes());
                let reason = format!("the events of a command have {bytes} bytes, and the log takes {most} at once");
                call.refuse(StoreError::Failed(reason.into()));
            }
            return Ok(Appending::GoesOn);
        }
        let (sequence, begun) = (self.replicated.sequence, Instant::now());
        let offered = self.log.offer(sequence, entry).await;
        if offered == Ok(Offered::Accepted) {
            self.others.accepted(begun.elapsed());
            self.move_on(Replicated { sequence: sequence + 1, position: self.held.end(), hash })?;
            let (commit, answered) = self.accept(calls, round, start);
            publish(&self.publisher, &self.end, before, commit);
            self.published.send_replace(sequence + 1);
            answered.into_iter().for_each(Call::answer);
            return Ok(Appending::GoesOn);
        }
        self.held.roll_back(mark);
        match offered? {
            Offered::Accepted => Ok(Appending::GoesOn),
            Offered::Conflict => {
                self.log.ask_for_turn(self.writer);
                self.log.reception(sequence).await;
                Ok(Appending::Conflict)
            }
            Offered::NotOffered(reason) => Err(StoreError::Unavailable(reason)),
            Offered::Unknown(reason) => {
                let unknown = StoreError::OutcomeUnknown(reason.as_str().into());
                calls.drain(..round.len()).for_each(|call| call.refuse(unknown.clone()));
                Err(StoreError::Unavailable(reason))
            }
        }
    }

    /// Records as many of the appends as fit into one entry, but at least one, and writes the entry.
    fn record(
        &mut self,
        calls: &VecDeque<Call<E>>,
        most_bytes: usize,
        entry: &mut EntryWriter,
        hash: &mut Hash,
    ) -> Round<E> {
        let (mut round, mut is_full) = (Vec::new(), false);
        let mut buffer = Vec::new();
        for call in calls {
            let (mut ranges, mut rejected) = (Vec::new(), call.rejected.clone());
            for encoded in &call.appends[call.answers.len()..] {
                is_full = !entry.is_empty() && entry.len() + encoded.bytes_in_entry() > most_bytes;
                if is_full {
                    break;
                }
                let range = self.held.record(encoded.append.clone(), &mut rejected);
                if let Ok(range) = &range {
                    let mut numbers = NumbersInCommand::default();
                    for (index, data) in range.clone().zip(&encoded.data) {
                        let event = self.held.events.at(index);
                        let content = Content {
                            position: event.position.get(),
                            stream: event.stream.as_str(),
                            version: event.version.get(),
                            previous_position: self.held.previous_position(&event.stream, event.version),
                            time: event.time,
                            event_type: event.data.event_type(),
                            schema_version: event.data.schema_version(),
                            number_in_command: numbers.next(event.metadata.command_id),
                            metadata: &event.metadata,
                            data,
                        };
                        *hash = content.hash(hash, &mut buffer);
                        entry.add(&content);
                        if let Some(state) = self.held.state_at(event) {
                            entry.add_snapshot(event.position.get(), state);
                        }
                    }
                }
                ranges.push(range);
            }
            round.push((ranges, rejected));
            if is_full {
                break;
            }
        }
        round
    }

    /// Keeps what was recorded from an index on. Returns it with the calls that are complete.
    fn accept(&mut self, calls: &mut VecDeque<Call<E>>, round: Round<E>, start: usize) -> (Batch<E>, Vec<Call<E>>) {
        let (commit, mut answered) = (self.held.events.commit(), Vec::with_capacity(round.len()));
        for (ranges, rejected) in round {
            let Some(mut call) = calls.pop_front() else { break };
            let committed =
                |range: Range<usize>| Committed::new(commit.clone(), range.start - start..range.end - start);
            call.answers.extend(ranges.into_iter().map(|range| range.map(committed)));
            call.rejected = rejected;
            if call.answers.len() < call.appends.len() {
                calls.push_front(call);
                break;
            }
            answered.push(call);
        }
        (commit, answered)
    }
}
