//! Which characters are printable, and which texts are names. The domains' texts and the shell's output build their own
//! rules on these.

use thiserror::Error;

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
}

/// The rules for the names of accounts, of holders and of users.
pub(crate) fn check_name(name: &str) -> Result<(), InvalidName> {
    if name.is_empty() {
        return Err(InvalidName::Empty);
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

/// Whether a character does nothing but appear. Control characters do more, and so do those that change the direction of
/// writing, and the separators of lines and paragraphs, which break the line they are printed in.
pub(crate) fn is_printable(character: char) -> bool {
    !(character.is_control() || changes_layout(character))
}

fn changes_layout(character: char) -> bool {
    matches!(
        character,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
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
}
