//! A call written as a statement that can be typed.

use super::function::{ParameterKind, string_in};
use super::row::Call;
use crate::shell::language::masking::MASK;
use crate::shell::term::Term;

/// The longest whole number that is typed without quotes.
const MAX_DIGITS: usize = 18;

impl Call<'_> {
    /// The statement of this call with other values for the parameters of some names; `None` leaves one out.
    pub fn with(&self, changes: &[(&str, Option<Term>)]) -> String {
        let function = self.function();
        let arguments = function.parameters.iter().filter_map(|parameter| {
            let value = match changes.iter().find(|(name, _)| *name == parameter.name) {
                Some((_, value)) => value.clone()?,
                None => literal(parameter.kind, self.optional(*parameter)?),
            };
            Some(if parameter.keyword { format!("{}: {value}", parameter.name) } else { value.to_string() })
        });
        let arguments: Vec<_> = arguments.collect();
        let separator = if arguments.is_empty() { "" } else { " " };
        format!("{function}{separator}{}", arguments.join(", "))
    }
}

/// The literal of a value that was checked.
fn literal(kind: ParameterKind, value: &str) -> Term {
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = is_number && value.len() <= MAX_DIGITS && (value == "0" || !value.starts_with('0'));
    match kind {
        ParameterKind::Integer | ParameterKind::Amount | ParameterKind::Boolean | ParameterKind::Function => {
            Term::Opaque(value.to_owned())
        }
        ParameterKind::Named | ParameterKind::Expected | ParameterKind::PositionOrDate if is_plain => {
            Term::Opaque(value.to_owned())
        }
        ParameterKind::Named
        | ParameterKind::Expected
        | ParameterKind::Text
        | ParameterKind::TextOrNil
        | ParameterKind::File
        | ParameterKind::PositionOrDate => Term::String(value.to_owned()),
        ParameterKind::PositionOrName | ParameterKind::StepNumberOrFile(_) => match string_in(value) {
            Some(name) => Term::String(name.to_owned()),
            None if is_number => Term::Opaque(value.to_owned()),
            None => Term::Opaque(format!(":{value}")),
        },
        ParameterKind::Pin => Term::Opaque(MASK.to_owned()),
        ParameterKind::Atom(_) => Term::Opaque(format!(":{value}")),
    }
}
