//! `forks`, `switch` and `drop`: which forks there are, and where statements go.

use super::fork_name::{FORK, MAIN};
use super::forks::Fork;
use super::{HasApplication, function, integer};
use crate::engine::store::EventStore as _;
use crate::shell::common_errors::{FORK_IN_USE, NO_FORK};
use crate::shell::functions::{Call, Outcome, Row};
use crate::shell::term::{Table, Term};

pub(super) const fn forks_row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("forks", &[], "lists the forks", "{module}.forks")
            .group("Forks")
            .meant_by(&["branches"])
            .details(
                "For each fork: what it was made of, and whether that is dropped; the position at which it begins, where its log\n\
                ends now, and whether statements go to it.",
            ),
        |domain, call| Box::pin(forks(domain, call)),
    )
}

pub(super) const fn switch_row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("switch", &[FORK], "goes to another fork", "{module}.switch \"main\"")
            .group("Forks")
            .meant_by(&["checkout"])
            .details(
                "Statements go to the fork from now on; {module}.switch \"main\" goes back to the {thing} itself.\n\
                Replies :ok.",
            )
            .errors(&[&[NO_FORK]]),
        |domain, call| Box::pin(switch(domain, call)),
    )
}

pub(super) const fn drop_row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("drop", &[FORK], "ends a fork", "{module}.drop \"what if\"")
            .group("Forks")
            .ending()
            .details(
                "What was done in it is gone. Forks that were made of it stay.\n\
                Replies :ok.",
            )
            .errors(&[&[NO_FORK, FORK_IN_USE]]),
        |domain, call| Box::pin(drop_fork(domain, call)),
    )
}

async fn forks<D: HasApplication>(domain: &mut D, _: Call<'_>) -> Outcome {
    domain.application()?;
    let (mut rows, current) = (Vec::new(), domain.forks().current_name());
    let all = domain.forks().all();
    let numbers: Vec<_> = all.iter().filter_map(Fork::number).collect();
    for fork in all {
        let end = fork.application.store().end().await;
        let end = fork.application.or_unavailable(end).await.map_err(|error| D::WORDS.unavailable(&error))?;
        let is_current = current.as_ref() == Some(&fork.name);
        // Another fork may have its name by now.
        let is_dropped = fork.parent().is_some_and(|parent| !numbers.contains(&parent));
        let of = if is_dropped { format!("{} (dropped)", fork.of) } else { fork.of };
        rows.push(vec![
            Term::String(fork.name),
            Term::String(of),
            integer(fork.at.get()),
            integer(end.get()),
            if is_current { Term::String("yes".to_owned()) } else { Term::Nil },
        ]);
    }
    Ok(Term::Table(Table { columns: (&["fork", "of", "at", "end", "current"]).into(), rows }).into())
}

async fn switch<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    domain.application()?;
    let name = Some(call.text(FORK)).filter(|name| *name != MAIN);
    if name.is_some_and(|name| domain.forks().named(name).is_none()) {
        return Err(Term::Error(NO_FORK).into());
    }
    domain.forks().go_to(name);
    domain.switched()?;
    Ok(Term::OK.into())
}

async fn drop_fork<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    domain.application()?;
    let name = call.text(FORK);
    if domain.forks().current_name().as_deref() == Some(name) {
        return Err(Term::Error(FORK_IN_USE).into());
    }
    let fork = domain.forks().remove(name).ok_or(Term::Error(NO_FORK))?;
    fork.application.close().await;
    Ok(Term::OK.into())
}
