//! Where two histories part.

use super::cascade::target;
use crate::engine::application::{Application, Unavailable};
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::log::{Batch, Position, RecordedEvent};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::{EventStore as _, MAX_READ};
use crate::shell::event_record::data;
use crate::shell::term::Term;

/// A history to compare.
pub(super) struct Side<E: 'static> {
    pub(super) name: String,
    pub(super) path: Vec<(u64, Position)>,
    pub(super) application: Application<E>,
}

impl<E: StoredEvent> Side<E> {
    /// It is asked under strong consistency, whatever that of the session is.
    pub(super) fn new(name: String, path: Vec<(u64, Position)>, application: &Application<E>) -> Self {
        Self { name, path, application: application.with_consistency(Consistency::Strong) }
    }
}

/// Where two histories part.
pub(super) struct Parting {
    /// The last position at which they are the same.
    pub(super) common: Position,
    /// The same in words, with what comes next in each.
    pub(super) told: String,
}

/// Where two histories part that are one up to a position. An event that has come about again in a fork, as what was under
/// way there went on, is the same in all but its time.
pub(super) async fn parting<E: StoredEvent>(
    sides: &[Side<E>; 2],
    mut common: Position,
    ends: [Position; 2],
) -> Result<Parting, Unavailable> {
    loop {
        let [one, other] = [page(&sides[0].application, common, ends[0]), page(&sides[1].application, common, ends[1])];
        let (one, other) = (one.await?, other.await?);
        let same = one.iter().zip(other.iter()).take_while(|(one, other)| are_same(one, other)).count();
        common = common.plus(same);
        let next = [one.get(same), other.get(same)];
        // A page that ends where the other goes on is followed by another one, or by nothing.
        let is_at_end = |next: Option<&RecordedEvent<E>>, end| next.is_some() || common == end;
        if is_at_end(next[0], ends[0]) && is_at_end(next[1], ends[1]) || same == 0 {
            return Ok(Parting { common, told: told(sides, common, next) });
        }
    }
}

async fn page<E: StoredEvent>(
    application: &Application<E>,
    after: Position,
    end: Position,
) -> Result<Batch<E>, Unavailable> {
    let page = application.store().read_all(after, MAX_READ).await;
    let page = application.or_unavailable(page).await?;
    match page.partition_point(|event| event.position <= end) {
        count if count == page.len() => Ok(page),
        count => Ok(page[..count].into()),
    }
}

fn are_same<E: StoredEvent>(one: &RecordedEvent<E>, other: &RecordedEvent<E>) -> bool {
    let place = |event: &RecordedEvent<E>| (event.position, event.version, event.metadata.command_id);
    place(one) == place(other)
        && one.stream == other.stream
        && one.data.event_type() == other.data.event_type()
        && data(&one.data).map(|data| data.get().to_owned()) == data(&other.data).map(|data| data.get().to_owned())
}

fn told<E: StoredEvent>(sides: &[Side<E>; 2], common: Position, next: [Option<&RecordedEvent<E>>; 2]) -> String {
    if next.iter().all(Option::is_none) {
        return format!("The histories are the same so far, up to position {common}.");
    }
    let what = |(side, event): (&Side<E>, Option<&RecordedEvent<E>>)| match event {
        Some(event) => format!("{} {} in {}", event.data.title(), Term::String(target(&event.stream)), side.name),
        None => format!("nothing in {}", side.name),
    };
    let what: Vec<_> = sides.iter().zip(next).map(what).collect();
    format!("The histories part at position {}: {}.", common.next(), what.join(", "))
}
