//! `snapshots`: lists the snapshots of one stream.

use super::stream::existing;
use super::{HasApplication, function, integer};
use crate::engine::log::Position;
use crate::engine::store::SnapshotEntry;
use crate::shell::common_errors::OF_PAGES;
use crate::shell::function_table::{FROM, LIMIT, WIDE};
use crate::shell::functions::{Call, Outcome, Parameter, Row};
use crate::shell::page::{LeftOut, page, paged};
use crate::shell::term::{Table, Term};

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>(
            "snapshots",
            const { &[needed(D::STREAM), FROM, LIMIT, WIDE] },
            "lists the snapshots of {of}",
            "{module}.snapshots \"{stream}\"",
        )
        .group("History")
        .details(
            "A snapshot is the state after an event, stored so that only the events after it need to be replayed. Lists\n\
                the event that each follows, and never the state. from: 3 begins at position 3, and without it the latest\n\
                are listed; limit: 10 lists at most 10, and without it 1_000. A line says what is not shown. Replies a\n\
                table, or :{no_stream}.",
        )
        .errors(const { &[D::STREAM_ERRORS, &OF_PAGES] }),
        |domain, call| Box::pin(snapshots(domain, call)),
    )
}

const fn needed(stream: Parameter) -> Parameter {
    Parameter { optional: false, ..stream }
}

async fn snapshots<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    let application = domain.application()?;
    let page = page(&call)?;
    let stream = existing::<D>(&application, call.text(needed(D::STREAM))).await?;
    // There are far fewer snapshots than events, so that the latest are found by listing them all.
    let limit = if page.from.is_some() { page.and_one_more() } else { usize::MAX };
    let snapshots = application.snapshots(&stream, page.from.unwrap_or(Position::START), limit).await;
    let mut snapshots = snapshots.map_err(|error| D::WORDS.unavailable(&error))?;
    let left_out = match page.from {
        Some(_) => page.cut(&mut snapshots, |snapshot| snapshot.position),
        None => LeftOut::Earlier(snapshots.drain(..snapshots.len().saturating_sub(page.limit)).count() as u64),
    };
    Ok(paged(&call, snapshot_table(&snapshots), "snapshots", left_out))
}

fn snapshot_table(snapshots: &[SnapshotEntry]) -> Table {
    let row = |snapshot: &SnapshotEntry| {
        vec![integer(snapshot.position.get()), integer(snapshot.version.get()), Term::Time(snapshot.time.to_string())]
    };
    Table { columns: (&["position", "version", "time"]).into(), rows: snapshots.iter().map(row).collect() }
}
