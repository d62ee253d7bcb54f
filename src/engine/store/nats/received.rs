//! The entries that were received and may still be asked for.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::engine::store::commit_log::{Entry, LogError, Replicated};

/// How many bytes may wait to be taken in.
const MOST_WAITING: usize = 32 * 1_024 * 1_024;

/// How many bytes one call returns, about.
const MOST_AT_ONCE: usize = 8 * 1_024 * 1_024;

#[derive(Debug, Default)]
pub(super) struct Received {
    entries: Mutex<Entries>,
    /// The last entry received that is news; the highest number once the log has failed.
    last: watch::Sender<u64>,
    /// The last entry asked for.
    asked: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Entries {
    /// Without gaps.
    kept: VecDeque<Entry>,
    last: u64,
    /// The entry that the replica offers, or has offered last and knows to stand there: that is no news to it.
    offered: u64,
    /// What the replica holds for good.
    noted: Replicated,
    failed: Option<LogError>,
}

impl Received {
    /// The first entry to be received is the one after what the replica holds.
    pub(super) fn begin_after(&self, noted: Replicated) {
        let sequence = noted.sequence;
        *self.lock() = Entries { last: sequence, noted, ..Entries::default() };
        self.last.send_replace(sequence);
        self.asked.send_replace(sequence);
    }

    /// Adds the next entry.
    pub(super) fn add(&self, entry: Entry) {
        let sequence = entry.sequence;
        let mut entries = self.lock();
        entries.kept.push_back(entry);
        entries.last = sequence;
        let is_news = entries.offered != sequence;
        drop(entries);
        if is_news {
            self.last.send_replace(sequence);
        }
    }

    /// The replica offers this entry.
    pub(super) fn offer(&self, sequence: u64) {
        self.lock().offered = sequence;
    }

    /// The replica does not know that its entry stands there: what does is news.
    pub(super) fn take_back(&self, sequence: u64) {
        let mut entries = self.lock();
        entries.offered = 0;
        let (last, has_failed) = (entries.last, entries.failed.is_some());
        drop(entries);
        if last >= sequence && !has_failed {
            self.last.send_if_modified(|known| std::mem::replace(known, last.max(*known)) < last);
        }
    }

    /// Nothing more is received.
    pub(super) fn fail(&self, error: LogError) {
        self.lock().failed = Some(error);
        self.last.send_replace(u64::MAX);
    }

    /// What the replica holds for good.
    pub(super) fn noted(&self) -> Replicated {
        self.lock().noted
    }

    /// Some entries after `after`.
    pub(super) fn after(&self, after: u64) -> Result<Vec<Entry>, LogError> {
        let entries = self.lock();
        if let Some(failed) = &entries.failed {
            return Err(failed.clone());
        }
        let mut bytes = 0;
        let skipped = entries.kept.partition_point(|entry| entry.sequence <= after);
        let within = entries.kept.iter().skip(skipped).take_while(|entry| {
            let is_first = bytes == 0;
            bytes += entry.bytes.len();
            is_first || bytes <= MOST_AT_ONCE
        });
        let some = within.cloned().collect();
        drop(entries);
        self.asked.send_if_modified(|asked| std::mem::replace(asked, after.max(*asked)) < after);
        Ok(some)
    }

    /// Whether there are entries after `after`.
    pub(super) fn has_any_after(&self, after: u64) -> Result<bool, LogError> {
        let entries = self.lock();
        match &entries.failed {
            Some(failed) => Err(failed.clone()),
            None => Ok(entries.last > after),
        }
    }

    /// The replica holds what is up to here for good, so that it is needed no more.
    pub(super) fn note(&self, noted: Replicated) {
        let mut entries = self.lock();
        let held = entries.kept.partition_point(|entry| entry.sequence <= noted.sequence);
        entries.kept.drain(..held);
        entries.noted = noted;
    }

    /// Waits until an entry after `after` was received, or the log has failed.
    pub(super) async fn reception(&self, after: u64) {
        // The sender lives in `self`.
        let _ = self.last.subscribe().wait_for(|last| *last > after).await;
    }

    /// Waits until there is room for more.
    pub(super) async fn room(&self) {
        let mut asked = self.asked.subscribe();
        // The sender lives in `self`.
        let _ = asked.wait_for(|asked| self.waiting_after(*asked) < MOST_WAITING).await;
    }

    fn waiting_after(&self, asked: u64) -> usize {
        let entries = self.lock();
        let held = entries.kept.partition_point(|entry| entry.sequence <= asked);
        entries.kept.iter().skip(held).map(|entry| entry.bytes.len()).sum()
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(sequence: u64) -> Entry {
        Entry { sequence, bytes: vec![0] }
    }

    fn news(received: &Received) -> u64 {
        *received.last.borrow()
    }

    #[test]
    fn what_the_replica_has_offered_is_no_news_unless_another_entry_stands_there() {
        let received = Received::default();
        received.add(entry(1));
        assert_eq!(news(&received), 1);
        received.offer(2);
        received.add(entry(2));
        assert_eq!(news(&received), 1);
        assert!(received.has_any_after(1).unwrap());
        received.offer(3);
        received.add(entry(3));
        received.take_back(3);
        assert_eq!(news(&received), 3);
        received.offer(4);
        received.take_back(4);
        assert_eq!(news(&received), 3);
        received.add(entry(4));
        assert_eq!(news(&received), 4);
    }
}
