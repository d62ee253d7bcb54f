//! Text into statements: `Module.function argument, key: argument`, as at the iex prompt.
//!
//! Statements are read one by one, so that those before a mistake still run. Nothing here is recursive and
//! nothing looks at a character more than a few times, whatever the text holds.

mod literals;
mod open_string;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use thiserror::Error;

pub use self::open_string::OpenString;

/// A place in the text, in bytes.
pub type Span = Range<usize>;

/// One statement: a name and what it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The statement's place, without the separator.
    pub span: Span,
    /// What is called.
    pub name: Name<'a>,
    /// What it is given, in order.
    pub arguments: Vec<Argument<'a>>,
}

/// `Module.function`, or a word of its own such as `help`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// Its place.
    pub span: Span,
    /// What stands before the dot.
    pub module: Option<&'a str>,
    /// What stands after it, or the word.
    pub function: &'a str,
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.module {
            Some(module) => write!(f, "{module}.{}", self.function),
            None => f.write_str(self.function),
        }
    }
}

/// What a function is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument<'a> {
    /// Its place, the keyword included.
    pub span: Span,
    /// The word before the colon in `key: value`.
    pub keyword: Option<&'a str>,
    /// The value.
    pub value: Value<'a>,
}

/// The kinds of arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `"Wolfman"`, with its escapes resolved.
    String(Cow<'a, str>),
    /// `1_000`, as its digits without underscores and leading zeros.
    Integer(Cow<'a, str>),
    /// `:strong`, without the colon.
    Atom(&'a str),
    /// `true` or `false`.
    Boolean(bool),
    /// `Bank.deposit` or `Bank`, as `help` takes it.
    Name(Name<'a>),
}

/// What cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The place.
    pub span: Span,
    /// The place of the whole statement.
    pub statement: Span,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Problem {
    #[error("the string is not closed")]
    OpenString,
    #[error("expected a statement")]
    ExpectedStatement,
    #[error("expected the name of a function after `{0}.`")]
    ExpectedFunction(String),
    #[error("expected a function: `{0}` is a module")]
    ModuleAlone(String),
    #[error("expected an argument")]
    ExpectedArgument,
    #[error("expected `,` or the end of the statement")]
    ExpectedSeparator,
    #[error("expected `,` or `)`")]
    ExpectedClosing,
    #[error("the parenthesis is not closed on its line")]
    OpenParenthesis,
    #[error("arguments with a keyword come last")]
    KeywordFirst,
    #[error("numbers are whole: no `.`")]
    Fraction,
    #[error("expected a word after `:`")]
    ExpectedAtom,
    #[error("strings stand in double quotes")]
    SingleQuotes,
    #[error("unknown escape: strings know \\\" \\\\ \\n \\t \\u{{…}}")]
    UnknownEscape,
    #[error("expected \\u{{…}} with the hexadecimal number of a Unicode character")]
    UnicodeEscape,
    #[error("unexpected character {0:?}")]
    Unexpected(char),
}

/// Reads statements from a text, one after another.
#[derive(Clone, Debug)]
pub struct Statements<'a> {
    text: &'a str,
    at: usize,
}

type Parsed<T> = Result<T, SyntaxError>;

impl<'a> Statements<'a> {
    /// The statements of `text`.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn peek_byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next character's place.
    fn here(&self) -> Span {
        self.at..self.at + self.peek().map_or(0, char::len_utf8)
    }

    fn fail<T>(&self, span: Span, problem: Problem) -> Parsed<T> {
        Err(SyntaxError { statement: span.clone(), span, problem })
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a str {
        let start = self.at;
        let rest = &self.text.as_bytes()[start..];
        self.at += rest.iter().position(|byte| !wanted(*byte)).unwrap_or(rest.len());
        &self.text[start..self.at]
    }

    fn skip_spaces(&mut self) {
        self.take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
    }

    fn skip_comment(&mut self) {
        if self.peek_byte() == Some(b'#') {
            self.take_while(|byte| byte != b'\n');
        }
    }

    /// Goes to the next statement, past separators and comments.
    fn skip_separators(&mut self) {
        loop {
            self.take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b';'));
            if self.peek_byte() != Some(b'#') {
                return;
            }
            self.skip_comment();
        }
    }

    /// After a mistake, goes to the end of its statement. Separators in strings are not separators.
    fn skip_statement(&mut self) {
        loop {
            self.take_while(|byte| !matches!(byte, b'\n' | b';' | b'"' | b'#'));
            match self.peek_byte() {
                Some(b'"') => {
                    self.at += 1;
                    self.skip_string();
                }
                Some(b'#') => self.skip_comment(),
                _ => return,
            }
        }
    }

    /// Goes behind the closing quote, if there is one.
    fn skip_string(&mut self) -> bool {
        loop {
            self.take_while(|byte| !matches!(byte, b'"' | b'\\'));
            match self.peek_byte() {
                Some(b'"') => {
                    self.at += 1;
                    return true;
                }
                Some(_) => self.at = (self.at + 2).min(self.text.len()),
                None => return false,
            }
            // A backslash may stand before a character of several bytes.
            while !self.text.is_char_boundary(self.at) {
                self.at += 1;
            }
        }
    }

    fn statement(&mut self) -> Parsed<Statement<'a>> {
        let start = self.at;
        let name = match self.peek_byte() {
            Some(b'A'..=b'Z' | b'a'..=b'z' | b'_') => self.name()?,
            _ => return self.fail(self.here(), Problem::ExpectedStatement),
        };
        if name.module.is_none() && starts_as_module(name.function) {
            return self.fail(name.span.clone(), Problem::ModuleAlone(shortened(name.function)));
        }
        let arguments = self.arguments()?;
        let end = start + self.text[start..self.at].trim_end().len();
        self.skip_spaces();
        self.skip_comment();
        match self.peek_byte() {
            None | Some(b'\n' | b';') => Ok(Statement { span: start..end, name, arguments }),
            Some(_) => self.fail(self.here(), Problem::ExpectedSeparator),
        }
    }

    fn word(&mut self) -> &'a str {
        self.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    }

    /// `Module.function`, or a module alone.
    fn name(&mut self) -> Parsed<Name<'a>> {
        let start = self.at;
        let first = self.word();
        if self.peek_byte() != Some(b'.') {
            return Ok(Name { span: start..self.at, module: None, function: first });
        }
        self.at += 1;
        let function = self.word();
        if function.is_empty() {
            return self.fail(self.here(), Problem::ExpectedFunction(shortened(first)));
        }
        Ok(Name { span: start..self.at, module: Some(first), function })
    }

    fn arguments(&mut self) -> Parsed<Vec<Argument<'a>>> {
        let opening = self.at;
        if self.peek_byte() == Some(b'(') {
            self.at += 1;
            return self.arguments_until_parenthesis(opening);
        }
        self.skip_spaces();
        let mut arguments = Vec::new();
        match self.peek_byte() {
            None | Some(b'\n' | b';' | b'#') => return Ok(arguments),
            Some(_) if self.at == opening => return self.fail(self.here(), Problem::ExpectedSeparator),
            Some(b'(') => {
                let opening = self.at;
                self.at += 1;
                return self.arguments_until_parenthesis(opening);
            }
            Some(_) => {}
        }
        loop {
            self.argument(&mut arguments)?;
            let end = self.at;
            self.skip_spaces();
            if self.peek_byte() != Some(b',') {
                self.at = end;
                return Ok(arguments);
            }
            self.at += 1;
            self.skip_spaces();
        }
    }

    fn arguments_until_parenthesis(&mut self, opening: usize) -> Parsed<Vec<Argument<'a>>> {
        let mut arguments = Vec::new();
        self.skip_spaces();
        if self.peek_byte() == Some(b')') {
            self.at += 1;
            return Ok(arguments);
        }
        loop {
            if matches!(self.peek_byte(), None | Some(b'\n' | b';' | b'#')) {
                return self.fail(opening..opening + 1, Problem::OpenParenthesis);
            }
            self.argument(&mut arguments)?;
            self.skip_spaces();
            match self.peek_byte() {
                Some(b')') => {
                    self.at += 1;
                    return Ok(arguments);
                }
                Some(b',') => {
                    self.at += 1;
                    self.skip_spaces();
                }
                None | Some(b'\n' | b';' | b'#') => {
                    return self.fail(opening..opening + 1, Problem::OpenParenthesis);
                }
                Some(_) => return self.fail(self.here(), Problem::ExpectedClosing),
            }
        }
    }

    fn argument(&mut self, arguments: &mut Vec<Argument<'a>>) -> Parsed<()> {
        let start = self.at;
        let keyword = self.keyword();
        let value = self.value()?;
        let span = start..self.at;
        if keyword.is_none() && arguments.last().is_some_and(|before| before.keyword.is_some()) {
            return self.fail(span, Problem::KeywordFirst);
        }
        arguments.push(Argument { span, keyword, value });
        Ok(())
    }

    /// `key:` with a space behind it, as in Elixir; otherwise nothing is taken.
    fn keyword(&mut self) -> Option<&'a str> {
        let start = self.at;
        if matches!(self.peek_byte(), Some(b'a'..=b'z' | b'_')) {
            let word = self.word();
            if self.peek_byte() == Some(b':') {
                self.at += 1;
                self.skip_spaces();
                return Some(word);
            }
        }
        self.at = start;
        None
    }

    fn value(&mut self) -> Parsed<Value<'a>> {
        let start = self.at;
        match self.peek_byte() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'0'..=b'9' | b'-') => self.integer().map(Value::Integer),
            Some(b':') => {
                self.at += 1;
                match self.peek_byte() {
                    Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => Ok(Value::Atom(self.word())),
                    _ => self.fail(start..self.at, Problem::ExpectedAtom),
                }
            }
            Some(b'A'..=b'Z') => self.name().map(Value::Name),
            Some(b'a'..=b'z' | b'_') => {
                let function = self.word();
                Ok(match function {
                    "true" => Value::Boolean(true),
                    "false" => Value::Boolean(false),
                    _ => Value::Name(Name { span: start..self.at, module: None, function }),
                })
            }
            Some(b'\'') => self.fail(self.here(), Problem::SingleQuotes),
            None | Some(b'\n' | b';' | b'#' | b',' | b')') => self.fail(self.here(), Problem::ExpectedArgument),
            Some(_) => match self.peek() {
                Some(character) => self.fail(self.here(), Problem::Unexpected(character)),
                None => self.fail(self.here(), Problem::ExpectedArgument),
            },
        }
    }
}

impl<'a> Iterator for Statements<'a> {
    type Item = Parsed<Statement<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.skip_separators();
        if self.at == self.text.len() {
            return None;
        }
        let start = self.at;
        let mut parsed = self.statement();
        if let Err(error) = &mut parsed {
            // From the beginning of the statement, where it is known that no string is open.
            self.at = start;
            self.skip_statement();
            error.statement = start..start + self.text[start..self.at].trim_end().len();
        }
        Some(parsed)
    }
}

/// A word as a message names it: whole, unless it is longer than any that means something.
pub(super) fn shortened(word: &str) -> String {
    const LONGEST: usize = 64;
    match word.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &word[..end]),
        None => word.to_owned(),
    }
}

fn starts_as_module(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_uppercase())
}
