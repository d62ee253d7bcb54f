//! The texts of prompts.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr as _;

use super::escape;

/// The prompt for a statement: `bank(1)> `, or `bank:bank.db(1)> ` where that is open; in a fork, `bank/what if(1)> `, and
/// `bank[balances held](1)> ` where that is held.
pub(super) fn first(domain: &str, open: Option<&str>, fork: Option<&str>, held: &[&str], number: usize) -> String {
    let part = |mark: char, name: Option<&str>| {
        name.map_or_else(String::new, |name| format!("{mark}{}", escape::line(&shortened(name))))
    };
    let held = match held {
        [] => String::new(),
        [held] => format!("[{} held]", escape::line(&shortened(held))),
        several => format!("[{} held]", several.len()),
    };
    format!("{domain}{}{}{held}({number})> ", part(':', open), part('/', fork))
}

/// The prompt for the second and later lines of a statement, as wide as the first: `....(1)> `, and within a string
/// `...(1)"> `.
pub(super) fn continued(first: &str, is_within_string: bool) -> String {
    let Some(number) = first.rfind('(') else { return first.to_owned() };
    let (name, number) = first.split_at(number);
    match number.strip_suffix("> ").filter(|_| is_within_string) {
        Some(number) => format!("{}{number}\"> ", ".".repeat(name.width().saturating_sub(1))),
        None => format!("{}{number}", ".".repeat(name.width())),
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
