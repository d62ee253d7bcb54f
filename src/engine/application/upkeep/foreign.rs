//! Opening a foreign store: one that another user may have written. Its log is verified, and nothing else is used.

use super::Upkeep;
use super::import_marker::{KnownHandler, MARK};
use crate::engine::application::{StartError, Unavailable};
use crate::engine::event_handler::lease::Lease;
use crate::engine::log::Position;
#[cfg(feature = "sqlite")]
use crate::engine::runtime::blocking;
use crate::engine::runtime::catch_panic;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::Progress;
use crate::engine::store::{EventStore as _, LogPages, Store, StoreUrl};
#[cfg(feature = "sqlite")]
use crate::engine::store::{StoreError, Verification};

/// The verified log of a foreign store.
pub(in crate::engine::application) struct VerifiedLog {
    end: Position,
    /// The progress with which handlers start after it.
    handlers: Vec<(String, Progress)>,
}

/// Verifies the log, and changes nothing. `None` for a store in memory, which is never foreign.
#[cfg_attr(
    not(feature = "sqlite"),
    allow(unused_variables, clippy::unused_async, reason = "only a file can be foreign")
)]
pub(in crate::engine::application) async fn verify_foreign_log<E: StoredEvent>(
    store: &Store<E>,
    url: &StoreUrl,
    upkeep: &Upkeep<E>,
    process_managers: &[KnownHandler<E>],
) -> Result<Option<VerifiedLog>, StartError> {
    #[cfg(feature = "sqlite")]
    if let Store::Sqlite(file) = store {
        let looked_at = file.clone();
        let is_alone = blocking(move || looked_at.is_alone()).await;
        if !is_alone.map_err(|not_done| StoreError::Failed(not_done.to_string().into()))? {
            return Err(open_elsewhere::<E>(url));
        }
        let end = store.end().await?;
        if let Verification::Broken { position, problem } = file.verify_log().await? {
            return Err(broken(url, position, &problem));
        }
        let handlers = progress_after(store, url, upkeep, process_managers, end).await?;
        return Ok(Some(VerifiedLog { end, handlers }));
    }
    Ok(None)
}

/// Drops everything that derives from the log. The handlers then start after the log, as after an import, except the
/// process managers with unfinished work.
#[cfg_attr(
    not(feature = "sqlite"),
    allow(unused_variables, clippy::unused_async, reason = "only a file can be foreign")
)]
pub(in crate::engine::application) async fn trust_only<E: StoredEvent>(
    log: VerifiedLog,
    store: &Store<E>,
    url: &StoreUrl,
    lease: &Lease,
) -> Result<(), StartError> {
    #[cfg(feature = "sqlite")]
    if let Store::Sqlite(file) = store {
        let VerifiedLog { end, handlers } = log;
        if !lease.is_held() || !file.replace_derived(handlers, end).await? {
            return Err(open_elsewhere::<E>(url));
        }
    }
    Ok(())
}

/// Audits the log, which may contain nothing that no import would accept. Returns the progress with which handlers
/// start after it.
async fn progress_after<E: StoredEvent>(
    store: &Store<E>,
    url: &StoreUrl,
    upkeep: &Upkeep<E>,
    process_managers: &[KnownHandler<E>],
    end: Position,
) -> Result<Vec<(String, Progress)>, StartError> {
    let mut audit = upkeep.audit();
    let mut unfinished: Vec<_> = process_managers.iter().filter_map(KnownHandler::unfinished).collect();
    let mut pages = LogPages::up_to(store, end);
    while let Some(page) = pages.next().await? {
        let taken = catch_panic(|| {
            page.iter().try_for_each(|event| {
                let checked = audit.take(event).and_then(|()| audit.admit(event));
                checked.map_err(|problem| broken(url, Some(event.position), &problem))?;
                unfinished.iter_mut().for_each(|(_, unfinished)| unfinished.take(event));
                Ok::<(), StartError>(())
            })
        });
        taken.map_err(Unavailable::Defect)??;
    }
    let until = |checkpoint: Position| Progress { checkpoint, ..Progress::default() };
    let mut handlers = vec![(MARK.to_owned(), until(end))];
    for (name, unfinished) in unfinished {
        handlers.push((name.to_owned(), until(unfinished.first().map_or(end, Position::before))));
    }
    Ok(handlers)
}

fn open_elsewhere<E: StoredEvent>(url: &StoreUrl) -> StartError {
    StartError::OpenElsewhere { store: url.to_string(), domain: E::DOMAIN }
}

fn broken(url: &StoreUrl, position: Option<Position>, problem: &str) -> StartError {
    let place = position.map_or_else(String::new, |position| format!("at position {position}: "));
    StartError::BrokenLog { store: url.to_string(), problem: format!("the log is broken: {place}{problem}") }
}
