//! The scanner of the shell language: splits a text into tokens that cover all of it.
//!
//! Every text has tokens, as errors are tokens of their own kinds. The parser, the line editor and the masking of secrets
//! can therefore share this scanner, even for a line that is half typed.

use super::Span;

/// A token: a kind and its place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends, and the next one begins.
    pub end: usize,
}

impl Token {
    /// Its place.
    pub fn span(self) -> Span {
        self.start..self.end
    }
}

/// The kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Spaces and tabs, and carriage returns.
    Space,
    /// The end of a line.
    Newline,
    /// `;`
    Semicolon,
    /// `#` and what follows it on its line.
    Comment,
    /// `,`
    Comma,
    /// `(`
    OpeningParenthesis,
    /// `)`
    ClosingParenthesis,
    /// `.`
    Dot,
    /// `:`
    Colon,
    /// Letters, digits and underscores. A word begins with a digit only right after a dot.
    Word,
    /// `1_000` or `-5`.
    Integer,
    /// A string with its quotes.
    String,
    /// A number with a `.` in it.
    Fraction,
    /// A minus sign without a number.
    Minus,
    /// A string that is not closed, up to the end of the text.
    OpenString,
    /// A character that the language does not have.
    Unknown,
}

/// What the end of a text lies within.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Within {
    /// Neither a string nor a comment.
    #[default]
    Nothing,
    Comment,
    String,
    /// A string, right after a backslash.
    Escape,
}

/// Splits a text into tokens, one after another.
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
    after_dot: bool,
    /// At the start, what the preceding text ended within; at the end, what this text ends within.
    within: Within,
}

impl<'a> Tokens<'a> {
    /// The tokens of `text`.
    pub fn new(text: &'a str) -> Self {
        Self::starting_at(text, 0)
    }

    /// The tokens from a place on, as if the text began there.
    pub(in crate::shell) fn starting_at(text: &'a str, place: usize) -> Self {
        Self { text, at: place, after_dot: false, within: Within::Nothing }
    }

    /// The tokens of a text that continues another one.
    pub(super) fn continuing(text: &'a str, within: Within) -> Self {
        Self { text, at: 0, after_dot: false, within }
    }

    /// What the text ends within, after all its tokens were taken.
    pub(super) fn within(&self) -> Within {
        self.within
    }

    /// Where the last token ended, and the next one begins.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// Takes the next token and answers with its kind. The token ends at [`Tokens::place`].
    pub(super) fn next_kind(&mut self) -> Option<TokenKind> {
        let first = self.peek_byte()?;
        let after_dot = std::mem::take(&mut self.after_dot);
        Some(match self.within {
            Within::Nothing => self.kind(first, after_dot),
            Within::Comment => self.comment(),
            Within::String => self.string(),
            Within::Escape => {
                // There is a character to skip: `peek_byte` has found it.
                self.escaped();
                self.string()
            }
        })
    }

    fn peek_byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_while(&mut self, wanted: impl Fn(u8) -> bool) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().position(|byte| !wanted(*byte)).unwrap_or(rest.len());
    }

    fn of_length(&mut self, length: usize, kind: TokenKind) -> TokenKind {
        self.at += length;
        kind
    }

    fn word(&mut self) -> TokenKind {
        self.skip_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        TokenKind::Word
    }

    fn number(&mut self) -> TokenKind {
        self.at += usize::from(self.peek_byte() == Some(b'-'));
        let has_digits = self.peek_byte().is_some_and(|byte| byte.is_ascii_digit());
        self.skip_while(|byte| byte.is_ascii_digit() || byte == b'_');
        if !has_digits {
            return TokenKind::Minus;
        }
        if self.peek_byte() != Some(b'.') {
            return TokenKind::Integer;
        }
        self.skip_while(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'.'));
        TokenKind::Fraction
    }

    fn comment(&mut self) -> TokenKind {
        self.skip_while(|byte| byte != b'\n');
        self.within = if self.at == self.text.len() { Within::Comment } else { Within::Nothing };
        TokenKind::Comment
    }

    /// The rest of a string, after its opening quote.
    fn string(&mut self) -> TokenKind {
        self.within = Within::String;
        loop {
            self.skip_while(|byte| !matches!(byte, b'"' | b'\\'));
            match self.peek_byte() {
                Some(b'"') => {
                    self.within = Within::Nothing;
                    return self.of_length(1, TokenKind::String);
                }
                Some(_) => {
                    self.at += 1;
                    if !self.escaped() {
                        return TokenKind::OpenString;
                    }
                }
                None => return TokenKind::OpenString,
            }
        }
    }

    /// Skips the character after a backslash, if there is one. Skipping its first byte is enough: no later byte can end a
    /// string.
    fn escaped(&mut self) -> bool {
        let is_there = self.at < self.text.len();
        self.at += usize::from(is_there);
        self.within = if is_there { Within::String } else { Within::Escape };
        is_there
    }

    fn kind(&mut self, first: u8, after_dot: bool) -> TokenKind {
        match first {
            b' ' | b'\t' | b'\r' => {
                self.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
                TokenKind::Space
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => self.word(),
            b'0'..=b'9' if after_dot => self.word(),
            b'0'..=b'9' | b'-' => self.number(),
            b'"' => {
                self.at += 1;
                self.string()
            }
            b',' => self.of_length(1, TokenKind::Comma),
            b'.' => {
                self.after_dot = true;
                self.of_length(1, TokenKind::Dot)
            }
            b':' => self.of_length(1, TokenKind::Colon),
            b'(' => self.of_length(1, TokenKind::OpeningParenthesis),
            b')' => self.of_length(1, TokenKind::ClosingParenthesis),
            b';' => self.of_length(1, TokenKind::Semicolon),
            b'\n' => self.of_length(1, TokenKind::Newline),
            b'#' => self.comment(),
            _ => {
                let length = self.text[self.at..].chars().next().map_or(1, char::len_utf8);
                self.of_length(length, TokenKind::Unknown)
            }
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let start = self.at;
        let kind = self.next_kind()?;
        Some(Token { kind, start, end: self.at })
    }
}
