//! The arguments of a statement. Reading a statement with a few of them takes no memory of its own.

use std::fmt;
use std::ops::Deref;

use super::{Argument, Value};

/// How many arguments a list holds in place.
const FEW: usize = 3;

/// The arguments of a statement, in order. It can be used as a slice.
#[derive(Clone)]
pub struct ArgumentList<'a> {
    few: [Argument<'a>; FEW],
    count: usize,
    /// All of them, as soon as there are more than [`FEW`].
    many: Vec<Argument<'a>>,
}

impl Default for ArgumentList<'_> {
    fn default() -> Self {
        const NONE: Argument<'_> =
            Argument { span: 0..0, keyword: None, value_span: 0..0, value: Value::Boolean(false) };
        Self { few: [NONE; FEW], count: 0, many: Vec::new() }
    }
}

impl<'a> ArgumentList<'a> {
    pub(super) fn push(&mut self, argument: Argument<'a>) {
        if let Some(place) = self.few.get_mut(self.count) {
            *place = argument;
        } else {
            if self.many.is_empty() {
                self.many.extend_from_slice(&self.few);
            }
            self.many.push(argument);
        }
        self.count += 1;
    }
}

impl<'a> Deref for ArgumentList<'a> {
    type Target = [Argument<'a>];

    fn deref(&self) -> &[Argument<'a>] {
        if self.many.is_empty() { &self.few[..self.count] } else { &self.many }
    }
}

impl fmt::Debug for ArgumentList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl PartialEq for ArgumentList<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for ArgumentList<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_was_pushed_in_order() {
        let argument = |place: usize| {
            let (keyword, value) = (None, Value::Boolean(place.is_multiple_of(2)));
            Argument { span: place..place + 1, keyword, value_span: place..place + 1, value }
        };
        let mut list = ArgumentList::default();
        for count in 0..=2 * FEW {
            let expected: Vec<_> = (0..count).map(argument).collect();
            assert_eq!(*list, *expected);
            list.push(argument(count));
        }
    }
}
