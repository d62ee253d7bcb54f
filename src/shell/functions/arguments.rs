//! The values of a call.

use std::fmt;

/// The values of a call, checked against the function's parameters: one for each, `None` where an optional
/// one was left out.
#[derive(Clone, PartialEq, Eq)]
pub struct Arguments(Vec<Option<String>>);

/// Without the values: there may be a PIN among them.
impl fmt::Debug for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arguments").finish_non_exhaustive()
    }
}

impl Arguments {
    pub(super) fn new(values: Vec<Option<String>>) -> Self {
        Self(values)
    }

    /// The value of a parameter: its text, its digits, its atom's name.
    pub fn get(&self, parameter: usize) -> Option<&str> {
        self.0.get(parameter).and_then(Option::as_deref)
    }

    /// Fills in what was left out of the statement.
    pub fn fill_in(&mut self, parameter: usize, value: String) {
        if let Some(place) = self.0.get_mut(parameter) {
            *place = Some(value);
        }
    }
}
