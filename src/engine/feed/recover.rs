//! Recovers a projection that has panicked, by folding it again from the log.

use crate::engine::domain::DomainEvent;
use crate::engine::log::Position;
use crate::engine::projection::ProjectionHost;
use crate::engine::runtime::StopReason;
use crate::engine::runtime::trace::detail_line;
use crate::engine::store::{Committed, EventStore, MAX_READ};

/// How often a projection may panic at the same event before it stops.
pub const MAX_ATTEMPTS: u32 = 3;

/// Folds a projection that has panicked from the log, and lets it apply the events again, up to [`MAX_ATTEMPTS`] times.
pub(super) async fn take_again<E, S>(
    host: &mut dyn ProjectionHost<E>,
    events: &Committed<E>,
    store: &S,
    mut message: String,
) -> Result<(), StopReason>
where
    E: DomainEvent,
    S: EventStore<E>,
{
    let mut attempt = 0;
    let mut last_failed_after = None;
    loop {
        let (name, done) = (host.name(), host.done());
        attempt = if last_failed_after == Some(done) { attempt + 1 } else { 1 };
        last_failed_after = Some(done);
        tracing::error!(
            "projection {name} panicked after position {done} (attempt {attempt} of {MAX_ATTEMPTS}): {message}",
        );
        if let Some(event) = events.iter().find(|event| event.position > done) {
            let (id, position) = (event.metadata.correlation_id(), event.position);
            let then = if attempt == MAX_ATTEMPTS { "it stops" } else { "it is folded from the log again" };
            detail_line!(id, "{name}: attempt {attempt} at position {position} panicked: {message}; {then}");
        }
        if attempt == MAX_ATTEMPTS {
            return Err(StopReason::Panicked { task: name, message });
        }
        fold_again(host, store).await?;
        match host.take(events) {
            Ok(()) => return Ok(()),
            Err(again) => message = again,
        }
    }
}

/// Replaces a read model, which a panic may have left half changed, by a fold of the log.
pub(super) async fn fold_again<E, S>(host: &mut dyn ProjectionHost<E>, store: &S) -> Result<(), StopReason>
where
    E: DomainEvent,
    S: EventStore<E>,
{
    let (task, done) = (host.name(), host.done());
    host.begin_anew();
    let mut position = Position::START;
    while position < done {
        let events = store.read_all(position, MAX_READ).await?;
        let Some(last) = events.last() else {
            let message = format!("the log ends at position {position}, before {done}");
            return Err(StopReason::GaveUp { task, message });
        };
        position = last.position;
        host.replay(&events).map_err(|message| StopReason::Panicked { task, message })?;
    }
    host.replace();
    Ok(())
}
