//! An event that says no more than its number.

use cqrs_bank::engine::event::DomainEvent;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Happened(pub(crate) u64);

impl DomainEvent for Happened {
    fn event_type(&self) -> &'static str {
        "happened"
    }

    fn title(&self) -> &'static str {
        "Happened"
    }
}
