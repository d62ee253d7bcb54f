//! The words by which replies, messages and help name an application and its domain.

use crate::engine::application::{Application, QueryError, Unavailable};
use crate::engine::store::StoreError;
use crate::engine::store::codec::StoredEvent;
use crate::shell::common_errors::{BEHIND, BUSY, DEFECT, OUTCOME_UNKNOWN, STORE_FAILED, UNAVAILABLE};
use crate::shell::error_reason::ErrorReason;
use crate::shell::functions::NotDone;
use crate::shell::query_arguments::beyond_the_end;
use crate::shell::term::Term;

/// A domain's words for its application.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// The module of its functions: `Bank`.
    pub module: &'static str,
    /// The noun for the application in messages: `bank`, or `service`.
    pub called: &'static str,
    /// The reason in the reply after it was closed: `bank_closed`.
    pub closed: ErrorReason,
    /// The reason in the reply after it stopped: `bank_stopped`.
    pub stopped: ErrorReason,
    /// The reason in the reply when it lacks what it [needs besides its store](Unavailable::Lacking), which is passed.
    pub lacking: fn(&'static str) -> ErrorReason,
    /// The noun for what is stored, in help: `bank`, or `library`.
    pub thing: &'static str,
    /// What one stream belongs to: `one account`.
    pub of: &'static str,
    /// The name of a stream, in an example: `Wolfman`.
    pub stream: &'static str,
    /// The reply about a stream that does not exist: `no_account`.
    pub no_stream: ErrorReason,
    /// A clause: what [`verify`](Application::verify) checks besides.
    pub holds: &'static str,
    /// A sentence: how handlers treat imported events.
    pub imported: &'static str,
    /// The names of its projections, as a list.
    pub projections: &'static str,
    /// The name of one of its handlers, in an example: `balances`.
    pub handler: &'static str,
}

/// Builds [`Words`]. The reasons `closed` and `stopped` begin with the noun `called`: `bank_closed`. `mended` is a sentence:
/// how to continue after the application stopped. Without `no_stream`, the reason is of that name.
#[macro_export]
macro_rules! words {
    (
        module: $module:literal,
        called: $called:literal,
        thing: $thing:literal,
        of: $of:literal,
        stream: $stream:literal,
        $(no_stream: $no_stream:expr,)?
        mended: $mended:literal,
        holds: $holds:literal,
        imported: $imported:literal,
        projections: $projections:literal,
        handler: $handler:literal $(,)?
    ) => {
        $crate::shell::application_functions::Words {
            module: $module,
            called: $called,
            closed: $crate::shell::error_reason::ErrorReason::new(
                concat!($called, "_closed"),
                concat!("the ", $called, " is closed, and nothing more is done with it"),
            ),
            stopped: $crate::shell::error_reason::ErrorReason::new(
                concat!($called, "_stopped"),
                concat!("the ", $called, " has stopped, or its file is gone: standard error says why. ", $mended),
            ),
            lacking: |_| $crate::shell::common_errors::DEFECT,
            thing: $thing,
            of: $of,
            stream: $stream,
            no_stream: $crate::shell::application_functions::words!(@no_stream $stream $($no_stream)?),
            holds: $holds,
            imported: $imported,
            projections: $projections,
            handler: $handler,
        }
    };
    (@no_stream $stream:literal $no_stream:expr) => {
        $no_stream
    };
    (@no_stream $stream:literal) => {
        $crate::shell::error_reason::ErrorReason::new(
            "no_stream",
            concat!("there is no such stream: one is called like ", $stream, ", and {module}.events shows which there are"),
        )
        .about(&["stream"])
    };
}

pub use words;

impl Words {
    /// The reply when the application was unavailable. Logs what the reply cannot say: which program holds the file, and
    /// what is wrong with this one.
    pub fn unavailable(&self, unavailable: &Unavailable) -> Term {
        match unavailable {
            Unavailable::Store(StoreError::Busy(_) | StoreError::Unavailable(_)) => tracing::warn!("{unavailable}"),
            Unavailable::Defect(_) | Unavailable::Missing(_) | Unavailable::Lacking { .. } => {
                tracing::error!("{unavailable}");
            }
            Unavailable::Closed
            | Unavailable::Stopped(_)
            | Unavailable::OutcomeUnknown { .. }
            | Unavailable::Store(_)
            | Unavailable::Busy
            | Unavailable::Behind { .. } => {}
        }
        Term::Error(match unavailable {
            Unavailable::Closed => self.closed,
            Unavailable::Stopped(_) => self.stopped,
            Unavailable::OutcomeUnknown { .. } | Unavailable::Store(StoreError::OutcomeUnknown(_)) => OUTCOME_UNKNOWN,
            Unavailable::Store(StoreError::Busy(_)) | Unavailable::Busy => BUSY,
            Unavailable::Store(StoreError::Unavailable(_)) => UNAVAILABLE,
            Unavailable::Store(_) => STORE_FAILED,
            Unavailable::Defect(_) | Unavailable::Missing(_) => DEFECT,
            Unavailable::Behind { .. } => BEHIND,
            Unavailable::Lacking { what, .. } => (self.lacking)(what),
        })
    }

    /// The reply to a query that failed.
    pub fn no_answer(&self, error: QueryError) -> NotDone {
        match error {
            QueryError::NotYet(not_yet) => beyond_the_end(not_yet),
            QueryError::Unavailable(unavailable) => self.unavailable(&unavailable).into(),
        }
    }

    /// Why the application is unavailable, in a sentence.
    pub fn describe(&self, unavailable: &Unavailable) -> String {
        match unavailable {
            Unavailable::Closed => format!("the {} is closed", self.called),
            Unavailable::Stopped(reason) => format!("the {} has stopped: {reason}", self.called),
            other => other.to_string(),
        }
    }

    /// The outcome of a call when the application was unavailable: a reply and a message.
    pub(in crate::shell) fn failed(&self, unavailable: &Unavailable) -> NotDone {
        NotDone::failed(self.unavailable(unavailable), self.describe(unavailable))
    }

    /// Why an application has stopped, in a sentence, if it has.
    pub fn failure<E: StoredEvent>(&self, application: &Application<E>) -> Option<String> {
        application.failure().map(|unavailable| self.describe(&unavailable))
    }

    /// The placeholders in help texts, each with its word.
    pub(super) const fn placeholders(&self) -> [(&'static str, &'static str); 10] {
        let Self { module, called, thing, of, stream, no_stream, holds, imported, projections, handler, .. } = *self;
        [
            ("{module}", module),
            ("{called}", called),
            ("{thing}", thing),
            ("{of}", of),
            ("{stream}", stream),
            ("{no_stream}", no_stream.name()),
            ("{holds}", holds),
            ("{imported}", imported),
            ("{projections}", projections),
            ("{handler}", handler),
        ]
    }
}
