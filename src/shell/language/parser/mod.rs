//! The parser: turns tokens into statements.
//!
//! It parses statements one by one, so that those before a mistake still run. It is not recursive, and takes linear time
//! for any text.

mod numbers;
mod values;

use super::syntax_error::{Parsed, fail, shortened};
use super::{Argument, ArgumentList, Name, Problem, Span, Statement, TRY, Token, TokenKind, Tokens, Value};

/// Parses the statements of a text, one after another.
#[derive(Clone, Debug)]
pub struct Statements<'a> {
    text: &'a str,
    tokens: Tokens<'a>,
    /// The next token, which ends at `tokens.place()`.
    next: Option<TokenKind>,
    /// Where the next token begins.
    start: usize,
    /// Where the last token other than a space ended.
    end: usize,
}

impl<'a> Statements<'a> {
    /// The statements of `text`.
    pub fn new(text: &'a str) -> Self {
        Self::starting_at(text, 0)
    }

    /// The statements from a place on, which must lie outside all strings and comments.
    pub(in crate::shell) fn starting_at(text: &'a str, place: usize) -> Self {
        let mut tokens = Tokens::starting_at(text, place);
        let next = tokens.next_kind();
        Self { text, tokens, next, start: place, end: place }
    }

    fn peek(&self) -> Option<TokenKind> {
        self.next
    }

    fn token(&self) -> Option<Token> {
        Some(Token { kind: self.next?, start: self.start, end: self.tokens.place() })
    }

    /// The place of the next character.
    fn here(&self) -> Span {
        self.start..self.start + self.text[self.start..].chars().next().map_or(0, char::len_utf8)
    }

    fn advance(&mut self) {
        self.end = self.tokens.place();
        self.skip();
    }

    /// Skips the next token, as if it were not there.
    fn skip(&mut self) {
        self.start = self.tokens.place();
        self.next = self.tokens.next_kind();
    }

    /// Whether something is assigned here, as other languages do it with `=` or `:=`.
    fn is_at_equals_sign(&self) -> bool {
        let rest = &self.text[self.start..];
        rest.starts_with('=') || rest.starts_with(":=")
    }

    /// Whether the number of a function's arguments is written here, as in `deposit/2`.
    fn is_at_arity(&self) -> bool {
        let rest = self.text[self.start..].strip_prefix('/');
        self.start == self.end && rest.is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_digit()))
    }

    /// Skips spaces, and answers whether there were any.
    fn skip_spaces(&mut self) -> bool {
        let is_space = self.peek() == Some(TokenKind::Space);
        if is_space {
            self.skip();
        }
        is_space
    }

    /// Skips blanks, comments and the ends of lines, and answers whether a line ended.
    fn skip_lines(&mut self) -> bool {
        use TokenKind::{Comment, Newline, Space};
        let mut has_ended = false;
        while let Some(kind @ (Space | Newline | Comment)) = self.peek() {
            has_ended |= kind == Newline;
            self.skip();
        }
        has_ended
    }

    /// Goes on to the next argument after a comma, which may be on another line.
    fn go_on(&mut self) -> Parsed<()> {
        let after_comma = self.here();
        self.skip_lines();
        match self.peek() {
            None => fail(after_comma, Problem::ExpectedArgument),
            Some(_) => Ok(()),
        }
    }

    /// Skips separators and comments up to the next statement.
    fn skip_separators(&mut self) {
        use TokenKind::{Comment, Newline, Semicolon, Space};
        while let Some(Space | Newline | Semicolon | Comment) = self.peek() {
            self.advance();
        }
    }

    /// Whether no statement follows.
    pub(in crate::shell) fn are_done(&mut self) -> bool {
        self.skip_separators();
        self.peek().is_none()
    }

    /// After an error, skips the rest of its statement. A separator within a string does not count.
    fn skip_statement(&mut self) {
        while !matches!(self.peek(), None | Some(TokenKind::Newline | TokenKind::Semicolon)) {
            self.advance();
        }
    }

    fn statement(&mut self) -> Parsed<Statement<'a>> {
        let start = self.start;
        let is_tried = self.skip_try();
        let second = self.token().map_or_else(|| self.here(), Token::span);
        if is_tried && self.skip_try() {
            return fail(second, Problem::TriedTwice);
        }
        let name = self.name_of_function()?;
        let mut arguments = ArgumentList::default();
        self.arguments(&mut arguments)?;
        let span = start..self.end;
        self.skip_spaces();
        if self.peek() == Some(TokenKind::Comment) {
            self.advance();
        }
        match self.peek() {
            None | Some(TokenKind::Newline | TokenKind::Semicolon) => Ok(Statement { span, is_tried, name, arguments }),
            Some(_) if self.is_at_equals_sign() && is_variable(&arguments) => fail(self.here(), Problem::NoVariables),
            Some(_) if self.is_at_arity() => fail(self.here(), Problem::Arity),
            Some(next) => match self.problem_behind_last(&arguments) {
                Some(problem) => fail(self.here(), problem),
                None if begins_value(next) && self.start > self.end && !self.text[..self.end].ends_with(')') => {
                    fail(self.here(), Problem::MissingComma)
                }
                None => fail(self.here(), Problem::ExpectedSeparator),
            },
        }
    }

    /// The name that the statement at a place begins with, whatever follows it.
    pub(in crate::shell) fn name_at(text: &'a str, place: usize) -> Option<Name<'a>> {
        let mut statement = Self::starting_at(text, place);
        statement.skip_try();
        statement.name_of_function().ok()
    }

    /// Skips `try` where another word follows it, and answers whether it does. In capital letters it is one at a prompt only.
    fn skip_try(&mut self) -> bool {
        if self.token().is_none_or(|token| !self.text[token.span()].eq_ignore_ascii_case(TRY)) {
            return false;
        }
        let mut ahead = self.tokens.clone();
        let is_followed = ahead.next_kind() == Some(TokenKind::Space) && ahead.next_kind() == Some(TokenKind::Word);
        if is_followed {
            self.advance();
            self.skip_spaces();
        }
        is_followed
    }

    fn name_of_function(&mut self) -> Parsed<Name<'a>> {
        match self.peek() {
            Some(TokenKind::Word) => self.name(),
            _ => match self.marked_name() {
                Some(name) => Ok(name),
                None => fail(self.here(), self.problem_of_number_alone().unwrap_or(Problem::ExpectedStatement)),
            },
        }
    }

    /// A name as other prompts have them: `?`, or a word after `\`, `.` or `:`.
    fn marked_name(&mut self) -> Option<Name<'a>> {
        let (start, end) = (self.start, self.tokens.place());
        let next = self.text.as_bytes().get(end);
        match &self.text[start..end] {
            "?" => self.advance(),
            "\\" if next == Some(&b'?') => {
                self.advance();
                self.advance();
            }
            "\\" | "." | ":" if next.is_some_and(u8::is_ascii_alphabetic) => {
                self.advance();
                self.advance();
            }
            _ => return None,
        }
        Some(Name { span: start..self.end, module: None, function: &self.text[start..self.end] })
    }

    /// Takes the next token, which is a word.
    fn word(&mut self) -> &'a str {
        let start = self.start;
        self.advance();
        &self.text[start..self.end]
    }

    /// `Module.function`, or a module alone.
    fn name(&mut self) -> Parsed<Name<'a>> {
        let start = self.start;
        let first = self.word();
        if self.peek() != Some(TokenKind::Dot) {
            return Ok(Name { span: start..self.end, module: None, function: first });
        }
        self.advance();
        if self.peek() != Some(TokenKind::Word) {
            return fail(self.here(), Problem::ExpectedFunction(shortened(first)));
        }
        let function = self.word();
        Ok(Name { span: start..self.end, module: Some(first), function })
    }

    fn arguments(&mut self, arguments: &mut ArgumentList<'a>) -> Parsed<()> {
        use TokenKind::{Comma, Comment, Newline, OpeningParenthesis, Semicolon};
        let has_space = self.skip_spaces();
        match self.peek() {
            Some(_) if self.is_at_equals_sign() => return fail(self.here(), Problem::NoVariables),
            Some(OpeningParenthesis) => return self.arguments_until_parenthesis(arguments),
            None | Some(Newline | Semicolon | Comment) => return Ok(()),
            Some(_) if self.is_at_arity() => return fail(self.here(), Problem::Arity),
            Some(_) if !has_space => return fail(self.here(), Problem::ExpectedSeparator),
            Some(_) => {}
        }
        loop {
            self.argument(arguments)?;
            self.skip_spaces();
            if self.peek() != Some(Comma) {
                return Ok(());
            }
            self.advance();
            self.go_on()?;
        }
    }

    fn arguments_until_parenthesis(&mut self, arguments: &mut ArgumentList<'a>) -> Parsed<()> {
        use TokenKind::{ClosingParenthesis, Comma, Comment, Newline, Semicolon};
        let opening = self.here();
        self.advance();
        let mut continued = self.skip_lines();
        if self.peek() == Some(ClosingParenthesis) {
            self.advance();
            return Ok(());
        }
        loop {
            if let None | Some(Newline | Semicolon | Comment) = self.peek() {
                return fail(opening, Problem::OpenParenthesis);
            }
            self.argument(arguments)?;
            if continued {
                self.skip_lines();
            } else {
                self.skip_spaces();
            }
            match self.peek() {
                Some(ClosingParenthesis) => {
                    self.advance();
                    return Ok(());
                }
                Some(Comma) => {
                    self.advance();
                    continued |= self.skip_lines();
                }
                None | Some(Newline | Semicolon | Comment) => return fail(opening, Problem::OpenParenthesis),
                Some(next) => {
                    let is_argument = begins_value(next) && self.start > self.end;
                    let otherwise = if is_argument { Problem::MissingComma } else { Problem::ExpectedClosing };
                    return fail(self.here(), self.problem_behind_last(arguments).unwrap_or(otherwise));
                }
            }
        }
    }
}

impl<'a> Iterator for Statements<'a> {
    type Item = Parsed<Statement<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.skip_separators();
        self.peek()?;
        let start = self.start;
        let mut parsed = self.statement();
        if let Err(error) = &mut parsed {
            self.skip_statement();
            error.statement = start..start + self.text[start..self.start].trim_end().len();
        }
        Some(parsed)
    }
}

fn begins_value(token: TokenKind) -> bool {
    use TokenKind::{Colon, Fraction, Integer, Minus, OpenString, String, Word};
    matches!(token, String | OpenString | Integer | Fraction | Word | Colon | Minus)
}

/// Whether the arguments are the name in `let name = 5`.
fn is_variable(arguments: &[Argument<'_>]) -> bool {
    matches!(arguments, [Argument { keyword: None, value: Value::Name(Name { module: None, .. }), .. }])
}
