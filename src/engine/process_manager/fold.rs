//! What a process manager remembers, told from the log alone.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::causes::Causes;
use super::{Event, EventOf, Noted, ProcessManager, command_id, first, following};
use crate::engine::log::Position;
use crate::engine::store::handler_records::Progress;
use crate::engine::store::{Committed, EventStore, LogPages, StoreError};

/// What a process manager remembers at a position: a fold of the events up to there that it got, each followed at once
/// by what its own commands have led to, wherever that stands in the log. It reads the log a page at a time, and holds
/// no more of it.
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
    if remembers_nothing::<P>() {
        return Ok(state);
    }
    let causes = Causes::read(store).await?;
    let remembers = policy.remembers();
    let is_remembered = |event: &Event<P>| catch_unwind(AssertUnwindSafe(|| remembers(event))).unwrap_or(false);
    let mut pages = LogPages::up_to(store, end);
    while let Some(page) = pages.next().await? {
        for event in page.iter().filter(|event| is_remembered(event)) {
            if P::has_ended(&state) {
                return Ok(state);
            }
            let outcomes = match causes.may_have(event.metadata.command_id) {
                true => outcomes::<P, S>(store, event, commands(policy, &state, event)).await?,
                false => Vec::new(),
            };
            note_if_possible::<P>(&mut state, event, &outcomes);
        }
    }
    Ok(state)
}

/// How what a store has of a process manager's state is not what the log makes of it, if that is so.
///
/// # Errors
///
/// [`StoreError`] when the store could not be read.
pub async fn state_difference<P, S>(policy: &P, store: &S, progress: &Progress) -> Result<Option<String>, StoreError>
where
    P: ProcessManager,
    S: EventStore<EventOf<P>>,
{
    // What cannot be read decides nothing: it is folded again.
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

/// How many commands answer an event.
pub(super) fn commands<P: ProcessManager>(policy: &P, state: &P::State, event: &Event<P>) -> usize {
    catch_unwind(AssertUnwindSafe(|| policy.react(state, event).len())).unwrap_or(0)
}

/// What the commands that answered an event have led to, as far as it is stored, in the order of the commands. There
/// were so many `commands`, or more.
pub(super) async fn outcomes<P, S>(
    store: &S,
    event: &Event<P>,
    commands: usize,
) -> Result<Vec<Committed<EventOf<P>>>, StoreError>
where
    P: ProcessManager,
    S: EventStore<EventOf<P>>,
{
    let mut outcomes = Vec::new();
    for answer in 0.. {
        match outcome::<P, S>(store, event, answer).await? {
            Some(events) => outcomes.push(events),
            None if answer + 1 < commands => {}
            None => break,
        }
    }
    Ok(outcomes)
}

/// What a command that answered an event has led to, or the one that followed its refusal.
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
        None => store.read_command(command_id(P::NAME, event, following(answer))).await,
    }
}

pub(super) fn note<P: ProcessManager>(state: &mut P::State, event: &Event<P>, outcomes: &[Committed<EventOf<P>>]) {
    P::apply(state, Noted::Event(event));
    for outcome in outcomes.iter().flat_map(|outcome| outcome.iter()) {
        P::apply(state, Noted::Outcome(outcome));
    }
}

/// What panics is not remembered: the event is parked, and nothing of it is known.
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

pub(super) const fn remembers_nothing<P: ProcessManager>() -> bool {
    size_of::<P::State>() == 0
}

pub(super) fn restored<P: ProcessManager>(text: &str) -> Option<P::State> {
    catch_unwind(|| serde_json::from_str(text).ok()).ok().flatten()
}

pub(super) fn text_of<P: ProcessManager>(state: &P::State) -> Option<Box<str>> {
    if remembers_nothing::<P>() { None } else { serde_json::to_string(state).ok().map(String::into_boxed_str) }
}
