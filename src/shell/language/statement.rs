//! What a statement is once it has been read.

use std::borrow::Cow;
use std::fmt;

use super::Span;

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
    /// The value's place.
    pub value_span: Span,
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
