//! The garage's functions at a prompt. A card's PIN stays here: no command and no event has one.

use cqrs_bank::engine::Application;
use cqrs_bank::shell::application_functions::table::application_functions;
use cqrs_bank::shell::application_functions::{DomainFunctions, Prompted, Words, words};
use cqrs_bank::shell::functions::{Answer, Arguments, Function, Kind, Names, Parameter, WantedSecret};
use cqrs_bank::shell::help::{Manual, helpers};
use cqrs_bank::shell::table::{AS_OF, AT, joined};
use cqrs_bank::shell::term::Term;
use cqrs_bank::shell::trace::Trace;

use crate::garage::{FreePlaces, GarageEvent};
use crate::lot::{LotCommand, LotEvent, LotRefusal, Vehicle};
use crate::ticket::{TicketCommand, TicketEvent, TicketRefusal};

const LOT: Parameter = Parameter::needed("lot", Kind::Named);
const PLACES: Parameter = Parameter::needed("places", Kind::Integer);
const PLATE: Parameter = Parameter::needed("plate", Kind::Text);
const VEHICLE: Parameter = Parameter::by_name("vehicle", Kind::Atom(&["car", "motorcycle"]));
const TICKET: Parameter = Parameter::needed("ticket", Kind::Text);
const PIN: Parameter = Parameter::optional("pin", Kind::Pin);

const OWN: [Function; 5] = [
    Function::new("Garage", "open_lot", &[LOT, PLACES], "opens a lot", "Garage.open_lot \"north\", 2")
        .details("Replies :ok, {:error, :already_open}, {:error, :invalid_name} or {:error, :invalid_places}."),
    Function::new("Garage", "enter", &[LOT, PLATE, VEHICLE], "lets a car in", "Garage.enter \"north\", \"B-XY 123\"")
        .details("Replies its ticket, {:error, :no_lot}, {:error, :full} or {:error, :already_in}."),
    Function::new("Garage", "leave", &[LOT, PLATE], "lets a car out", "Garage.leave \"north\", \"B-XY 123\"")
        .details("Replies what it has to pay, {:error, :no_lot} or {:error, :not_in}."),
    Function::new("Garage", "pay", &[TICKET, PIN], "pays for a ticket by card", "Garage.pay \"north-1\", 4711")
        .details("Replies :ok, {:error, :no_ticket}, {:error, :still_in}, {:error, :already_paid} or\n{:error, :invalid_pin}."),
    Function::new("Garage", "free", &[LOT, AT, AS_OF], "counts the free places", "Garage.free \"north\"")
        .details("Replies the number, or :no_lot. at: 3 asks about the moment after the event at position 3, and\nas_of: \"2026-11-20T10:00:00Z\" about that time."),
];

/// Its own, and those that every application has.
static FUNCTIONS: [Function; 17] = joined(
    &OWN,
    &application_functions! {
        module: "Garage",
        called: "garage",
        thing: "garage",
        stream: Parameter::optional("stream", Kind::Text),
        of: "one lot or ticket",
        mended: "Once\nthat is mended, the program can be started again.",
        holds: "whether process managers remember what has happened;",
        imported: "No receipt is\nwritten again.",
        projections: "free places",
    },
);

static WORDS: Words = words!("garage");

static MANUAL: Manual = Manual {
    name: "garage",
    named: "north",
    function: "Garage.enter",
    call: "Garage.free(\"north\")",
    notes: "",
    helpers: helpers("help Garage.enter"),
};

/// The garage as the shell calls it.
#[derive(Debug)]
pub struct GarageFunctions(Prompted<GarageEvent>);

impl GarageFunctions {
    pub fn new(garage: Application<GarageEvent>, trace: Trace) -> Self {
        Self(Prompted::new(garage, &WORDS, trace))
    }
}

impl DomainFunctions for GarageFunctions {
    type Event = GarageEvent;
    const WORDS: &'static Words = &WORDS;

    fn application(&self) -> &Application<GarageEvent> {
        self.0.application()
    }

    fn functions(&self) -> &'static [Function] {
        &FUNCTIONS
    }

    fn manual(&self) -> &'static Manual {
        &MANUAL
    }

    async fn call(&self, function: &'static Function, arguments: &Arguments, events: bool) -> Answer {
        let Self(garage) = self;
        let text = |parameter: usize| arguments.get(parameter).unwrap_or_default().to_owned();
        match function.name {
            "open_lot" => {
                let Ok(places) = text(1).parse() else { return Term::Error("invalid_places").into() };
                let open = LotCommand::Open { lot: text(0), places };
                garage.send(open, events, lot_refusal, |_| None).await
            }
            "enter" => {
                let is_motorcycle = arguments.named(function, "vehicle") == Some("motorcycle");
                let vehicle = if is_motorcycle { Vehicle::Motorcycle } else { Vehicle::Car };
                let enter = LotCommand::Enter { lot: text(0), plate: text(1), vehicle };
                garage.send(enter, events, lot_refusal, issued).await
            }
            "leave" => {
                let leave = LotCommand::Leave { lot: text(0), plate: text(1) };
                garage.send(leave, events, lot_refusal, charged).await
            }
            // A bank would be asked about the card here.
            "pay" if !is_pin(&text(1)) => Term::Error("invalid_pin").into(),
            "pay" => garage.send(TicketCommand::Pay { ticket: text(0) }, events, ticket_refusal, |_| None).await,
            "free" => {
                let free =
                    |places: Option<usize>| places.map_or(Term::Atom("no_lot"), |free| Term::Integer(free as i128));
                garage.ask(function, arguments, |places: &FreePlaces| free(places.of(&text(0)))).await
            }
            _ => Term::Error("defect").into(),
        }
    }

    fn wanted_secret(&self, function: &'static Function, arguments: &Arguments) -> Option<WantedSecret> {
        let parameter = function.secret_parameter().filter(|parameter| arguments.get(*parameter).is_none())?;
        Some(WantedSecret { parameter, question: "PIN of the card: ".to_owned() })
    }

    fn names(&self) -> Box<dyn Names> {
        let places = self.0.application().read_model::<FreePlaces>();
        Box::new(move |parameter: &Parameter, prefix: &str, limit: usize| match &places {
            Ok(places) if *parameter == LOT => places.read(|places| places.lots_beginning_with(prefix, limit)),
            _ => Vec::new(),
        })
    }
}

fn is_pin(pin: &str) -> bool {
    (4..=12).contains(&pin.len()) && pin.bytes().all(|byte| byte.is_ascii_digit())
}

/// The ticket that a car got.
fn issued(event: &GarageEvent) -> Option<Term> {
    let GarageEvent::Lot(LotEvent::CarEntered { ticket, .. }) = event else { return None };
    Some(Term::String(ticket.clone()))
}

/// What a car has to pay: the process manager has charged it by now.
fn charged(event: &GarageEvent) -> Option<Term> {
    let GarageEvent::Ticket(TicketEvent::StayCharged { ticket, cents }) = event else { return None };
    Some(Term::Map(vec![("ticket", Term::String(ticket.clone())), ("cents", Term::Integer((*cents).into()))]))
}

fn lot_refusal(refusal: &LotRefusal) -> &'static str {
    match refusal {
        LotRefusal::InvalidName => "invalid_name",
        LotRefusal::AlreadyOpen => "already_open",
        LotRefusal::NoLot => "no_lot",
        LotRefusal::Full => "full",
        LotRefusal::AlreadyIn => "already_in",
        LotRefusal::NotIn => "not_in",
    }
}

fn ticket_refusal(refusal: &TicketRefusal) -> &'static str {
    match refusal {
        TicketRefusal::NoTicket => "no_ticket",
        TicketRefusal::StillIn => "still_in",
        TicketRefusal::AlreadyCharged => "already_charged",
        TicketRefusal::AlreadyPaid => "already_paid",
    }
}
