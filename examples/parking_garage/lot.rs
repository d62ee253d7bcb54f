//! A parking lot: a car comes in while there is a place for it, and leaves once.

use std::collections::BTreeMap;

use cqrs_bank::engine::{Aggregate, Command, DomainEvent, Upcast};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What a lot has to know to decide.
#[derive(Debug, Default)]
pub struct Lot {
    /// `None` before it is opened.
    places: Option<usize>,
    /// The ticket of each car that is in, by the car's plate.
    tickets: BTreeMap<String, String>,
    entered: u32,
}

/// What a lot can be asked.
#[derive(Clone, Debug)]
pub enum LotCommand {
    Open { lot: String, places: usize },
    Enter { lot: String, plate: String, vehicle: Vehicle },
    Leave { lot: String, plate: String },
}

/// What can happen to it. The names are stored, and stay what they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum LotEvent {
    LotOpened { lot: String, places: usize },
    CarEntered { lot: String, plate: String, vehicle: Vehicle, ticket: String },
    CarLeft { lot: String, plate: String, ticket: String },
}

impl LotEvent {
    pub fn lot(&self) -> &str {
        match self {
            Self::LotOpened { lot, .. } | Self::CarEntered { lot, .. } | Self::CarLeft { lot, .. } => lot,
        }
    }
}

/// What stands on a place.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vehicle {
    Car,
    Motorcycle,
}

/// Why it says no.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum LotRefusal {
    #[error("a lot is called by 1 to 32 of the letters a to z and digits")]
    InvalidName,
    #[error("the lot is open already")]
    AlreadyOpen,
    #[error("there is no such lot")]
    NoLot,
    #[error("the lot is full")]
    Full,
    #[error("the car is in already")]
    AlreadyIn,
    #[error("the car is not in")]
    NotIn,
}

impl Aggregate for Lot {
    const CATEGORY: &'static str = "lot";
    type Command = LotCommand;
    type Event = LotEvent;
    type Refusal = LotRefusal;

    fn execute(&self, command: &LotCommand) -> Result<Vec<LotEvent>, LotRefusal> {
        let event = match (command.clone(), self.places) {
            (LotCommand::Open { .. }, Some(_)) => return Err(LotRefusal::AlreadyOpen),
            (LotCommand::Open { lot, .. }, None) if !is_name(&lot) => return Err(LotRefusal::InvalidName),
            (LotCommand::Open { lot, places }, None) => LotEvent::LotOpened { lot, places },
            (_, None) => return Err(LotRefusal::NoLot),
            (LotCommand::Enter { lot, plate, vehicle }, Some(places)) => {
                if self.tickets.contains_key(&plate) {
                    return Err(LotRefusal::AlreadyIn);
                }
                if self.tickets.len() >= places {
                    return Err(LotRefusal::Full);
                }
                let ticket = format!("{lot}-{}", self.entered + 1);
                LotEvent::CarEntered { lot, plate, vehicle, ticket }
            }
            (LotCommand::Leave { lot, plate }, Some(_)) => {
                let ticket = self.tickets.get(&plate).cloned().ok_or(LotRefusal::NotIn)?;
                LotEvent::CarLeft { lot, plate, ticket }
            }
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &LotEvent) {
        match event {
            LotEvent::LotOpened { places, .. } => self.places = Some(*places),
            LotEvent::CarEntered { plate, ticket, .. } => {
                self.tickets.insert(plate.clone(), ticket.clone());
                self.entered += 1;
            }
            LotEvent::CarLeft { plate, .. } => {
                self.tickets.remove(plate);
            }
        }
    }
}

/// Tickets are called after their lot, and files after their tickets.
fn is_name(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

impl Command for LotCommand {
    type Aggregate = Lot;
    type Id = String;

    fn target(&self) -> &String {
        match self {
            Self::Open { lot, .. } | Self::Enter { lot, .. } | Self::Leave { lot, .. } => lot,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Open { .. } => "Open Lot",
            Self::Enter { .. } => "Enter Lot",
            Self::Leave { .. } => "Leave Lot",
        }
    }
}

impl DomainEvent for LotEvent {
    fn event_type(&self) -> &'static str {
        match self {
            Self::LotOpened { .. } => "lot_opened",
            Self::CarEntered { .. } => "car_entered",
            Self::CarLeft { .. } => "car_left",
        }
    }

    fn upcast(event_type: &str, schema_version: u16) -> Option<Upcast> {
        match (event_type, schema_version) {
            // Only cars were let in once, and nobody wrote that down.
            ("car_entered", 1) => Some(|mut data| {
                data["vehicle"] = "car".into();
                data
            }),
            _ => None,
        }
    }
}
