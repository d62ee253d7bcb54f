//! Numbers as they are written elsewhere, each with what is written here instead.

use super::Statements;
use crate::shell::language::{ArgumentList, Problem, TokenKind, Value};

const CURRENCY_SIGNS: [char; 8] = ['$', '€', '£', '¥', '₹', '₽', '₩', '¢'];

impl Statements<'_> {
    /// What is wrong where a statement begins with a number or an amount; `None` where it begins with something else.
    pub(super) fn problem_of_number_alone(&self) -> Option<Problem> {
        match self.peek()? {
            TokenKind::Integer | TokenKind::Fraction => {
                let rest = &self.text[self.tokens.place()..];
                let has_comma =
                    rest.strip_prefix(',').is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_digit()));
                let problem = if has_comma { Some(Problem::Commas) } else { problem_behind_number(rest) };
                problem.or(Some(Problem::NumberAlone))
            }
            TokenKind::Unknown => self.problem_of_currency_sign(),
            _ => None,
        }
    }

    /// What is wrong with the sign of a currency, if the next token is one.
    pub(super) fn problem_of_currency_sign(&self) -> Option<Problem> {
        self.text[self.start..].starts_with(CURRENCY_SIGNS).then_some(Problem::CurrencySign)
    }

    /// What is wrong with the number that the last argument is, if it goes on as no number does.
    pub(super) fn problem_behind_last(&self, arguments: &ArgumentList<'_>) -> Option<Problem> {
        let last = arguments.last()?;
        let is_number = matches!(last.value, Value::Integer(_) | Value::Decimal(_)) && last.span.end == self.end;
        is_number.then(|| problem_behind_number(&self.text[self.end..])).flatten()
    }
}

/// What is wrong with a number that is followed by a text.
fn problem_behind_number(rest: &str) -> Option<Problem> {
    let begins_with_digit = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    if let Some(exponent) = rest.strip_prefix(['e', 'E'])
        && begins_with_digit(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
    {
        return Some(Problem::Exponent);
    }
    if rest.strip_prefix(['\'', '’']).is_some_and(begins_with_digit) {
        return Some(Problem::Commas);
    }
    let behind = rest.trim_start_matches(' ');
    let letters = behind.bytes().take_while(u8::is_ascii_uppercase).count();
    let is_code =
        letters == 3 && !behind[letters..].starts_with(|next: char| next.is_alphanumeric() || "_.:(".contains(next));
    (is_code || behind.starts_with(CURRENCY_SIGNS)).then_some(Problem::CurrencySign)
}
