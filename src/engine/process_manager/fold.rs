//! Folding the state of a process manager from the log.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::causing_commands::CausingCommands;
use super::{Event, EventOf, Noted, ProcessManager, command_id, fallback, first};
use crate::engine::log::Position;
use crate::engine::store::handler_records::Progress;
use crate::engine::store::{Committed, EventStore, LogPages, StoreError};

/// The state of a process manager at a position: a fold of the events delivered up to there, each followed by the events
/// that its own commands led to, wherever those are in the log. The log is read page by page.
///
/// # Errors
///
/// [`StoreError`] when the store could not be read.
pub async fn state_up_to<P, S>(policy: &P, store: &S, end: Position) -> Result<P::State, StoreError>
where
    P: ProcessManager,
    S: EventStore<EventOf<P>>,
{
    let mut state = P::State::default();
    if is_stateless::<P>() {
        return Ok(state);
    }
    let causes = CausingCommands::read(store).await?;
    let remembers = policy.remembers();
    let is_remembered = |event: &Event<P>| catch_unwind(AssertUnwindSafe(|| remembers(event))).unwrap_or(false);
    let mut pages = LogPages::up_to(store, end);
    while let Some(page) = pages.next().await? {
        for event in page.iter().filter(|event| is_remembered(event)) {
            if policy.has_ended(&state) {
                return Ok(state);
            }
            let outcomes = match causes.may_contain(event.metadata.command_id) {
                true => outcomes::<P, S>(store, event, command_count(policy, &state, event)).await?,
                false => Vec::new(),
            };
            note_if_possible::<P>(&mut state, event, &outcomes);
        }
    }
    Ok(state)
}

/// The difference between a process manager's stored state and a fold of the log, in words; `None` if they are equal.
///
/// # Errors
///
/// [`StoreError`] when the store could not be read.
pub async fn state_difference<P, S>(policy: &P, store: &S, progress: &Progress) -> Result<Option<String>, StoreError>
where
    P: ProcessManager,
    S: EventStore<EventOf<P>>,
{
    // A state that cannot be read is never used: the process manager folds it again.
    let Some((text, stored)) = progress.state.as_deref().and_then(|text| Some((text, restored::<P>(text)?))) else {
        return Ok(None);
    };
    let folded = state_up_to(policy, store, progress.checkpoint).await?;
    if folded == stored {
        return Ok(None);
    }
    let folded = text_of::<P>(&folded).unwrap_or_default();
    let (name, checkpoint) = (P::NAME, progress.checkpoint);
    Ok(Some(format!("the stored state of {name} is {text}, but the log up to position {checkpoint} makes it {folded}")))
}

/// The number of commands that answer an event.
pub(super) fn command_count<P: ProcessManager>(policy: &P, state: &P::State, event: &Event<P>) -> usize {
    catch_unwind(AssertUnwindSafe(|| policy.react(state, event).len())).unwrap_or(0)
}

/// The stored events of the commands that answered an event, in the order of the commands. Looks for at least
/// `command_count` commands, because the policy may have answered with more at the time.
pub(super) async fn outcomes<P, S>(
    store: &S,
    event: &Event<P>,
    command_count: usize,
) -> Result<Vec<Committed<EventOf<P>>>, StoreError>
where
    P: ProcessManager,
    S: EventStore<EventOf<P>>,
{
    let mut outcomes = Vec::new();
    for answer in 0.. {
        match outcome::<P, S>(store, event, answer).await? {
            Some(events) => outcomes.push(events),
            None if answer + 1 < command_count => {}
            None => break,
        }
    }
    Ok(outcomes)
}

/// The stored events of a command that answered an event, or of its fallback.
pub(super) async fn outcome<P, S>(
    store: &S,
    event: &Event<P>,
    answer: usize,
) -> Result<Option<Committed<EventOf<P>>>, StoreError>
where
    P: ProcessManager,
    S: EventStore<EventOf<P>>,
{
    match store.read_command(command_id(P::NAME, event, first(answer))).await? {
        Some(events) => Ok(Some(events)),
        None => store.read_command(command_id(P::NAME, event, fallback(answer))).await,
    }
}

pub(super) fn note<P: ProcessManager>(state: &mut P::State, event: &Event<P>, outcomes: &[Committed<EventOf<P>>]) {
    P::apply(state, Noted::Event(event));
    for outcome in outcomes.iter().flat_map(|outcome| outcome.iter()) {
        P::apply(state, Noted::Outcome(outcome));
    }
}

/// Leaves the state unchanged if `apply` panics: such an event is parked.
pub(super) fn note_if_possible<P: ProcessManager>(
    state: &mut P::State,
    event: &Event<P>,
    outcomes: &[Committed<EventOf<P>>],
) {
    let mut noted = state.clone();
    if catch_unwind(AssertUnwindSafe(|| note::<P>(&mut noted, event, outcomes))).is_ok() {
        *state = noted;
    }
}

pub(super) const fn is_stateless<P: ProcessManager>() -> bool {
    size_of::<P::State>() == 0
}

pub(super) fn restored<P: ProcessManager>(text: &str) -> Option<P::State> {
    catch_unwind(|| serde_json::from_str(text).ok()).ok().flatten()
}

pub(super) fn text_of<P: ProcessManager>(state: &P::State) -> Option<Box<str>> {
    if is_stateless::<P>() { None } else { serde_json::to_string(state).ok().map(String::into_boxed_str) }
}
