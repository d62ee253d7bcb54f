//! The garage: an application of lots and tickets.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cqrs_bank::engine::disk::replace_file;
use cqrs_bank::engine::{
    Answer, Application, Builder, EventHandler, Failure, ProcessManager, Projection, Reaction, RecordedEvent,
    StartFrom, StoreUrl, blocking, domain_events,
};

use crate::lot::{Lot, LotEvent};
use crate::ticket::{Ticket, TicketCommand, TicketEvent};

domain_events! {
    #[derive(Clone, Debug, PartialEq)]
    pub enum GarageEvent of "garage" {
        Lot(LotEvent),
        Ticket(TicketEvent),
    }
}

pub fn builder(store: StoreUrl, receipts: impl Into<PathBuf>) -> Builder<GarageEvent> {
    Application::builder(store)
        .aggregate::<Lot>()
        .aggregate::<Ticket>()
        .projection::<FreePlaces>()
        .process_manager(ChargeOnExit)
        .event_handler(Receipts { directory: receipts.into() })
}

/// How many places are free in each lot.
#[derive(Clone, Debug, Default)]
pub struct FreePlaces(BTreeMap<String, usize>);

impl FreePlaces {
    pub fn of(&self, lot: &str) -> Option<usize> {
        self.0.get(lot).copied()
    }

    pub fn lots_beginning_with(&self, prefix: &str, limit: usize) -> Vec<String> {
        self.0.keys().filter(|lot| lot.starts_with(prefix)).take(limit).cloned().collect()
    }
}

impl Projection<GarageEvent> for FreePlaces {
    const NAME: &'static str = "free places";

    fn project(&mut self, event: &RecordedEvent<GarageEvent>) {
        let free = |lot: &String| self.of(lot).unwrap_or_default();
        let (lot, free) = match &event.data {
            GarageEvent::Lot(LotEvent::LotOpened { lot, places }) => (lot, *places),
            GarageEvent::Lot(LotEvent::CarEntered { lot, .. }) => (lot, free(lot).saturating_sub(1)),
            GarageEvent::Lot(LotEvent::CarLeft { lot, .. }) => (lot, free(lot).saturating_add(1)),
            GarageEvent::Ticket(_) => return,
        };
        self.0.insert(lot.clone(), free);
    }
}

/// Issues a ticket when a car enters, and charges the ticket when the car leaves.
#[derive(Clone, Debug)]
pub struct ChargeOnExit;

impl ProcessManager for ChargeOnExit {
    const NAME: &'static str = "charge on exit";
    const TITLE: &'static str = "Charge On Exit";
    const START: StartFrom = StartFrom::Origin;
    type Event = GarageEvent;
    /// Each event holds all that its answer needs.
    type State = ();

    fn filter(&self) -> impl Fn(&RecordedEvent<GarageEvent>) -> bool + Send + Sync + 'static {
        |event| matches!(event.data, GarageEvent::Lot(LotEvent::CarEntered { .. } | LotEvent::CarLeft { .. }))
    }

    fn react(&self, (): &(), event: &RecordedEvent<GarageEvent>) -> Reaction<GarageEvent> {
        let at = event.time;
        match event.data.clone() {
            GarageEvent::Lot(LotEvent::CarEntered { ticket, vehicle, .. }) => {
                Answer::new(TicketCommand::IssueTicket { ticket, vehicle, at }).into()
            }
            GarageEvent::Lot(LotEvent::CarLeft { ticket, .. }) => {
                let charge = Answer::new(TicketCommand::ChargeTicket { ticket, at });
                charge.or_note(|refusal| format!("a car left without being charged: {refusal}")).into()
            }
            _ => Reaction::none(),
        }
    }
}

/// Writes a receipt for each paid ticket. Idempotent: a redelivered event writes the same file again.
#[derive(Clone, Debug)]
pub struct Receipts {
    directory: PathBuf,
}

impl EventHandler<GarageEvent> for Receipts {
    const NAME: &'static str = "receipts";
    /// The reply to a payment waits for the receipt.
    const AWAITED: bool = true;
    const TRACE_TITLE: Option<&'static str> = Some("Receipt");

    fn filter(&self) -> impl Fn(&RecordedEvent<GarageEvent>) -> bool + Send + Sync + 'static {
        |event| matches!(event.data, GarageEvent::Ticket(TicketEvent::TicketPaid { .. }))
    }

    async fn handle(&mut self, event: &RecordedEvent<GarageEvent>) -> Result<(), Failure> {
        let GarageEvent::Ticket(TicketEvent::TicketPaid { ticket, cents }) = &event.data else { return Ok(()) };
        let receipt = format!("Ticket {ticket}\nPaid {}.{:02} at {}\n", cents / 100, cents % 100, event.time);
        let path = self.directory.join(format!("{ticket}.txt"));
        // An error makes the engine redeliver the event after a while.
        Ok(blocking(move || replace_file(&path, receipt.as_bytes())).await??)
    }
}
