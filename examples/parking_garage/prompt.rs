//! The garage's functions at a prompt. A card's PIN stays in this file: no command and no event holds one.

use std::error::Error;

use cqrs_bank::engine::application::{QueryError, Seams};
use cqrs_bank::engine::log::{Moment, StreamId};
use cqrs_bank::engine::{Aggregate as _, Application, Position, Projection as _, RecordedEvent};
use cqrs_bank::shell::application_functions::{
    Forks, HasApplication, Looking, ShellApplication, ShownEvent, Standing, States, Words, application_functions,
    command, query, try_call, words,
};
use cqrs_bank::shell::common_errors::OF_MOMENTS;
use cqrs_bank::shell::error_reason::{ErrorReason, refusals};
use cqrs_bank::shell::function_table::{AS_OF, AT};
use cqrs_bank::shell::functions::{
    Call, Domain, Manual, Names, NotDone, Outcome, Parameter, ParameterKind, Row, RunningCall, joined,
};
use cqrs_bank::shell::help::shell_functions;
use cqrs_bank::shell::term::Term;
use cqrs_bank::shell::trace::Trace;

use crate::garage::{FreePlaces, GarageEvent};
use crate::lot::{Lot, LotCommand, LotEvent, LotRefusal, Vehicle};
use crate::ticket::{Ticket, TicketCommand, TicketEvent, TicketRefusal};

const LOT: Parameter = Parameter::needed("lot", ParameterKind::Named);
const PLACES: Parameter = Parameter::needed("places", ParameterKind::Integer);
const PLATE: Parameter = Parameter::needed("plate", ParameterKind::Text);
const VEHICLE: Parameter = Parameter::by_name("vehicle", ParameterKind::Atom(&["car", "motorcycle"]));
const TICKET: Parameter = Parameter::needed("ticket", ParameterKind::Text);
const PIN: Parameter = Parameter::optional("pin", ParameterKind::Pin);

refusals! {
    fn lot_refusal(LotRefusal) {
        InvalidName => INVALID_NAME = "invalid_name", "a lot is named with 1 to 32 small letters from a to z and digits", about "lot";
        NoPlaces => INVALID_PLACES = "invalid_places", "a lot has at least one place: 2, for instance", about "places";
        AlreadyOpen => ALREADY_OPEN = "already_open", "the lot is open already", about "lot";
        NoLot => NO_LOT = "no_lot", "there is no such lot: Garage.open_lot opens one", about "lot";
        Full => FULL = "full", "every place is taken: Garage.free counts the free ones", about "lot";
        AlreadyIn => ALREADY_IN = "already_in", "the car is in already", about "plate";
        NotIn => NOT_IN = "not_in", "the car is not in this lot", about "plate";
    }
}

refusals! {
    fn ticket_refusal(TicketRefusal) {
        NoTicket => NO_TICKET = "no_ticket", "there is no such ticket", about "ticket";
        StillIn => STILL_IN = "still_in", "the car is still in: Garage.leave lets it out", about "ticket";
        AlreadyCharged => ALREADY_CHARGED = "already_charged", "the stay was charged before", about "ticket";
        AlreadyPaid => ALREADY_PAID = "already_paid", "the ticket is paid", about "ticket";
    }
}

const INVALID_PIN: ErrorReason = ErrorReason::new("invalid_pin", "a PIN has 4 to 12 digits");

/// The garage's own functions, then those of every application.
static ROWS: [Row<GarageFunctions>; 35] = joined(&[OPEN_LOT, ENTER, LEAVE, PAY, FREE], &application_functions());

const OPEN_LOT: Row<GarageFunctions> = Row::new(
    command::<GarageFunctions>("open_lot", &[LOT, PLACES], "opens a lot", "Garage.open_lot \"north\", 2")
        .details("Replies :ok.")
        .errors(&[&[ALREADY_OPEN, INVALID_NAME, INVALID_PLACES]]),
    |garage, call| Box::pin(open_lot(garage, call)),
);

async fn open_lot(GarageFunctions(garage): &GarageFunctions, call: Call<'_>) -> Outcome {
    let places = call.text(PLACES).parse().map_err(|_| Term::Error(INVALID_PLACES))?;
    let open = LotCommand::OpenLot { lot: call.text(LOT).to_owned(), places };
    garage.send(call, open, lot_refusal, |_| None).await
}

const ENTER: Row<GarageFunctions> = Row::new(
    command::<GarageFunctions>(
        "enter",
        &[LOT, PLATE, VEHICLE],
        "lets a car in",
        "Garage.enter \"north\", \"B-XY 123\"",
    )
    .details("Replies its ticket.")
    .errors(&[&[NO_LOT, FULL, ALREADY_IN]]),
    |garage, call| Box::pin(enter(garage, call)),
);

async fn enter(GarageFunctions(garage): &GarageFunctions, call: Call<'_>) -> Outcome {
    let is_motorcycle = call.optional(VEHICLE) == Some("motorcycle");
    let vehicle = if is_motorcycle { Vehicle::Motorcycle } else { Vehicle::Car };
    let (lot, plate) = (call.text(LOT).to_owned(), call.text(PLATE).to_owned());
    garage.send(call, LotCommand::EnterLot { lot, plate, vehicle }, lot_refusal, issued).await
}

const LEAVE: Row<GarageFunctions> = Row::new(
    command::<GarageFunctions>("leave", &[LOT, PLATE], "lets a car out", "Garage.leave \"north\", \"B-XY 123\"")
        .details("Replies what it has to pay.")
        .errors(&[&[NO_LOT, NOT_IN]]),
    |garage, call| Box::pin(leave(garage, call)),
);

async fn leave(GarageFunctions(garage): &GarageFunctions, call: Call<'_>) -> Outcome {
    let (lot, plate) = (call.text(LOT).to_owned(), call.text(PLATE).to_owned());
    garage.send(call, LotCommand::LeaveLot { lot, plate }, lot_refusal, charged).await
}

const PAY: Row<GarageFunctions> = Row::new(
    command::<GarageFunctions>("pay", &[TICKET, PIN], "pays for a ticket by card", "Garage.pay \"north-1\", 4711")
        .details("Replies :ok.")
        .errors(&[&[NO_TICKET, STILL_IN, ALREADY_CHARGED, ALREADY_PAID, INVALID_PIN]]),
    |garage, call| Box::pin(pay(garage, call)),
)
.asking_for(PIN, "PIN of the card: ");

async fn pay(GarageFunctions(garage): &GarageFunctions, call: Call<'_>) -> Outcome {
    // A real garage would ask the card's bank here.
    if !is_pin(call.text(PIN)) {
        return Err(Term::Error(INVALID_PIN).into());
    }
    let pay = TicketCommand::PayTicket { ticket: call.text(TICKET).to_owned() };
    garage.send(call, pay, ticket_refusal, |_| None).await
}

const FREE: Row<GarageFunctions> = Row::new(
    query::<GarageFunctions>("free", &[LOT, AT, AS_OF], "counts the free places", "Garage.free \"north\"")
        .details(
            "Replies the number, or :no_lot. at: 3 asks about the moment after the event at position 3, and\n\
            as_of: \"2026-11-20T10:00:00Z\" about that time.",
        )
        .errors(&[&[NO_LOT], &OF_MOMENTS]),
    |garage, call| Box::pin(free(garage, call)),
);

async fn free(GarageFunctions(garage): &GarageFunctions, call: Call<'_>) -> Outcome {
    let free = |places: Option<usize>| places.map_or(Term::Missing(NO_LOT), |free| Term::Integer(free as i128));
    garage.ask(call, |places: &FreePlaces| free(places.of(call.text(LOT)))).await
}

/// The garage, as the shell calls its functions.
#[derive(Debug)]
pub struct GarageFunctions(ShellApplication<GarageEvent>);

impl GarageFunctions {
    pub fn new(garage: Application<GarageEvent>, trace: Trace) -> Self {
        Self(ShellApplication::new(garage, &WORDS, trace))
    }
}

impl HasApplication for GarageFunctions {
    type Event = GarageEvent;
    const WORDS: &'static Words = &WORDS;

    fn application(&self) -> Result<Application<GarageEvent>, Term> {
        Ok(self.0.application())
    }

    fn main(&self) -> Result<Application<GarageEvent>, Term> {
        Ok(self.0.main().clone())
    }

    fn forks(&self) -> &Forks<GarageEvent> {
        self.0.forks()
    }

    fn rehearse_on(&self, application: Application<GarageEvent>) -> Result<Self, NotDone> {
        Ok(Self(self.0.rehearse_on(application)))
    }

    fn name_of_refusal(refusal: &(dyn Error + 'static)) -> Option<&'static str> {
        let of_lot = refusal.downcast_ref().map(lot_refusal);
        of_lot.or_else(|| refusal.downcast_ref().map(ticket_refusal)).map(ErrorReason::name)
    }
}

/// What is said of an event, and of its lot or ticket.
impl ShownEvent for GarageEvent {
    fn command_title(&self) -> Option<&'static str> {
        Some(match self {
            GarageEvent::Lot(LotEvent::LotOpened { .. }) => "Open Lot",
            GarageEvent::Lot(LotEvent::CarEntered { .. }) => "Enter Lot",
            GarageEvent::Lot(LotEvent::CarLeft { .. }) => "Leave Lot",
            GarageEvent::Ticket(TicketEvent::TicketIssued { .. }) => "Issue Ticket",
            GarageEvent::Ticket(TicketEvent::StayCharged { .. }) => "Charge Ticket",
            GarageEvent::Ticket(TicketEvent::TicketPaid { .. }) => "Pay Ticket",
        })
    }

    fn standing<'a>(
        garage: &'a Application<Self>,
        stream: &'a StreamId,
        end: Position,
    ) -> Looking<'a, Result<Standing, QueryError>> {
        Box::pin(standing(garage, stream, Moment::Position(end)))
    }

    fn states() -> Box<dyn States<Self>> {
        Box::new(FreePlaces::default())
    }
}

/// What `Garage.diff` compares: the free places of a lot and the cars in it, or where a ticket stands.
async fn standing(garage: &Application<GarageEvent>, stream: &StreamId, end: Moment) -> Result<Standing, QueryError> {
    if stream.as_str().starts_with(Ticket::CATEGORY) {
        let ticket: Ticket = garage.state_at(stream, end).await?;
        return Ok(ticket.standing().map(|standing| ("ticket", Term::String(standing))).into_iter().collect());
    }
    let lot: Lot = garage.state_at(stream, end).await?;
    let Some(free) = lot.free() else { return Ok(Standing::new()) };
    Ok(vec![("free places", Term::Integer(free as i128)), ("cars", Term::String(lot.cars()))])
}

/// The free places after each event, for a report.
impl States<GarageEvent> for FreePlaces {
    fn columns(&self) -> [&'static str; 2] {
        ["lot", "free places"]
    }

    fn subject(&self, event: &RecordedEvent<GarageEvent>) -> Option<String> {
        let GarageEvent::Lot(event) = &event.data else { return None };
        let (LotEvent::LotOpened { lot, .. } | LotEvent::CarEntered { lot, .. } | LotEvent::CarLeft { lot, .. }) =
            event;
        Some(lot.clone())
    }

    fn take(&mut self, event: &RecordedEvent<GarageEvent>) {
        self.project(event);
    }

    fn state(&self, lot: &str) -> Option<Term> {
        self.of(lot).map(|free| Term::Integer(free as i128))
    }

    fn subjects(&self, limit: usize) -> Vec<String> {
        self.lots_beginning_with("", limit)
    }
}

impl Domain for GarageFunctions {
    fn rows() -> &'static [Row<Self>] {
        &ROWS
    }

    fn manual(&self) -> &'static Manual {
        &MANUAL
    }

    fn names(&self) -> Box<dyn Names> {
        self.0.names(|places: &FreePlaces, parameter, prefix, limit| match *parameter == LOT {
            true => places.lots_beginning_with(prefix, limit),
            false => Vec::new(),
        })
    }

    fn try_call<'a>(&'a mut self, row: &'static Row<Self>, call: Call<'a>) -> RunningCall<'a> {
        try_call(self, row, call)
    }

    fn fork(&self) -> Option<String> {
        self.0.forks().current_name()
    }

    fn seams(&self) -> Option<Seams> {
        Some(self.0.application().seams())
    }

    async fn close(&mut self) {
        self.0.close().await;
    }

    fn failure(&self) -> Option<String> {
        self.0.failure()
    }
}

static WORDS: Words = words! {
    module: "Garage",
    called: "garage",
    thing: "garage",
    of: "one lot or ticket",
    stream: "lot-north",
    mended: "Once that is repaired, start the program again",
    holds: "that process managers remember what has happened;",
    imported: "No receipt is\nwritten again.",
    projections: "free places",
    handler: "free places",
};

static MANUAL: Manual = Manual {
    name: "garage",
    named: "north",
    function: "Garage.enter",
    call: "Garage.free(\"north\")",
    notes: "",
    shell_functions: shell_functions("help Garage.enter", "try Garage.enter \"north\", \"B-XY 123\""),
};

fn is_pin(pin: &str) -> bool {
    (4..=12).contains(&pin.len()) && pin.bytes().all(|byte| byte.is_ascii_digit())
}

/// The ticket issued to a car.
fn issued(event: &GarageEvent) -> Option<Term> {
    let GarageEvent::Lot(LotEvent::CarEntered { ticket, .. }) = event else { return None };
    Some(Term::String(ticket.clone()))
}

/// The fee. The process manager has charged the ticket by the time the reply is built.
fn charged(event: &GarageEvent) -> Option<Term> {
    let GarageEvent::Ticket(TicketEvent::StayCharged { ticket, cents }) = event else { return None };
    Some(Term::Map(vec![("ticket", Term::String(ticket.clone())), ("cents", Term::Integer((*cents).into()))]))
}
