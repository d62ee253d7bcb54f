//! The garage: an application of lots and tickets, and what follows from their events.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use cqrs_bank::engine::{
    Answer, Application, Builder, EventHandler, Failure, ProcessManager, Projection, Reaction, RecordedEvent,
    StartFrom, StoreUrl, blocking, domain_events,
};

use crate::lot::{Lot, LotEvent};
use crate::ticket::{Ticket, TicketCommand, TicketEvent};

domain_events! {
    /// What can happen in a garage: to a lot or to a ticket.
    #[derive(Clone, Debug, PartialEq)]
    pub enum GarageEvent of "garage" {
        Lot(LotEvent),
        Ticket(TicketEvent),
    }
}

/// All that a garage is made of, to be started.
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
        let GarageEvent::Lot(event) = &event.data else { return };
        let free = self.0.entry(event.lot().to_owned()).or_default();
        *free = match event {
            LotEvent::LotOpened { places, .. } => *places,
            LotEvent::CarEntered { .. } => free.saturating_sub(1),
            LotEvent::CarLeft { .. } => free.saturating_add(1),
        };
    }
}

/// Gives a car that comes in a ticket, and has it charged when the car leaves. How long that was, the times of the two
/// events tell.
#[derive(Clone, Debug)]
pub struct ChargeOnExit;

impl ProcessManager for ChargeOnExit {
    const NAME: &'static str = "charge on exit";
    const TITLE: &'static str = "Charge On Exit";
    const START: StartFrom = StartFrom::Origin;
    type Event = GarageEvent;
    /// It remembers nothing: each event says all that is needed.
    type State = ();

    fn filter(&self) -> impl Fn(&RecordedEvent<GarageEvent>) -> bool + Send + Sync + 'static {
        |event| matches!(event.data, GarageEvent::Lot(LotEvent::CarEntered { .. } | LotEvent::CarLeft { .. }))
    }

    fn react(&self, (): &(), event: &RecordedEvent<GarageEvent>) -> Reaction<GarageEvent> {
        let at = event.time;
        match &event.data {
            GarageEvent::Lot(LotEvent::CarEntered { ticket, vehicle, .. }) => {
                Answer::new(TicketCommand::Issue { ticket: ticket.clone(), vehicle: *vehicle, at }).into()
            }
            GarageEvent::Lot(LotEvent::CarLeft { ticket, .. }) => {
                let charge = Answer::new(TicketCommand::Charge { ticket: ticket.clone(), at });
                charge.or_note(|refusal| format!("a car has left that was not charged: {refusal}")).into()
            }
            _ => Reaction::none(),
        }
    }
}

/// Writes a receipt for each ticket that is paid. If the event comes again, the same file is written again.
#[derive(Clone, Debug)]
pub struct Receipts {
    directory: PathBuf,
}

impl EventHandler<GarageEvent> for Receipts {
    const NAME: &'static str = "receipts";
    /// Who pays waits for the receipt.
    const AWAITED: bool = true;
    const TRACE_TITLE: Option<&'static str> = Some("Receipt");

    fn filter(&self) -> impl Fn(&RecordedEvent<GarageEvent>) -> bool + Send + Sync + 'static {
        |event| matches!(event.data, GarageEvent::Ticket(TicketEvent::TicketPaid { .. }))
    }

    async fn handle(&mut self, event: &RecordedEvent<GarageEvent>) -> Result<(), Failure> {
        let GarageEvent::Ticket(TicketEvent::TicketPaid { ticket, cents }) = &event.data else { return Ok(()) };
        let receipt = format!("Ticket {ticket}\nPaid {}.{:02} at {}\n", cents / 100, cents % 100, event.time);
        let (directory, path) = (self.directory.clone(), self.directory.join(format!("{ticket}.txt")));
        // Where a disk fails, the event comes again after a while.
        blocking(move || fs::create_dir_all(directory).and_then(|()| fs::write(path, receipt))).await??;
        Ok(())
    }
}
