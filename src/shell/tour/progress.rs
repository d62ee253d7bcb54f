//! How far somebody has come in a tour, and what is said after each statement.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use toml::Spanned;

use super::bookmark::Bookmark;
use super::checks::{conversations, holds};
use super::evidence::CallEnd;
use super::found::last_position;
use super::lessons::{Lesson, Lessons};
use super::since::{PassingSince, Since, TakenIn, log_open, since};
use super::statements::ask;
use super::{Toured, text};
use crate::engine::application::Seams;
use crate::shell::application_functions::HasApplication;

/// How long a look at the state waits for handlers.
const LONGEST_LOOK: Duration = Duration::from_millis(500);

/// The tour of a session, if one is under way.
#[derive(Debug, Default)]
pub(in crate::shell) struct Tour {
    /// Where the place is kept.
    kept_in: Option<PathBuf>,
    pub(super) under_way: Option<UnderWay>,
    /// What is said next, without a look at the state.
    pub(super) to_say: Option<String>,
}

/// A tour that is under way.
#[derive(Debug)]
pub(super) struct UnderWay {
    pub(super) lessons: Arc<Lessons>,
    pub(super) place: Bookmark,
    /// Where the logs that end with the program were as the lesson began.
    pub(super) passing: Vec<PassingSince>,
    /// The log in which checks of the lesson have held, if it ends with the program.
    pub(super) passing_log: Option<Seams>,
    /// Whether it was said that the lesson's question has no answer.
    is_reminded: bool,
    /// A prediction was made by the last statement.
    has_just_answered: bool,
    /// What the last statement has come to, if the lesson asks for that.
    pub(super) just_called: Option<CallEnd>,
}

impl Tour {
    /// No tour yet. The place in one is kept in a file, if there is a path for it.
    pub(in crate::shell) fn kept_in(path: Option<PathBuf>) -> Self {
        Self { kept_in: path, ..Self::default() }
    }

    /// Whether one is under way.
    pub(in crate::shell) fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// The place that an earlier run of the program has kept.
    pub(super) fn kept_place(&self) -> Option<Bookmark> {
        Bookmark::read(self.kept_in.as_deref()?)
    }

    /// Begins with these lessons, at a place.
    pub(super) fn begin(&mut self, lessons: Arc<Lessons>, place: Bookmark) {
        let (passing, passing_log, is_reminded) = (Vec::new(), None, false);
        let (has_just_answered, just_called) = (false, None);
        self.under_way =
            Some(UnderWay { lessons, place, passing, passing_log, is_reminded, has_just_answered, just_called });
        self.keep_place();
    }

    /// Goes on with these lessons, at the place that an earlier run of the program has kept.
    pub(super) fn go_on(&mut self, lessons: Arc<Lessons>, mut place: Bookmark) {
        let lesson = lessons.all.get(place.lesson);
        // A crash before what is to be there after it is none that a lesson is about.
        if lesson.is_some_and(|lesson| lesson.wants_restart_after(place.passed)) {
            place.evidence.is_restarted = true;
            place.evidence.has_crashed |= !place.is_left;
        }
        place.is_left = false;
        self.begin(lessons, place);
    }

    /// Goes to a lesson: to the next one, as one is done, or to any other that somebody asks for.
    pub(super) fn go_to(&mut self, lesson: usize, is_skipped_to: bool) {
        if let Some(UnderWay { lessons, place: Bookmark { file, .. }, .. }) = self.under_way.take() {
            self.begin(lessons, Bookmark { file, lesson, is_skipped_to, ..Bookmark::default() });
        }
    }

    /// The program ends in order, and not as by a power cut.
    pub(in crate::shell) fn leave(&mut self) {
        if let Some(under_way) = &mut self.under_way {
            under_way.place.is_left = true;
            self.keep_place();
        }
    }

    /// Ends the tour, and forgets the place.
    pub(super) fn end(&mut self) {
        self.under_way = None;
        if let Some(path) = &self.kept_in {
            Bookmark::forget(path);
        }
    }

    /// Takes a prediction. Answers whether the lesson asks for one.
    pub(super) fn answer(&mut self, answer: &str) -> bool {
        let Some(under_way) = self.under_way.as_mut().filter(|tour| tour.asks()) else { return false };
        under_way.place.answer = Some(answer.to_owned());
        under_way.has_just_answered = true;
        self.keep_place();
        true
    }

    pub(super) fn keep_place(&self) {
        if let (Some(path), Some(UnderWay { place, .. })) = (&self.kept_in, &self.under_way) {
            place.keep(path);
        }
    }
}

impl UnderWay {
    /// The log in which checks of the lesson have held.
    fn taken_in(&self) -> TakenIn {
        TakenIn { kept: self.place.log.clone(), passing: self.passing_log.clone() }
    }

    fn asks(&self) -> bool {
        self.lessons.all.get(self.place.lesson).is_some_and(|lesson| lesson.question().is_some())
    }
}

/// The lesson that is under way, as it is shown.
pub(super) async fn shown<D: Toured>(domain: &mut D) -> Option<String> {
    find_position(domain).await;
    let is_open = domain.main().is_ok();
    let UnderWay { lessons, place, .. } = domain.tour().under_way.as_ref()?;
    Some(text::lesson(lessons, place, <D as HasApplication>::WORDS.module, is_open))
}

/// Looks for the position that the lesson is about. Says so where it is not the one that somebody has read.
async fn find_position<D: Toured>(domain: &mut D) -> Option<String> {
    let UnderWay { lessons, place, .. } = domain.tour().under_way.as_ref()?;
    let (lessons, index) = (lessons.clone(), place.lesson);
    let found = last_position(domain, lessons.all.get(index)?.position.as_ref()?).await?;
    let tour = domain.tour();
    let place = &mut tour.under_way.as_mut()?.place;
    let told = place.position.replace(found);
    if told == Some(found) {
        return None;
    }
    tour.keep_place();
    Some(text::found_position(found, told))
}

/// Looks at what has happened, and answers with what is said after a statement: nothing, mostly.
pub(in crate::shell) async fn afterword<D: Toured>(domain: &mut D) -> Option<String> {
    // Before anything happens in what was just opened.
    let since_begun = since(domain).await;
    if let Some(said) = domain.tour().to_say.take() {
        return Some(said);
    }
    domain.tour().under_way.as_ref()?;
    let found = find_position(domain).await;
    let said = look(domain, since_begun).await;
    // Where the next lesson begins.
    since(domain).await;
    match (found, said) {
        (Some(found), Some(said)) => Some(found + &said),
        (found, said) => found.or(said),
    }
}

async fn look<D: Toured>(domain: &mut D, since: Option<Since>) -> Option<String> {
    let is_in_a_fork = domain.forks().current_name().is_some();
    let tour = domain.tour().under_way.as_mut()?;
    let has_just_answered = std::mem::take(&mut tour.has_just_answered);
    let just_called = tour.just_called.take();
    let (lessons, index, before) = (tour.lessons.clone(), tour.place.lesson, tour.place.passed);
    let lesson = lessons.all.get(index)?;
    if is_in_a_fork && !lesson.is_about_forks() {
        return tour.place.answer.as_deref().filter(|_| has_just_answered).map(text::noted);
    }
    if has_just_answered && lesson.checks.is_empty() {
        // It happens with the next statement.
        return tour.place.answer.as_deref().map(text::noted);
    }
    let application = domain.application().ok();
    if let Some(application) = &application {
        // What the statement has led to is part of what has happened. A handler that tries again and again, or a fork that
        // nobody has asked anything, keeps no prompt waiting.
        let _ = timeout(LONGEST_LOOK, application.wait_until_settled()).await;
    }
    let Some(mut passed) = still_passed(domain, lesson, before, since.as_ref(), just_called).await else {
        let tour = domain.tour().under_way.as_ref()?;
        return tour.place.answer.as_deref().filter(|_| has_just_answered).map(text::noted);
    };
    while let Some(check) = lesson.checks.get(passed) {
        if check.is_of_the_same()
            && let Some(since) = &since
        {
            let _ = note_conversations(domain, lesson, passed, since).await;
        }
        if !holds(domain, check, since.as_ref()).await {
            break;
        }
        passed += 1;
    }
    let said = if passed >= lesson.checks.len() { end_of_lesson(domain, &lessons, lesson, index).await } else { None };
    if let Some(application) = &application {
        // The tour's own questions were answered so, and not what the person asks next.
        application.seams().take_answered_behind();
    }
    let tour = domain.tour();
    if let Some(under_way) = tour.under_way.as_mut().filter(|tour| tour.place.lesson == index && passed != before) {
        under_way.place.passed = passed;
        tour.keep_place();
    }
    match tour.under_way.as_ref().filter(|_| said.is_none() && has_just_answered) {
        Some(under_way) => under_way.place.answer.as_deref().map(text::noted),
        None => said,
    }
}

/// Notes the conversations of what the check before this one has found, for as long as that is to be seen.
async fn note_conversations<D: Toured>(domain: &mut D, lesson: &Lesson, check: usize, since: &Since) -> Option<()> {
    let before = lesson.checks.get(check.checked_sub(1)?)?;
    let found = conversations(domain, before, since).await?;
    let tour = domain.tour();
    if tour.under_way.as_mut()?.place.evidence.add_conversations(found) {
        tour.keep_place();
    }
    Some(())
}

/// How many checks need not be looked at again: those that have held before in the same bank. `None` where another bank is
/// open, in which the lesson has not begun. The last check must hold as the lesson ends, since its question is about that.
async fn still_passed<D: Toured>(
    domain: &mut D,
    lesson: &Lesson,
    before: usize,
    since: Option<&Since>,
    just_called: Option<CallEnd>,
) -> Option<usize> {
    let open = log_open(domain);
    let tour = domain.tour().under_way.as_mut()?;
    let Some(open) = open else {
        tour.place.evidence.add(just_called);
        return Some(before);
    };
    let noted_before = tour.place.evidence.clone();
    let is_known = tour.taken_in().is(&open);
    if !is_known {
        tour.place.evidence.forget_calls();
    }
    let has_noted = just_called.is_some();
    tour.place.evidence.add(just_called);
    let passed = if before == 0 || is_known || lesson.may_move_after(before) {
        before
    } else {
        tour.place.evidence.forget_restart();
        let begins_here = match lesson.checks.first() {
            Some(first) => holds(domain, first, since).await,
            None => true,
        };
        let tour = domain.tour().under_way.as_mut()?;
        if !begins_here {
            tour.place.evidence = noted_before;
            return None;
        }
        tour.is_reminded = false;
        0
    };
    let tour = domain.tour();
    if let Some(under_way) = &mut tour.under_way {
        (under_way.place.log, under_way.passing_log) = (open.kept, open.passing);
        if !is_known || has_noted {
            tour.keep_place();
        }
    }
    match lesson.checks.last() {
        Some(last) if passed == lesson.checks.len() && !holds(domain, last, since).await => {
            domain.tour().under_way.as_mut()?.is_reminded = false;
            Some(passed - 1)
        }
        _ => Some(passed),
    }
}

/// What is said when everything that a lesson is about has happened. The next lesson is then under way, unless a prediction
/// is missing.
async fn end_of_lesson<D: Toured>(domain: &mut D, lessons: &Lessons, lesson: &Lesson, index: usize) -> Option<String> {
    let module = <D as HasApplication>::WORDS.module;
    let tour = domain.tour().under_way.as_mut()?;
    let (answer, position) = (tour.place.answer.clone(), tour.place.position);
    let mut answered = None;
    match (lesson.question(), answer) {
        (None, _) => {}
        (Some(_), None) if tour.is_reminded => return None,
        (Some(question), None) => {
            tour.is_reminded = true;
            return Some(text::still_asked(question, tour.place.position, module));
        }
        (Some(question), Some(answer)) => {
            let right = match question.asks.as_ref().map(Spanned::get_ref) {
                Some(asked) => ask(domain, asked, position).await?.to_string(),
                None => question.answer.clone().unwrap_or_default(),
            };
            answered = Some((answer, right));
        }
    }
    let answered = answered.as_ref().map(|(answer, right)| (answer.as_str(), right.as_str()));
    let mut said = text::done(lesson, position, answered);
    let tour = domain.tour();
    if index + 1 < lessons.all.len() {
        tour.go_to(index + 1, false);
        said.push_str(&shown(domain).await.unwrap_or_default());
    } else {
        tour.end();
        said.push_str(&text::end(lessons));
    }
    Some(said)
}
