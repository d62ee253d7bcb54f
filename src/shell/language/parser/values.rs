//! Arguments and their values.

use super::Statements;
use crate::shell::language::syntax_error::{Parsed, fail};
use crate::shell::language::{Argument, ArgumentList, Name, Problem, TokenKind, Value, literals};

impl<'a> Statements<'a> {
    pub(super) fn argument(&mut self, arguments: &mut ArgumentList<'a>) -> Parsed<()> {
        let start = self.start;
        let keyword = self.keyword();
        let value_start = self.start;
        let value = self.value()?;
        let (span, value_span) = (start..self.end, value_start..self.end);
        if keyword.is_none() && arguments.last().is_some_and(|before| before.keyword.is_some()) {
            return fail(span, Problem::KeywordFirst);
        }
        arguments.push(Argument { span, keyword, value_span, value });
        Ok(())
    }

    /// `key:`, as in Elixir; without it, nothing is taken.
    fn keyword(&mut self) -> Option<&'a str> {
        let token = self.token().filter(|token| token.kind == TokenKind::Word)?;
        let word = &self.text[token.span()];
        // After a word, a colon is always a token of its own.
        if starts_as_module(word) || self.text.as_bytes().get(token.end) != Some(&b':') {
            return None;
        }
        self.advance();
        self.advance();
        self.skip_spaces();
        Some(word)
    }

    fn value(&mut self) -> Parsed<Value<'a>> {
        let Some(token) = self.token() else {
            return fail(self.here(), Problem::ExpectedArgument);
        };
        match token.kind {
            TokenKind::Word => return self.bare_word(),
            TokenKind::Colon => return self.atom(),
            TokenKind::String | TokenKind::OpenString | TokenKind::Integer | TokenKind::Fraction => self.advance(),
            _ => {}
        }
        let (start, written) = (token.start, &self.text[token.span()]);
        let first = start..start + written.chars().next().map_or(0, char::len_utf8);
        match token.kind {
            TokenKind::String | TokenKind::OpenString => literals::string(written, start).map(Value::String),
            TokenKind::Integer => Ok(Value::Integer(literals::integer(written))),
            TokenKind::Fraction => match literals::decimal(written) {
                Some(decimal) => Ok(Value::Decimal(decimal)),
                None => fail(token.span(), Problem::Fraction),
            },
            TokenKind::Dot if self.is_before_digit(token.end) => fail(first, Problem::Fraction),
            TokenKind::Minus if self.text[token.end..].starts_with('.') && self.is_before_digit(token.end + 1) => {
                fail(token.end..token.end + 1, Problem::Fraction)
            }
            TokenKind::Minus => fail(token.span(), Problem::ExpectedArgument),
            TokenKind::Unknown if written == "'" => fail(first, Problem::SingleQuotes),
            TokenKind::Unknown if CURLY_QUOTES.iter().any(|quote| written.starts_with(*quote)) => {
                fail(first, Problem::CurlyQuotes)
            }
            TokenKind::Unknown | TokenKind::OpeningParenthesis | TokenKind::Dot | TokenKind::Space => {
                let character = written.chars().next().unwrap_or_default();
                // The message does not quote a digit, which may belong to a PIN.
                let unexpected =
                    if character.is_numeric() { Problem::OtherDigit } else { Problem::Unexpected(character) };
                fail(first, self.problem_of_currency_sign().unwrap_or(unexpected))
            }
            _ => fail(first, Problem::ExpectedArgument),
        }
    }

    fn is_before_digit(&self, place: usize) -> bool {
        self.text[place..].starts_with(|next: char| next.is_ascii_digit())
    }

    fn atom(&mut self) -> Parsed<Value<'a>> {
        let colon = self.here();
        self.advance();
        match self.peek() {
            Some(TokenKind::Word) => Ok(Value::Atom(self.word())),
            _ => fail(colon, Problem::ExpectedAtom),
        }
    }

    /// The name of a function or module, a boolean, or words such as `process manager`.
    fn bare_word(&mut self) -> Parsed<Value<'a>> {
        let start = self.start;
        let end = self.tokens.place();
        if starts_as_module(&self.text[start..end]) && self.text[end..].starts_with('.') {
            return self.name().map(Value::Name);
        }
        Ok(match self.word() {
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            _ => {
                while self.is_before_another_word() {
                    self.skip();
                    self.advance();
                }
                Value::Name(Name { span: start..self.end, module: None, function: &self.text[start..self.end] })
            }
        })
    }

    /// Whether a space and a word follow that is no keyword.
    fn is_before_another_word(&self) -> bool {
        let mut ahead = self.tokens.clone();
        self.peek() == Some(TokenKind::Space)
            && ahead.next_kind() == Some(TokenKind::Word)
            && !self.text[ahead.place()..].starts_with([':', '.'])
    }
}

/// What word processors and messengers make of quotes.
const CURLY_QUOTES: [char; 10] = ['“', '”', '„', '‟', '«', '»', '‘', '’', '‚', '‛'];

fn starts_as_module(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_uppercase())
}
