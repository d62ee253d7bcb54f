//! A hotel: guests arrive and leave, and a reception assigns rooms. Guests and rooms are two kinds of aggregate, each
//! with its own events.

use std::collections::{BTreeMap, BTreeSet};

use cqrs_bank::engine::command_handler::Limits;
use cqrs_bank::engine::process_manager::Unfinished;
use cqrs_bank::engine::projection::{RowMap, StoredFields, rows};
use cqrs_bank::engine::store::codec::domain_events;
use cqrs_bank::engine::{
    Aggregate, Answer, Application, Builder, Command, DomainEvent, Invariants, Position, ProcessManager, Projection,
    Reaction, RecordedEvent, StartFrom, StoreUrl,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Guest {
    pub(crate) room: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Room {
    guest: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) enum GuestCommand {
    Arrive { guest: String, room: String },
    Leave { guest: String },
}

#[derive(Clone, Debug)]
pub(crate) enum RoomCommand {
    Occupy { room: String, guest: String },
    Free { room: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum GuestEvent {
    GuestArrived { guest: String, room: String },
    GuestLeft { guest: String, room: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RoomEvent {
    RoomOccupied { guest: String },
    RoomFreed { guest: String },
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("so it is already")]
pub(crate) struct SoItIs;

domain_events! {
    /// The events of a hotel.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub(crate) enum HotelEvent of "hotel" {
        Guest(GuestEvent),
        Room(RoomEvent),
    }
}

impl DomainEvent for GuestEvent {
    fn event_type(&self) -> &'static str {
        match self {
            Self::GuestArrived { .. } => "guest_arrived",
            Self::GuestLeft { .. } => "guest_left",
        }
    }

    fn title(&self) -> &'static str {
        "Guest"
    }
}

impl DomainEvent for RoomEvent {
    fn event_type(&self) -> &'static str {
        match self {
            Self::RoomOccupied { .. } => "room_occupied",
            Self::RoomFreed { .. } => "room_freed",
        }
    }

    fn title(&self) -> &'static str {
        "Room"
    }
}

impl Command for GuestCommand {
    type Aggregate = Guest;
    type Id = String;

    fn target(&self) -> &String {
        let (Self::Arrive { guest, .. } | Self::Leave { guest }) = self;
        guest
    }
}

impl Command for RoomCommand {
    type Aggregate = Room;
    type Id = String;

    fn target(&self) -> &String {
        let (Self::Occupy { room, .. } | Self::Free { room }) = self;
        room
    }
}

impl Aggregate for Guest {
    const CATEGORY: &'static str = "guest";
    type Command = GuestCommand;
    type Event = GuestEvent;
    type Refusal = SoItIs;

    fn execute(&self, command: &GuestCommand) -> Result<Vec<GuestEvent>, SoItIs> {
        match (command.clone(), self.room.clone()) {
            (GuestCommand::Arrive { guest, room }, None) => Ok(vec![GuestEvent::GuestArrived { guest, room }]),
            (GuestCommand::Leave { guest }, Some(room)) => Ok(vec![GuestEvent::GuestLeft { guest, room }]),
            _ => Err(SoItIs),
        }
    }

    fn apply(&mut self, event: &GuestEvent) {
        self.room = match event {
            GuestEvent::GuestArrived { room, .. } => Some(room.clone()),
            GuestEvent::GuestLeft { .. } => None,
        }
    }

    fn snapshot(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    fn restore(snapshot: &str) -> Option<Self> {
        serde_json::from_str(snapshot).ok()
    }
}

impl Aggregate for Room {
    const CATEGORY: &'static str = "room";
    type Command = RoomCommand;
    type Event = RoomEvent;
    type Refusal = SoItIs;

    fn execute(&self, command: &RoomCommand) -> Result<Vec<RoomEvent>, SoItIs> {
        match (command.clone(), self.guest.clone()) {
            (RoomCommand::Occupy { guest, .. }, None) => Ok(vec![RoomEvent::RoomOccupied { guest }]),
            (RoomCommand::Free { .. }, Some(guest)) => Ok(vec![RoomEvent::RoomFreed { guest }]),
            _ => Err(SoItIs),
        }
    }

    fn apply(&mut self, event: &RoomEvent) {
        self.guest = match event {
            RoomEvent::RoomOccupied { guest } => Some(guest.clone()),
            RoomEvent::RoomFreed { .. } => None,
        }
    }

    fn snapshot(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    fn restore(snapshot: &str) -> Option<Self> {
        serde_json::from_str(snapshot).ok()
    }
}

/// Assigns a room to each guest on arrival, and frees it on departure.
#[derive(Clone)]
pub(crate) struct Reception;

impl ProcessManager for Reception {
    const NAME: &'static str = "reception";
    const TITLE: &'static str = "Reception";
    const START: StartFrom = StartFrom::Origin;
    type Event = HotelEvent;
    type State = ();

    fn filter(&self) -> impl Fn(&RecordedEvent<HotelEvent>) -> bool + Send + Sync + 'static {
        |event| matches!(event.data, HotelEvent::Guest(_))
    }

    fn react(&self, (): &(), event: &RecordedEvent<HotelEvent>) -> Reaction<HotelEvent> {
        let command = match event.data.clone() {
            HotelEvent::Guest(GuestEvent::GuestArrived { guest, room }) => RoomCommand::Occupy { room, guest },
            HotelEvent::Guest(GuestEvent::GuestLeft { room, .. }) => RoomCommand::Free { room },
            HotelEvent::Room(_) => return Reaction::none(),
        };
        Answer::new(command).into()
    }

    fn unfinished(&self) -> Option<Box<dyn Unfinished<HotelEvent>>> {
        Some(Box::new(Waiting::default()))
    }
}

/// The guests that the reception has not served, each with the event that waits for an answer.
#[derive(Default)]
struct Waiting(BTreeMap<String, Position>);

impl Unfinished<HotelEvent> for Waiting {
    fn take(&mut self, event: &RecordedEvent<HotelEvent>) {
        match event.data.clone() {
            HotelEvent::Guest(GuestEvent::GuestArrived { guest, .. } | GuestEvent::GuestLeft { guest, .. }) => {
                self.0.insert(guest, event.position);
            }
            HotelEvent::Room(RoomEvent::RoomOccupied { guest } | RoomEvent::RoomFreed { guest }) => {
                self.0.remove(&guest);
            }
        }
    }

    fn first(&self) -> Option<Position> {
        self.0.values().min().copied()
    }
}

/// The rooms of the guests, one row per guest.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct GuestList(pub(crate) RowMap<String, String>);

impl Projection<HotelEvent> for GuestList {
    const NAME: &'static str = "guest list";
    const ROWS: Option<StoredFields<Self>> = rows!(1; 0);

    fn project(&mut self, event: &RecordedEvent<HotelEvent>) {
        match event.data.clone() {
            HotelEvent::Guest(GuestEvent::GuestArrived { guest, room }) => drop(self.0.insert(guest, room)),
            HotelEvent::Guest(GuestEvent::GuestLeft { guest, .. }) => drop(self.0.remove(&guest)),
            HotelEvent::Room(_) => {}
        }
    }
}

/// Only guests who have arrived have rooms. Guests named Nobody cannot be imported.
#[derive(Default)]
pub(crate) struct EverybodyArrived(BTreeSet<String>);

impl Invariants<HotelEvent> for EverybodyArrived {
    fn look_at(&self, event: &RecordedEvent<HotelEvent>) -> Result<(), String> {
        let HotelEvent::Guest(GuestEvent::GuestArrived { guest, .. }) = &event.data else { return Ok(()) };
        let is_theirs = event.stream.as_str() == format!("guest-{guest}");
        if is_theirs { Ok(()) } else { Err(format!("it is about another guest than {}", event.stream)) }
    }

    fn take(&mut self, event: &RecordedEvent<HotelEvent>) -> Result<(), String> {
        match &event.data {
            HotelEvent::Guest(GuestEvent::GuestArrived { guest, .. }) => {
                self.0.insert(guest.clone());
                Ok(())
            }
            HotelEvent::Room(RoomEvent::RoomOccupied { guest }) if !self.0.contains(guest) => {
                Err(format!("{guest} has a room and has never arrived"))
            }
            _ => Ok(()),
        }
    }

    fn admit(&self, event: &RecordedEvent<HotelEvent>) -> Result<(), String> {
        match &event.data {
            HotelEvent::Guest(GuestEvent::GuestArrived { guest, .. }) if guest == "Nobody" => {
                Err("nobody is called Nobody".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// A hotel with a reception.
pub(crate) fn hotel(store: impl Into<StoreUrl>) -> Builder<HotelEvent> {
    without_reception(store).process_manager(Reception)
}

/// A hotel with a snapshot of each guest and each room after every two events.
pub(crate) fn without_reception(store: impl Into<StoreUrl>) -> Builder<HotelEvent> {
    Application::builder(store)
        .limits(Limits { snapshot_every: 2.try_into().unwrap(), ..Limits::default() })
        .aggregate::<Guest>()
        .aggregate::<Room>()
        .invariants::<EverybodyArrived>()
        .projection::<GuestList>()
}

pub(crate) async fn arrive(hotel: &Application<HotelEvent>, guest: &str, room: &str) {
    hotel.dispatch(GuestCommand::Arrive { guest: guest.to_owned(), room: room.to_owned() }).await.unwrap();
}

pub(crate) async fn leave(hotel: &Application<HotelEvent>, guest: &str) {
    hotel.dispatch(GuestCommand::Leave { guest: guest.to_owned() }).await.unwrap();
}

pub(crate) async fn log(hotel: &Application<HotelEvent>) -> Vec<RecordedEvent<HotelEvent>> {
    hotel.events(Position::START, 1_000).await.unwrap()
}
