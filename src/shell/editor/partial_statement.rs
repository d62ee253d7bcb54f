//! The statement at the cursor, while it is being typed.

use crate::shell::functions::{Function, Parameter, Vocabulary};
use crate::shell::language::{TRY, TokenKind, Tokens};

/// A statement up to the cursor.
#[derive(Default)]
pub(super) struct PartialStatement<'a> {
    /// The function, once a space or a parenthesis has ended its name.
    pub(super) function: Option<&'static Function>,
    /// The number of arguments before the one at the cursor.
    pub(super) arguments: usize,
    /// The keyword of the argument at the cursor, if it has one.
    keyword: Option<&'a str>,
    /// The keywords of the arguments before.
    given: Vec<&'a str>,
    /// The word or string at the cursor, up to the cursor, without its keyword.
    pub(super) word: &'a str,
    /// Where that begins in the line.
    pub(super) start: usize,
    pub(super) within_string: bool,
    pub(super) within_comment: bool,
    /// Whether a parenthesis has closed behind the last argument.
    pub(super) is_closed: bool,
}

impl<'a> PartialStatement<'a> {
    pub(super) fn at_the_end_of(line: &'a str, vocabulary: Vocabulary) -> Self {
        let mut statement = Self::default();
        // Where the argument at the cursor begins.
        let mut argument = 0;
        // After a comma or a parenthesis, the end of a line is none of the statement.
        let mut goes_on = false;
        for token in Tokens::new(line) {
            statement.within_comment = token.kind == TokenKind::Comment;
            match token.kind {
                TokenKind::OpenString => {
                    statement.within_string = true;
                    statement.start = token.start + 1;
                }
                // Its closing quote counts as the word, so that the argument does not appear empty.
                TokenKind::String => statement.start = token.end - 1,
                TokenKind::Newline if goes_on => statement.start = token.end,
                TokenKind::Comment => {}
                TokenKind::Newline | TokenKind::Semicolon => {
                    statement = Self { start: token.end, ..Self::default() };
                }
                TokenKind::ClosingParenthesis if statement.function.is_some() => {
                    statement.is_closed = true;
                    statement.start = token.end;
                }
                TokenKind::Comma => {
                    statement.arguments += 1;
                    statement.given.extend(statement.keyword.take());
                    statement.start = token.end;
                    argument = token.end;
                }
                TokenKind::Colon if statement.keyword.is_none() => {
                    statement.keyword = keyword(&line[argument..token.start]);
                    if statement.keyword.is_some() {
                        statement.start = token.end;
                    }
                }
                TokenKind::Space | TokenKind::OpeningParenthesis if statement.function.is_none() => {
                    let name = line[statement.start..token.start].trim_start();
                    if name.eq_ignore_ascii_case(TRY) && token.kind == TokenKind::Space {
                        statement.start = token.end;
                        continue;
                    }
                    statement.function = vocabulary.called(name);
                    statement.keyword = None;
                    argument = token.end;
                    if statement.function.is_some() || name.is_empty() {
                        statement.start = token.end;
                    }
                }
                TokenKind::Space | TokenKind::OpeningParenthesis
                    if line[statement.start..token.start].trim().is_empty() =>
                {
                    statement.start = token.end;
                    if token.kind == TokenKind::OpeningParenthesis {
                        argument = token.end;
                    }
                }
                _ => {}
            }
            goes_on = match token.kind {
                TokenKind::Comma => true,
                TokenKind::OpeningParenthesis => statement.function.is_some(),
                TokenKind::Space | TokenKind::Comment | TokenKind::Newline => goes_on,
                _ => false,
            };
        }
        statement.word = &line[statement.start..];
        statement
    }

    /// The parameter at the cursor.
    pub(super) fn parameter(&self) -> Option<&'static Parameter> {
        let parameters = self.function?.parameters;
        match self.keyword {
            Some(keyword) => parameters.iter().find(|parameter| parameter.keyword && parameter.name == keyword),
            None if self.given.is_empty() => parameters.get(self.arguments).filter(|parameter| !parameter.keyword),
            None => None,
        }
    }

    /// Whether the argument at the cursor has its keyword.
    pub(super) fn has_keyword(&self) -> bool {
        self.keyword.is_some()
    }

    /// The parameters that can still be given: without the one at the cursor, if that has begun.
    pub(super) fn to_come(&self, has_begun: bool) -> impl Iterator<Item = &'static Parameter> {
        let parameters: &'static [Parameter] = self.function.map_or(&[], |function| function.parameters);
        let next = self.arguments + usize::from(has_begun && self.keyword.is_none());
        let only_keywords = !self.given.is_empty() || self.keyword.is_some();
        let (given, keyword) = (self.given.clone(), self.keyword);
        parameters.iter().enumerate().filter_map(move |(index, parameter)| {
            let is_to_come = match parameter.keyword {
                true => !(given.contains(&parameter.name) || has_begun && keyword == Some(parameter.name)),
                false => index >= next && !only_keywords,
            };
            is_to_come.then_some(parameter)
        })
    }

    /// The keyword arguments that can stand at the cursor: those of a function whose needed arguments are given.
    pub(super) fn keywords(&self) -> impl Iterator<Item = &'static Parameter> {
        let lacks_one = !self.has_keyword() && self.to_come(false).any(|parameter| !parameter.optional);
        self.to_come(false).filter(move |parameter| parameter.keyword && !lacks_one)
    }
}

/// The keyword of an argument, from the text before its colon.
fn keyword(before_colon: &str) -> Option<&str> {
    let keyword = before_colon.trim_start();
    let is_of_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '.');
    (!keyword.is_empty() && keyword.chars().all(is_of_name)).then_some(keyword)
}
