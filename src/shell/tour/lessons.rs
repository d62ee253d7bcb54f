//! Lessons as data: a file of them, read and checked as a whole before the first is shown.

use std::ops::Range;

use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;

use super::checks::Check;
use super::evidence::CallEnd;
use super::position::{NamedEvent, at_position};
use super::statements;
use super::wanted::Wanted;
use crate::shell::functions::Domain;

/// The largest file, in bytes.
pub(super) const MAX_BYTES: usize = 256 << 10;
/// The most lessons of a file.
const MOST_LESSONS: usize = 100;
/// The most statements of a lesson, and the most checks.
const MOST_OF_A_LESSON: usize = 20;

/// The lessons of a tour.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lessons {
    /// The lessons, in order.
    #[serde(rename = "lesson", default)]
    pub(super) all: Vec<Lesson>,
    /// What is said after the last one.
    #[serde(default)]
    pub(super) end: String,
}

/// A lesson: a text, something to type, and how to tell that it has happened.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lesson {
    pub(super) title: String,
    pub(super) text: String,
    /// The statements that are suggested. Any others may lead to the same.
    #[serde(rename = "type", default)]
    pub(super) statements: Vec<Spanned<String>>,
    /// The statements that make what the lesson needs, for whoever goes there without those before it.
    #[serde(default)]
    pub(super) needs: Vec<Spanned<String>>,
    /// The event whose position stands wherever the lesson says `{position}`.
    pub(super) position: Option<NamedEvent>,
    /// What to predict before that.
    question: Option<Spanned<Question>>,
    /// What must have happened, one thing after another.
    #[serde(rename = "check", default)]
    wanted: Vec<Spanned<Wanted>>,
    /// The same, checked.
    #[serde(skip)]
    pub(super) checks: Vec<Check>,
    /// What is said once it has.
    #[serde(default)]
    pub(super) done: String,
}

/// A prediction. Its answer is known only to the bank where it is the reply to a question.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "lines such as question.text and question.answer")]
pub(super) struct Question {
    pub(super) text: String,
    /// The right answer.
    pub(super) answer: Option<String>,
    /// The statement whose reply is the right answer.
    pub(super) asks: Option<Spanned<String>>,
    /// What is said about a right answer, and about a wrong one.
    #[serde(default)]
    pub(super) right: String,
    #[serde(default)]
    pub(super) wrong: String,
}

/// Why a file holds no lessons, and where in it.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{line}:{column}: {problem}")]
pub(super) struct LessonsError {
    line: usize,
    column: usize,
    problem: String,
}

impl LessonsError {
    fn new(text: &str, place: usize, problem: impl Into<String>) -> Self {
        let before = text.get(..place).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { line, column, problem: problem.into() }
    }
}

impl Lessons {
    /// Reads lessons, and checks what they say against the functions of a domain. Those in `questions` only ask.
    ///
    /// # Errors
    ///
    /// [`LessonsError`]: the first thing that is wrong.
    pub(super) fn read<D: Domain>(text: &str, domain: &D, questions: &[&str]) -> Result<Self, LessonsError> {
        let fail = |place: usize, problem: String| Err(LessonsError::new(text, place, problem));
        if text.len() > MAX_BYTES {
            return fail(0, format!("lessons take at most {} KiB", MAX_BYTES >> 10));
        }
        let parsed: Result<Self, toml::de::Error> = toml::from_str(text);
        let mut lessons = parsed.map_err(|error| {
            let place = error.span().map_or(0, |span| span.start);
            LessonsError::new(text, place, in_words(error.message(), text.get(place..).unwrap_or_default()))
        })?;
        match lessons.all.len() {
            0 => return fail(0, "there is no lesson: each begins with [[lesson]]".to_owned()),
            1..=MOST_LESSONS => {}
            _ => return fail(0, format!("there are at most {MOST_LESSONS} lessons")),
        }
        for lesson in &mut lessons.all {
            let read = lesson.read(domain, questions);
            read.map_err(|(place, problem)| LessonsError::new(text, place.start, problem))?;
        }
        Ok(lessons)
    }
}

/// What is wrong with the form of a file, in the words of `docs/lessons.md`. `rest` is the file from that place on.
fn in_words(problem: &str, rest: &str) -> String {
    let is_lesson = rest.trim_start_matches(['[', ' ', '\t']).starts_with("lesson]");
    match problem {
        "missing field `title`" => return "this lesson has no title, which each needs".to_owned(),
        "missing field `text`" if is_lesson => return "this lesson has no text, which each needs".to_owned(),
        "missing field `text`" => return "this question has no question.text, which says what to predict".to_owned(),
        "missing field `event`" => return "position has no position.event, which says what event is meant".to_owned(),
        _ if problem.starts_with("invalid type: map, expected a sequence") => {
            return "there may be several of these: write it in double brackets, as in [[lesson]]".to_owned();
        }
        _ => {}
    }
    let words = [
        ("unknown field", "there is no line"),
        ("invalid type: ", ""),
        ("expected a sequence", "expected a list of texts in brackets, as in ['Bank.open']"),
        ("expected a string", "expected a text in quotes"),
        ("expected u32", "expected a whole number from 0"),
        ("expected a boolean", "expected true or false"),
        ("\n", ", "),
    ];
    words.iter().fold(problem.to_owned(), |text, (given, said)| text.replace(given, said))
}

/// What is wrong with a part of a lesson, and its place.
type Problem = (Range<usize>, String);

impl Lesson {
    /// What to predict, if anything.
    pub(super) fn question(&self) -> Option<&Question> {
        self.question.as_ref().map(Spanned::get_ref)
    }

    /// Whether it may be taken in forks too.
    pub(super) fn is_about_forks(&self) -> bool {
        self.checks.iter().any(|check| matches!(check, Check::In(_) | Check::Forks(_)))
    }

    /// Whether it may go on in another bank once so many checks have held.
    pub(super) fn may_move_after(&self, passed: usize) -> bool {
        matches!(self.checks.get(passed), Some(Check::Open(_)))
    }

    /// Whether the program is to end once so many checks have held.
    pub(super) fn wants_restart_after(&self, passed: usize) -> bool {
        matches!(self.checks.get(passed), Some(Check::Restarted | Check::Crashed))
    }

    fn read<D: Domain>(&mut self, domain: &D, questions: &[&str]) -> Result<(), Problem> {
        let too_many = |place: &Range<usize>, what| {
            Err((place.clone(), format!("a lesson has at most {MOST_OF_A_LESSON} {what}")))
        };
        for statements in [&self.statements, &self.needs] {
            if let Some(further) = statements.get(MOST_OF_A_LESSON) {
                return too_many(&further.span(), "statements");
            }
        }
        if let Some(further) = self.wanted.get(MOST_OF_A_LESSON) {
            return too_many(&further.span(), "checks");
        }
        // Any position does to read a statement.
        let position = self.position.as_ref().map(|_| 1);
        for statement in self.statements.iter().chain(&self.needs) {
            let text = at_position(statement.get_ref(), position);
            statements::check(domain, &text).map_err(|problem| (statement.span(), problem))?;
        }
        if let Some(question) = &self.question {
            let Question { answer, asks, .. } = question.get_ref();
            match (answer, asks) {
                (None, Some(asks)) => {
                    let text = at_position(asks.get_ref(), position);
                    statements::check_question(domain, &text, questions).map_err(|problem| (asks.span(), problem))?;
                }
                (Some(_), None) => {}
                (Some(_), Some(asks)) => {
                    return Err((asks.span(), "a question has answer or asks, and not both".to_owned()));
                }
                (None, None) => {
                    let problem = "a question has question.answer or question.asks, and this one has neither";
                    return Err((question.span(), problem.to_owned()));
                }
            }
        }
        for wanted in std::mem::take(&mut self.wanted) {
            let place = wanted.span();
            let call = wanted.get_ref().place_of_call().unwrap_or_else(|| place.clone());
            let check =
                wanted.into_inner().into_check(self.checks.last()).map_err(|problem| (place.clone(), problem))?;
            match &check {
                Check::Reply { to, .. } => {
                    let text = at_position(to, position);
                    statements::check_question(domain, &text, questions).map_err(|problem| (call, problem))?;
                }
                Check::Call(CallEnd::Done(function)) => {
                    statements::check_function(domain, function).map_err(|problem| (call, problem))?;
                }
                _ => {}
            }
            self.checks.push(check);
        }
        Ok(())
    }
}
