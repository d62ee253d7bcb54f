//! A parking lot lets cars in while it has a free place.

use std::collections::BTreeMap;

use cqrs_bank::engine::{Aggregate, Command, DomainEvent, Upcast, serde_name};
use serde::{Deserialize, Serialize};
use thiserror::Error;

#[derive(Clone, Debug)]
pub enum LotCommand {
    OpenLot { lot: String, places: usize },
    EnterLot { lot: String, plate: String, vehicle: Vehicle },
    LeaveLot { lot: String, plate: String },
}

/// The names of events and fields are stored: they must never change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    #[error("a lot has at least one place")]
    NoPlaces,
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

impl Lot {
    /// The free places; `None` before the lot is opened.
    pub fn free(&self) -> Option<usize> {
        Some(self.places?.saturating_sub(self.tickets.len()))
    }

    /// The plates of the cars inside.
    pub fn cars(&self) -> String {
        self.tickets.keys().cloned().collect::<Vec<_>>().join(", ")
    }
}

impl Aggregate for Lot {
    const CATEGORY: &'static str = "lot";
    type Command = LotCommand;
    type Event = LotEvent;
    type Refusal = LotRefusal;

    fn execute(&self, command: &LotCommand) -> Result<Vec<LotEvent>, LotRefusal> {
        match (command.clone(), self.places) {
            (LotCommand::OpenLot { .. }, Some(_)) => Err(LotRefusal::AlreadyOpen),
            (LotCommand::OpenLot { lot, .. }, None) if !is_name(&lot) => Err(LotRefusal::InvalidName),
            (LotCommand::OpenLot { places: 0, .. }, None) => Err(LotRefusal::NoPlaces),
            (LotCommand::OpenLot { lot, places }, None) => Ok(vec![LotEvent::LotOpened { lot, places }]),
            (_, None) => Err(LotRefusal::NoLot),
            (LotCommand::EnterLot { plate, .. }, _) if self.tickets.contains_key(&plate) => Err(LotRefusal::AlreadyIn),
            (LotCommand::EnterLot { .. }, Some(places)) if self.tickets.len() >= places => Err(LotRefusal::Full),
            (LotCommand::EnterLot { lot, plate, vehicle }, _) => {
                let ticket = format!("{lot}-{}", self.entered + 1);
                Ok(vec![LotEvent::CarEntered { lot, plate, vehicle, ticket }])
            }
            (LotCommand::LeaveLot { lot, plate }, _) => {
                let ticket = self.tickets.get(&plate).cloned().ok_or(LotRefusal::NotIn)?;
                Ok(vec![LotEvent::CarLeft { lot, plate, ticket }])
            }
        }
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
        let (Self::OpenLot { lot, .. } | Self::EnterLot { lot, .. } | Self::LeaveLot { lot, .. }) = self;
        lot
    }
}

impl DomainEvent for LotEvent {
    fn event_type(&self) -> &'static str {
        serde_name(self)
    }

    fn upcast(event_type: &str, schema_version: u16) -> Option<Upcast> {
        // Version 1 of car_entered has no vehicle: every vehicle was a car.
        (event_type == "car_entered" && schema_version == 1).then_some(|mut data| {
            data["vehicle"] = "car".into();
            data
        })
    }
}
