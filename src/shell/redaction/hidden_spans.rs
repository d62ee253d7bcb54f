//! What to hide of one statement.

use super::secrets::{parameter_of, secrets};
use crate::shell::functions::{Function, Parameter, ParameterKind, Vocabulary, check};
use crate::shell::language::masking::{Masked, long_numbers, numbers};
use crate::shell::language::{Argument, Span, Statement, SyntaxError, Value, credentials_of};

/// The keyword by which people give a PIN.
const PIN: &str = "pin";

/// What to hide of a statement.
#[derive(Clone, Debug)]
pub(super) enum Hidden {
    /// These places.
    At(Vec<Span>),
    /// Every number that could be a PIN.
    PossiblePins,
}

impl Hidden {
    pub(super) fn of(text: &str, read: &Result<Statement<'_>, SyntaxError>, vocabulary: Vocabulary) -> Self {
        let Ok(statement) = read else { return Self::PossiblePins };
        let name = &text[statement.name.span.clone()];
        match vocabulary.called(name) {
            None => Self::PossiblePins,
            Some(function) => match check(function, statement, text, vocabulary.manual()) {
                Ok(_) => Self::At(secrets(function, statement, text)),
                Err(_) => Self::of_wrong_call(text, statement, function),
            },
        }
    }

    /// The PINs, and the numbers that may have been meant as one: those after the function's last parameter, and if it
    /// takes a PIN, those in the place of another argument.
    pub(super) fn of_wrong_call(text: &str, statement: &Statement<'_>, function: &Function) -> Self {
        let takes_pin = function.secret_parameter().is_some();
        let mut hidden = Vec::new();
        for (place, argument) in statement.arguments.iter().enumerate() {
            let span = argument.value_span.clone();
            match parameter_of(function, place, argument) {
                Some(parameter) if parameter.kind == ParameterKind::Pin => hide_whole(argument, text, &mut hidden),
                None if argument.keyword == Some(PIN) => hide_whole(argument, text, &mut hidden),
                Some(parameter) if !(takes_pin && can_stand_for_pin(argument, parameter)) => {}
                None if argument.keyword.is_some() && !takes_pin => {}
                _ => hidden.extend(long_numbers(text, span)),
            }
            hidden.extend(credentials_of(argument, text));
        }
        Self::At(hidden)
    }

    pub(super) fn hide(&self, statement: &Span, masked: &mut Masked<'_>) {
        match self {
            Self::At(places) => places.iter().for_each(|place| masked.hide(place.clone())),
            Self::PossiblePins => masked.hide_possible_pins(statement.clone()),
        }
    }
}

/// Whether an argument for another parameter may be a misplaced PIN: a number or a string of the wrong kind, or nothing but
/// digits as a text.
fn can_stand_for_pin(argument: &Argument<'_>, parameter: &Parameter) -> bool {
    match (&argument.value, parameter.kind) {
        (Value::Integer(_), kind) => !matches!(
            kind,
            ParameterKind::Named
                | ParameterKind::Expected
                | ParameterKind::PositionOrName
                | ParameterKind::StepNumberOrFile(_)
                | ParameterKind::Integer
                | ParameterKind::Amount
        ),
        (Value::Decimal(_), kind) => !matches!(kind, ParameterKind::Amount | ParameterKind::Expected),
        (
            Value::String(text),
            ParameterKind::Text | ParameterKind::TextOrNil | ParameterKind::File | ParameterKind::StepNumberOrFile(_),
        ) => !parameter.keyword && text.chars().all(|character| character.is_numeric() || character.is_whitespace()),
        (Value::String(_), kind) => {
            !matches!(kind, ParameterKind::Named | ParameterKind::Expected | ParameterKind::PositionOrName)
        }
        _ => false,
    }
}

/// Hides a value, except for its quotes or sign.
fn hide_whole(argument: &Argument<'_>, text: &str, hidden: &mut Vec<Span>) {
    let Span { start, end } = argument.value_span.clone();
    match argument.value {
        Value::String(_) => hidden.push(start + 1..end - 1),
        Value::Integer(_) => hidden.push(start + usize::from(text[start..].starts_with('-'))..end),
        _ => hidden.extend(numbers(text, start..end)),
    }
}
