//! Statements in lessons: those to type, and questions that the tour asks by itself.

use super::Toured;
use super::position::at_position;
use crate::shell::functions::{Call, Domain, Vocabulary};
use crate::shell::language::Statements;
use crate::shell::mistake::Source;
use crate::shell::read_statement::{ReadStatement, Runnable};
use crate::shell::term::Term;

/// Checks that statements could be typed.
pub(super) fn check<D: Domain>(domain: &D, text: &str) -> Result<(), String> {
    read(domain, text).map(drop)
}

/// Checks that a text is one statement, which calls one of these functions.
pub(super) fn check_question<D: Domain>(domain: &D, text: &str, questions: &[&str]) -> Result<(), String> {
    match read(domain, text)?.as_slice() {
        [Runnable::Domain(row, _)] if questions.contains(&row.function.name) => Ok(()),
        [_] => Err(format!("`{text}` does more than ask: one of {} asks", questions.join(", "))),
        _ => Err(format!("`{text}` is not one question")),
    }
}

/// Checks that there is a function of this name, written with its module.
pub(super) fn check_function<D: Domain>(domain: &D, name: &str) -> Result<(), String> {
    let function = Vocabulary::of(domain).called(name);
    let is_known = function.is_some_and(|function| function.to_string() == name);
    if is_known { Ok(()) } else { Err(format!("there is no function `{name}`")) }
}

fn read<'a, D: Domain>(domain: &D, text: &'a str) -> Result<Vec<Runnable<'a, D>>, String> {
    let mut read = Vec::new();
    for statement in Statements::new(text) {
        let statement = ReadStatement::new(Source::new(text, 1), statement, Vocabulary::of(domain));
        read.push(statement.call.map_err(|mistake| format!("`{text}`: {}", mistake.message))?);
    }
    match read.is_empty() {
        true => Err("there is no statement".to_owned()),
        false => Ok(read),
    }
}

/// The reply to a question that was checked, about the position that its lesson is about.
pub(super) async fn ask<D: Toured>(domain: &mut D, text: &str, position: Option<u64>) -> Option<Term> {
    let text = at_position(text, position);
    let Ok([Runnable::Domain(row, arguments)]) = <[_; 1]>::try_from(read(domain, &text).ok()?) else { return None };
    match row.run(domain, Call::new(&row.function, &arguments, false)).await {
        Ok(reply) => Some(reply.term),
        Err(not_done) => Some(not_done.reply),
    }
}
