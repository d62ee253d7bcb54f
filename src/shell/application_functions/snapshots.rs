//! `snapshots`: lists the snapshots of one stream.

use super::stream::existing;
use super::{HasApplication, asked, function, integer};
use crate::engine::store::SnapshotEntry;
use crate::shell::function_table::{FROM, LIMIT};
use crate::shell::functions::{Call, Outcome, Parameter, Row};
use crate::shell::query_arguments::{limit, position};
use crate::shell::term::{Table, Term};

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>(
            "snapshots",
            const { &[needed(D::STREAM), FROM, LIMIT] },
            "lists the snapshots of {of}",
            "{module}.snapshots \"{stream}\"",
        )
        .group("History")
        .details(asked!(
            "A snapshot is the state after an event, stored so that only the events after it need to be replayed. Lists\n\
                the event that each follows, and never the state. from: 3 begins at position 3; limit: 10 lists at most\n\
                10 snapshots, and without it at most 1_000. Replies a table, or :{no_stream}."
        )),
        |domain, call| Box::pin(snapshots(domain, call)),
    )
}

const fn needed(stream: Parameter) -> Parameter {
    Parameter { optional: false, ..stream }
}

async fn snapshots<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    let application = domain.application()?;
    let (from, limit) = (position(&call, FROM)?, limit(&call)?);
    let stream = existing::<D>(&application, call.text(needed(D::STREAM))).await?;
    let snapshots = application.snapshots(&stream, from, limit).await;
    Ok(snapshot_table(&snapshots.map_err(|error| D::WORDS.unavailable(&error))?).into())
}

fn snapshot_table(snapshots: &[SnapshotEntry]) -> Term {
    let row = |snapshot: &SnapshotEntry| {
        vec![integer(snapshot.position.get()), integer(snapshot.version.get()), Term::String(snapshot.time.to_string())]
    };
    Term::Table(Table { columns: &["position", "version", "time"], rows: snapshots.iter().map(row).collect() })
}
