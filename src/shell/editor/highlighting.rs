//! How the pieces of a line look.

use super::assistant::Assistant;
use crate::shell::language::{Token, TokenKind, Tokens};

/// How a piece of a statement is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Plain,
    Function,
    String,
    Comment,
}

impl Assistant {
    /// The pieces of a line, with the look of each.
    pub(super) fn looks<'a>(&self, line: &'a str) -> Vec<(Look, &'a str)> {
        let mut looks = Vec::new();
        let mut tokens = Tokens::new(line).peekable();
        let goes_on = |token: &Token| is_of_name(token.kind) && !line[token.start..].starts_with('-');
        while let Some(first) = tokens.next() {
            let mut end = first.end;
            let look = match first.kind {
                TokenKind::String | TokenKind::OpenString => Look::String,
                TokenKind::Comment => Look::Comment,
                kind if is_of_name(kind) => {
                    while let Some(more) = tokens.next_if(goes_on) {
                        end = more.end;
                    }
                    let name = &line[first.start..end];
                    let is_known = self.vocabulary.all().any(|function| function.is_called(name));
                    if is_known { Look::Function } else { Look::Plain }
                }
                _ => Look::Plain,
            };
            looks.push((look, &line[first.start..end]));
        }
        looks
    }
}

/// Whether a name such as `Bank.open` can consist of such tokens. What holds a number is the name of nothing.
fn is_of_name(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Word | TokenKind::Dot | TokenKind::Integer | TokenKind::Fraction)
}

#[cfg(all(test, feature = "bank"))]
mod tests {
    use super::*;

    #[test]
    fn known_functions_and_strings_look_different() {
        let looks = Assistant::of_a_bank().looks("Bank.open \"é\\\"\"; foo # x");
        let plain = looks.iter().filter(|(look, _)| *look == Look::Plain).map(|(_, text)| *text).collect::<String>();
        assert_eq!(plain, " ; foo ");
        assert!(looks.contains(&(Look::Function, "Bank.open")));
        assert!(looks.contains(&(Look::String, "\"é\\\"\"")));
        assert!(looks.contains(&(Look::Comment, "# x")));
    }
}
