//! The secrets in a statement that can be run.

use crate::shell::functions::{Function, Parameter, ParameterKind};
use crate::shell::language::masking::MASK;
use crate::shell::language::{Argument, Span, Statement, credentials_of};

/// The places of the secrets in a valid call of this function: its PINs, and the credentials in URLs. They are in order and
/// do not overlap.
pub(in crate::shell) fn secrets(function: &Function, statement: &Statement<'_>, text: &str) -> Vec<Span> {
    let arguments = || statement.arguments.iter().enumerate();
    let is_pin = |parameter: &Parameter| parameter.kind == ParameterKind::Pin;
    let pins = arguments().filter(|(place, argument)| parameter_of(function, *place, argument).is_some_and(is_pin));
    let mut secrets: Vec<_> = pins.map(|(_, argument)| argument.value_span.clone()).collect();
    let mut urls = statement.arguments.iter().filter_map(|argument| credentials_of(argument, text));
    if let Some(first) = urls.next() {
        // No function takes more than one URL. If there are several, everything between them is masked as well.
        let end = urls.next_back().map_or(first.end, |last| last.end);
        secrets.push(first.start..end);
        secrets.sort_by_key(|secret| secret.start);
        secrets.dedup_by(|later, earlier| {
            let overlap = later.start < earlier.end;
            if overlap {
                earlier.end = earlier.end.max(later.end);
            }
            overlap
        });
    }
    secrets
}

/// A statement with the mask in place of its secrets.
pub(in crate::shell) fn without_secrets(text: &str, statement: &Span, secrets: &[Span]) -> String {
    let mut shown = String::new();
    let mut end = statement.start;
    for secret in secrets {
        shown.push_str(&text[end..secret.start]);
        shown.push_str(MASK);
        end = secret.end;
    }
    shown.push_str(&text[end..statement.end]);
    shown
}

/// The parameter for an argument: by its keyword, or by its index among the arguments.
pub(super) fn parameter_of(function: &Function, place: usize, argument: &Argument<'_>) -> Option<&'static Parameter> {
    match argument.keyword {
        Some(keyword) => function.parameters.iter().find(|parameter| parameter.keyword && parameter.name == keyword),
        None => function.parameters.get(place).filter(|parameter| !parameter.keyword),
    }
}
