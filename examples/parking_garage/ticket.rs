//! A ticket is one stay in a lot, and what the stay costs. Its commands carry the times: an aggregate reads no clock.

use cqrs_bank::engine::{Aggregate, Command, DomainEvent, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::lot::Vehicle;

#[derive(Clone, Debug)]
pub enum TicketCommand {
    Issue { ticket: String, vehicle: Vehicle, at: Timestamp },
    Charge { ticket: String, at: Timestamp },
    Pay { ticket: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TicketEvent {
    TicketIssued { ticket: String, vehicle: Vehicle, at: Timestamp },
    StayCharged { ticket: String, cents: u64 },
    TicketPaid { ticket: String, cents: u64 },
}

#[derive(Clone, Debug, Error, PartialEq)]
pub enum TicketRefusal {
    #[error("there is no such ticket")]
    NoTicket,
    #[error("the car has not left yet")]
    StillIn,
    #[error("the ticket has been charged already")]
    AlreadyCharged,
    #[error("the ticket has been paid already")]
    AlreadyPaid,
}

#[derive(Debug, Default)]
pub enum Ticket {
    #[default]
    Blank,
    Issued(Vehicle, Timestamp),
    Charged(u64),
    Paid,
}

impl Aggregate for Ticket {
    const CATEGORY: &'static str = "ticket";
    type Command = TicketCommand;
    type Event = TicketEvent;
    type Refusal = TicketRefusal;

    fn execute(&self, command: &TicketCommand) -> Result<Vec<TicketEvent>, TicketRefusal> {
        let event = match (command.clone(), self) {
            (TicketCommand::Issue { ticket, vehicle, at }, Self::Blank) => {
                TicketEvent::TicketIssued { ticket, vehicle, at }
            }
            (TicketCommand::Charge { ticket, at: left }, Self::Issued(vehicle, entered)) => {
                TicketEvent::StayCharged { ticket, cents: fee(*vehicle, *entered, left) }
            }
            (TicketCommand::Pay { ticket }, Self::Charged(cents)) => TicketEvent::TicketPaid { ticket, cents: *cents },
            (_, Self::Blank) => return Err(TicketRefusal::NoTicket),
            (_, Self::Issued(..)) => return Err(TicketRefusal::StillIn),
            (_, Self::Charged(_)) => return Err(TicketRefusal::AlreadyCharged),
            (_, Self::Paid) => return Err(TicketRefusal::AlreadyPaid),
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &TicketEvent) {
        *self = match event {
            TicketEvent::TicketIssued { vehicle, at, .. } => Self::Issued(*vehicle, *at),
            TicketEvent::StayCharged { cents, .. } => Self::Charged(*cents),
            TicketEvent::TicketPaid { .. } => Self::Paid,
        };
    }
}

/// In cents. Every hour that has begun is charged.
fn fee(vehicle: Vehicle, entered: Timestamp, left: Timestamp) -> u64 {
    const MICROSECONDS_PER_HOUR: u64 = 3_600_000_000;
    let stay = left.as_micros().saturating_sub(entered.as_micros()).max(0).unsigned_abs();
    let per_hour = if vehicle == Vehicle::Motorcycle { 100 } else { 250 };
    stay.div_ceil(MICROSECONDS_PER_HOUR).max(1) * per_hour
}

impl Command for TicketCommand {
    type Aggregate = Ticket;
    type Id = String;

    fn target(&self) -> &String {
        let (Self::Issue { ticket, .. } | Self::Charge { ticket, .. } | Self::Pay { ticket }) = self;
        ticket
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Issue { .. } => "Issue Ticket",
            Self::Charge { .. } => "Charge Ticket",
            Self::Pay { .. } => "Pay Ticket",
        }
    }
}

impl DomainEvent for TicketEvent {
    fn event_type(&self) -> &'static str {
        match self {
            Self::TicketIssued { .. } => "ticket_issued",
            Self::StayCharged { .. } => "stay_charged",
            Self::TicketPaid { .. } => "ticket_paid",
        }
    }
}
