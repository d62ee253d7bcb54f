//! The syntax tree of a statement.

use super::{ArgumentList, Name, Span};

/// The word before a statement that is only tried.
pub(in crate::shell) const TRY: &str = "try";

/// One statement: the name of a function, and arguments; before them, `try` where it is only tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The statement's place, without the separator.
    pub span: Span,
    /// Whether `try` stands before it.
    pub is_tried: bool,
    /// The name of the function.
    pub name: Name<'a>,
    /// The arguments, in order.
    pub arguments: ArgumentList<'a>,
}
