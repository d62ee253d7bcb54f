//! Finds out whether a text ends within a string, so that its statement continues on the next line.

use super::tokens::{Tokens, Within};

/// Follows a text piece by piece, and knows whether it ends within a string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenString(Within);

impl OpenString {
    /// Takes in the next piece of the text.
    pub fn follow(&mut self, piece: &str) {
        let mut tokens = Tokens::continuing(piece, self.0);
        while tokens.next_kind().is_some() {}
        self.0 = tokens.within();
    }

    /// Whether the text so far ends within a string.
    pub fn is_open(self) -> bool {
        matches!(self.0, Within::String | Within::Escape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_string_is_followed_over_pieces() {
        let mut open = OpenString::default();
        open.follow("f \"a # \\");
        assert!(open.is_open());
        open.follow("\" b");
        assert!(open.is_open());
        open.follow("\" # \"\n");
        assert!(!open.is_open());
    }
}
