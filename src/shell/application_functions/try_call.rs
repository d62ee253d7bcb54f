//! `try`: runs a call on an overlay, and shows everything that its command leads to.

use std::time::Duration;

use super::cascade::nodes;
use super::{HasApplication, not_started};
use crate::engine::command_handler::Decisions;
use crate::engine::feed::checkpoints::Consistency;
use crate::shell::functions::{Call, Detail, Explanation, NotDone, Outcome, Reply, Row, RunningCall};
use crate::shell::term::{Term, Tree};

/// How long a try waits for process managers that have something left to do.
const LONGEST_CATCH_UP: Duration = Duration::from_secs(1);

/// Runs the call of a domain that [has an application](HasApplication) on an overlay of that: for its
/// [`Domain::try_call`](crate::shell::functions::Domain::try_call).
pub fn try_call<'a, D: HasApplication>(domain: &'a mut D, row: &'static Row<D>, call: Call<'a>) -> RunningCall<'a> {
    Box::pin(tried(domain, row, call))
}

async fn tried<D: HasApplication>(domain: &mut D, row: &'static Row<D>, call: Call<'_>) -> Outcome {
    let application = domain.application()?.with_consistency(Consistency::Strong);
    let decisions = Decisions::new(D::name_of_refusal);
    let rehearsal = application.rehearsal(decisions.clone()).await.map_err(|error| D::WORDS.failed(&error))?;
    let rehearsal = Box::pin(rehearsal.start()).await.map_err(not_started)?;
    // What process managers have left to do comes first, as it does in the application itself.
    let caught_up = rehearsal.finish_what_is_under_way(LONGEST_CATCH_UP).await;
    caught_up.map_err(|error| D::WORDS.failed(&error))?;
    let outcome = match domain.rehearse_on(rehearsal.clone()) {
        Ok(mut aside) => row.run(&mut aside, call).await,
        Err(not_done) => Err(not_done),
    };
    rehearsal.wait_until_settled().await;
    let tree = rehearsal.tried(&decisions).await;
    let roots = match tree {
        Ok(tree) => Ok(nodes::<D>(&rehearsal, tree).await),
        Err(error) => Err(D::WORDS.failed(&error)),
    };
    rehearsal.close().await;
    let as_json = call.as_json();
    let (reply, notes, explanation) = match outcome {
        Ok(reply) => (reply.term, reply.notes, reply.explanation),
        Err(failed @ NotDone { failed: Some(_), .. }) => return Err(failed),
        Err(NotDone { reply, detail, .. }) => match detail.map(|detail| *detail) {
            Some(Detail::Malformed(why)) if !as_json => {
                (reply, Vec::new(), Some(Explanation { about: &[], clause: why }))
            }
            Some(Detail::Malformed(note) | Detail::Note(note)) => (reply, vec![note], None),
            Some(Detail::Explanation(explanation)) => (reply, Vec::new(), Some(explanation)),
            None => (reply, Vec::new(), None),
        },
    };
    let tree = Tree { roots: roots?, tried: Some(Box::new(reply)) };
    Ok(Reply { notes, explanation, ..Term::Tree(tree).into() })
}
