//! The page: a template, and the report as data in it.
//!
//! The page trusts no data. They stand in it as JSON that holds no character with a meaning in HTML, its script only ever
//! sets texts, and its policy lets nothing run but that script and nothing come from anywhere.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page that shows a report.
pub(super) fn page(report: &impl Serialize) -> Result<String, serde_json::Error> {
    let data = script_json(report)?;
    let (style_hash, script_hash) = (source_hash(STYLE), source_hash(SCRIPT));
    let mut page = String::with_capacity(TEMPLATE.len() + STYLE.len() + SCRIPT.len() + data.len());
    for (index, part) in TEMPLATE.split("{{").enumerate() {
        match part.split_once("}}").filter(|_| index > 0) {
            Some((name, rest)) => {
                page.push_str(match name {
                    "style hash" => &style_hash,
                    "script hash" => &script_hash,
                    "style" => STYLE,
                    "script" => SCRIPT,
                    _ => &data,
                });
                page.push_str(rest);
            }
            None => page.push_str(part),
        }
    }
    Ok(page)
}

/// A value as JSON in which no character has a meaning in HTML, or ends a line of JavaScript.
pub(super) fn script_json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string(value)?;
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        // In JSON these stand in strings only.
        match character {
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            '\u{2028}' => escaped.push_str("\\u2028"),
            '\u{2029}' => escaped.push_str("\\u2029"),
            character => escaped.push(character),
        }
    }
    Ok(escaped)
}

/// What a content security policy calls an inline style or script that may be used.
fn source_hash(source: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(source)))
}

/// [RFC 4648](https://www.rfc-editor.org/rfc/rfc4648#section-4): six bits a letter.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const GROUP: usize = 3;
    let mut text = String::new();
    for group in bytes.chunks(GROUP) {
        let bits = (0..GROUP).fold(0, |bits, index| bits << 8 | u32::from(group.get(index).copied().unwrap_or(0)));
        for letter in 0..=GROUP {
            let six = bits >> (6 * (GROUP - letter)) & 0x3f;
            text.push(if letter <= group.len() { char::from(LETTERS[six as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        for (text, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }

    #[test]
    fn data_cannot_leave_their_place() {
        let wild = "</script><script>alert(1)</script> {{script}} & <!-- \u{2028}\u{2029}";
        let json = script_json(&wild).unwrap();
        assert!(!json.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), wild);
        let page = page(&wild).unwrap();
        assert!(page.contains(&json), "placeholders in data stay as they are");
        assert_eq!(page.matches("</script>").count(), 2, "the data's and the script's");
    }

    #[test]
    fn the_template_is_small_and_asks_nobody() {
        let page = page(&()).unwrap();
        assert!(page.len() < 40 << 10, "{}", page.len());
        for part in ["http:", "https:", "//", "url(", "@import", "innerHTML", "src=", "{{"] {
            let is_comment = |line: &str| line.trim_start().starts_with("//");
            let found = page.lines().find(|line| !is_comment(line) && line.contains(part));
            assert_eq!(found, None, "{part}");
        }
    }
}
