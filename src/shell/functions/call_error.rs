//! Why a parsed statement cannot be run.

use thiserror::Error;

use crate::shell::language::Span;

/// Why a parsed statement cannot be run, and the place at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// The place at fault.
    pub span: Span,
    /// What is wrong with it.
    pub problem: CallProblem,
}

/// What is wrong with a call.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum CallProblem {
    #[error("there is no function `{name}`{}", did_you_mean_or_help(.suggestions))]
    UnknownFunction { name: String, suggestions: Vec<String> },
    #[error("expected a function: `{0}` is a module")]
    ModuleAlone(String),
    #[error("nothing is called `{name}` here{}", did_you_mean_or_help(.suggestions))]
    UnknownTopic { name: String, suggestions: Vec<String> },
    #[error("`{function}` takes {}, not {given}", count_arguments(*.least, *.most))]
    WrongCount { function: String, least: usize, most: usize, given: usize },
    #[error("`{parameter}` is {expected}, not {given}")]
    WrongKind { parameter: &'static str, expected: String, given: String },
    #[error("numbers are written without commas: 1_000 or 1000")]
    CommaInNumber,
    #[error("`{function}` takes no `{keyword}:`{}", did_you_mean(.suggestions))]
    UnknownKeyword { function: String, keyword: String, suggestions: Vec<String> },
    #[error("`{parameter}` is given by its place, without its name: {function} {parameters}")]
    NoKeyword { function: String, parameter: &'static str, parameters: String },
    #[error("`try` is followed by a command, as in `try {example}`")]
    NothingToTry { example: &'static str },
    #[error("`{function}` sends no command that could be tried: call it without `try`")]
    NoCommand { function: String },
    #[error("`{keyword}:` is given twice")]
    RepeatedKeyword { keyword: String },
}

fn did_you_mean_or_help(suggestions: &[String]) -> String {
    if suggestions.is_empty() { "; help lists what there is".to_owned() } else { did_you_mean(suggestions) }
}

fn did_you_mean(suggestions: &[String]) -> String {
    let quoted: Vec<_> = suggestions.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => format!("; did you mean {only}?"),
        Some((last, others)) => format!("; did you mean {} or {last}?", others.join(", ")),
    }
}

fn count_arguments(least: usize, most: usize) -> String {
    let plural = if most == 1 { "" } else { "s" };
    match (least, most) {
        (0, 0) => "no arguments".to_owned(),
        _ if least == most => format!("{most} argument{plural}"),
        (0, _) => format!("at most {most} argument{plural}"),
        _ => format!("{least} to {most} arguments"),
    }
}
