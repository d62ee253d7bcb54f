//! Checks the arguments of a call against the parameters of its function.

use std::borrow::Cow;

use super::arguments::Arguments;
use super::call_error::{CallError, CallProblem};
use super::function::{Function, NIL, Parameter, ParameterKind, QUOTE};
use super::vocabulary::Manual;
use crate::shell::language::{Argument, Name, Span, Statement, Value, shortened};
use crate::shell::similarity::nearest_word;

/// Checks the arguments of a statement against the function's parameters. `text` is the source of the statement; `manual`
/// has the examples for error messages.
///
/// # Errors
///
/// [`CallError`] for the first argument that does not fit.
pub fn check<'a>(
    function: &Function,
    statement: &Statement<'a>,
    text: &'a str,
    manual: &Manual,
) -> Result<Arguments<'a>, CallError> {
    // The parser has made sure that keyword arguments come last.
    let positional = statement.arguments.iter().take_while(|argument| argument.keyword.is_none()).count();
    let (in_order, by_name) = statement.arguments.split_at(positional);
    let parameters = function.parameters;
    let place_of = |keyword| parameters.iter().position(|parameter| parameter.keyword && parameter.name == keyword);
    let fail = |argument: &Argument<'_>, problem| Err(CallError { span: argument.span.clone(), problem });
    for argument in by_name {
        let keyword = argument.keyword.unwrap_or_default();
        if let Some(Parameter { name, .. }) = parameters.iter().find(|known| !known.keyword && known.name == keyword) {
            let (function, parameters) = (function.to_string(), function.signature(0));
            return fail(argument, CallProblem::NoKeyword { function, parameter: name, parameters });
        }
        if place_of(keyword).is_none() {
            let keywords = parameters.iter().filter(|parameter| parameter.keyword).map(|parameter| parameter.name);
            let suggestions = nearest_word(keyword, keywords).map(|known| format!("{known}:")).into_iter().collect();
            let (function, keyword) = (function.to_string(), shortened(keyword));
            return fail(argument, CallProblem::UnknownKeyword { function, keyword, suggestions });
        }
    }
    let most = parameters.iter().filter(|parameter| !parameter.keyword).count();
    let least = parameters.iter().filter(|parameter| !parameter.keyword && !parameter.optional).count();
    let too_many = in_order.len() > most;
    if let Some(number) = comma_in_number(in_order, text, |place| too_many || is_pin(parameters.get(place))) {
        return Err(CallError { span: number, problem: CallProblem::CommaInNumber });
    }
    if in_order.len() < least || too_many {
        let span = in_order.get(most).map_or(statement.name.span.clone(), |argument| argument.span.clone());
        let function = function.to_string();
        let problem = CallProblem::WrongCount { function, least, most, given: in_order.len() };
        return Err(CallError { span, problem });
    }
    let mut values = Arguments::of(parameters.len());
    for (place, (argument, parameter)) in in_order.iter().zip(parameters).enumerate() {
        values.set(place, value(argument, parameter, text, manual)?);
    }
    for argument in by_name {
        let keyword = argument.keyword.unwrap_or_default();
        if let Some(place) = place_of(keyword) {
            let given = value(argument, &parameters[place], text, manual)?;
            if !values.set(place, given) {
                return fail(argument, CallProblem::RepeatedKeyword { keyword: keyword.to_owned() });
            }
        }
    }
    Ok(values)
}

/// The place of a number that was written with commas between its thousands, as in `1,000`. They make arguments of it,
/// which are `unwanted` where no call could mean them.
fn comma_in_number(in_order: &[Argument<'_>], text: &str, unwanted: impl Fn(usize) -> bool) -> Option<Span> {
    const THOUSANDS: usize = 3;
    let is_continued = |(place, pair): (usize, &[Argument<'_>])| {
        let [number, next] = pair else { return None };
        let (number_span, next_span) = (number.value_span.clone(), next.value_span.clone());
        let digits = text[next_span.clone()].split('.').next().unwrap_or_default();
        let is_continued = matches!(number.value, Value::Integer(_))
            && matches!(next.value, Value::Integer(_) | Value::Decimal(_))
            && &text[number_span.end..next_span.start] == ","
            && digits.len() == THOUSANDS
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        (is_continued && unwanted(place + 1)).then_some(number_span.start..next_span.end)
    };
    in_order.windows(2).enumerate().find_map(is_continued)
}

fn is_pin(parameter: Option<&Parameter>) -> bool {
    parameter.is_some_and(|parameter| parameter.kind == ParameterKind::Pin)
}

fn value<'a>(
    argument: &Argument<'a>,
    parameter: &Parameter,
    text: &'a str,
    manual: &Manual,
) -> Result<Cow<'a, str>, CallError> {
    match (&argument.value, parameter.kind) {
        (
            Value::String(text),
            ParameterKind::Named
            | ParameterKind::Expected
            | ParameterKind::Text
            | ParameterKind::TextOrNil
            | ParameterKind::File
            | ParameterKind::Pin
            | ParameterKind::PositionOrDate,
        ) => Ok(text.clone()),
        (Value::Name(Name { module: None, function: NIL, .. }) | Value::Atom(NIL), ParameterKind::TextOrNil) => {
            Ok(NIL.into())
        }
        // From the source: a PIN may begin with zeros, and a parsed integer has lost them.
        (Value::Integer(_), ParameterKind::Pin) => Ok(text[argument.value_span.clone()].replace('_', "").into()),
        (
            Value::Integer(digits),
            ParameterKind::Named
            | ParameterKind::Expected
            | ParameterKind::Integer
            | ParameterKind::Amount
            | ParameterKind::PositionOrDate
            | ParameterKind::PositionOrName
            | ParameterKind::StepNumberOrFile(_),
        )
        | (Value::Decimal(digits), ParameterKind::Amount | ParameterKind::Expected) => Ok(digits.clone()),
        (Value::Boolean(truth), ParameterKind::Boolean) => Ok(if *truth { "true" } else { "false" }.into()),
        (Value::String(text), ParameterKind::PositionOrName | ParameterKind::StepNumberOrFile(_)) => {
            Ok(format!("{QUOTE}{text}").into())
        }
        (Value::Atom(atom), ParameterKind::PositionOrName) => Ok((*atom).into()),
        (Value::Atom(atom), ParameterKind::Named | ParameterKind::Expected) => Ok((*atom).into()),
        (Value::Atom(atom), ParameterKind::Atom(atoms) | ParameterKind::StepNumberOrFile(atoms))
            if atoms.contains(atom) =>
        {
            Ok((*atom).into())
        }
        (Value::Name(name), ParameterKind::Function) => Ok(name.to_string().into()),
        (Value::Atom(atom), ParameterKind::Function) => Ok((*atom).into()),
        (Value::String(text), ParameterKind::Function) => Ok(text.clone()),
        (other, kind) => {
            let (expected, given) = (kind.describe(manual), kind_of(other));
            let problem = CallProblem::WrongKind { parameter: parameter.name, expected, given };
            Err(CallError { span: argument.span.clone(), problem })
        }
    }
}

fn quoted(atoms: &[&str]) -> Vec<String> {
    atoms.iter().map(|atom| format!("`:{atom}`")).collect()
}

fn kind_of(value: &Value<'_>) -> String {
    match value {
        Value::String(_) => "a string".to_owned(),
        Value::Integer(_) => "an integer".to_owned(),
        Value::Decimal(_) => "a number with decimals".to_owned(),
        Value::Atom(atom) => format!("`:{}`", shortened(atom)),
        Value::Boolean(_) => "a boolean".to_owned(),
        Value::Name(_) => "a bare word".to_owned(),
    }
}

impl ParameterKind {
    fn describe(self, manual: &Manual) -> String {
        match self {
            Self::Named => format!("a string such as \"{}\", an integer or an atom", manual.named),
            Self::Expected => "a number, a string or an atom".to_owned(),
            Self::Text | Self::File => "a string".to_owned(),
            Self::TextOrNil => "a string or nil".to_owned(),
            Self::Integer => "a whole number".to_owned(),
            Self::PositionOrDate => "a position such as 3 or a date such as \"2024-01-17\"".to_owned(),
            Self::PositionOrName => format!("a position such as 3, or a string such as \"{}\"", manual.named),
            Self::Amount => "an amount such as 100 or 10.50".to_owned(),
            Self::Pin => "4 to 12 digits".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Atom(atoms) => quoted(atoms).join(" or "),
            Self::StepNumberOrFile(atoms) => {
                format!("{}, a number such as 4, or the name of a file", quoted(atoms).join(", "))
            }
            Self::Function => {
                format!(
                    "a function such as `{}`, an error such as `busy`, or a concept such as `event`",
                    manual.function
                )
            }
        }
    }
}
