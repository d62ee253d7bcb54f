//! Aggregates, the consistency boundaries that decide, and their commands.

use std::borrow::Cow;
use std::fmt;
use std::hash::Hash;

use super::event::DomainEvent;
use super::title::title_of;
use crate::engine::log::{Fingerprint, Position};

/// A request to change something, named in the imperative. The aggregate can refuse it.
pub trait Command: fmt::Debug + Send + Sync + Sized + 'static {
    /// The kind of aggregate that handles the command.
    type Aggregate: Aggregate<Command = Self>;

    /// The type of the aggregate's id.
    type Id: Clone + Eq + Hash + fmt::Display + Send + Sync + 'static;

    /// The id of the aggregate that handles the command.
    fn target(&self) -> &Self::Id;

    /// The command's name in the trace. Defaults to [the name of its variant](title_of): `Deposit Money` for `DepositMoney`.
    fn title(&self) -> Cow<'static, str> {
        title_of(self).into()
    }

    /// How much the command is about, such as an amount, in the unit of [`Aggregate::trace_value`]; `None` where there is no
    /// such number. For people who are shown the command beside its title.
    fn quantity(&self) -> Option<i64> {
        None
    }

    /// Identifies the command's content. If a sender repeats a command id, an equal fingerprint means the same command
    /// again, and a different one means another command. Only computed and stored if the sender chose the id.
    ///
    /// The default hashes the title and the `Debug` output. A stored fingerprint should survive the renaming of a
    /// field, so a command whose ids are kept for long lists its content explicitly. Secrets hidden from `Debug` stay
    /// out of the hash, as they should: a short secret can be guessed from its hash.
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&[&self.title(), &format_args!("{self:?}")])
    }

    /// Where the whole log must end when the events are stored, whatever the stream: [`Position::START`], for instance,
    /// for what can only be decided first. `None` for most commands. If the log ends elsewhere, nothing is stored, and the
    /// command fails as one that always meets a conflict does.
    fn expected_end(&self) -> Option<Position> {
        None
    }
}

/// The events of a command's aggregate.
pub type CommandEvent<C> = <<C as Command>::Aggregate as Aggregate>::Event;

/// Why a command's aggregate refuses.
pub type CommandRefusal<C> = <<C as Command>::Aggregate as Aggregate>::Refusal;

/// Decides on commands, from its own events alone.
///
/// The default value is the aggregate before its first event. `execute` and `apply` are pure: without clock, randomness
/// or I/O, replaying the same events gives the same state.
///
/// ```
/// use cqrs_bank::engine::domain::{Aggregate, Command, DomainEvent};
/// use cqrs_bank::engine::testing::given;
///
/// #[derive(Default)]
/// struct Door { open: bool }
///
/// #[derive(Debug)]
/// struct OpenDoor { name: String }
///
/// #[derive(Clone, Debug, PartialEq)]
/// struct DoorOpened;
///
/// #[derive(Debug, PartialEq, thiserror::Error)]
/// #[error("the door is open already")]
/// struct AlreadyOpen;
///
/// impl Command for OpenDoor {
///     type Aggregate = Door;
///     type Id = String;
///     fn target(&self) -> &String { &self.name }
/// }
///
/// impl DomainEvent for DoorOpened {
///     fn event_type(&self) -> &'static str { "door_opened" }
/// }
///
/// impl Aggregate for Door {
///     const CATEGORY: &'static str = "door";
///     type Command = OpenDoor;
///     type Event = DoorOpened;
///     type Refusal = AlreadyOpen;
///
///     fn execute(&self, _: &OpenDoor) -> Result<Vec<DoorOpened>, AlreadyOpen> {
///         if self.open { Err(AlreadyOpen) } else { Ok(vec![DoorOpened]) }
///     }
///
///     fn apply(&mut self, _: &DoorOpened) { self.open = true; }
/// }
///
/// let open = OpenDoor { name: "front".into() };
/// given::<Door>([]).when(&open).then([DoorOpened]);
/// given::<Door>([DoorOpened]).when(&open).then_refused(&AlreadyOpen);
/// ```
pub trait Aggregate: Default + Send + 'static {
    /// The prefix of the names of this aggregate's streams.
    const CATEGORY: &'static str;

    /// The commands it handles.
    type Command: Command;

    /// The events it produces. In a domain with several kinds of aggregate, the domain's event
    /// [wraps](crate::domain_events) those of each.
    type Event: DomainEvent;

    /// Why it refuses a command.
    type Refusal: std::error::Error + Send + Sync + 'static;

    /// Decides on a command. The events of one decision are stored together or not at all.
    ///
    /// # Errors
    ///
    /// Returns the refusal; nothing is stored.
    fn execute(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// Folds an event into the state. Total: every stored event can be applied.
    fn apply(&mut self, event: &Self::Event);

    /// The state as text for a snapshot; a later load reads the snapshot and only the events after it. `None` for an
    /// aggregate that is always replayed. Equal states must give equal texts, also where the state is unordered:
    /// verification compares a snapshot with the replayed state.
    fn snapshot(&self) -> Option<String> {
        None
    }

    /// Restores the state from a snapshot; `None` if this version of the aggregate does not know the format, and the
    /// events are replayed instead. A snapshot saves time and never affects a decision.
    fn restore(snapshot: &str) -> Option<Self> {
        let _ = snapshot;
        None
    }

    /// A value that the decision on `command` depends on, for the trace, in whatever unit the domain prints it; most commands
    /// have none.
    fn trace_value(&self, command: &Self::Command) -> Option<i64> {
        let _ = command;
        None
    }
}
