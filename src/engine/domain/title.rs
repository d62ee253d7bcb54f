//! Titles made of the names of types.

use std::fmt::{self, Write as _};

/// The name of a value's variant, or of its struct, as words: `Open Lot` for `OpenLot { .. }`. It is read from the derived
/// `Debug` output, which is formatted no further than this name.
///
/// ```
/// use cqrs_bank::engine::domain::title_of;
///
/// #[derive(Debug)]
/// enum LotCommand { OpenLot { lot: String } }
///
/// assert_eq!(title_of(&LotCommand::OpenLot { lot: "north".into() }), "Open Lot");
/// ```
pub fn title_of(value: &impl fmt::Debug) -> String {
    let mut title = Title(String::new());
    // Ends early, with an error, where the name ends.
    let _ = write!(title, "{value:?}");
    title.0
}

struct Title(String);

impl fmt::Write for Title {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if !character.is_alphanumeric() {
                return Err(fmt::Error);
            }
            if character.is_uppercase() && self.0.ends_with(char::is_lowercase) {
                self.0.push(' ');
            }
            self.0.push(character);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::title_of;

    #[derive(Debug)]
    #[expect(dead_code, reason = "its Debug output is of interest")]
    enum Named {
        OpenLot,
        ChangePIN { pin: NotFormatted },
        Pay2(NotFormatted),
    }

    struct NotFormatted;

    impl fmt::Debug for NotFormatted {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("the title ends before this")
        }
    }

    #[test]
    fn a_title_is_the_name_in_words_and_nothing_after_it() {
        assert_eq!(title_of(&Named::OpenLot), "Open Lot");
        assert_eq!(title_of(&Named::ChangePIN { pin: NotFormatted }), "Change PIN");
        assert_eq!(title_of(&Named::Pay2(NotFormatted)), "Pay2");
        assert_eq!(title_of(&7), "7");
    }
}
