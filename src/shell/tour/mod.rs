//! A tour: lessons at the prompt, one after another. Each says what to type, may ask for a prediction, and is done when
//! what it is about has happened, however that came about.
//!
//! Lessons are [data](lessons), those of a domain and those of anybody's file alike. After each statement the tour looks
//! at the state with the functions and queries that the prompt has ([`checks`]), counts what has happened [since] the lesson
//! began, and [says](text) what comes next. The [place](bookmark) is kept in a file, so that one goes on after a break, or a
//! crash. A domain adds the [`functions`] to its table and is [`Toured`]; nothing below knows of a tour.

mod bookmark;
mod checks;
mod evidence;
mod found;
mod functions;
mod lessons;
mod position;
mod progress;
mod since;
mod statements;
#[cfg(all(test, feature = "bank"))]
mod tests;
mod text;
mod wanted;

pub(in crate::shell) use self::evidence::noted;
pub(in crate::shell) use self::functions::{
    ANSWER, INVALID_LESSONS, LESSON, NO_LESSON, NO_TOUR, NOTHING_ASKED, answer, go,
};
pub(in crate::shell) use self::progress::{Tour, afterword};
use super::application_functions::HasApplication;
use super::functions::Domain;

/// A domain with a tour.
pub(in crate::shell) trait Toured: HasApplication + Domain {
    /// Its lessons.
    const LESSONS: &'static str;

    /// Its functions that only ask: lessons may compare what they reply.
    const QUESTIONS: &'static [&'static str];

    /// The tour that is under way, if one is.
    fn tour(&mut self) -> &mut Tour;
}
