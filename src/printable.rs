//! Which characters do nothing but show. It is about text and not about events, so it stands beside the engine, and
//! whoever takes or prints a text has its own rule on top.

/// Whether a character does nothing but show. Controls do more; so do those that change the direction of writing, and the
/// separators of lines and paragraphs, which break the line they are printed in.
pub(crate) fn only_shows(character: char) -> bool {
    !(character.is_control() || changes_the_layout(character))
}

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
    fn what_moves_colours_or_reorders_does_more_than_show() {
        assert!("ß 🐺~\"\u{a0}".chars().all(only_shows));
        for character in
            "\0\n\t\r\u{1b}\u{7f}\u{85}\u{9b}\u{61c}\u{200e}\u{202e}\u{2028}\u{2029}\u{2066}\u{2069}".chars()
        {
            assert!(!only_shows(character), "{character:?}");
        }
    }
}
