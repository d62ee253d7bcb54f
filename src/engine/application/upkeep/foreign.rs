//! Opening a foreign store: one that another user may have written. Its log is verified, and nothing else is used.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Upkeep;
use super::import_marker::{KnownHandler, MARK};
use crate::engine::application::{StartError, Unavailable};
use crate::engine::event_handler::lease::Lease;
use crate::engine::log::Position;
use crate::engine::runtime::panic_message;
#[cfg(feature = "sqlite")]
use crate::engine::store::Verification;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::Progress;
use crate::engine::store::{EventStore as _, LogPages, Store, StoreUrl};

/// Verifies the log, and drops everything that derives from it. The handlers then start after the log, as after an
/// import, except the process managers with unfinished work. A store in memory is never foreign.
#[cfg_attr(
    not(feature = "sqlite"),
    allow(unused_variables, clippy::unused_async, reason = "only a file can be foreign")
)]
pub(in crate::engine::application) async fn trust_only_the_log<E: StoredEvent>(
    store: &Store<E>,
    url: &StoreUrl,
    upkeep: &Upkeep<E>,
    process_managers: &[KnownHandler<E>],
    lease: &Lease,
) -> Result<(), StartError> {
    #[cfg(feature = "sqlite")]
    if let Store::Sqlite(file) = store {
        if !lease.is_held() {
            return Err(StartError::OpenElsewhere { store: url.to_string(), domain: E::DOMAIN });
        }
        if let Verification::Broken { position, problem } = file.verify_log().await? {
            return Err(broken(url, position, &problem));
        }
        let handlers = progress_after(store, url, upkeep, process_managers).await?;
        file.replace_derived(handlers).await?;
    }
    Ok(())
}

/// Audits the log. Returns the progress with which handlers start after it.
async fn progress_after<E: StoredEvent>(
    store: &Store<E>,
    url: &StoreUrl,
    upkeep: &Upkeep<E>,
    process_managers: &[KnownHandler<E>],
) -> Result<Vec<(String, Progress)>, StartError> {
    let end = store.end().await?;
    let mut audit = upkeep.audit();
    let mut unfinished: Vec<_> = process_managers.iter().filter_map(KnownHandler::unfinished).collect();
    let mut pages = LogPages::up_to(store, end);
    while let Some(page) = pages.next().await? {
        let take = AssertUnwindSafe(|| {
            page.iter().try_for_each(|event| {
                audit.take(event).map_err(|problem| broken(url, Some(event.position), &problem))?;
                unfinished.iter_mut().for_each(|(_, unfinished)| unfinished.take(event));
                Ok::<(), StartError>(())
            })
        });
        let taken = catch_unwind(take).map_err(|panic| Unavailable::Defect(panic_message(panic.as_ref())))?;
        taken?;
    }
    let until = |checkpoint: Position| Progress { checkpoint, ..Progress::default() };
    let mut handlers = vec![(MARK.to_owned(), until(end))];
    for (name, unfinished) in unfinished {
        handlers.push((name.to_owned(), until(unfinished.first().map_or(end, Position::before))));
    }
    Ok(handlers)
}

fn broken(url: &StoreUrl, position: Option<Position>, problem: &str) -> StartError {
    let place = position.map_or_else(String::new, |position| format!("at position {position}: "));
    StartError::BrokenLog { store: url.to_string(), problem: format!("the log is broken: {place}{problem}") }
}
