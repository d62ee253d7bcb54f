//! The consistency boundary that decides, and what it can be asked.

use std::fmt;
use std::hash::Hash;

use super::event::DomainEvent;
use crate::engine::log::Fingerprint;

/// A request to change something, in the imperative. It can be refused.
pub trait Command: fmt::Debug + Send + Sync + Sized + 'static {
    /// The kind of aggregate that decides on it.
    type Aggregate: Aggregate<Command = Self>;

    /// What names the aggregate this command is for.
    type Id: Clone + Eq + Hash + fmt::Display + Send + Sync + 'static;

    /// The aggregate this command is for.
    fn target(&self) -> &Self::Id;

    /// The command as the trace names it, for instance `Deposit Money`.
    fn title(&self) -> &'static str;

    /// What the command is about: of two that whoever sends them has given one id, the second is the first sent again if
    /// this is the same, and another command if not. It is asked for and stored only where the id was given.
    ///
    /// It is a hash of the title and of what `Debug` says, unless a command says better: what is stored should stay the
    /// same when a field gets another name, so a command whose ids are kept for long lists what it is made of. What
    /// `Debug` hides makes no difference, and that is how it should be with secrets: a short one can be guessed from a
    /// hash.
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&[&self.title(), &format_args!("{self:?}")])
    }
}

/// What decides, from its own history alone.
///
/// The default value is the aggregate before its first event. Both functions are pure: they touch no clock,
/// no randomness and no I/O, so a history replayed is the same history.
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
///     fn title(&self) -> &'static str { "Open Door" }
/// }
///
/// impl DomainEvent for DoorOpened {
///     fn event_type(&self) -> &'static str { "door_opened" }
///     fn title(&self) -> &'static str { "Door Opened" }
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
    /// The first part of the name of every stream of this aggregate.
    const CATEGORY: &'static str;

    /// What it can be asked to do.
    type Command: Command;

    /// What can happen to it. Where there are several kinds of aggregate, the event of the domain
    /// [contains](crate::domain_events) those of each.
    type Event: DomainEvent;

    /// Why it says no.
    type Refusal: std::error::Error + Send + Sync + 'static;

    /// Decides. All events of one decision are stored together or not at all.
    ///
    /// # Errors
    ///
    /// The refusal: nothing happened and nothing is stored.
    fn execute(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// Takes a fact in. Total: whatever was stored can be applied.
    fn apply(&mut self, event: &Self::Event);

    /// The state as text, to be stored as a snapshot: a later load reads it and only the events after it.
    /// `None` for an aggregate that is always replayed. Equal states have equal texts, what has no order included: that
    /// is how a snapshot is held against the events.
    fn snapshot(&self) -> Option<String> {
        None
    }

    /// The state that a snapshot was made of; `None` for a text that this version of the aggregate does not
    /// know: then the events are replayed. A snapshot only saves time, it never decides anything.
    fn restore(snapshot: &str) -> Option<Self> {
        let _ = snapshot;
        None
    }

    /// What the decision on `command` will be weighed on, for the trace; most commands have nothing to show.
    fn trace_value(&self, command: &Self::Command) -> Option<i64> {
        let _ = command;
        None
    }
}
