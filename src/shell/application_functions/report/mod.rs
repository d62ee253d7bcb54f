//! `report`: writes a session and its log as a page that a browser shows without a network.

mod content;
mod events;
mod handlers;
mod page;
mod session;

use self::content::{Content, MOST_EVENTS, NoReport};
use super::file::{ERRORS, FILE, not_written, path};
use super::{HasApplication, counted, function};
use crate::shell::common_errors::DEFECT;
use crate::shell::functions::{Call, NotDone, Outcome, Reply, Row};
use crate::shell::term::Term;

pub(super) const fn row<D: HasApplication>() -> Row<D> {
    Row::new(
        function::<D>("report", &[FILE], "writes the session and the log as a page", "{module}.report \"lesson.html\"")
            .group("History")
            .meant_by(&["html", "page", "web"])
            .details(
                "A browser shows the page, without a network and without another file: what was typed and answered in this\n\
                session, with PINs masked; the events; how things were after each of them, with a slider through time; what led\n\
                to what; and how the handlers are. It has at most the last 2_000 events and 1_000 statements, and says what it\n\
                leaves out. The file must not exist yet, and only its owner may read it.\n\
                Replies {:ok, %{events: 12}}.",
            )
            .errors(&[ERRORS]),
        |domain, call| Box::pin(report(domain, call)),
    )
}

async fn report<D: HasApplication>(domain: &mut D, call: Call<'_>) -> Outcome {
    let application = domain.application()?;
    let content = Content::read::<D>(&application, domain.forks().current_name(), call.record()).await;
    let content = content.map_err(no_report::<D>)?;
    let page = page::page(&content).map_err(|error| no_report::<D>(error.into()))?;
    let written = application.write_new_file(path(&call)?, page.into_bytes()).await;
    written.map_err(|error| not_written::<D>(error))?;
    let (events, left_out) = content.counts();
    let note = (left_out > 0).then(|| {
        format!("The page has the last {events} of {} events: it shows at most {MOST_EVENTS}.", events + left_out)
    });
    Ok(Reply { notes: note.into_iter().collect(), ..counted(events).into() })
}

fn no_report<D: HasApplication>(error: NoReport) -> NotDone {
    match error {
        NoReport::Unavailable(unavailable) => D::WORDS.failed(&unavailable),
        NoReport::Json(_) => NotDone::failed(Term::Error(DEFECT), error.to_string()).changing_nothing(),
    }
}
