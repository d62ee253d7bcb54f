//! Places in a text that is typed or pasted, as mistakes tell them.

/// A line and a column, each from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell) struct Place {
    pub(in crate::shell) line: usize,
    pub(in crate::shell) column: usize,
}

impl Place {
    pub(in crate::shell::editor) const START: Self = Self { line: 1, column: 1 };

    /// The place right behind a text, whose lines may end as a terminal or as a file ends them.
    pub(in crate::shell::editor) fn behind(text: &str) -> Self {
        let mut place = Self::START;
        let mut after_return = false;
        for character in text.chars() {
            match character {
                '\n' if after_return => {}
                '\r' | '\n' => place = Self { line: place.line + 1, column: 1 },
                _ => place.column += 1,
            }
            after_return = character == '\r';
        }
        place
    }

    /// The place in a whole text, where `self` is the place at which its part begins that `within` is a place of.
    pub(in crate::shell::editor) fn then(self, within: Self) -> Self {
        match within.line {
            1 => Self { line: self.line, column: self.column + within.column - 1 },
            line => Self { line: self.line + line - 1, column: within.column },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_any_way_and_columns_are_characters() {
        for (text, line, column) in [("", 1, 1), ("é漢", 1, 3), ("a\r\nb\rc\n\nd", 5, 2), ("a\r", 2, 1)] {
            assert_eq!(Place::behind(text), Place { line, column }, "{text:?}");
        }
    }

    #[test]
    fn a_place_in_a_part_is_one_in_the_whole() {
        let (first, second) = (Place { line: 1, column: 3 }, Place { line: 2, column: 4 });
        assert_eq!(second.then(first), Place { line: 2, column: 6 });
        assert_eq!(first.then(second), Place { line: 2, column: 4 });
    }
}
