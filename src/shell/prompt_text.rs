//! The texts of prompts.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr as _;

use super::escape;

/// The prompt for a statement: `bank(1)> `, or `bank:bank.db(1)> ` where that is open, and `bank[balances held](1)> ` where
/// that is held.
pub(super) fn first(domain: &str, open: Option<&str>, held: &[&str], number: usize) -> String {
    let open = open.map_or_else(String::new, |open| format!(":{}", escape::line(&shortened(open))));
    let held = match held {
        [] => String::new(),
        [held] => format!("[{} held]", escape::line(&shortened(held))),
        several => format!("[{} held]", several.len()),
    };
    format!("{domain}{open}{held}({number})> ")
}

/// The prompt for the second and later lines of a statement, as wide as the first: `....(1)> `.
pub(super) fn continued(first: &str) -> String {
    match first.rfind('(') {
        Some(number) => format!("{}{}", ".".repeat(first[..number].width()), &first[number..]),
        None => first.to_owned(),
    }
}

/// A name, as far as a prompt has room for it.
fn shortened(name: &str) -> Cow<'_, str> {
    const LONGEST: usize = 24;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]).into(),
        None => name.into(),
    }
}
