//! Which characters are printable, and which texts are names. The domains' texts and the shell's output build their own
//! rules on these.

use std::fmt::{self, Write as _};

use thiserror::Error;
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

/// The maximum length of a name in characters (Unicode scalar values).
pub(crate) const MAX_NAME_CHARACTERS: usize = 64;

/// Why a text is not a name.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidName {
    /// The text is empty.
    #[error("a name cannot be empty")]
    Empty,
    /// The text is too long.
    #[error("a name has at most {MAX_NAME_CHARACTERS} characters")]
    TooLong,
    /// The text has a control character or a bidirectional control, so that it could look like another name when
    /// printed.
    #[error("a name cannot hold control or bidirectional control characters")]
    ControlCharacter,
    /// The text looks like another one.
    #[error("a name {0}")]
    Lookalike(Lookalike),
}

/// Why a text could be taken for another one, which is written in other characters.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Lookalike {
    /// It begins or ends with a blank.
    #[error("neither begins nor ends with a blank")]
    OuterBlank,
    /// It has a blank that is not the space, such as one that does not break a line.
    #[error("has no blank but the space")]
    OtherBlank,
    /// It has a mark, such as an accent, without a letter before it.
    #[error("cannot hold a mark or an accent without its letter")]
    LoneMark,
    /// It has a character without width.
    #[error("cannot hold zero-width characters")]
    ZeroWidth,
    /// It has a letter in other characters than Unicode composes it of, such as a letter and its mark as two characters
    /// where there is one for both.
    #[error("has composed letters: type {0}")]
    Decomposed(ComposedLetter),
}

/// A letter as Unicode composes it: mostly one character, or one and the marks that stay apart from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComposedLetter {
    letter: char,
    marks: [Option<char>; 2],
}

impl ComposedLetter {
    /// The first letter of a text that is written otherwise.
    fn first_that_differs(text: &str) -> Self {
        let composed: Vec<_> = text.nfc().collect();
        let same = text.chars().zip(&composed).take_while(|(written, composed)| written == *composed).count();
        let up_to_it = &composed[..composed.len().min(same + 1)];
        let start = up_to_it.iter().rposition(|character| !is_combining_mark(*character)).unwrap_or(0);
        let mut marks = composed[start..].iter().skip(1).copied().take_while(|mark| is_combining_mark(*mark));
        Self { letter: composed.get(start).copied().unwrap_or_default(), marks: [marks.next(), marks.next()] }
    }

    fn characters(self) -> impl Iterator<Item = char> {
        [self.letter].into_iter().chain(self.marks.into_iter().flatten())
    }
}

impl fmt::Display for ComposedLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.characters().try_for_each(|character| f.write_char(character))?;
        f.write_str(if self.marks[0].is_some() { " as the characters" } else { " as the one character" })?;
        self.characters().try_for_each(|character| write!(f, " U+{:04X}", u32::from(character)))
    }
}

/// The rules for new names of accounts, of holders and of users: no two of them look the same.
pub(crate) fn check_name(name: &str) -> Result<(), InvalidName> {
    check_stored_name(name)?;
    check_unmistakable_name(name).map_err(InvalidName::Lookalike)
}

/// Refuses a new name that could be taken for another one. It has letters and spaces, while a text may have other blanks.
pub(crate) fn check_unmistakable_name(name: &str) -> Result<(), Lookalike> {
    check_unmistakable(name)?;
    match () {
        () if name.is_ascii() => Ok(()),
        () if name.chars().any(|character| character != ' ' && character.is_whitespace()) => Err(Lookalike::OtherBlank),
        () if has_lone_mark(name) => Err(Lookalike::LoneMark),
        () => Ok(()),
    }
}

/// The rules that names have always had. Those that are stored already may break later ones.
pub(crate) fn check_stored_name(name: &str) -> Result<(), InvalidName> {
    if name.is_empty() {
        return Err(InvalidName::Empty);
    }
    // Most names are short, and plain ASCII.
    if name.len() <= MAX_NAME_CHARACTERS && name.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Ok(());
    }
    let mut characters = 0;
    for character in name.chars() {
        if !is_printable(character) {
            return Err(InvalidName::ControlCharacter);
        }
        characters += 1;
        if characters > MAX_NAME_CHARACTERS {
            return Err(InvalidName::TooLong);
        }
    }
    Ok(())
}

/// Refuses a new text that could be taken for another one.
pub(crate) fn check_unmistakable(text: &str) -> Result<(), Lookalike> {
    // Most texts have nothing to look for.
    if text.is_ascii() && !text.starts_with(' ') && !text.ends_with(' ') {
        return Ok(());
    }
    match () {
        () if text.trim() != text => Err(Lookalike::OuterBlank),
        () if text.chars().any(has_no_width) => Err(Lookalike::ZeroWidth),
        () if !is_nfc(text) => Err(Lookalike::Decomposed(ComposedLetter::first_that_differs(text))),
        () => Ok(()),
    }
}

/// Whether a character does nothing but appear. Control characters do more, and so do those that change the direction of
/// writing, and the separators of lines and paragraphs, which break the line they are printed in.
pub(crate) fn is_printable(character: char) -> bool {
    !(character.is_control() || changes_layout(character))
}

/// Whether a mark that belongs on a letter has none: it would stand on whatever is printed before it.
fn has_lone_mark(text: &str) -> bool {
    let mut has_letter = false;
    text.chars().any(|character| {
        let is_lone = is_combining_mark(character) && !has_letter;
        has_letter = character.is_alphanumeric() || has_letter && is_combining_mark(character);
        is_lone
    })
}

fn changes_layout(character: char) -> bool {
    matches!(
        character,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
    )
}

/// Whether nothing of a character is seen. These are the characters that Unicode calls default ignorable, as far as they are
/// [printable](is_printable), and an empty one of braille.
pub(crate) fn has_no_width(character: char) -> bool {
    matches!(
        character,
        '\u{AD}'
            | '\u{34F}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200D}'
            | '\u{2060}'..='\u{2065}'
            | '\u{206A}'..='\u{206F}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_move_colour_or_reorder_are_not_printable() {
        assert!("ß 🐺~\"\u{a0}".chars().all(is_printable));
        for character in
            "\0\n\t\r\u{1b}\u{7f}\u{85}\u{9b}\u{61c}\u{200e}\u{202e}\u{2028}\u{2029}\u{2066}\u{2069}".chars()
        {
            assert!(!is_printable(character), "{character:?}");
        }
    }

    #[test]
    fn no_new_name_looks_like_another() {
        for (name, reason) in [
            (" Josh", Lookalike::OuterBlank),
            ("Josh ", Lookalike::OuterBlank),
            ("Josh\u{a0}", Lookalike::OuterBlank),
            ("\u{3000}Josh", Lookalike::OuterBlank),
            (" ", Lookalike::OuterBlank),
            ("Josh\u{a0}Wolf", Lookalike::OtherBlank),
            ("Josh\u{2003}Wolf", Lookalike::OtherBlank),
            ("山田\u{3000}太郎", Lookalike::OtherBlank),
            ("\u{301}", Lookalike::LoneMark),
            ("\u{301}Josh", Lookalike::LoneMark),
            ("Josh \u{308}Wolf", Lookalike::LoneMark),
            ("Jo\u{200b}sh", Lookalike::ZeroWidth),
            ("Josh\u{200d}", Lookalike::ZeroWidth),
            ("\u{feff}Josh", Lookalike::ZeroWidth),
            ("Jo\u{ad}sh", Lookalike::ZeroWidth),
            ("\u{3164}", Lookalike::ZeroWidth),
        ] {
            assert_eq!(check_name(name), Err(InvalidName::Lookalike(reason)), "{name:?}");
            assert_eq!(check_stored_name(name), Ok(()), "{name:?}");
        }
        for (name, composed) in [
            ("Zoe\u{308}", "\u{eb} as the one character U+00EB"),
            ("\u{e9}\u{212b}", "\u{c5} as the one character U+00C5"),
            ("\u{212a}", "K as the one character U+004B"),
            ("x\u{958}", "\u{915}\u{93c} as the characters U+0915 U+093C"),
            ("q\u{307}\u{323}", "q\u{323}\u{307} as the characters U+0071 U+0323 U+0307"),
        ] {
            let message = format!("a name has composed letters: type {composed}");
            assert_eq!(check_name(name).map_err(|invalid| invalid.to_string()), Err(message), "{name:?}");
            assert_eq!(check_stored_name(name), Ok(()), "{name:?}");
        }
        for name in ["Josh Wolf", "Zo\u{eb}", "山田 太郎", "مريم", "q\u{308}", "🐺", "हिन्दी", "ไม้"]
        {
            assert_eq!(check_name(name), Ok(()), "{name:?}");
        }
        assert_eq!(check_name("Jo\nsh"), Err(InvalidName::ControlCharacter));
    }
}
