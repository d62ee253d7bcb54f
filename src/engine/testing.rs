//! Given / when / then: tries an aggregate without a store, a task or a clock.
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
//!     .when(&AccountCommand::DepositMoney { account_id: wolfman.clone(), amount })
//!     .then([AccountEvent::MoneyDeposited { account_id: wolfman, amount }]);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "bank"))]
//! # fn main() {}
//! ```

use std::fmt;

use crate::engine::domain::Aggregate;
use crate::engine::store::codec::{StoredEvent, check_types};

/// Writes events down and reads them back, as a store does that keeps them outside the process.
///
/// # Panics
///
/// When an event cannot be written, or is another one when it is read again, or when the types of the domain's events
/// [cannot be told](check_types) from each other.
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

/// An aggregate with a history.
pub fn given<A: Aggregate>(history: impl IntoIterator<Item = A::Event>) -> Given<A> {
    let mut aggregate = A::default();
    for event in history {
        aggregate.apply(&event);
    }
    Given { aggregate }
}

/// The state before the command.
#[derive(Debug)]
pub struct Given<A> {
    aggregate: A,
}

impl<A: Aggregate> Given<A> {
    /// Lets the aggregate decide on a command.
    pub fn when(self, command: &A::Command) -> When<A> {
        let decision = self.aggregate.execute(command);
        let aggregate = self.aggregate;
        When { aggregate, decision }
    }

    /// The aggregate itself, to look at the state the history led to.
    pub fn state(self) -> A {
        self.aggregate
    }
}

/// The decision.
#[derive(Debug)]
pub struct When<A: Aggregate> {
    aggregate: A,
    decision: Result<Vec<A::Event>, A::Refusal>,
}

impl<A: Aggregate> When<A>
where
    A::Event: PartialEq,
{
    /// Asserts that exactly these events were decided, and goes on from them.
    ///
    /// # Panics
    ///
    /// When the decision was another one.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = A::Event>) -> Given<A> {
        let expected: Vec<_> = expected.into_iter().collect();
        let mut aggregate = self.aggregate;
        match self.decision {
            Ok(events) => {
                assert_eq!(events, expected, "other events than expected");
                for event in &events {
                    aggregate.apply(event);
                }
            }
            Err(refusal) => panic!("expected {expected:?}, but the command was refused: {refusal}"),
        }
        Given { aggregate }
    }

    /// Asserts that the command was refused for this reason, and goes on as if it had never come.
    ///
    /// # Panics
    ///
    /// When it was not refused, or for another reason.
    #[track_caller]
    pub fn then_refused(self, expected: &A::Refusal) -> Given<A>
    where
        A::Refusal: PartialEq + fmt::Debug,
    {
        match self.decision {
            Ok(events) => panic!("expected the refusal {expected:?}, but got {events:?}"),
            Err(refusal) => assert_eq!(&refusal, expected, "another refusal than expected"),
        }
        let aggregate = self.aggregate;
        Given { aggregate }
    }
}
