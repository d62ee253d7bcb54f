//! Finds out whether a text ends within a statement that continues on the next line.

use super::tokens::{TokenKind, Tokens, Within};

/// Follows a text piece by piece, and knows whether its last statement continues on the next line: within a string, after
/// a comma, and after an opening parenthesis up to the closing one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenStatement {
    within: Within,
    last: Last,
    in_parentheses: bool,
    /// Whether a line has ended within the parentheses.
    continued: bool,
}

/// The last token of the statement that is no blank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Last {
    #[default]
    None,
    Comma,
    OpeningParenthesis,
    Other,
}

impl OpenStatement {
    /// Whether a line may begin a statement that continues on the next one. Quicker than following it, and true in doubt.
    pub fn may_begin_in(line: &str) -> bool {
        let (mut is_within_string, mut is_doubtful) = (false, false);
        for byte in line.bytes() {
            is_within_string ^= byte == b'"';
            is_doubtful |= matches!(byte, b'\\' | b'#' | b'(');
        }
        is_within_string || is_doubtful || line.trim_ascii_end().ends_with(',')
    }

    /// Takes in the next piece of the text.
    pub fn follow(&mut self, piece: &str) {
        let mut tokens = Tokens::continuing(piece, self.within);
        while let Some(kind) = tokens.next_kind() {
            self.take(kind);
        }
        self.within = tokens.within();
    }

    fn take(&mut self, kind: TokenKind) {
        match kind {
            TokenKind::Space | TokenKind::Comment => {}
            TokenKind::Newline if self.goes_on() => self.continued = self.in_parentheses,
            TokenKind::Newline | TokenKind::Semicolon => *self = Self::default(),
            TokenKind::Comma if self.last != Last::None => self.last = Last::Comma,
            TokenKind::OpeningParenthesis if self.last != Last::None => {
                self.last = Last::OpeningParenthesis;
                self.in_parentheses = true;
            }
            TokenKind::ClosingParenthesis => {
                (self.last, self.in_parentheses, self.continued) = (Last::Other, false, false);
            }
            _ => self.last = Last::Other,
        }
    }

    fn goes_on(self) -> bool {
        matches!(self.last, Last::Comma | Last::OpeningParenthesis) || self.continued
    }

    /// Whether the text so far ends within a statement, if it ends with a line.
    pub fn is_open(self) -> bool {
        self.is_within_string() || self.goes_on()
    }

    /// Whether the text so far ends within a string.
    pub fn is_within_string(self) -> bool {
        matches!(self.within, Within::String | Within::Escape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_string_is_followed_over_pieces() {
        let mut open = OpenStatement::default();
        open.follow("f \"a # \\");
        assert!(open.is_open());
        open.follow("\" b");
        assert!(open.is_open());
        open.follow("\" # \"\n");
        assert!(!open.is_open());
    }

    #[test]
    fn a_call_goes_on_after_a_parenthesis_or_a_comma() {
        let is_open = |text: &str| {
            let mut open = OpenStatement::default();
            open.follow(text);
            open.is_open()
        };
        for text in ["f(\n", "f 1,\n", "f 1, # c\n", "f 1,\n\n", "f(\n1\n", "f(1,\n2\n", "f(\"a\",\n", "g; f 1,\n"] {
            assert!(is_open(text), "{text:?}");
        }
        for text in ["f\n", "f 1\n", "f(1\n", "f(\n1\n)\n", "f 1,\n2\n", "f 1,; g\n", ",\n", "(\n", "f 1, # c\n2\n"] {
            assert!(!is_open(text), "{text:?}");
        }
    }
}
