//! A domain of sums that panic when they are told to.

use cqrs_bank::engine::domain::{Aggregate, Command, DomainEvent};

/// A sum that can be told to panic.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    pub(crate) total: u64,
}

#[derive(Debug)]
pub(crate) struct CounterCommand {
    name: String,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum What {
    Add(u64),
    /// Refused unless this is the total. Leads to no event.
    Expect(u64),
    PanicInTarget,
    PanicInWeigh,
    PanicInExecute,
    PanicInApply,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Added {
    Number(u64),
    Panic,
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("the total is {0}")]
pub(crate) struct OtherTotal(pub(crate) u64);

impl Command for CounterCommand {
    type Aggregate = Counter;
    type Id = String;

    fn target(&self) -> &String {
        assert!(self.what != What::PanicInTarget, "in target");
        &self.name
    }
}

impl DomainEvent for Added {
    fn event_type(&self) -> &'static str {
        "added"
    }

    fn title(&self) -> &'static str {
        "Added"
    }
}

impl Aggregate for Counter {
    const CATEGORY: &'static str = "counter";
    type Command = CounterCommand;
    type Event = Added;
    type Refusal = OtherTotal;

    fn execute(&self, command: &CounterCommand) -> Result<Vec<Added>, OtherTotal> {
        match command.what {
            What::Add(number) => Ok(vec![Added::Number(number)]),
            What::Expect(total) if total == self.total => Ok(Vec::new()),
            What::Expect(_) => Err(OtherTotal(self.total)),
            What::PanicInApply => Ok(vec![Added::Number(1_000), Added::Panic]),
            What::PanicInTarget | What::PanicInWeigh | What::PanicInExecute => panic!("in execute"),
        }
    }

    fn apply(&mut self, event: &Added) {
        match event {
            Added::Number(number) => self.total += number,
            Added::Panic => panic!("in apply"),
        }
    }

    fn trace_value(&self, command: &CounterCommand) -> Option<i64> {
        assert!(command.what != What::PanicInWeigh, "in weigh");
        None
    }
}

pub(crate) fn counter(name: &str, what: What) -> CounterCommand {
    CounterCommand { name: name.to_owned(), what }
}
