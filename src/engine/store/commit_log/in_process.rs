//! A log in this process, for tests: races and outages without a server.

use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::{CommitLog, Entry, Later, LogError, Offered, Replicated};
use crate::engine::log::Position;

/// The entries that one reading returns.
const MOST_AT_ONCE: usize = 64;

/// A log in memory, shared by the stores of one process.
#[derive(Debug)]
pub struct InProcessLog {
    most_bytes: usize,
    entries: Mutex<Vec<Vec<u8>>>,
    disturbances: Mutex<VecDeque<Disturbance>>,
    end: watch::Sender<u64>,
}

/// What happens to the next offer instead of what should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// Nobody receives it.
    NotOffered,
    /// It is lost, and its writer does not learn that.
    Lost,
    /// It is accepted, and its writer does not learn that.
    Unanswered,
    /// Another entry comes first.
    Overtaken(Vec<u8>),
}

impl InProcessLog {
    /// An empty log, whose entries have at most so many bytes.
    pub fn new(most_bytes: usize) -> Self {
        let end = watch::Sender::new(0);
        Self { most_bytes, entries: Mutex::default(), disturbances: Mutex::default(), end }
    }

    /// Disturbs the next offers, one each.
    pub fn disturb(&self, disturbances: impl IntoIterator<Item = Disturbance>) {
        self.disturbances.lock().unwrap_or_else(PoisonError::into_inner).extend(disturbances);
    }

    /// All entries.
    pub fn entries(&self) -> Vec<Vec<u8>> {
        self.lock().clone()
    }

    /// Removes the entries after `sequence`, as a log does that loses its end.
    pub fn lose_after(&self, sequence: usize) {
        self.lock().truncate(sequence);
    }

    fn add(&self, entries: &mut Vec<Vec<u8>>, entry: Vec<u8>) {
        entries.push(entry);
        self.end.send_replace(entries.len() as u64);
    }

    fn offered(&self, after: u64, entry: Vec<u8>) -> Offered {
        let disturbance = self.disturbances.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let mut entries = self.lock();
        match disturbance {
            Some(Disturbance::NotOffered) => return Offered::NotOffered("nobody answers".to_owned()),
            Some(Disturbance::Lost) => return Offered::Unknown("nobody answers".to_owned()),
            Some(Disturbance::Overtaken(ref other)) => self.add(&mut entries, other.clone()),
            Some(Disturbance::Unanswered) | None => {}
        }
        if entries.len() as u64 != after {
            return Offered::Conflict;
        }
        self.add(&mut entries, entry);
        match disturbance {
            Some(Disturbance::Unanswered) => Offered::Unknown("nobody answers".to_owned()),
            _ => Offered::Accepted,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CommitLog for InProcessLog {
    fn name(&self) -> &str {
        "a log in this process"
    }

    fn most_bytes(&self) -> usize {
        self.most_bytes
    }

    fn follow(&self, from: Replicated) -> Later<'_, Result<(), LogError>> {
        let end = self.lock().len() as u64;
        Box::pin(async move {
            if from.sequence <= end {
                return Ok(());
            }
            let (log, end) = (self.name().to_owned(), Position::START);
            Err(LogError::WentBack { log, seen: from.position, end })
        })
    }

    fn offer(&self, after: u64, entry: Vec<u8>) -> Later<'_, Result<Offered, LogError>> {
        let offered = self.offered(after, entry);
        Box::pin(async move { Ok(offered) })
    }

    fn received(&self, after: u64) -> Result<Vec<Entry>, LogError> {
        let entries = self.lock();
        let after = usize::try_from(after).unwrap_or(usize::MAX).min(entries.len());
        let numbered = entries[after..].iter().take(MOST_AT_ONCE).zip(after as u64 + 1..);
        Ok(numbered.map(|(bytes, sequence)| Entry { sequence, bytes: bytes.clone() }).collect())
    }

    fn reception(&self, after: u64) -> Later<'_, ()> {
        let mut end = self.end.subscribe();
        Box::pin(async move {
            // The sender lives in `self`.
            let _ = end.wait_for(|end| *end > after).await;
        })
    }

    fn end(&self) -> Later<'_, Result<u64, LogError>> {
        let end = self.lock().len() as u64;
        Box::pin(async move { Ok(end) })
    }

    fn note(&self, _: Replicated) -> io::Result<()> {
        Ok(())
    }
}
