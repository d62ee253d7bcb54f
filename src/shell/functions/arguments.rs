//! The arguments of a call.

use std::fmt;

/// The arguments of a call, checked against the function's parameters: one for each, `None` where an optional one was
/// left out.
#[derive(Clone, PartialEq, Eq)]
pub struct Arguments(Vec<Option<String>>);

/// Omits the values: one of them may be a PIN.
impl fmt::Debug for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arguments").finish_non_exhaustive()
    }
}

impl Arguments {
    pub(super) fn new(values: Vec<Option<String>>) -> Self {
        Self(values)
    }

    /// The value of a parameter: its text, its digits, or the name of its atom.
    pub fn get(&self, parameter: usize) -> Option<&str> {
        self.0.get(parameter).and_then(Option::as_deref)
    }

    /// Fills in a value that the statement left out.
    pub fn fill_in(&mut self, parameter: usize, value: String) {
        if let Some(place) = self.0.get_mut(parameter) {
            *place = Some(value);
        }
    }
}
