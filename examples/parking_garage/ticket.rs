//! A ticket is one stay in a lot, and what the stay costs. Its commands carry the times: an aggregate reads no clock.

use cqrs_bank::engine::{Aggregate, Command, DomainEvent, Timestamp, serde_name};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::lot::Vehicle;

#[derive(Clone, Debug)]
pub enum TicketCommand {
    IssueTicket { ticket: String, vehicle: Vehicle, at: Timestamp },
    ChargeTicket { ticket: String, at: Timestamp },
    PayTicket { ticket: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

impl Ticket {
    /// Where the stay stands, in words; `None` before the ticket is issued.
    pub fn standing(&self) -> Option<String> {
        match self {
            Self::Blank => None,
            Self::Issued(..) => Some("issued".to_owned()),
            Self::Charged(cents) => Some(format!("charged, {cents} cents")),
            Self::Paid => Some("paid".to_owned()),
        }
    }
}

impl Aggregate for Ticket {
    const CATEGORY: &'static str = "ticket";
    type Command = TicketCommand;
    type Event = TicketEvent;
    type Refusal = TicketRefusal;

    fn execute(&self, command: &TicketCommand) -> Result<Vec<TicketEvent>, TicketRefusal> {
        match (command.clone(), self) {
            (TicketCommand::IssueTicket { ticket, vehicle, at }, Self::Blank) => {
                Ok(vec![TicketEvent::TicketIssued { ticket, vehicle, at }])
            }
            (TicketCommand::ChargeTicket { ticket, at }, Self::Issued(vehicle, entered)) => {
                Ok(vec![TicketEvent::StayCharged { ticket, cents: fee(*vehicle, *entered, at) }])
            }
            (TicketCommand::PayTicket { ticket }, Self::Charged(cents)) => {
                Ok(vec![TicketEvent::TicketPaid { ticket, cents: *cents }])
            }
            (_, Self::Blank) => Err(TicketRefusal::NoTicket),
            (_, Self::Issued(..)) => Err(TicketRefusal::StillIn),
            (_, Self::Charged(_)) => Err(TicketRefusal::AlreadyCharged),
            (_, Self::Paid) => Err(TicketRefusal::AlreadyPaid),
        }
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
        let (Self::IssueTicket { ticket, .. } | Self::ChargeTicket { ticket, .. } | Self::PayTicket { ticket }) = self;
        ticket
    }
}

impl DomainEvent for TicketEvent {
    fn event_type(&self) -> &'static str {
        serde_name(self)
    }
}
