//! A statement that is being typed, up to the cursor.

use crate::shell::functions::{Function, Parameter, Vocabulary};
use crate::shell::language::{TokenKind, Tokens};

/// What stands before the cursor, and where in its statement that is.
#[derive(Default)]
pub(super) struct Unfinished<'a> {
    /// What is called, once a space or a parenthesis has ended its name.
    pub(super) function: Option<&'static Function>,
    /// The number of arguments before the one at the cursor.
    pub(super) arguments: usize,
    /// What stands before the colon where the argument at the cursor is given by name.
    keyword: Option<&'a str>,
    /// What of the word, or the string, at the cursor is there, and where it begins in the line.
    pub(super) word: &'a str,
    pub(super) start: usize,
    pub(super) within_string: bool,
    pub(super) within_comment: bool,
}

impl<'a> Unfinished<'a> {
    pub(super) fn at_the_end_of(line: &'a str, vocabulary: Vocabulary) -> Self {
        let mut unfinished = Self::default();
        // Where the argument at the cursor begins.
        let mut argument = 0;
        for token in Tokens::new(line) {
            unfinished.within_comment = token.kind == TokenKind::Comment;
            match token.kind {
                TokenKind::OpenString => {
                    unfinished.within_string = true;
                    unfinished.start = token.start + 1;
                }
                // The string itself is the word now, so that it does not look like nothing.
                TokenKind::String => unfinished.start = token.end - 1,
                TokenKind::Newline | TokenKind::Semicolon => {
                    unfinished = Self { start: token.end, ..Self::default() };
                }
                TokenKind::Comma => {
                    unfinished.arguments += 1;
                    unfinished.keyword = None;
                    unfinished.start = token.end;
                    argument = token.end;
                }
                TokenKind::Colon if unfinished.keyword.is_none() => {
                    unfinished.keyword = keyword(&line[argument..token.start]);
                }
                TokenKind::Space | TokenKind::OpeningParenthesis if unfinished.function.is_none() => {
                    let name = line[unfinished.start..token.start].trim_start();
                    unfinished.function = vocabulary.all().find(|function| function.is_called(name));
                    unfinished.keyword = None;
                    argument = token.end;
                    if unfinished.function.is_some() || name.is_empty() {
                        unfinished.start = token.end;
                    }
                }
                TokenKind::Space if line[unfinished.start..token.start].trim().is_empty() => {
                    unfinished.start = token.end;
                }
                _ => {}
            }
        }
        unfinished.word = &line[unfinished.start..];
        unfinished
    }

    /// What the function takes at the cursor.
    pub(super) fn parameter(&self) -> Option<&'static Parameter> {
        let parameters = self.function?.parameters;
        match self.keyword {
            Some(keyword) => parameters.iter().find(|parameter| parameter.keyword && parameter.name == keyword),
            None => parameters.get(self.arguments).filter(|parameter| !parameter.keyword),
        }
    }
}

/// What an argument is called that stands like this before its colon.
fn keyword(before_colon: &str) -> Option<&str> {
    let keyword = before_colon.trim_start();
    let is_of_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '.');
    (!keyword.is_empty() && keyword.chars().all(is_of_name)).then_some(keyword)
}
