//! Unit tests of the rules, and integration tests of the whole garage on both stores.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use cqrs_bank::engine::feed::checkpoints::HandlerStatus;
use cqrs_bank::engine::testing::{assert_stored, given};
use cqrs_bank::engine::{
    Aggregate, Application, Command, CommandFailure, DomainEvent, Moment, Position, StoreUrl, Timestamp,
};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::garage::{self, FreePlaces, GarageEvent};
use crate::lot::{Lot, LotCommand, LotEvent, LotRefusal, Vehicle};
use crate::ticket::{Ticket, TicketCommand, TicketEvent, TicketRefusal};

fn open(places: usize) -> LotCommand {
    LotCommand::OpenLot { lot: "north".into(), places }
}

fn enter(plate: &str) -> LotCommand {
    LotCommand::EnterLot { lot: "north".into(), plate: plate.into(), vehicle: Vehicle::Car }
}

fn leave(plate: &str) -> LotCommand {
    LotCommand::LeaveLot { lot: "north".into(), plate: plate.into() }
}

fn opened(places: usize) -> LotEvent {
    LotEvent::LotOpened { lot: "north".into(), places }
}

fn entered(plate: &str, ticket: &str) -> LotEvent {
    LotEvent::CarEntered { lot: "north".into(), plate: plate.into(), vehicle: Vehicle::Car, ticket: ticket.into() }
}

fn left(plate: &str, ticket: &str) -> LotEvent {
    LotEvent::CarLeft { lot: "north".into(), plate: plate.into(), ticket: ticket.into() }
}

fn issued(vehicle: Vehicle) -> TicketEvent {
    TicketEvent::TicketIssued { ticket: "north-1".into(), vehicle, at: time("2026-01-01T10:00:00Z") }
}

fn charge(at: &str) -> TicketCommand {
    TicketCommand::ChargeTicket { ticket: "north-1".into(), at: time(at) }
}

fn charged(cents: u64) -> TicketEvent {
    TicketEvent::StayCharged { ticket: "north-1".into(), cents }
}

fn pay() -> TicketCommand {
    TicketCommand::PayTicket { ticket: "north-1".into() }
}

fn paid(cents: u64) -> TicketEvent {
    TicketEvent::TicketPaid { ticket: "north-1".into(), cents }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_lot_opens_once_and_under_a_safe_file_name() {
    given::<Lot>([]).when(&enter("A")).then_refused(&LotRefusal::NoLot);
    given::<Lot>([]).when(&open(2)).then([opened(2)]).when(&open(3)).then_refused(&LotRefusal::AlreadyOpen);
    for lot in ["", "../north", "North", &"n".repeat(33)] {
        let open = LotCommand::OpenLot { lot: lot.into(), places: 2 };
        given::<Lot>([]).when(&open).then_refused(&LotRefusal::InvalidName);
    }
}

#[test]
fn a_car_enters_while_a_place_is_free_and_leaves_once() {
    given::<Lot>([opened(1)])
        .when(&enter("A"))
        .then([entered("A", "north-1")])
        .when(&enter("B"))
        .then_refused(&LotRefusal::Full);
    given::<Lot>([opened(1), entered("A", "north-1")])
        .when(&enter("A"))
        .then_refused(&LotRefusal::AlreadyIn)
        .when(&leave("A"))
        .then([left("A", "north-1")])
        .when(&leave("A"))
        .then_refused(&LotRefusal::NotIn)
        .when(&enter("B"))
        .then([entered("B", "north-2")]);
}

#[test]
fn every_hour_that_has_begun_is_charged() {
    for (vehicle, left, cents) in [
        (Vehicle::Car, "2026-01-01T10:00:00Z", 250),
        (Vehicle::Car, "2026-01-01T11:00:00Z", 250),
        (Vehicle::Car, "2026-01-01T11:00:00.000001Z", 500),
        (Vehicle::Car, "2025-12-31T10:00:00Z", 250),
        (Vehicle::Motorcycle, "2026-01-02T10:00:00Z", 2_400),
    ] {
        given::<Ticket>([issued(vehicle)]).when(&charge(left)).then([charged(cents)]);
    }
}

#[test]
fn a_ticket_is_charged_once_and_then_paid_once() {
    let left = charge("2026-01-01T11:00:00Z");
    given::<Ticket>([]).when(&pay()).then_refused(&TicketRefusal::NoTicket);
    given::<Ticket>([issued(Vehicle::Car)])
        .when(&pay())
        .then_refused(&TicketRefusal::StillIn)
        .when(&left)
        .then([charged(250)])
        .when(&left)
        .then_refused(&TicketRefusal::AlreadyCharged)
        .when(&pay())
        .then([paid(250)])
        .when(&pay())
        .then_refused(&TicketRefusal::AlreadyPaid);
}

#[test]
fn events_survive_storage() {
    assert_stored::<GarageEvent>([opened(2), entered("A", "north-1"), left("A", "north-1")].map(Into::into));
    assert_stored::<GarageEvent>([issued(Vehicle::Motorcycle), charged(250), paid(250)].map(Into::into));
}

async fn start(store: StoreUrl, directory: &TempDir) -> Application<GarageEvent> {
    garage::builder(store, directory.path().join("receipts")).start().await.unwrap()
}

async fn free(garage: &Application<GarageEvent>) -> Option<usize> {
    garage.read(|places: &FreePlaces| places.of("north")).await.unwrap()
}

async fn handler(garage: &Application<GarageEvent>, name: &str) -> HandlerStatus {
    let handlers = garage.handlers().await.unwrap();
    handlers.into_iter().find(|handler| handler.status.name == name).unwrap().status
}

fn both_stores() -> (TempDir, [StoreUrl; 2]) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("garage.db").into();
    (directory, [StoreUrl::Memory, file])
}

fn receipt(directory: &Path) -> String {
    fs::read_to_string(directory.join("receipts/north-1.txt")).unwrap()
}

#[tokio::test]
async fn a_stay_is_charged_paid_and_receipted() {
    let (directory, stores) = both_stores();
    for store in stores {
        let garage = start(store, &directory).await;
        garage.dispatch(open(2)).await.unwrap();
        garage.dispatch(enter("A")).await.unwrap();
        assert_eq!(free(&garage).await, Some(1));
        let refused = garage.dispatch(pay()).await.unwrap_err();
        assert_eq!(refused, CommandFailure::Refused(TicketRefusal::StillIn), "a ticket was issued");

        let receipt_of_exit = garage.dispatch(leave("A")).await.unwrap();
        let events = garage.conversation(&receipt_of_exit).await.unwrap();
        let events: Vec<_> = events.into_iter().map(|event| event.data).collect();
        assert_eq!(events, [left("A", "north-1").into(), charged(250).into()]);
        assert_eq!(free(&garage).await, Some(2));

        let paid_at = garage.dispatch(pay()).await.unwrap().events()[0].time;
        assert_eq!(receipt(directory.path()), format!("Ticket north-1\nPaid 2.50 at {paid_at}\n"));
        garage.close().await;
    }
}

#[tokio::test]
async fn a_question_can_be_about_the_past() {
    let (directory, stores) = both_stores();
    for store in stores {
        let garage = start(store, &directory).await;
        garage.dispatch(open(2)).await.unwrap();
        garage.dispatch(enter("A")).await.unwrap();
        garage.dispatch(leave("A")).await.unwrap();
        let free = garage.read(|places: &FreePlaces| places.of("north")).await;
        let at_position_2 = Moment::Position(Position::new(2));
        let free_then = garage.read_at(at_position_2, |places: &FreePlaces| places.of("north")).await;
        assert_eq!((free, free_then), (Ok(Some(2)), Ok(Some(1))));
        garage.close().await;
    }
}

#[tokio::test]
async fn a_reopened_garage_continues_where_it_stopped() {
    let (directory, [_, file]) = both_stores();
    let garage = start(file.clone(), &directory).await;
    garage.dispatch(open(1)).await.unwrap();
    garage.dispatch(enter("A")).await.unwrap();
    garage.close().await;

    let garage = start(file, &directory).await;
    let refused = garage.dispatch(enter("B")).await.unwrap_err();
    assert_eq!((free(&garage).await, refused), (Some(0), CommandFailure::Refused(LotRefusal::Full)));
    garage.dispatch(leave("A")).await.unwrap();
    garage.dispatch(pay()).await.unwrap();
    assert!(receipt(directory.path()).contains("Paid 2.50"));
    garage.close().await;
}

#[tokio::test]
async fn a_ticket_charged_by_hand_is_not_charged_again() {
    let (directory, stores) = both_stores();
    for store in stores {
        let garage = start(store, &directory).await;
        garage.dispatch(open(1)).await.unwrap();
        garage.dispatch(enter("A")).await.unwrap();
        garage.dispatch(charge("2099-01-01T00:00:00Z")).await.unwrap();
        garage.dispatch(leave("A")).await.unwrap();
        let note = "a car left without being charged: the ticket has been charged already";
        assert_eq!(handler(&garage, "charge on exit").await.condition.last_error.as_deref(), Some(note));
        assert_eq!(garage.parked().await, Ok(Vec::new()));
        garage.close().await;
    }
}

#[tokio::test]
async fn a_receipt_is_written_through_no_link() {
    let (directory, stores) = both_stores();
    let (precious, receipts) = (directory.path().join("precious"), directory.path().join("receipts"));
    fs::write(&precious, "precious").unwrap();
    for store in stores {
        fs::create_dir(&receipts).unwrap();
        symlink(&precious, receipts.join("north-1.txt")).unwrap();
        let garage = start(store, &directory).await;
        for command in [open(1), enter("A"), leave("A")] {
            garage.dispatch(command).await.unwrap();
        }
        garage.dispatch(pay()).await.unwrap();
        garage.close().await;
        assert!(receipt(directory.path()).contains("Paid 2.50"));
        assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
        fs::remove_dir_all(&receipts).unwrap();
    }
}

#[tokio::test]
async fn a_receipt_is_retried_until_it_is_written() {
    let (directory, stores) = both_stores();
    for store in stores {
        let obstacle = directory.path().join("receipts");
        fs::write(&obstacle, "a file where a directory should be").unwrap();
        let garage = start(store, &directory).await;
        for command in [open(1), enter("A"), leave("A")] {
            garage.dispatch(command).await.unwrap();
        }
        garage.dispatch(pay()).eventual().await.unwrap();
        let failed = async { while handler(&garage, "receipts").await.condition.attempts == 0 {} };
        timeout(Duration::from_secs(60), failed).await.unwrap();
        fs::remove_file(&obstacle).unwrap();
        garage.close().await;
        assert!(receipt(directory.path()).contains("Paid 2.50"));
        fs::remove_dir_all(obstacle).unwrap();
    }
}

/// A lot as an older version of the program had it, when every vehicle was a car.
#[derive(Default)]
struct OldLot;

#[derive(Clone, Debug)]
struct EnterOldLot(String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum OldLotEvent {
    LotOpened { lot: String, places: usize },
    CarEntered { lot: String, plate: String, ticket: String },
}

#[derive(Debug, thiserror::Error)]
#[error("never")]
struct Never;

impl Aggregate for OldLot {
    const CATEGORY: &'static str = "lot";
    type Command = EnterOldLot;
    type Event = OldLotEvent;
    type Refusal = Never;

    fn execute(&self, EnterOldLot(lot): &EnterOldLot) -> Result<Vec<OldLotEvent>, Never> {
        let entered = OldLotEvent::CarEntered { lot: lot.clone(), plate: "OLD".into(), ticket: "north-1".into() };
        Ok(vec![OldLotEvent::LotOpened { lot: lot.clone(), places: 2 }, entered])
    }

    fn apply(&mut self, _: &OldLotEvent) {}
}

impl Command for EnterOldLot {
    type Aggregate = OldLot;
    type Id = String;

    fn target(&self) -> &String {
        &self.0
    }
}

impl DomainEvent for OldLotEvent {
    const DOMAIN: &'static str = "garage";

    fn event_type(&self) -> &'static str {
        match self {
            Self::LotOpened { .. } => "lot_opened",
            Self::CarEntered { .. } => "car_entered",
        }
    }
}

#[tokio::test]
async fn an_older_file_is_read_through_upcasts() {
    let (directory, [_, file]) = both_stores();
    let old = Application::<OldLotEvent>::builder(file.clone()).aggregate::<OldLot>().start().await.unwrap();
    old.dispatch(EnterOldLot("north".into())).await.unwrap();
    old.close().await;

    let garage = start(file, &directory).await;
    let events = garage.events(Position::START, 9).await.unwrap();
    assert_eq!(events[1].data, entered("OLD", "north-1").into(), "every vehicle was a car then");
    assert_eq!(free(&garage).await, Some(1));
    let refused = garage.dispatch(enter("OLD")).await.unwrap_err();
    assert_eq!(refused, CommandFailure::Refused(LotRefusal::AlreadyIn));
    garage.dispatch(leave("OLD")).await.unwrap();
    garage.dispatch(pay()).await.unwrap();
    assert!(receipt(directory.path()).contains("Paid 2.50"));
    garage.close().await;
}
