//! What to hide of one statement.

use super::secrets::{parameter_of, secrets};
use crate::shell::functions::{Function, Parameter, ParameterKind, Vocabulary, check};
use crate::shell::language::masking::{Masked, is_long, numbers, words_before};
use crate::shell::language::{Argument, Span, Statement, SyntaxError, TokenKind, Tokens, Value, credentials_of};

/// The keyword by which people give a PIN.
const PIN: &str = "pin";

/// What to hide of a statement.
#[derive(Clone, Debug)]
pub(super) enum Hidden {
    /// These places.
    At(Vec<Span>),
    /// Every number that could be a PIN, except in the first words.
    LongNumbersBehind { plain_words: usize },
}

impl Hidden {
    pub(super) fn of(text: &str, read: &Result<Statement<'_>, SyntaxError>, vocabulary: Vocabulary) -> Self {
        let statement = match read {
            Ok(statement) => statement,
            Err(error) => return Self::of_unread(text, &error.statement, vocabulary),
        };
        match function_called(&text[statement.name.span.clone()], vocabulary) {
            None => Self::of_unread(text, &statement.span, vocabulary),
            Some(function) => match check(function, statement, text, vocabulary.manual()) {
                Ok(_) => Self::At(secrets(function, statement, text)),
                Err(_) => Self::of_wrong_call(text, statement, function),
            },
        }
    }

    pub(super) fn of_unread(text: &str, statement: &Span, vocabulary: Vocabulary) -> Self {
        let is_of_name = |kind| matches!(kind, TokenKind::Word | TokenKind::Dot);
        let mut tokens = Tokens::new(&text[statement.clone()]);
        let name = tokens.by_ref().take_while(|token| is_of_name(token.kind)).last();
        let end = statement.start + name.map_or(0, |name| name.end);
        let is_plain = |kind| matches!(kind, ParameterKind::Named | ParameterKind::Integer);
        let plain = function_called(&text[statement.start..end], vocabulary).map_or_else(
            || plain_words_of_unknown(vocabulary),
            |function| {
                let parameters = function.parameters.iter();
                parameters.take_while(|parameter| is_plain(parameter.kind) && !parameter.keyword).count()
            },
        );
        // The intended statement may begin earlier on the line, as in `Bank.create Jo;sh, Josh, 1234`.
        Self::LongNumbersBehind { plain_words: (plain + 1).saturating_sub(words_before(text, statement.start)) }
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
                _ => hidden.extend(numbers(text, span).filter(|number| is_long(&text[number.clone()]))),
            }
            hidden.extend(credentials_of(argument, text));
        }
        Self::At(hidden)
    }

    /// The same for a statement whose beginning is uncertain.
    pub(super) fn in_doubt(self) -> Self {
        match self {
            Self::At(_) => self,
            Self::LongNumbersBehind { .. } => Self::LongNumbersBehind { plain_words: 0 },
        }
    }

    pub(super) fn hide(&self, statement: &Span, masked: &mut Masked<'_>) {
        match self {
            Self::At(places) => places.iter().for_each(|place| masked.hide(place.clone())),
            Self::LongNumbersBehind { plain_words } => masked.hide_unread(statement, *plain_words),
        }
    }
}

/// How many words after an unknown name cannot be a PIN, whichever function was meant.
fn plain_words_of_unknown(vocabulary: Vocabulary) -> usize {
    const AT_MOST: usize = 2;
    vocabulary.all().filter_map(Function::secret_parameter).min().map_or(AT_MOST, |first| first.min(AT_MOST))
}

fn function_called(name: &str, vocabulary: Vocabulary) -> Option<&'static Function> {
    vocabulary.all().find(|function| function.is_called(name))
}

/// Whether an argument for another parameter may be a misplaced PIN: a number or a string of the wrong kind, or nothing but
/// digits as a text.
fn can_stand_for_pin(argument: &Argument<'_>, parameter: &Parameter) -> bool {
    match (&argument.value, parameter.kind) {
        (Value::Integer(_), kind) => !matches!(kind, ParameterKind::Named | ParameterKind::Integer),
        (Value::String(text), ParameterKind::Text) => {
            !parameter.keyword && text.bytes().all(|byte| byte.is_ascii_digit())
        }
        (Value::String(_), kind) => kind != ParameterKind::Named,
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
