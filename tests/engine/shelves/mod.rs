//! Shelves with stock, and a policy that fills orders from a shelf, or else from the shelf next door.

use std::borrow::Cow;

use cqrs_bank::engine::domain::{Aggregate, Command, DomainEvent};
use cqrs_bank::engine::event_handler::StartFrom;
use cqrs_bank::engine::log::RecordedEvent;
use cqrs_bank::engine::process_manager::{Answer, Instead, Noted, ProcessManager, Reaction};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default)]
pub(crate) struct Shelf {
    stock: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct ShelfCommand {
    pub(crate) shelf: String,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum What {
    /// An order for a number of items from this shelf.
    Order(&'static str, u64),
    Add(u64),
    Take(u64),
    Lend(u64),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Changed {
    Ordered(String, u64),
    Added(u64),
    Taken(u64),
    Lent(u64),
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("there are only {0}")]
pub(crate) struct TooFew(u64);

impl Command for ShelfCommand {
    type Aggregate = Shelf;
    type Id = String;

    fn target(&self) -> &String {
        &self.shelf
    }

    fn title(&self) -> Cow<'static, str> {
        "Change Shelf".into()
    }
}

impl DomainEvent for Changed {
    const DOMAIN: &'static str = "shelf";

    fn event_type(&self) -> &'static str {
        match self {
            Self::Ordered(..) => "ordered",
            Self::Added(_) => "added",
            Self::Taken(_) => "taken",
            Self::Lent(_) => "lent",
        }
    }

    fn title(&self) -> &'static str {
        "Changed"
    }
}

impl Aggregate for Shelf {
    const CATEGORY: &'static str = "shelf";
    type Command = ShelfCommand;
    type Event = Changed;
    type Refusal = TooFew;

    fn execute(&self, command: &ShelfCommand) -> Result<Vec<Changed>, TooFew> {
        const TO_LEND: u64 = 50;
        let changed = match command.what {
            What::Order(shelf, count) => Changed::Ordered(shelf.to_owned(), count),
            What::Add(count) => Changed::Added(count),
            What::Take(count) if count > self.stock => return Err(TooFew(self.stock)),
            What::Take(count) => Changed::Taken(count),
            What::Lend(count) if count > TO_LEND => return Err(TooFew(TO_LEND)),
            What::Lend(count) => Changed::Lent(count),
        };
        Ok(vec![changed])
    }

    fn apply(&mut self, event: &Changed) {
        match event {
            Changed::Ordered(..) | Changed::Lent(_) => {}
            Changed::Added(count) => self.stock += count,
            Changed::Taken(count) => self.stock -= count,
        }
    }
}

/// Counts the items taken.
#[derive(Clone, Default)]
pub(crate) struct FillOrders;

impl ProcessManager for FillOrders {
    const NAME: &'static str = "fill orders";
    const TITLE: &'static str = "Fill Orders";
    const START: StartFrom = StartFrom::Origin;
    type Event = Changed;
    type State = u64;

    fn filter(&self) -> impl Fn(&RecordedEvent<Changed>) -> bool + Send + Sync + 'static {
        |event| matches!(event.data, Changed::Ordered(..))
    }

    fn react(&self, _: &u64, event: &RecordedEvent<Changed>) -> Reaction<Changed> {
        let Changed::Ordered(shelf, count) = &event.data else { return Reaction::none() };
        let count = *count;
        let lend = ShelfCommand { shelf: "next door".to_owned(), what: What::Lend(count) };
        Answer::new(ShelfCommand { shelf: shelf.clone(), what: What::Take(count) })
            .or_else(move |_| Instead::send(lend.clone()))
            .into()
    }

    fn apply(taken: &mut u64, event: Noted<'_, Self>) {
        if let Noted::Outcome(RecordedEvent { data: Changed::Taken(count), .. }) = event {
            *taken += count;
        }
    }

    fn note(taken: &u64) -> Option<String> {
        Some(format!("{taken} taken"))
    }
}
