//! User and password in a URL, which are as secret as a PIN.

use super::{Argument, Span, Value};

/// What stands before the credentials in a URL.
const SCHEME_END: &str = "://";

/// What ends a URL at the latest.
const STRING_ENDS: &[char] = &['"', '\n'];

/// The place of the credentials in an argument, if it is a URL that has some.
pub(in crate::shell) fn credentials_of(argument: &Argument<'_>, text: &str) -> Option<Span> {
    let Value::String(value) = &argument.value else { return None };
    credentials(value, &[])?;
    let Span { start, end } = argument.span.clone();
    // Where escapes disguise them, the whole argument is hidden.
    let place = credentials_written(&text[start..end]).filter(|_| !text[start..end].contains('\\'));
    Some(place.map_or(start..end, |place| start + place.start..start + place.end))
}

/// The same in a text that has not been read: a URL ends with its string.
pub(super) fn credentials_written(text: &str) -> Option<Span> {
    credentials(text, STRING_ENDS)
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
