//! Syntax highlighting.

use super::assistant::Assistant;
use crate::shell::language::{Token, TokenKind, Tokens};

/// The kind of highlight of a piece of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Highlight {
    Plain,
    Function,
    String,
    Comment,
}

impl Assistant {
    /// The pieces of a line, each with its highlight.
    pub(super) fn highlights<'a>(&self, line: &'a str) -> Vec<(Highlight, &'a str)> {
        let mut highlights = Vec::new();
        let mut tokens = Tokens::new(line).peekable();
        let goes_on = |token: &Token| is_of_name(token.kind) && !line[token.start..].starts_with('-');
        while let Some(first) = tokens.next() {
            let mut end = first.end;
            let highlight = match first.kind {
                TokenKind::String | TokenKind::OpenString => Highlight::String,
                TokenKind::Comment => Highlight::Comment,
                kind if is_of_name(kind) => {
                    while let Some(more) = tokens.next_if(goes_on) {
                        end = more.end;
                    }
                    let name = &line[first.start..end];
                    let is_known = self.vocabulary.called(name).is_some();
                    if is_known { Highlight::Function } else { Highlight::Plain }
                }
                _ => Highlight::Plain,
            };
            highlights.push((highlight, &line[first.start..end]));
        }
        highlights
    }
}

/// Whether such tokens may form a name such as `Bank.open`. With numbers among them the name is unknown, and stays plain.
fn is_of_name(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Word | TokenKind::Dot | TokenKind::Integer | TokenKind::Fraction)
}

#[cfg(all(test, feature = "bank"))]
mod tests {
    use super::*;

    #[test]
    fn known_functions_and_strings_look_different() {
        let highlights = Assistant::of_a_bank().highlights("Bank.open \"é\\\"\"; foo # x");
        let plain = highlights
            .iter()
            .filter(|(highlight, _)| *highlight == Highlight::Plain)
            .map(|(_, text)| *text)
            .collect::<String>();
        assert_eq!(plain, " ; foo ");
        assert!(highlights.contains(&(Highlight::Function, "Bank.open")));
        assert!(highlights.contains(&(Highlight::String, "\"é\\\"\"")));
        assert!(highlights.contains(&(Highlight::Comment, "# x")));
    }
}
