//! Where each log was as a lesson began, or as it was first opened within it: what has happened since then counts.

use std::fs::canonicalize;

use serde::{Deserialize, Serialize};

use super::Toured;
use crate::engine::application::{Application, Seams};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::{EventStore as _, StoreUrl};

/// The most logs of a lesson.
const MOST_LOGS: usize = 16;

/// Where a log was, and what was parked there.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct Since {
    pub(super) position: u64,
    /// The number of the last event that was parked; 0 where none was.
    #[serde(default)]
    pub(super) last_parked: u64,
}

/// A log that the next run of the program can open again, by its URL.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct KeptSince {
    pub(super) log: String,
    since: Since,
}

/// A log in memory, or a fork, which ends with the program.
#[derive(Debug)]
pub(super) struct PassingSince {
    log: Seams,
    since: Since,
}

enum Log {
    Kept(String),
    Passing(Seams),
}

impl Log {
    /// The log that statements go to.
    fn of<D: Toured>(domain: &D, application: &Application<D::Event>) -> Self {
        Self::at(application, domain.forks().current_name().is_some())
    }

    fn at<E: StoredEvent>(application: &Application<E>, is_fork: bool) -> Self {
        match application.url() {
            url if is_fork || *url == StoreUrl::Memory => Self::Passing(application.seams()),
            url => Self::Kept(match url.path() {
                Some(path) => canonicalize(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned(),
                None => url.to_string(),
            }),
        }
    }
}

/// Where the log that statements go to was as the lesson began. `None` where no lesson is under way, or no log is open.
pub(super) async fn since<D: Toured>(domain: &mut D) -> Option<Since> {
    domain.tour().under_way.as_ref()?;
    let application = domain.application().ok()?;
    let log = Log::of(domain, &application);
    let end = application.store().end().await.ok()?.get();
    let under_way = domain.tour().under_way.as_ref()?;
    let known = match &log {
        Log::Kept(log) => under_way.place.since.iter().find(|kept| kept.log == *log).map(|kept| &kept.since),
        Log::Passing(log) => {
            under_way.passing.iter().find(|passing| passing.log.are_of_the_same(log)).map(|passing| &passing.since)
        }
    };
    // A log that ends before that is another one.
    if let Some(known) = known.filter(|since| since.position <= end) {
        return Some(known.clone());
    }
    let since = now(&application, end).await?;
    let tour = domain.tour();
    let under_way = tour.under_way.as_mut()?;
    match log {
        Log::Kept(log) => {
            let known = &mut under_way.place.since;
            known.retain(|kept| kept.log != log);
            known.truncate(MOST_LOGS - 1);
            known.insert(0, KeptSince { log, since: since.clone() });
            tour.keep_place();
        }
        Log::Passing(log) => {
            under_way.passing.truncate(MOST_LOGS - 1);
            under_way.passing.insert(0, PassingSince { log, since: since.clone() });
        }
    }
    Some(since)
}

async fn now<E: StoredEvent>(application: &Application<E>, position: u64) -> Option<Since> {
    let parked = application.parked().await.ok()?;
    Some(Since { position, last_parked: parked.last().map_or(0, |(parked, _)| parked.number) })
}

/// The bank in which a lesson is taken: the application itself, whatever fork statements go to. `None` where none is open.
pub(super) fn log_open<D: Toured>(domain: &D) -> Option<TakenIn> {
    Some(match Log::at(&domain.main().ok()?, false) {
        Log::Kept(log) => TakenIn { kept: Some(log), passing: None },
        Log::Passing(log) => TakenIn { kept: None, passing: Some(log) },
    })
}

/// A log in which a lesson is taken: one of the two.
#[derive(Clone, Debug, Default)]
pub(super) struct TakenIn {
    /// One that the next run of the program can open again, by its URL.
    pub(super) kept: Option<String>,
    /// One that ends with the program.
    pub(super) passing: Option<Seams>,
}

impl TakenIn {
    /// Whether both are one log.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (&self.passing, &other.passing) {
            (Some(one), Some(other)) => one.are_of_the_same(other),
            (None, None) => self.kept == other.kept,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}
