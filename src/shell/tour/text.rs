//! What a tour says, in paragraphs of one line each: they are wrapped as they are printed.

use std::fmt::Write as _;
use std::path::Path;

use toml::Spanned;

use super::bookmark::Bookmark;
use super::lessons::{Lesson, Lessons, Question};
use super::position::{POSITION, at_position};
use crate::shell::term::Term;

const INDENT: &str = "  ";

/// What stands for a position that is not known yet.
const SOME_POSITION: &str = "N";

/// The lesson of a place: what it is about, what to type, and what to predict before that. `module` is that of the functions.
/// Where nothing `is_open`, it says which file the lesson was begun in.
pub(super) fn lesson(lessons: &Lessons, place: &Bookmark, module: &str, is_open: bool) -> String {
    let index = place.lesson;
    let Some(lesson @ Lesson { title, text, needs, statements, .. }) = lessons.all.get(index) else {
        return String::new();
    };
    let mut said = format!("\n{INDENT}Lesson {} of {}: {}\n", index + 1, lessons.all.len(), line_of(title));
    add(&mut said, text);
    let begun_in = place.log.as_ref().or_else(|| Some(&place.since.first()?.log)).filter(|_| !is_open);
    let file = begun_in.map(|log| in_short(log)).filter(|file| !names(statements, file));
    if let Some(file) = &file {
        add(&mut said, "Nothing is open. You have begun this lesson in a bank that is still there: open it again.");
        let _ = writeln!(said, "\n{INDENT}{INDENT}{module}.open {}", Term::String(file.clone()));
    }
    let is_in_need = place.is_skipped_to && !needs.is_empty();
    if is_in_need {
        add(&mut said, "It needs what the lessons before it have made. Where that is missing:");
        add_statements(&mut said, needs);
    }
    if (is_in_need || file.is_some()) && !statements.is_empty() {
        add(&mut said, "And then:");
    }
    add_statements(&mut said, statements);
    if let Some(question) = lesson.question() {
        add(&mut said, &format!("Predict first: {} {}", line_of(&question.text), how_to_answer(module)));
    }
    told(&said, place.position)
}

/// Whether one of the statements names a file.
fn names(statements: &[Spanned<String>], file: &str) -> bool {
    statements.iter().any(|statement| statement.get_ref().contains(&Term::String(file.to_owned()).to_string()))
}

/// The path of a file, from the current directory where that is short.
fn in_short(path: &str) -> String {
    let directory = std::env::current_dir().and_then(|directory| directory.canonicalize());
    let within = directory.ok().and_then(|directory| Path::new(path).strip_prefix(directory).ok());
    within.map_or_else(|| path.to_owned(), |within| within.to_string_lossy().into_owned())
}

/// Says which position a lesson is about that has named none, or another one.
pub(super) fn found_position(position: u64, told: Option<u64>) -> String {
    let mut said = String::new();
    match told {
        None => add(&mut said, &format!("{SOME_POSITION} is {position} here.")),
        Some(told) => add(&mut said, &format!("This lesson is about position {position} now, and not about {told}.")),
    }
    said
}

/// A question that has no answer yet, though all else is done.
pub(super) fn still_asked(question: &Question, position: Option<u64>, module: &str) -> String {
    let mut said = String::new();
    add(&mut said, &format!("That is done. One thing is open: {} {}", line_of(&question.text), how_to_answer(module)));
    told(&said, position)
}

/// What somebody has predicted, before it is known.
pub(super) fn noted(answer: &str) -> String {
    let mut said = String::new();
    add(&mut said, &format!("Your prediction is {}. Now see what happens.", line_of(answer)));
    said
}

/// What has come of a prediction, if there was one, and of the lesson.
pub(super) fn done(lesson: &Lesson, position: Option<u64>, answered: Option<(&str, &str)>) -> String {
    let mut said = String::new();
    if let (Some(question), Some((said_before, right))) = (lesson.question(), answered) {
        let right = line_of(right);
        let (verdict, more) = match is_right(said_before, &right) {
            true => (format!("It is {right}, as you said."), &question.right),
            false => (format!("You said {}, and it is {right}.", line_of(said_before)), &question.wrong),
        };
        add(&mut said, &format!("{verdict} {}", line_of(more)));
    }
    let says_nothing = said.is_empty() && lesson.done.trim().is_empty();
    add(&mut said, if says_nothing { "That is done." } else { &lesson.done });
    told(&said, position)
}

/// What is said after the last lesson.
pub(super) fn end(lessons: &Lessons) -> String {
    let mut said = String::new();
    add(&mut said, if lessons.end.trim().is_empty() { "That was the last lesson." } else { &lessons.end });
    said
}

/// Whether an answer is the right one, however it was written: `100`, `100.00`, `"100"`, `:ok` and `ok`.
fn is_right(answer: &str, right: &str) -> bool {
    let bare = |text: &str| {
        let text = text.trim().trim_start_matches(':').trim_matches('"').replace('_', "").to_lowercase();
        without_empty_decimals(&text).map(str::to_owned).unwrap_or(text)
    };
    bare(answer) == bare(right)
}

/// A number without the zeros that end its decimals: `70` for `70.00`.
fn without_empty_decimals(text: &str) -> Option<&str> {
    let (whole, decimals) = text.split_once('.')?;
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole.strip_prefix('-').unwrap_or(whole)) || !is_number(decimals) {
        return None;
    }
    Some(text.trim_end_matches('0').trim_end_matches('.'))
}

fn how_to_answer(module: &str) -> String {
    format!("`{module}.answer …` says what you expect.")
}

/// A text with the position that it is about.
fn told(text: &str, position: Option<u64>) -> String {
    at_position(text, position).replace(POSITION, SOME_POSITION)
}

fn add_statements(said: &mut String, statements: &[Spanned<String>]) {
    if !statements.is_empty() {
        said.push('\n');
    }
    for statement in statements.iter().map(Spanned::get_ref) {
        let _ = writeln!(said, "{INDENT}{INDENT}{}", line_of(statement));
    }
}

/// Adds the paragraphs of a text, each after an empty line.
fn add(said: &mut String, text: &str) {
    let paragraphs = text.split("\n\n").map(line_of).filter(|paragraph| !paragraph.is_empty());
    for paragraph in paragraphs {
        let _ = writeln!(said, "\n{INDENT}{paragraph}");
    }
}

/// A text on one line.
fn line_of(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_may_be_written_in_several_ways() {
        for (answer, right) in
            [("100", "100"), ("1000", "1_000"), ("ok", ":ok"), ("Wolfman", "\"Wolfman\""), ("YES", "yes")]
                .into_iter()
                .chain([("70", "70.00"), ("70.0", "70.00"), ("-5.5", "-5.50"), ("1_000.00", "1000")])
        {
            assert!(is_right(answer, right), "{answer} {right}");
        }
        assert!(!is_right("10", "100"));
        assert!(!is_right("-100", "100"));
        assert!(!is_right("7", "70.00"));
        assert!(!is_right("100", "1.00"));
    }

    #[test]
    fn paragraphs_are_lines_of_their_own() {
        let mut said = String::new();
        add(&mut said, "\none\ntwo\n\n\nthree  four\n");
        assert_eq!(said, "\n  one two\n\n  three four\n");
    }
}
