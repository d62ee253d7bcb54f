//! Which characters are printable. The bank's names and the shell's output build their own rules on this one.

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
