//! Notes how commands are decided, refusals included: a refusal leaves no event.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use uuid::Uuid;

use super::CommandError;
use crate::engine::domain::{Aggregate, Command as _};
use crate::engine::log::{Metadata, Position, StreamId};
use crate::engine::store::Committed;

/// The most decisions that are kept. Later ones are only counted.
pub const MOST_DECISIONS: usize = 1_000;

/// How a command was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The command's [title](crate::engine::domain::Command::title).
    pub title: Cow<'static, str>,
    /// The id of its aggregate.
    pub target: String,
    /// The stream of its aggregate.
    pub stream: StreamId,
    /// How much it is [about](crate::engine::domain::Command::quantity).
    pub quantity: Option<i64>,
    /// Its ids, and the process manager that sent it.
    pub metadata: Metadata,
    /// What came of it.
    pub outcome: Decided,
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// Events at these positions; none for a command that changes nothing.
    Events(Vec<Position>),
    /// A refusal.
    Refused(Refused),
    /// It could not be decided, or not be stored: why.
    Failed(String),
}

/// A refusal, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The domain's name of the refusal, where whoever notes it knows one.
    pub name: Option<&'static str>,
    /// What the refusal says.
    pub message: String,
}

/// Names a refusal, of whichever kind of aggregate.
type NameRefusal = dyn Fn(&(dyn Error + 'static)) -> Option<&'static str> + Send + Sync;

/// The decisions of an application, in order. Cheap to clone.
#[derive(Clone)]
pub struct Decisions {
    shared: Arc<Shared>,
}

struct Shared {
    noted: Mutex<Noted>,
    name_refusal: OnceLock<Box<NameRefusal>>,
    which: Which,
}

/// Which decisions are noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    /// The first of all.
    First,
    /// The latest refusals of what process managers sent: nothing else tells what became of such a command.
    RefusedAnswers,
}

#[derive(Default)]
struct Noted {
    decisions: VecDeque<Decision>,
    more: usize,
}

impl fmt::Debug for Decisions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decisions").field("noted", &self.lock().decisions.len()).finish_non_exhaustive()
    }
}

impl Decisions {
    /// None so far. `name_refusal` names a refusal, for those who know it by that.
    pub fn new(name_refusal: impl Fn(&(dyn Error + 'static)) -> Option<&'static str> + Send + Sync + 'static) -> Self {
        let decisions = Self::of(Which::First);
        decisions.name_refusals(name_refusal);
        decisions
    }

    /// None so far, and later only the latest refusals of commands that process managers sent.
    pub(in crate::engine) fn of_refused_answers() -> Self {
        Self::of(Which::RefusedAnswers)
    }

    fn of(which: Which) -> Self {
        Self { shared: Arc::new(Shared { noted: Mutex::default(), name_refusal: OnceLock::new(), which }) }
    }

    /// Names refusals from now on, unless they are named already.
    pub(in crate::engine) fn name_refusals(
        &self,
        name_refusal: impl Fn(&(dyn Error + 'static)) -> Option<&'static str> + Send + Sync + 'static,
    ) {
        let _ = self.shared.name_refusal.set(Box::new(name_refusal));
    }

    /// The latest refusals in a conversation, as far as they are noted.
    pub(in crate::engine) fn refused_in(&self, correlation_id: Uuid) -> Vec<Decision> {
        let noted = self.lock();
        let is_in_it = |decision: &&Decision| {
            decision.metadata.correlation_id() == correlation_id && matches!(decision.outcome, Decided::Refused(_))
        };
        noted.decisions.iter().filter(is_in_it).cloned().collect()
    }

    /// Whether the decision on a command may be noted.
    pub(super) fn may_want(&self, metadata: &Metadata) -> bool {
        self.shared.which == Which::First || metadata.process().is_some()
    }

    /// Those so far, at most [`MOST_DECISIONS`], and how many more there were.
    pub fn so_far(&self) -> (Vec<Decision>, usize) {
        let noted = self.lock();
        (noted.decisions.iter().cloned().collect(), noted.more)
    }

    pub(super) fn note<A: Aggregate, E>(
        &self,
        command: &A::Command,
        metadata: &Metadata,
        outcome: &Result<Committed<E>, CommandError<A::Refusal>>,
    ) {
        if self.shared.which == Which::RefusedAnswers && !matches!(outcome, Err(CommandError::Refused(_))) {
            return;
        }
        let outcome = match outcome {
            Ok(events) => Decided::Events(events.iter().map(|event| event.position).collect()),
            Err(CommandError::Refused(refusal)) => {
                let name = self.shared.name_refusal.get().and_then(|name| name(refusal));
                Decided::Refused(Refused { name, message: refusal.to_string() })
            }
            Err(error) => Decided::Failed(error.to_string()),
        };
        let mut noted = self.lock();
        if noted.decisions.len() == MOST_DECISIONS {
            noted.more += 1;
            match self.shared.which {
                Which::First => return,
                Which::RefusedAnswers => drop(noted.decisions.pop_front()),
            }
        }
        noted.decisions.push_back(Decision {
            title: command.title(),
            target: command.target().to_string(),
            stream: StreamId::new(A::CATEGORY, command.target()),
            quantity: command.quantity(),
            metadata: metadata.clone(),
            outcome,
        });
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.shared.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
