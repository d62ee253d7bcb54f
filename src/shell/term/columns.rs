//! The headings of a table: words of the program, or names from data.

use std::borrow::Cow;
use std::ops::Deref;

/// The headings of a table.
#[derive(Clone, Debug)]
pub struct Columns(Vec<Cow<'static, str>>);

impl Deref for Columns {
    type Target = [Cow<'static, str>];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Columns {
    /// Leaves out the headings for which `is_kept`, which is asked for each in order, answers `false`.
    pub(super) fn retain(&mut self, mut is_kept: impl FnMut() -> bool) {
        self.0.retain(|_| is_kept());
    }
}

impl<const N: usize> From<&'static [&'static str; N]> for Columns {
    fn from(headings: &'static [&'static str; N]) -> Self {
        headings.iter().copied().collect()
    }
}

impl From<&'static [&'static str]> for Columns {
    fn from(headings: &'static [&'static str]) -> Self {
        headings.iter().copied().collect()
    }
}

impl<T: Into<Cow<'static, str>>> FromIterator<T> for Columns {
    fn from_iter<I: IntoIterator<Item = T>>(headings: I) -> Self {
        Self(headings.into_iter().map(Into::into).collect())
    }
}
