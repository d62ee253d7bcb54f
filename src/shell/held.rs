//! What is held and broken, as the prompt and replies say it.

use super::functions::Domain;
use super::session_record::HandlerCheckpoints;
use super::trace::Trace;
use crate::engine::application::{Held, Seams};

/// What is held and broken, once something was.
fn seams<D: Domain>(domain: &D, trace: &Trace) -> Option<Seams> {
    if trace.uses_seams() { domain.seams() } else { None }
}

/// Whether the event store fails because somebody has broken it.
pub(super) fn is_store_broken<D: Domain>(domain: &D, trace: &Trace) -> bool {
    seams(domain, trace).is_some_and(|seams| seams.is_store_broken())
}

/// The names of the handlers that are held.
pub(super) fn held<D: Domain>(domain: &D, trace: &Trace) -> Vec<&'static str> {
    let held = seams(domain, trace).map_or_else(Vec::new, |seams| seams.held());
    held.iter().map(|held| held.name).collect()
}

/// How far the handlers are, once something was held or broken.
pub(super) fn progress<D: Domain>(domain: &D, trace: &Trace) -> Option<HandlerCheckpoints> {
    seams(domain, trace).map(HandlerCheckpoints::of)
}

/// Forgets what was read between two calls, as by completion.
pub(super) fn forget_reads<D: Domain>(domain: &D, trace: &Trace) {
    if let Some(seams) = seams(domain, trace) {
        seams.take_answered_behind();
    }
}

/// Says which of the projections that the last call has read are held behind the log.
pub(super) fn held_behind<D: Domain>(domain: &D, trace: &Trace) -> Vec<String> {
    let held = seams(domain, trace).map_or_else(Vec::new, |seams| seams.take_answered_behind());
    held.iter().map(|Held { name, checkpoint }| format!("{name} is held at position {checkpoint}")).collect()
}
