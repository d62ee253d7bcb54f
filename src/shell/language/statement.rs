//! The syntax tree of a statement.

use super::{ArgumentList, Name, Span};

/// One statement: the name of a function, and arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The statement's place, without the separator.
    pub span: Span,
    /// The name of the function.
    pub name: Name<'a>,
    /// The arguments, in order.
    pub arguments: ArgumentList<'a>,
}
