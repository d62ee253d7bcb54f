//! An argument, its value, and a name, which may be one.

use std::borrow::Cow;
use std::fmt;

use super::Span;

/// `Module.function`, or a single word such as `help`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// Its place.
    pub span: Span,
    /// The word before the dot.
    pub module: Option<&'a str>,
    /// The word after the dot, or the single word.
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

/// An argument of a statement.
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

/// The value of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `"Wolfman"`, with its escapes resolved.
    String(Cow<'a, str>),
    /// `1_000`, as digits without underscores and leading zeros.
    Integer(Cow<'a, str>),
    /// `10.50`, as digits around a dot without underscores; the decimals as they were written.
    Decimal(Cow<'a, str>),
    /// `:strong`, without the colon.
    Atom(&'a str),
    /// `true` or `false`.
    Boolean(bool),
    /// `Bank.deposit` or `Bank`, as `help` takes it.
    Name(Name<'a>),
}
