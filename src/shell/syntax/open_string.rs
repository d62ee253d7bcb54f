//! Whether a text ends within a string, so that the rest of the statement is still to come.

/// Follows a text piece by piece, to know whether it ends within a string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OpenString {
    /// Outside of strings and comments.
    #[default]
    No,
    /// Behind a `#`, up to the end of the line.
    Comment,
    /// Within a string.
    Yes,
    /// Within a string, behind a backslash.
    Escape,
}

impl OpenString {
    /// Takes in the next piece of the text.
    pub fn follow(&mut self, piece: &str) {
        for byte in piece.bytes() {
            *self = match (*self, byte) {
                (Self::No, b'"') | (Self::Escape, _) => Self::Yes,
                (Self::No, b'#') => Self::Comment,
                (Self::Yes, b'"') | (Self::Comment, b'\n') => Self::No,
                (Self::Yes, b'\\') => Self::Escape,
                (state, _) => state,
            };
        }
    }

    /// Whether the text so far ends within a string.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Yes | Self::Escape)
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
