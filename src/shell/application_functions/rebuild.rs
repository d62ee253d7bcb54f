//! `rebuild`: rebuilds the projections from the log.

use super::{HasApplication, counted, function};
use crate::engine::feed::RebuildError;
use crate::shell::common_errors::{DEFECT, NOT_RUNNING};
use crate::shell::functions::{Call, NotDone, Outcome, Row};
use crate::shell::progress::ProgressLine;
use crate::shell::term::Term;

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("rebuild", &[], "rebuilds the projections from the log", "{module}.rebuild")
            .group("Upkeep")
            .meant_by(&["replay", "refold", "reindex"])
            .details(
                "Drops the stored rows of {projections}, and folds them from the log again.\n\
                Until that is done, queries read the old ones. Replies {:ok, %{events: 12}}.",
            )
            .errors(&[&[NOT_RUNNING]]),
        |domain, call| Box::pin(rebuild(domain, call)),
    )
}

async fn rebuild<D: HasApplication>(domain: &mut D, _: Call<'_>) -> Outcome {
    let application = domain.application()?;
    let line = ProgressLine::new();
    match application.rebuild(|done, total| line.show("rebuild", done, total)).await {
        Ok(position) => Ok(counted(position.get()).into()),
        Err(error) => {
            let message = format!("{}: the projections were not rebuilt: {error}", application.url());
            let reply = match error {
                RebuildError::Store(error) => D::WORDS.unavailable(&error.into()),
                RebuildError::Panicked { .. } => Term::Error(DEFECT),
                RebuildError::Stopped => Term::Error(NOT_RUNNING),
            };
            Err(NotDone::failed(reply, message))
        }
    }
}
