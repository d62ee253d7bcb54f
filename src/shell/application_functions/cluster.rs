//! `cluster`: shows the servers that keep the log.

use super::{HasApplication, function, integer};
use crate::engine::application::Application;
use crate::engine::log::Timestamp;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::commit_log::ClusterNode;
use crate::shell::common_errors::{NOT_ON_A_CLUSTER, UNAVAILABLE};
use crate::shell::function_table::WIDE;
use crate::shell::functions::{Call, Outcome, Row};
use crate::shell::term::{Table, Term};

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("cluster", &[WIDE], "shows the servers of the cluster", "{module}.cluster")
            .group("Upkeep")
            .meant_by(&["nodes", "leader", "replicas"])
            .details(
                "For each server that keeps the log: whether it is the leader, current, behind or offline, how many commits\n\
                it lacks, and when the leader heard of it last. The leader comes first. It is one that a majority of the\n\
                servers follows: without such a leader, or where nobody answers, the reply is {:error, :unavailable} after\n\
                5 s.",
            )
            .errors(&[&[NOT_ON_A_CLUSTER, UNAVAILABLE]]),
        |domain, call| Box::pin(cluster(domain, call)),
    )
}

async fn cluster<D: HasApplication>(domain: &mut D, _: Call<'_>) -> Outcome {
    let application = domain.application()?;
    let nodes = application.cluster().await.map_err(|error| D::WORDS.unavailable(&error))?;
    let nodes = nodes.ok_or(Term::Error(NOT_ON_A_CLUSTER))?;
    let columns = &["node", "state", "behind", "heard"];
    let rows = nodes.iter().map(|node| row_of(node, &application)).collect();
    Ok(Term::Table(Table { columns: columns.into(), rows }).into())
}

fn row_of<E: StoredEvent>(node: &ClusterNode, application: &Application<E>) -> Vec<Term> {
    let now = application.time().as_micros();
    let heard = node.heard.map(|ago| {
        let ago = i64::try_from(ago.as_micros()).unwrap_or(i64::MAX);
        Term::Time(Timestamp::from_micros(now.saturating_sub(ago)).to_string())
    });
    vec![
        Term::String(node.name.clone()),
        Term::String(node.state.to_string()),
        integer(node.behind),
        heard.unwrap_or(Term::Nil),
    ]
}
