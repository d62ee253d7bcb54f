//! Keeps PINs, and the credentials in a URL, out of what is printed of a statement, and out of history.
//!
//! Where a statement was understood, it is known which argument is the PIN. Where it was not, everything that
//! could be one is masked: better an amount too many than a PIN.

use std::ops::Range;

use super::functions::{Function, Kind, Vocabulary};
use super::syntax::{Argument, Span, Statement, Value};

/// What stands in the place of a PIN in a statement that was understood. It does not tell how long that is.
const MASK: &str = "****";

/// Digits in a row that could be a PIN.
const PIN_DIGITS: usize = 4;

/// What stands before the credentials in a URL.
const SCHEME_END: &str = "://";

/// What ends a URL at the latest.
const STRING_ENDS: &[char] = &['"', '\n'];

/// How far before a place it is looked at what stands there, in bytes. Farther into a line, every argument
/// could be a PIN.
const LOOK_BACK: usize = 256;

/// The place of the secret in a statement that calls this function: its PIN, or the credentials in a URL.
pub(super) fn secret_span(function: &Function, statement: &Statement<'_>, text: &str) -> Option<Span> {
    // A PIN is given in order, never by name.
    let pin = function.secret_parameter().and_then(|parameter| statement.arguments.get(parameter));
    let pin = pin.filter(|argument| argument.keyword.is_none()).map(|argument| argument.span.clone());
    pin.or_else(|| {
        let mut places = statement.arguments.iter().filter_map(|argument| credentials_of(argument, text));
        // No function takes more than one; if one is given all the same, what is between them is no loss.
        let first = places.next()?;
        Some(first.start..places.next_back().map_or(first.end, |last| last.end))
    })
}

/// The place of the credentials in an argument, if it is a URL that has some.
fn credentials_of(argument: &Argument<'_>, text: &str) -> Option<Span> {
    let Value::String(value) = &argument.value else { return None };
    credentials(value, &[])?;
    let Span { start, end } = argument.span.clone();
    // Where escapes disguise them, the whole argument is hidden.
    let place = credentials(&text[start..end], STRING_ENDS).filter(|_| !text[start..end].contains('\\'));
    Some(place.map_or(start..end, |place| start + place.start..start + place.end))
}

/// The place of user and password in the first URL of a text that has some. A password that should have been
/// percent-encoded may hold anything; only what is surely an option behind them is known to be none.
fn credentials(text: &str, ends: &[char]) -> Option<Span> {
    let mut from = 0;
    while let Some(scheme) = text[from..].find(SCHEME_END) {
        let start = from + scheme + SCHEME_END.len();
        let length = text[start..].find(ends).unwrap_or(text.len() - start);
        let mut url = &text[start..start + length];
        while let Some(at) = url.rfind('@') {
            match url[..at].rfind(['?', '&']) {
                Some(option) if url[option + 1..].starts_with("from=") => url = &url[..option],
                _ => return Some(start..start + at),
            }
        }
        from = start + length;
    }
    None
}

/// A statement that was understood, with the mask in the place of its PIN.
pub(super) fn without_secret(text: &str, statement: &Span, secret: &Span) -> String {
    format!("{}{MASK}{}", &text[statement.start..secret.start], &text[secret.end..statement.end])
}

/// What may be shown of a statement that was not understood, and of what stands around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visible {
    /// Where the statement begins.
    statement: usize,
    /// Words at its beginning that are no PIN: what is called, a name, an amount.
    plain_words: usize,
}

impl Visible {
    /// What may be shown of the statement at this place of a text.
    pub(super) fn of(text: &str, statement: &Span, vocabulary: Vocabulary) -> Self {
        const OF_UNKNOWN: usize = 2;
        let statement_text = &text[statement.clone()];
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
        let end = statement_text.bytes().position(|byte| !is_name(byte)).unwrap_or(statement_text.len());
        let function = vocabulary.all().find(|function| function.is_called(&statement_text[..end]));
        let is_plain = |kind| matches!(kind, Kind::Named | Kind::Integer);
        let plain = function.map_or(OF_UNKNOWN, |function| {
            let parameters = function.parameters.iter();
            parameters.take_while(|parameter| is_plain(parameter.kind) && !parameter.keyword).count()
        });
        Self { statement: statement.start, plain_words: plain + 1 }
    }

    /// A part of the text with a star for every digit that could belong to a PIN, and for the credentials in a URL.
    /// It is as wide as it was, so
    /// that a caret stands where it stood.
    pub(super) fn part(self, text: &str, part: Range<usize>) -> String {
        let mut shown = text[part.clone()].to_owned().into_bytes();
        let (mut at, mut words) = self.begin(text, part.start);
        let mut within_word = false;
        while let Some(first) = text[at..].chars().next().filter(|_| at < part.end) {
            if first.is_whitespace() || matches!(first, ',' | '(' | ')' | ';') {
                within_word = false;
                at += first.len_utf8();
                continue;
            }
            if !within_word {
                within_word = true;
                // What a statement begins with is called. If it is no name, it may be a PIN.
                words = if words == 0 && !first.is_ascii_alphabetic() { self.plain_words + 1 } else { words + 1 };
            }
            let length = digits(&text[at..]);
            let end = at + length.max(first.len_utf8());
            if length > 0 && (is_named_pin(&text[..at]) || (words > self.plain_words && is_long(&text[at..end]))) {
                for place in at.max(part.start)..end.min(part.end) {
                    shown[place - part.start] = b'*';
                }
            }
            at = end;
        }
        self.mask_credentials(text, &part, &mut shown);
        // Whole characters were replaced, by ASCII.
        String::from_utf8(shown).unwrap_or_default()
    }

    /// Puts stars in the place of credentials, as far as they stand in this part.
    fn mask_credentials(self, text: &str, part: &Range<usize>, shown: &mut [u8]) {
        let (mut from, mut end) = (part.start.saturating_sub(LOOK_BACK), (part.end + LOOK_BACK).min(text.len()));
        while !text.is_char_boundary(from) {
            from -= 1;
        }
        while !text.is_char_boundary(end) {
            end += 1;
        }
        while let Some(place) = credentials(&text[from..end], STRING_ENDS) {
            for byte in (from + place.start).max(part.start)..(from + place.end).min(part.end) {
                shown[byte - part.start] = b'*';
            }
            from += place.end;
        }
    }

    /// Where to begin counting words for a place, and with how many: where its line begins, or the statement
    /// that goes on from an earlier line.
    fn begin(self, text: &str, place: usize) -> (usize, usize) {
        let mut window = place.saturating_sub(LOOK_BACK);
        while !text.is_char_boundary(window) {
            window -= 1;
        }
        let line = text[window..place].rfind('\n').map(|end| window + end + 1).or((window == 0).then_some(0));
        match line.map(|line| line.min(self.statement)) {
            Some(begin) if begin >= window => (begin, 0),
            _ => (window, self.plain_words + 1),
        }
    }
}

/// Whether a text that was not understood holds anything that could be a PIN.
pub(super) fn may_hold_secret(text: &str, statement: &Span, vocabulary: Vocabulary) -> bool {
    Visible::of(text, statement, vocabulary).part(text, statement.clone()) != text[statement.clone()]
}

/// The length of the digits that a text begins with, underscores between them included.
fn digits(text: &str) -> usize {
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return 0;
    }
    text.bytes().position(|byte| !(byte.is_ascii_digit() || byte == b'_')).unwrap_or(text.len())
}

fn is_long(run: &str) -> bool {
    run.bytes().filter(u8::is_ascii_digit).count() >= PIN_DIGITS
}

/// Whether `pin:` stands right before.
fn is_named_pin(before: &str) -> bool {
    before.trim_end_matches([' ', '\t', '"', '\'', '-']).ends_with("pin:")
}

#[cfg(all(test, feature = "bank"))]
mod tests {
    use super::*;
    use crate::bank::Options;
    use crate::shell::bank_functions::BankFunctions;
    use crate::shell::syntax::Statements;
    use crate::shell::trace::Trace;

    fn visible(text: &str) -> Visible {
        let domain = BankFunctions::new(Options::default(), Trace::default());
        Visible::of(text, &(0..text.len()), Vocabulary::of(&domain))
    }

    fn masked(text: &str) -> String {
        visible(text).part(text, 0..text.len())
    }

    #[test]
    fn what_could_be_a_pin_is_masked() {
        for (text, shown) in [
            ("Bank.wthdraw 1, 50, 86420975", "Bank.wthdraw 1, 50, ********"),
            ("Bank.withdraw 1 50 8642", "Bank.withdraw 1 50 ****"),
            ("Bank.withdraw(1, 50, \"0864\" x", "Bank.withdraw(1, 50, \"****\" x"),
            ("Bank.withdraw 1, 50, 8_64_2.5", "Bank.withdraw 1, 50, ******.5"),
            ("Bank.withdraw 1, 50, -8642", "Bank.withdraw 1, 50, -****"),
            ("Bank.create 'Jo;sh', 'x', 86420975", "Bank.create 'Jo;sh', 'x', ********"),
            ("Bank.create 1, 86420975", "Bank.create 1, ********"),
            ("Bank.unlock 1, 86420975", "Bank.unlock 1, ********"),
            ("Bank.withdraw 1, 5, 8642; Bank.opne", "Bank.withdraw 1, 5, ****; Bank.opne"),
            ("Bank.withdraw 1, pin: 12", "Bank.withdraw 1, pin: **"),
            ("Bank.withdraw 1, pin:\"12", "Bank.withdraw 1, pin:\"**"),
            ("86420975", "********"),
            ("  86420975", "  ********"),
            ("\"86420975\"", "\"********\""),
            ("Bank.withdraw \"ß 🐺\", 5, 86420975 ü", "Bank.withdraw \"ß 🐺\", 5, ******** ü"),
            ("Bank.withdraw \"a\nb\", 5, 86420975 x", "Bank.withdraw \"a\nb\", 5, ******** x"),
        ] {
            assert_eq!(masked(text), shown);
        }
    }

    #[test]
    fn credentials_in_a_url_are_masked() {
        for (text, shown) in [
            ("Bank.opne email: \"smtps://josh:canary@host\"", "Bank.opne email: \"smtps://***********@host\""),
            (
                "Bank.open email: \"smtp://a:b c@host?tls=required, 5",
                "Bank.open email: \"smtp://*****@host?tls=required, 5",
            ),
            ("x \"smtp://a:b@c@h?from=a@h\"", "x \"smtp://*****@h?from=a@h\""),
            ("x \"smtp://a:b?c@h?tls=required&from=a@h\"", "x \"smtp://*****@h?tls=required&from=a@h\""),
            ("x \"smtp://h\", \"smtp://a:b@h", "x \"smtp://h\", \"smtp://***@h"),
            ("x \"smtp://ß:b@h", "x \"smtp://****@h"),
        ] {
            assert_eq!(masked(text), shown);
        }
        for text in ["Bank.opne email: \"smtp://127.0.0.1:25?from=a@h\"", "Bank.creat 1, email: \"josh@example.org\""] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn credentials_are_masked_in_a_statement_that_was_understood() {
        let domain = BankFunctions::new(Options::default(), Trace::default());
        let open = Vocabulary::of(&domain).all().find(|function| function.is_called("Bank.open")).unwrap();
        for (text, shown) in [
            ("Bank.open email: \"smtps://josh:canary@host\"", "Bank.open email: \"smtps://****@host\""),
            ("Bank.open \"x://a:b@h\", email: \"smtp://a:b@h\"", "Bank.open \"x://****@h\""),
            ("Bank.open email: \"smtps://josh:can\\\"ary@host\"", "Bank.open ****"),
            ("Bank.open email: \"smtps:\\u{2f}/josh:canary@host\"", "Bank.open ****"),
        ] {
            let statement = Statements::new(text).next().unwrap().unwrap();
            let secret = secret_span(open, &statement, text).unwrap();
            assert_eq!(without_secret(text, &statement.span, &secret), shown);
        }
        let text = "Bank.open email: \"smtp://127.0.0.1:25?from=a@h\"";
        assert_eq!(secret_span(open, &Statements::new(text).next().unwrap().unwrap(), text), None);
    }

    #[test]
    fn names_and_amounts_are_shown() {
        for text in ["Bank.depsit 123456, 100000", "Bank.deposit \"1000\", 1_000.50", "Bank.deposit 1, 100, 999"] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn a_part_is_masked_as_in_the_whole() {
        for text in ["Bank.withdraw 1, 50, 86420975, oops", "Bank.opne email: \"smtp://a:b@h?from=a@h\", 8642"] {
            for start in 0..text.len() {
                for end in start..text.len() {
                    let part = visible(text).part(text, start..end);
                    assert_eq!(part, masked(text)[start..end], "{start}..{end}");
                }
            }
        }
        let long = format!("{}8642, oops", "f, ".repeat(5_000));
        let place = long.find("8642").unwrap();
        assert_eq!(visible(&long).part(&long, place..place + 3), "***");
    }
}
