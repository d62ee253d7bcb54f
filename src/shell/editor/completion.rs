//! Completion of functions, names, keywords and their values.

use std::collections::BTreeSet;

use super::assistant::Assistant;
use super::candidate::Candidate;
use super::file_names::file_names;
use super::partial_statement::PartialStatement;
use crate::shell::concepts::{self, Concept};
use crate::shell::error_reason::ErrorReason;
use crate::shell::functions::{Function, Parameter, ParameterKind};
use crate::shell::language::string_begun;

/// The largest number of names to list.
const MAX_LISTED: usize = 100;

impl Assistant {
    /// The candidates between a statement up to the cursor and the rest of its line, and the index at which they begin.
    ///
    /// All of them begin with what all names have in common, also those that are only counted.
    pub(super) fn complete(&self, before: &str, after: &str) -> (usize, Vec<Candidate>) {
        let statement = PartialStatement::at_the_end_of(before, self.vocabulary);
        let PartialStatement { word, start, .. } = statement;
        let is_closed_later = statement.within_string && after.contains('"') && !after.starts_with('"');
        let mut candidates = self.all(&statement);
        if is_closed_later {
            for candidate in &mut candidates {
                candidate.leave_open();
            }
        }
        debug_assert!(before.len() == start + word.len());
        (start, listed(candidates))
    }

    fn all(&self, statement: &PartialStatement<'_>) -> Vec<Candidate> {
        let PartialStatement { word, within_string, is_closed, .. } = *statement;
        if is_closed {
            return Vec::new();
        }
        let Some(_) = statement.function.filter(|_| !statement.within_comment) else {
            let is_function = !statement.within_comment && !within_string;
            return if is_function { self.complete_function(word) } else { Vec::new() };
        };
        let parameter = statement.parameter();
        if within_string {
            return parameter.map_or_else(Vec::new, |parameter| self.complete_string(parameter, word));
        }
        let mut candidates = Vec::new();
        if !statement.has_keyword() {
            // Before the values, which may be more than are listed.
            let keywords = statement.keywords().map(|parameter| format!("{}: ", parameter.name));
            candidates.extend(keywords.filter(|keyword| keyword.starts_with(word)).map(Candidate::from));
        }
        candidates.extend(parameter.into_iter().flat_map(|parameter| self.complete_value(parameter, word)));
        candidates
    }

    /// Values that are no string yet.
    fn complete_value(&self, parameter: &Parameter, word: &str) -> Vec<Candidate> {
        let words = |words: &[&str], sign: &str| -> Vec<Candidate> {
            let words = words.iter().map(|word| format!("{sign}{word}"));
            words.filter(|known| known.starts_with(word)).map(Candidate::from).collect()
        };
        match parameter.kind {
            ParameterKind::Function => self.complete_topic(word),
            ParameterKind::Boolean => words(&["true", "false"], ""),
            ParameterKind::Atom(atoms) => words(atoms, ":"),
            ParameterKind::StepNumberOrFile(atoms) if word.is_empty() => {
                let files = self.complete_string(parameter, word).into_iter().map(Candidate::quoted);
                words(atoms, ":").into_iter().chain(files).collect()
            }
            ParameterKind::StepNumberOrFile(atoms) => words(atoms, ":"),
            ParameterKind::Integer => self.names(parameter, word).into_iter().map(Candidate::from).collect(),
            ParameterKind::Named
            | ParameterKind::PositionOrName
            | ParameterKind::Text
            | ParameterKind::TextOrNil
            | ParameterKind::File
                if word.is_empty() =>
            {
                self.complete_string(parameter, word).into_iter().map(Candidate::quoted).collect()
            }
            ParameterKind::Named | ParameterKind::PositionOrName => {
                word.strip_prefix(':').map_or_else(Vec::new, |word| self.complete_atom(parameter, word))
            }
            _ => Vec::new(),
        }
    }

    /// What a string can become that has begun with `written`.
    fn complete_string(&self, parameter: &Parameter, written: &str) -> Vec<Candidate> {
        let Some(prefix) = string_begun(written) else { return Vec::new() };
        match parameter.kind {
            ParameterKind::File | ParameterKind::StepNumberOrFile(_) => file_names(&prefix),
            ParameterKind::Named | ParameterKind::PositionOrName | ParameterKind::Text | ParameterKind::TextOrNil => {
                self.names(parameter, &prefix).into_iter().map(Candidate::name).collect()
            }
            _ => Vec::new(),
        }
    }

    fn names(&self, parameter: &Parameter, prefix: &str) -> Vec<String> {
        self.names.beginning_with(parameter, prefix, usize::MAX)
    }

    /// The names that can be written as an atom.
    fn complete_atom(&self, parameter: &Parameter, prefix: &str) -> Vec<Candidate> {
        let is_word = |name: &String| {
            !name.starts_with(|first: char| first.is_ascii_digit())
                && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
        };
        let names = self.names(parameter, prefix).into_iter().filter(is_word);
        names.map(|name| Candidate::from(format!(":{name}"))).collect()
    }

    /// What `help` explains: functions, concepts, and errors where the word begins like one or nothing else does.
    fn complete_topic(&self, written: &str) -> Vec<Candidate> {
        let lower = written.to_lowercase();
        let errors = |sign: &str, begun: &str| {
            let errors = self.vocabulary.all().flat_map(Function::all_errors).map(ErrorReason::name);
            let begun: BTreeSet<_> = errors.filter(|name| name.starts_with(begun)).collect();
            begun.into_iter().map(|name| Candidate::from(format!("{sign}{name}"))).collect::<Vec<_>>()
        };
        if let Some(begun) = lower.strip_prefix(':') {
            return errors(":", begun);
        }
        let mut candidates = if written.contains(' ') { Vec::new() } else { self.complete_function(written) };
        let concepts = concepts::all().map(Concept::word);
        let concepts = concepts.map(|word| if written.contains(' ') { word.replace('_', " ") } else { word });
        candidates.extend(concepts.filter(|word| word.starts_with(&lower)).map(Candidate::from));
        if candidates.is_empty() { errors("", &lower) } else { candidates }
    }

    /// Modules up to the dot, then functions, also in lower or upper case and without their module; aliases only where no function's
    /// own name matches.
    fn complete_function(&self, written: &str) -> Vec<Candidate> {
        let mut candidates = self.functions(|name| name.starts_with(written), written.contains('.'));
        if candidates.is_empty() {
            let is_begun =
                |name: &str| name.get(..written.len()).is_some_and(|begun| begun.eq_ignore_ascii_case(written));
            candidates = self.functions(is_begun, written.contains('.'));
        }
        let lower = written.to_lowercase();
        let is_alone = lower.starts_with(|first: char| first.is_ascii_lowercase()) && !written.contains('.');
        // In capital letters, a module is meant where one begins like that.
        if is_alone && (written == lower || candidates.is_empty()) {
            let alone = self.vocabulary.all().filter(|function| function.name.starts_with(&lower));
            for function in alone.map(Function::to_string) {
                if !candidates.iter().any(|known| function.starts_with(&known.typed)) {
                    candidates.push(function.into());
                }
            }
        }
        if candidates.is_empty() {
            let of_module = |alias: &String| alias.to_lowercase().starts_with(&lower);
            let alone = |alias: &String| alias.rsplit('.').next().is_some_and(|alias| alias.starts_with(&lower));
            let aliases = || self.vocabulary.all().flat_map(Function::alias_names);
            candidates.extend(aliases().filter(|alias| of_module(alias) || alone(alias)).map(Candidate::from));
        }
        candidates
    }

    fn functions(&self, is_begun: impl Fn(&str) -> bool, has_module: bool) -> Vec<Candidate> {
        let mut candidates: Vec<Candidate> = Vec::new();
        for function in self.vocabulary.all() {
            let candidate = match function.module {
                Some(module) if !has_module => format!("{module}."),
                _ => function.to_string(),
            };
            if is_begun(&candidate) && !candidates.iter().any(|known| known.typed == candidate) {
                candidates.push(candidate.into());
            }
        }
        candidates
    }
}

/// The candidates to list. Of too many, the last stands for all that are not listed: names are in order, so that what the
/// first and the last begin with is what all begin with.
fn listed(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    let more = candidates.len().saturating_sub(MAX_LISTED);
    if more > 0
        && let Some(last) = candidates.pop()
    {
        candidates.truncate(MAX_LISTED);
        candidates.push(Candidate { shown: format!("… and {more} more"), ..last });
    }
    candidates
}

#[cfg(all(test, feature = "bank"))]
mod tests;
