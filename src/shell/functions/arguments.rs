//! The arguments of a call.

use std::borrow::Cow;
use std::fmt;

use zeroize::Zeroize as _;

/// How many values are held in place: those of most functions.
const FEW: usize = 5;

/// The arguments of a call, checked against the function's parameters: one for each, `None` where an optional one was
/// left out. A value is part of the statement's text where it can be. One of them may be a PIN, so that those that are not
/// are wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Arguments<'a> {
    few: [Option<Cow<'a, str>>; FEW],
    /// Those of the further parameters.
    more: Vec<Option<Cow<'a, str>>>,
}

/// Omits the values.
impl fmt::Debug for Arguments<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arguments").finish_non_exhaustive()
    }
}

impl Drop for Arguments<'_> {
    fn drop(&mut self) {
        for value in self.few.iter_mut().chain(&mut self.more) {
            if let Some(Cow::Owned(value)) = value {
                value.zeroize();
            }
        }
    }
}

impl<'a> Arguments<'a> {
    /// For so many parameters, all left out so far.
    pub(super) fn of(parameters: usize) -> Self {
        Self { few: [const { None }; FEW], more: vec![None; parameters.saturating_sub(FEW)] }
    }

    /// The value of a parameter: its text, its digits, or the name of its atom.
    pub fn get(&self, parameter: usize) -> Option<&str> {
        let value = if parameter < FEW { self.few.get(parameter) } else { self.more.get(parameter - FEW) };
        value.and_then(Option::as_deref)
    }

    /// Fills in a value that the statement left out.
    pub fn fill_in(&mut self, parameter: usize, value: String) {
        self.set(parameter, value.into());
    }

    /// Sets a value. Answers whether the parameter had none.
    pub(super) fn set(&mut self, parameter: usize, value: Cow<'a, str>) -> bool {
        let place = if parameter < FEW { self.few.get_mut(parameter) } else { self.more.get_mut(parameter - FEW) };
        place.is_some_and(|place| place.replace(value).is_none())
    }
}
