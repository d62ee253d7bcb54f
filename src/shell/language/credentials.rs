//! Credentials in URLs, which are as secret as a PIN.

use super::{Argument, Span, Value};

/// The text before the credentials in a URL.
const SCHEME_END: &str = "://";

/// The characters that end a URL in unparsed text.
const STRING_ENDS: &[char] = &['"', '\n'];

/// The place of the credentials in an argument, if it is a URL with credentials.
pub(in crate::shell) fn credentials_of(argument: &Argument<'_>, text: &str) -> Option<Span> {
    let Value::String(value) = &argument.value else { return None };
    credentials(value, &[])?;
    let Span { start, end } = argument.span.clone();
    // Where escapes disguise them, the whole argument is hidden.
    let place = credentials_written(&text[start..end]).filter(|_| !text[start..end].contains('\\'));
    Some(place.map_or(start..end, |place| start + place.start..start + place.end))
}

/// The same in unparsed text, where a URL ends with its string.
pub(super) fn credentials_written(text: &str) -> Option<Span> {
    credentials(text, STRING_ENDS)
}

/// The place of user and password in the first URL that has them. A password that lacks its percent-encoding may hold any
/// character, so everything up to the last `@` counts, unless that belongs to the option `from=`.
fn credentials(text: &str, ends: &[char]) -> Option<Span> {
    // Quicker than looking for the whole scheme, which few texts have.
    if !text.as_bytes().contains(&b'@') {
        return None;
    }
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
