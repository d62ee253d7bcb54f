//! The statement at the cursor, while it is being typed.

use crate::shell::functions::{Function, Parameter, Vocabulary};
use crate::shell::language::{TokenKind, Tokens};

/// A statement up to the cursor.
#[derive(Default)]
pub(super) struct PartialStatement<'a> {
    /// The function, once a space or a parenthesis has ended its name.
    pub(super) function: Option<&'static Function>,
    /// The number of arguments before the one at the cursor.
    pub(super) arguments: usize,
    /// The keyword of the argument at the cursor, if it has one.
    keyword: Option<&'a str>,
    /// The word or string at the cursor, up to the cursor.
    pub(super) word: &'a str,
    /// Where that begins in the line.
    pub(super) start: usize,
    pub(super) within_string: bool,
    pub(super) within_comment: bool,
}

impl<'a> PartialStatement<'a> {
    pub(super) fn at_the_end_of(line: &'a str, vocabulary: Vocabulary) -> Self {
        let mut statement = Self::default();
        // Where the argument at the cursor begins.
        let mut argument = 0;
        for token in Tokens::new(line) {
            statement.within_comment = token.kind == TokenKind::Comment;
            match token.kind {
                TokenKind::OpenString => {
                    statement.within_string = true;
                    statement.start = token.start + 1;
                }
                // Its closing quote counts as the word, so that the argument does not appear empty.
                TokenKind::String => statement.start = token.end - 1,
                TokenKind::Newline | TokenKind::Semicolon => {
                    statement = Self { start: token.end, ..Self::default() };
                }
                TokenKind::Comma => {
                    statement.arguments += 1;
                    statement.keyword = None;
                    statement.start = token.end;
                    argument = token.end;
                }
                TokenKind::Colon if statement.keyword.is_none() => {
                    statement.keyword = keyword(&line[argument..token.start]);
                }
                TokenKind::Space | TokenKind::OpeningParenthesis if statement.function.is_none() => {
                    let name = line[statement.start..token.start].trim_start();
                    statement.function = vocabulary.called(name);
                    statement.keyword = None;
                    argument = token.end;
                    if statement.function.is_some() || name.is_empty() {
                        statement.start = token.end;
                    }
                }
                TokenKind::Space if line[statement.start..token.start].trim().is_empty() => {
                    statement.start = token.end;
                }
                _ => {}
            }
        }
        statement.word = &line[statement.start..];
        statement
    }

    /// The parameter at the cursor.
    pub(super) fn parameter(&self) -> Option<&'static Parameter> {
        let parameters = self.function?.parameters;
        match self.keyword {
            Some(keyword) => parameters.iter().find(|parameter| parameter.keyword && parameter.name == keyword),
            None => parameters.get(self.arguments).filter(|parameter| !parameter.keyword),
        }
    }
}

/// The keyword of an argument, from the text before its colon.
fn keyword(before_colon: &str) -> Option<&str> {
    let keyword = before_colon.trim_start();
    let is_of_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '.');
    (!keyword.is_empty() && keyword.chars().all(is_of_name)).then_some(keyword)
}
