//! What a function replies: the values of the shell language, as text and as JSON.

use std::fmt::{self, Write as _};

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// `:ok`
    Atom(&'static str),
    /// `50`
    Integer(i64),
    /// `"Wolfman"`
    String(String),
    /// `#Bank<memory>`: something that cannot be written down.
    Opaque(String),
    /// `[1, 2]`
    List(Vec<Term>),
    /// `%{committed: 12}`
    Map(Vec<(&'static str, Term)>),
    /// `{:ok, …}`
    Ok(Box<Term>),
    /// `{:error, :no_account}`
    Error(&'static str),
    /// Text to be read by people, such as `help`.
    Text(String),
}

impl Term {
    /// `:ok`
    pub const OK: Self = Self::Atom("ok");
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Atom(atom) => write!(f, ":{atom}"),
            Self::Integer(integer) => write!(f, "{integer}"),
            Self::String(string) => write_quoted(f, string),
            Self::Opaque(name) => write_escaped(f, name),
            Self::List(items) => {
                f.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
                }
                f.write_char(']')
            }
            Self::Map(entries) => {
                f.write_str("%{")?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if index == 0 { "" } else { ", " })?;
                }
                f.write_char('}')
            }
            Self::Ok(value) => write!(f, "{{:ok, {value}}}"),
            Self::Error(reason) => write!(f, "{{:error, :{reason}}}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Atoms as strings; `{:ok, value}` and `{:error, reason}` as objects with the one key `ok` or `error`.
impl Serialize for Term {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Atom(atom) => serializer.serialize_str(atom),
            Self::Integer(integer) => serializer.serialize_i64(*integer),
            Self::String(string) | Self::Opaque(string) | Self::Text(string) => serializer.serialize_str(string),
            Self::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
            Self::Ok(value) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("ok", value)?;
                map.end()
            }
            Self::Error(reason) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("error", reason)?;
                map.end()
            }
        }
    }
}

/// In double quotes, escaped so that it could be typed again.
pub fn write_quoted(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(out, "\\{character}")?,
            _ => write_character(out, character)?,
        }
    }
    out.write_char('"')
}

/// Without characters that would do anything but show.
pub fn write_escaped(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    text.chars().try_for_each(|character| write_character(out, character))
}

fn write_character(out: &mut impl fmt::Write, character: char) -> fmt::Result {
    match character {
        '\n' => out.write_str("\\n"),
        '\t' => out.write_str("\\t"),
        _ if character.is_control() || changes_the_layout(character) => {
            write!(out, "\\u{{{:X}}}", u32::from(character))
        }
        _ => out.write_char(character),
    }
}

/// Bidirectional controls and the separators of lines and paragraphs.
fn changes_the_layout(character: char) -> bool {
    matches!(
        character,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_read_as_at_the_iex_prompt() {
        let lagging = Term::List(vec![Term::String("balances".into())]);
        let map = Term::Map(vec![("committed", Term::Integer(12)), ("lagging", lagging)]);
        assert_eq!(Term::Ok(Box::new(map)).to_string(), r#"{:ok, %{committed: 12, lagging: ["balances"]}}"#);
        assert_eq!(Term::Error("no_account").to_string(), "{:error, :no_account}");
        assert_eq!(Term::Atom("no_account").to_string(), ":no_account");
    }

    #[test]
    fn what_is_printed_only_shows() {
        let wild = Term::String("a\"\\\n\u{1b}[2J\u{202e}ß".into());
        assert_eq!(wild.to_string(), r#""a\"\\\n\u{1B}[2J\u{202E}ß""#);
    }

    #[test]
    fn json_has_objects_for_ok_and_error() {
        let json = |term: &Term| serde_json::to_string(term).unwrap();
        assert_eq!(json(&Term::OK), r#""ok""#);
        assert_eq!(json(&Term::Ok(Box::new(Term::Opaque("#Bank<memory>".into())))), r##"{"ok":"#Bank<memory>"}"##);
        assert_eq!(json(&Term::Error("no_account")), r#"{"error":"no_account"}"#);
    }
}
