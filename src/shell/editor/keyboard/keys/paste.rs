//! A paste, of which all reaches the line editor or nothing.

use zeroize::Zeroizing;

use super::{CTRL_C, KeyScanner, MAX_PASTED, PASTE_END, Piece, Refused, Within, without_sequences};
use crate::shell::editor::keyboard::place::Place;
use crate::shell::editor::keyboard::sequences;
use crate::shell::wiped;

impl KeyScanner {
    /// Takes the next byte of a paste.
    pub(super) fn paste(&mut self, byte: u8) -> Option<Piece> {
        // A terminal keeps such keys out of a paste: somebody gives up one whose end is lost.
        if byte == CTRL_C {
            self.reset();
            return Some(Piece::Refused(Refused::GivenUp));
        }
        if self.held.len() < MAX_PASTED + PASTE_END.len() {
            wiped::reserve(&mut self.held, 1);
            self.held.push(byte);
        } else {
            // Its end is all that matters now.
            self.overflown = true;
            self.held.copy_within(MAX_PASTED + 1.., MAX_PASTED);
            if let Some(last) = self.held.last_mut() {
                *last = byte;
            }
        }
        if !self.held.ends_with(PASTE_END) {
            return None;
        }
        self.within = Within::Nothing;
        let held = self.take_held();
        let pasted = &held[..held.len() - PASTE_END.len()];
        Some(match std::str::from_utf8(pasted) {
            _ if self.overflown => Piece::Refused(Refused::TooLong),
            Err(error) => {
                let before = std::str::from_utf8(&pasted[..error.valid_up_to()]).unwrap_or_default();
                Piece::Refused(Refused::NotUtf8(Place::behind(before)))
            }
            Ok(text) => Piece::Keys(self.as_pasted(text)),
        })
    }

    /// A paste for the line editor, without the sequences in it.
    fn as_pasted(&self, text: &str) -> Zeroizing<Vec<u8>> {
        let plain = without_sequences(text);
        let mut pasted = Zeroizing::new(Vec::with_capacity(text.len() + 2 * PASTE_END.len()));
        pasted.extend_from_slice(sequences::PASTE_BEGIN);
        if self.hidden {
            let one_line =
                plain.trim_ascii().iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte });
            pasted.extend(one_line);
        } else {
            pasted.extend_from_slice(&plain);
        }
        pasted.extend_from_slice(PASTE_END);
        pasted
    }
}
