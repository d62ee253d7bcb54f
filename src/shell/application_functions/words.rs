//! How an application is called in replies and messages, which does not know what it is the application of.

use crate::engine::application::{QueryError, Unavailable};
use crate::engine::store::StoreError;
use crate::shell::question::beyond_the_end;
use crate::shell::term::Term;

/// What an application is called.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// In a sentence: `bank`.
    pub thing: &'static str,
    /// In the reply where it was closed: `bank_closed`.
    pub closed: &'static str,
    /// In the reply where it could not go on: `bank_stopped`.
    pub stopped: &'static str,
    /// In the reply where it lacks what it [needs besides its store](Unavailable::Lacking).
    pub lacking: &'static str,
}

/// The words for something that a short word names, such as `bank`.
#[macro_export]
macro_rules! words {
    ($thing:literal) => {
        $crate::shell::application_functions::Words {
            thing: $thing,
            closed: concat!($thing, "_closed"),
            stopped: concat!($thing, "_stopped"),
            lacking: "defect",
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
            Unavailable::Store(StoreError::Busy(_)) | Unavailable::Busy => "busy",
            Unavailable::Store(_) => "store_failed",
            Unavailable::Defect(_) | Unavailable::Missing(_) => "defect",
            Unavailable::Behind { .. } => "behind",
            Unavailable::Lacking { .. } => self.lacking,
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
            Unavailable::Closed => format!("the {} is closed", self.thing),
            Unavailable::Stopped(reason) => format!("the {} has stopped: {reason}", self.thing),
            other => other.to_string(),
        }
    }
}
