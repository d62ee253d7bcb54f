//! The one scanner of the shell language: a text cut into tokens, none of it left out.
//!
//! Whatever the text holds, it has tokens: what cannot be right is a token of a kind of its own. So everything that looks
//! at statements can take them from here, a line that is half typed as well as one that is read.

use super::Span;

/// A piece of a text that belongs together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where the next one begins.
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
    /// Letters, digits and underscores. Digits begin one only right behind a dot.
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
    /// A character that means nothing.
    Unknown,
}

/// What a text ends within.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Within {
    /// Neither a string nor a comment.
    #[default]
    Nothing,
    Comment,
    String,
    /// A string, behind a backslash.
    Escape,
}

/// Cuts a text into tokens, one after another.
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
    after_dot: bool,
    /// What the text before was within, and in the end what a text behind would be within.
    within: Within,
}

impl<'a> Tokens<'a> {
    /// The tokens of `text`.
    pub fn new(text: &'a str) -> Self {
        Self::starting_at(text, 0)
    }

    /// Those from a place on, as if nothing stood before it.
    pub(super) fn starting_at(text: &'a str, place: usize) -> Self {
        Self { text, at: place, after_dot: false, within: Within::Nothing }
    }

    /// The tokens of a text that goes on where another one has ended.
    pub(super) fn going_on(text: &'a str, within: Within) -> Self {
        Self { text, at: 0, after_dot: false, within }
    }

    /// What the text ends within, once all of its tokens were taken.
    pub(super) fn within(&self) -> Within {
        self.within
    }

    /// Where the next token begins, and the last one has ended.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// The kind of the next token, which ends at [`Tokens::place`] then.
    pub(super) fn next_kind(&mut self) -> Option<TokenKind> {
        let first = self.peek_byte()?;
        let after_dot = std::mem::take(&mut self.after_dot);
        Some(match self.within {
            Within::Nothing => self.kind(first, after_dot),
            Within::Comment => self.comment(),
            Within::String => self.string(),
            Within::Escape => {
                // There is a character, as there is a token.
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

    /// The rest of a string, behind its opening quote.
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

    /// Passes over what stands behind a backslash, if it is there. Of a character of several bytes the first is enough:
    /// none of the others ends a string.
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
