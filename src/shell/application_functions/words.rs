//! How an application is called in replies and messages, which does not know what it is the application of.

use crate::engine::application::{Application, QueryError, Unavailable};
use crate::engine::store::StoreError;
use crate::engine::store::codec::StoredEvent;
use crate::shell::functions::{BUSY, NotDone};
use crate::shell::question::beyond_the_end;
use crate::shell::term::Term;

/// What an application is called.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// What stands before the dot of its functions: `Bank`.
    pub module: &'static str,
    /// In a sentence: `bank`.
    pub called: &'static str,
    /// In the reply where it was closed: `bank_closed`.
    pub closed: &'static str,
    /// In the reply where it could not go on: `bank_stopped`.
    pub stopped: &'static str,
    /// In the reply where it lacks what it [needs besides its store](Unavailable::Lacking), which is given.
    pub lacking: fn(&'static str) -> &'static str,
    /// What it is the application of, in help: `bank`, or `library` where it is called a service.
    pub thing: &'static str,
    /// What a stream of it is of: `one account`.
    pub of: &'static str,
    /// How to go on once what has stopped it is mended.
    pub mended: &'static str,
    /// What [`verify`](Application::verify) finds out besides.
    pub holds: &'static str,
    /// What becomes of what was imported.
    pub imported: &'static str,
    /// What is folded.
    pub projections: &'static str,
}

/// [`Words`], where replies such as `bank_closed` begin with what it is called.
#[macro_export]
macro_rules! words {
    (module: $module:literal, called: $called:literal, $($word:ident: $text:literal),* $(,)?) => {
        $crate::shell::application_functions::Words {
            module: $module,
            called: $called,
            closed: concat!($called, "_closed"),
            stopped: concat!($called, "_stopped"),
            lacking: |_| "defect",
            $($word: $text,)*
        }
    };
}

pub use words;

impl Words {
    /// The reply to what was not done; who holds a file is told besides.
    pub fn unavailable(&self, unavailable: &Unavailable) -> Term {
        if let Unavailable::Store(StoreError::Busy(_)) = unavailable {
            tracing::warn!("{unavailable}");
        }
        Term::Error(match unavailable {
            Unavailable::Closed => self.closed,
            Unavailable::Stopped(_) => self.stopped,
            Unavailable::OutcomeUnknown { .. } | Unavailable::Store(StoreError::OutcomeUnknown(_)) => "outcome_unknown",
            Unavailable::Store(StoreError::Busy(_)) | Unavailable::Busy => BUSY,
            Unavailable::Store(_) => "store_failed",
            Unavailable::Defect(_) | Unavailable::Missing(_) => "defect",
            Unavailable::Behind { .. } => "behind",
            Unavailable::Lacking { what, .. } => (self.lacking)(what),
        })
    }

    /// The reply to a question that has no answer.
    pub fn no_answer(&self, error: QueryError) -> Term {
        match error {
            QueryError::NotYet(not_yet) => beyond_the_end(not_yet),
            QueryError::Unavailable(unavailable) => self.unavailable(&unavailable),
        }
    }

    /// What stands in the way, in a sentence.
    pub fn said(&self, unavailable: &Unavailable) -> String {
        match unavailable {
            Unavailable::Closed => format!("the {} is closed", self.called),
            Unavailable::Stopped(reason) => format!("the {} has stopped: {reason}", self.called),
            other => other.to_string(),
        }
    }

    /// What could not be done because the application cannot serve: the reply, and the message that says why.
    pub(in crate::shell) fn failed(&self, unavailable: &Unavailable) -> NotDone {
        NotDone::failed(self.unavailable(unavailable), self.said(unavailable))
    }

    /// What has stopped an application, in a sentence, if anything has.
    pub fn failure<E: StoredEvent>(&self, application: &Application<E>) -> Option<String> {
        application.failure().map(|unavailable| self.said(&unavailable))
    }

    /// What help has in braces, and what stands there.
    pub(super) const fn in_braces(&self) -> [(&'static str, &'static str); 8] {
        let Self { module, called, thing, of, mended, holds, imported, projections, .. } = *self;
        [
            ("{module}", module),
            ("{called}", called),
            ("{thing}", thing),
            ("{of}", of),
            ("{mended}", mended),
            ("{holds}", holds),
            ("{imported}", imported),
            ("{projections}", projections),
        ]
    }
}
