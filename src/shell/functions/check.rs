//! Checks the arguments of a call against the parameters of its function.

use super::arguments::Arguments;
use super::call_error::{CallError, CallProblem};
use super::function::{Function, Parameter, ParameterKind};
use super::vocabulary::Manual;
use crate::shell::language::{Argument, Statement, Value, shortened};

/// Checks the arguments of a statement against the function's parameters. `text` is the source of the statement; `manual`
/// has the examples for error messages.
///
/// # Errors
///
/// [`CallError`] for the first argument that does not fit.
pub fn check(
    function: &Function,
    statement: &Statement<'_>,
    text: &str,
    manual: &Manual,
) -> Result<Arguments, CallError> {
    // The parser has made sure that keyword arguments come last.
    let positional = statement.arguments.iter().take_while(|argument| argument.keyword.is_none()).count();
    let (in_order, by_name) = statement.arguments.split_at(positional);
    let parameters = function.parameters;
    let place_of = |keyword| parameters.iter().position(|parameter| parameter.keyword && parameter.name == keyword);
    let fail = |argument: &Argument<'_>, problem| Err(CallError { span: argument.span.clone(), problem });
    for argument in by_name {
        let keyword = argument.keyword.unwrap_or_default();
        if place_of(keyword).is_none() {
            let (function, keyword) = (function.to_string(), shortened(keyword));
            return fail(argument, CallProblem::UnknownKeyword { function, keyword });
        }
    }
    let most = parameters.iter().filter(|parameter| !parameter.keyword).count();
    let least = parameters.iter().filter(|parameter| !parameter.keyword && !parameter.optional).count();
    if in_order.len() < least || in_order.len() > most {
        let span = in_order.get(most).map_or(statement.name.span.clone(), |argument| argument.span.clone());
        let function = function.to_string();
        let problem = CallProblem::WrongCount { function, least, most, given: in_order.len() };
        return Err(CallError { span, problem });
    }
    let mut values = vec![None; parameters.len()];
    for ((argument, parameter), place) in in_order.iter().zip(parameters).zip(&mut values) {
        *place = Some(value(argument, parameter, text, manual)?);
    }
    for argument in by_name {
        let keyword = argument.keyword.unwrap_or_default();
        if let Some(place) = place_of(keyword) {
            let given = value(argument, &parameters[place], text, manual)?;
            if values[place].replace(given).is_some() {
                return fail(argument, CallProblem::RepeatedKeyword { keyword: keyword.to_owned() });
            }
        }
    }
    Ok(Arguments::new(values))
}

fn value(argument: &Argument<'_>, parameter: &Parameter, text: &str, manual: &Manual) -> Result<String, CallError> {
    match (&argument.value, parameter.kind) {
        (Value::String(text), ParameterKind::Named | ParameterKind::Text | ParameterKind::Pin) => Ok(text.to_string()),
        // From the source: a PIN may begin with zeros, and a parsed integer has lost them.
        (Value::Integer(_), ParameterKind::Pin) => Ok(text[argument.value_span.clone()].replace('_', "")),
        (Value::Integer(digits), ParameterKind::Named | ParameterKind::Integer) => Ok(digits.to_string()),
        (Value::Boolean(truth), ParameterKind::Boolean) => Ok(truth.to_string()),
        (Value::Atom(atom), ParameterKind::Atom(atoms)) if atoms.contains(atom) => Ok((*atom).to_owned()),
        (Value::Name(name), ParameterKind::Function) => Ok(name.to_string()),
        (other, kind) => {
            let (expected, given) = (kind.describe(manual), kind_of(other));
            let problem = CallProblem::WrongKind { parameter: parameter.name, expected, given };
            Err(CallError { span: argument.span.clone(), problem })
        }
    }
}

fn kind_of(value: &Value<'_>) -> String {
    match value {
        Value::String(_) => "a string".to_owned(),
        Value::Integer(_) => "an integer".to_owned(),
        Value::Atom(atom) => format!("`:{}`", shortened(atom)),
        Value::Boolean(_) => "a boolean".to_owned(),
        Value::Name(_) => "a bare word".to_owned(),
    }
}

impl ParameterKind {
    fn describe(self, manual: &Manual) -> String {
        match self {
            Self::Named => format!("a string such as \"{}\" or an integer", manual.named),
            Self::Text => "a string".to_owned(),
            Self::Integer => "a whole number".to_owned(),
            Self::Pin => "4 to 12 digits".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Atom(atoms) => {
                let atoms: Vec<_> = atoms.iter().map(|atom| format!("`:{atom}`")).collect();
                atoms.join(" or ")
            }
            Self::Function => format!("a function such as `{}`", manual.function),
        }
    }
}
