//! A parking lot lets cars in while it has a free place.

use std::collections::BTreeMap;

use cqrs_bank::engine::{Aggregate, Command, DomainEvent, Upcast};
use serde::{Deserialize, Serialize};
use thiserror::Error;

#[derive(Clone, Debug)]
pub enum LotCommand {
    Open { lot: String, places: usize },
    Enter { lot: String, plate: String, vehicle: Vehicle },
    Leave { lot: String, plate: String },
}

/// The names of events and fields are stored: they must never change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum LotEvent {
    LotOpened { lot: String, places: usize },
    CarEntered { lot: String, plate: String, vehicle: Vehicle, ticket: String },
    CarLeft { lot: String, plate: String, ticket: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vehicle {
    Car,
    Motorcycle,
}

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

/// What a lot decides from.
#[derive(Debug, Default)]
pub struct Lot {
    /// `None` until the lot is opened.
    places: Option<usize>,
    /// The ticket of each car inside, by the car's plate.
    tickets: BTreeMap<String, String>,
    /// Numbers the tickets.
    entered: u32,
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
            (LotCommand::Enter { plate, .. }, _) if self.tickets.contains_key(&plate) => {
                return Err(LotRefusal::AlreadyIn);
            }
            (LotCommand::Enter { .. }, Some(places)) if self.tickets.len() >= places => return Err(LotRefusal::Full),
            (LotCommand::Enter { lot, plate, vehicle }, _) => {
                let ticket = format!("{lot}-{}", self.entered + 1);
                LotEvent::CarEntered { lot, plate, vehicle, ticket }
            }
            (LotCommand::Leave { lot, plate }, _) => {
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
            LotEvent::CarLeft { plate, .. } => drop(self.tickets.remove(plate)),
        }
    }
}

/// A lot's name becomes part of its tickets' names, and these become file names.
fn is_name(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

impl Command for LotCommand {
    type Aggregate = Lot;
    type Id = String;

    fn target(&self) -> &String {
        let (Self::Open { lot, .. } | Self::Enter { lot, .. } | Self::Leave { lot, .. }) = self;
        lot
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
        // Version 1 of car_entered has no vehicle: every vehicle was a car.
        (event_type == "car_entered" && schema_version == 1).then_some(|mut data| {
            data["vehicle"] = "car".into();
            data
        })
    }
}
