//! Given/when/then tests of an aggregate, without a store, a task or a clock.
//!
//! ```
//! # #[cfg(feature = "bank")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use cqrs_bank::bank::{Account, AccountCommand, AccountEvent, AccountId, Money};
//! use cqrs_bank::engine::testing::given;
//!
//! let wolfman = AccountId::new("Wolfman")?;
//! let created = AccountEvent::AccountCreated {
//!     account_id: wolfman.clone(),
//!     account_holder: "Wolfman".into(),
//! };
//! let amount = Money::new(100)?;
//! given::<Account>([created])
//!     .when(&AccountCommand::deposit(wolfman.clone(), amount))
//!     .then([AccountEvent::deposited(wolfman, amount)]);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "bank"))]
//! # fn main() {}
//! ```

use std::fmt;

use crate::engine::domain::Aggregate;
use crate::engine::store::codec::{StoredEvent, check_types};

/// Asserts that events survive storage: writes each one as JSON and reads it back.
///
/// # Panics
///
/// If an event cannot be written, or is different when read back, or if the stored names of two types of events are
/// [ambiguous](check_types).
pub fn assert_stored<E: StoredEvent + PartialEq>(events: impl IntoIterator<Item = E>) {
    let types = check_types::<E>();
    assert!(types.is_ok(), "{types:?}");
    for event in events {
        let json = event.to_json().unwrap_or_else(|error| panic!("{error}"));
        match E::from_stored(event.event_type(), event.schema_version(), &json) {
            Ok(read) => assert!(read == event, "{event:?} is stored as {json} and read as {read:?}"),
            Err(error) => panic!("{event:?} is stored as {json}, which is {error}"),
        }
    }
}

/// An aggregate with a history, the start of a test.
pub fn given<A: Aggregate>(history: impl IntoIterator<Item = A::Event>) -> Given<A> {
    let mut aggregate = A::default();
    for event in history {
        aggregate.apply(&event);
    }
    Given { aggregate }
}

/// An aggregate before a command.
#[derive(Debug)]
pub struct Given<A> {
    aggregate: A,
}

impl<A: Aggregate> Given<A> {
    /// Executes a command.
    pub fn when(self, command: &A::Command) -> When<A> {
        let decision = self.aggregate.execute(command);
        let aggregate = self.aggregate;
        When { aggregate, decision }
    }

    /// The aggregate, to assert on its state.
    pub fn state(self) -> A {
        self.aggregate
    }
}

/// An aggregate and its decision on a command.
#[derive(Debug)]
pub struct When<A: Aggregate> {
    aggregate: A,
    decision: Result<Vec<A::Event>, A::Refusal>,
}

impl<A: Aggregate> When<A>
where
    A::Event: PartialEq,
{
    /// Asserts that the command led to exactly these events, and applies them.
    ///
    /// # Panics
    ///
    /// If the decision was different.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = A::Event>) -> Given<A> {
        let expected: Vec<_> = expected.into_iter().collect();
        let mut aggregate = self.aggregate;
        match self.decision {
            Ok(events) => {
                assert_eq!(events, expected, "the command led to other events");
                for event in &events {
                    aggregate.apply(event);
                }
            }
            Err(refusal) => panic!("expected {expected:?}, but the command was refused: {refusal}"),
        }
        Given { aggregate }
    }

    /// Asserts that the command was refused for this reason. The state stays as it was.
    ///
    /// # Panics
    ///
    /// If the command was not refused, or for another reason.
    #[track_caller]
    pub fn then_refused(self, expected: &A::Refusal) -> Given<A>
    where
        A::Refusal: PartialEq + fmt::Debug,
    {
        match self.decision {
            Ok(events) => panic!("expected the refusal {expected:?}, but got {events:?}"),
            Err(refusal) => assert_eq!(&refusal, expected, "the command was refused for another reason"),
        }
        let aggregate = self.aggregate;
        Given { aggregate }
    }
}
