//! What the functions of a tour do: go to a lesson, and predict what will happen.

use std::fs::canonicalize;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use super::bookmark::Bookmark;
use super::lessons::{Lessons, MAX_BYTES};
use super::progress::shown;
use super::{Toured, text};
use crate::engine::disk::open_regular;
use crate::shell::application_functions::HasApplication;
use crate::shell::common_errors::{DEFECT, FILE_FAILED, NO_FILE_NAME};
use crate::shell::error_reason::ErrorReason;
use crate::shell::functions::{Call, NotDone, Outcome, Parameter, ParameterKind, string_in};
use crate::shell::term::Term;

const NEXT: &str = "next";
const BACK: &str = "back";
const END: &str = "end";

/// Which lesson to show, or a file of lessons to begin with.
pub(in crate::shell) const LESSON: Parameter =
    Parameter::optional("lesson", ParameterKind::StepNumberOrFile(&[NEXT, BACK, END]));
/// What somebody expects.
pub(in crate::shell) const ANSWER: Parameter = Parameter::needed("answer", ParameterKind::Expected);

pub(in crate::shell) const NO_TOUR: ErrorReason =
    ErrorReason::new("no_tour", "no tour is under way: {module}.tour begins one, or goes on with the last");
pub(in crate::shell) const NO_LESSON: ErrorReason =
    ErrorReason::new("no_lesson", "there is no such lesson: {module}.tour shows which one this is, and of how many")
        .about(&["lesson"]);
pub(in crate::shell) const NOTHING_ASKED: ErrorReason = ErrorReason::new(
    "nothing_asked",
    "this lesson asks for no prediction: {module}.tour shows again what there is to do in it",
)
.about(&["answer"]);
pub(in crate::shell) const INVALID_LESSONS: ErrorReason = ErrorReason::new(
    "invalid_lessons",
    "the file holds no lessons, or something in one is wrong: the line below says what, and where",
)
.about(&["lesson"]);

/// Begins a tour, or goes to one of its lessons; what that says follows the reply.
pub(in crate::shell) async fn go<D: Toured>(domain: &mut D, call: Call<'_>) -> Outcome {
    match call.optional(LESSON) {
        None => go_on_or_begin(domain)?,
        Some(END) => {
            if !domain.tour().is_under_way() && domain.tour().kept_place().is_none() {
                return Err(Term::Error(NO_TOUR).into());
            }
            domain.tour().end();
            return Ok(Term::OK.into());
        }
        Some(step @ (NEXT | BACK)) => {
            if !go_on(domain)? {
                return Err(Term::Error(NO_TOUR).into());
            }
            step_to(domain, step)?;
        }
        Some(value) => match string_in(value) {
            Some(file) => begin_with_file(domain, file)?,
            None => {
                let number: Option<usize> = value.parse().ok();
                let lesson = number.and_then(|number| number.checked_sub(1)).ok_or(Term::Error(NO_LESSON))?;
                go_to_lesson(domain, lesson)?;
            }
        },
    }
    if domain.tour().to_say.is_none() {
        let shown = shown(domain).await;
        domain.tour().to_say = shown;
    }
    Ok(Term::OK.into())
}

/// Takes a prediction. What comes of it is said once what it is about has happened.
pub(in crate::shell) async fn answer<D: Toured>(domain: &mut D, call: Call<'_>) -> Outcome {
    let tour = domain.tour();
    if !tour.is_under_way() {
        return Err(Term::Error(NO_TOUR).into());
    }
    match tour.answer(call.text(ANSWER)) {
        true => Ok(Term::OK.into()),
        false => Err(Term::Error(NOTHING_ASKED).into()),
    }
}

fn step_to<D: Toured>(domain: &mut D, step: &str) -> Result<(), NotDone> {
    let tour = domain.tour();
    let Some(under_way) = &tour.under_way else { return Ok(()) };
    let (lesson, lessons) = (under_way.place.lesson, under_way.lessons.clone());
    if step == BACK {
        return show_lesson(domain, lesson.checked_sub(1).ok_or(Term::Error(NO_LESSON))?);
    }
    if lesson + 1 < lessons.all.len() {
        return show_lesson(domain, lesson + 1);
    }
    tour.end();
    tour.to_say = Some(text::end(&lessons));
    Ok(())
}

fn show_lesson<D: Toured>(domain: &mut D, lesson: usize) -> Result<(), NotDone> {
    let tour = domain.tour();
    match &tour.under_way {
        Some(under_way) if lesson < under_way.lessons.all.len() => {
            tour.go_to(lesson, true);
            Ok(())
        }
        _ => Err(Term::Error(NO_LESSON).into()),
    }
}

/// Goes on with the tour that an earlier run of the program has left, unless one is under way. Answers whether one is now.
fn go_on<D: Toured>(domain: &mut D) -> Result<bool, NotDone> {
    if domain.tour().is_under_way() {
        return Ok(true);
    }
    let Some(mut place) = domain.tour().kept_place() else { return Ok(false) };
    let lessons = lessons_kept(domain, &place)?;
    // The file may have changed meanwhile.
    place.lesson = place.lesson.min(lessons.all.len() - 1);
    domain.tour().go_on(lessons, place);
    Ok(true)
}

/// Goes to a lesson of the tour that is under way, or was, or of the domain's own.
fn go_to_lesson<D: Toured>(domain: &mut D, lesson: usize) -> Result<(), NotDone> {
    if !domain.tour().is_under_way() {
        let place = domain.tour().kept_place().unwrap_or_default();
        let lessons = lessons_kept(domain, &place)?;
        if lesson >= lessons.all.len() {
            return Err(Term::Error(NO_LESSON).into());
        }
        domain.tour().go_on(lessons, place);
    }
    show_lesson(domain, lesson)
}

fn go_on_or_begin<D: Toured>(domain: &mut D) -> Result<(), NotDone> {
    if !go_on(domain)? {
        let lessons = lessons_of(domain, None)?;
        domain.tour().begin(lessons, Bookmark::default());
    }
    Ok(())
}

fn begin_with_file<D: Toured>(domain: &mut D, file: &str) -> Result<(), NotDone> {
    if file.is_empty() {
        return Err(Term::Error(NO_FILE_NAME).into());
    }
    let lessons = lessons_of(domain, Some(Path::new(file)))?;
    // The next run of the program may begin in another directory.
    let file = canonicalize(file).map_err(|error| unreadable(Path::new(file), &error))?;
    domain.tour().begin(lessons, Bookmark { file: Some(file), ..Bookmark::default() });
    Ok(())
}

/// The lessons of a tour that an earlier run of the program has left.
fn lessons_kept<D: Toured>(domain: &D, place: &Bookmark) -> Result<Arc<Lessons>, NotDone> {
    lessons_of(domain, place.file.as_deref()).map_err(|mut error| {
        if let Some(failed) = &mut error.failed {
            let module = <D as HasApplication>::WORDS.module;
            failed.message.push_str(&format!("; {module}.tour :end forgets the tour of this file"));
        }
        error
    })
}

/// The lessons of a file, or of the domain.
fn lessons_of<D: Toured>(domain: &D, file: Option<&Path>) -> Result<Arc<Lessons>, NotDone> {
    let Some(file) = file else {
        let lessons = Lessons::read(D::LESSONS, domain, D::QUESTIONS);
        // Cannot happen: a test reads them.
        return lessons.map(Arc::new).map_err(|error| NotDone::noted(DEFECT, error));
    };
    let text = read(file).map_err(|error| unreadable(file, &error))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let lessons = Lessons::read(&text, domain, D::QUESTIONS);
    lessons.map(Arc::new).map_err(|error| NotDone::noted(INVALID_LESSONS, format!("{name}:{error}")))
}

fn read(file: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    // One more than there may be shows that there are too many.
    open_regular(file)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_BYTES {
        return Err(io::Error::other(format!("lessons take at most {} KiB", MAX_BYTES >> 10)));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
}

fn unreadable(file: &Path, error: &io::Error) -> NotDone {
    NotDone::failed(Term::Error(FILE_FAILED), format!("{}: {error}", file.display())).changing_nothing()
}
