//! An event that says no more than its number.

use cqrs_bank::engine::domain::DomainEvent;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Number", into = "Number")]
pub(crate) struct Happened(pub(crate) u64);

#[derive(Serialize, Deserialize)]
#[serde(rename = "happened", deny_unknown_fields)]
struct Number {
    number: u64,
}

impl From<Number> for Happened {
    fn from(Number { number }: Number) -> Self {
        Self(number)
    }
}

impl From<Happened> for Number {
    fn from(Happened(number): Happened) -> Self {
        Self { number }
    }
}

impl DomainEvent for Happened {
    const DOMAIN: &'static str = "test";

    fn event_type(&self) -> &'static str {
        "happened"
    }

    fn title(&self) -> &'static str {
        "Happened"
    }
}
