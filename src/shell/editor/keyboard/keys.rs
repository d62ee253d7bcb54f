//! Tells keys from escape sequences that are no keys, and from bytes that are no text.
//!
//! The line editor takes what it does not know of a sequence as typed. So only keys that it knows reach it, and a paste
//! only as a whole.

mod paste;
mod plain_text;

use zeroize::{Zeroize as _, Zeroizing};

pub(super) use self::plain_text::without_sequences;
use super::place::Place;
use super::sequences::{self, Sequence};

/// The longest text that can be pasted at once, in bytes.
pub(in crate::shell) const MAX_PASTED: usize = 1 << 20;

/// The longest sequence that may be a key, in bytes.
const MAX_KEY: usize = 32;

pub(super) const PASTE_END: &[u8] = b"\x1b[201~";

/// Ctrl-Q and Ctrl-V.
const QUOTE: [u8; 2] = [0x11, 0x16];

const CTRL_C: u8 = 0x03;
const ESCAPE: u8 = 0x1b;
/// Also Ctrl-G, with which the line editor ends a search, as it does with ESC alone.
const BELL: u8 = 0x07;

/// What the bytes so far have become.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Bytes for the line editor: whole characters, keys that it knows, or a whole paste.
    Keys(Zeroizing<Vec<u8>>),
    /// The key that stops the program.
    Suspend,
    /// Something that cannot be typed.
    Refused(Refused),
}

/// Why a text was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell) enum Refused {
    /// It is not UTF-8 from this place on.
    NotUtf8(Place),
    /// It is longer than [`MAX_PASTED`].
    TooLong,
    /// Ctrl-C came before its end.
    GivenUp,
}

/// Scans bytes as they come from a terminal.
#[derive(Debug)]
pub(super) struct KeyScanner {
    /// The key that stops the program, if there is one.
    suspend: Option<u8>,
    /// Whether the line is a secret, of which a paste is one line without blanks around it.
    pub(super) hidden: bool,
    within: Within,
    /// Whether the next key stands for itself, after Ctrl-V or Ctrl-Q.
    quoted: bool,
    /// The bytes of an unfinished character, sequence or paste.
    held: Zeroizing<Vec<u8>>,
    /// Whether bytes of a paste were left out, as it is too long.
    overflown: bool,
    /// Whether the rest of a sequence has not come for a while.
    overdue: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    Nothing,
    Character,
    /// After ESC.
    Escape,
    /// After ESC O.
    SingleShift,
    /// After ESC N, which no key begins with.
    OtherShift,
    /// After ESC [.
    Control,
    /// After ESC [ [, of a Linux console.
    LinuxFunctionKey,
    /// The coordinates of a click, so many bytes.
    Click(u8),
    /// A string for a program, such as the answer to a question about colours: up to BEL or ESC \.
    ControlString {
        previous: u8,
    },
    Paste,
}

impl KeyScanner {
    pub(super) fn new(suspend: Option<u8>) -> Self {
        let held = Zeroizing::new(Vec::new());
        let (within, quoted, overflown, overdue) = (Within::Nothing, false, false, false);
        Self { suspend, hidden: false, within, quoted, held, overflown, overdue }
    }

    /// Whether a sequence has begun whose rest is to be waited for: it may be a key alone if nothing follows.
    pub(super) fn awaits_rest(&self) -> bool {
        !self.overdue && !matches!(self.within, Within::Nothing | Within::Character | Within::Paste)
    }

    /// No more of a sequence has come for a while. What comes later still belongs to it, as far as nobody can have typed it.
    /// ESC alone ends a search.
    pub(super) fn time_out(&mut self) -> Option<Piece> {
        let is_late = self.awaits_rest();
        self.overdue |= is_late;
        (is_late && self.within == Within::Escape).then(|| Piece::Keys(Zeroizing::new(vec![BELL])))
    }

    /// What follows has come at once, so many bytes. A key that comes alone is typed, and belongs neither to an ESC before
    /// nor to a string for a program, if their rest is overdue.
    pub(super) fn begin_part(&mut self, length: usize) {
        let may_be_typed = match self.within {
            Within::Escape | Within::OtherShift => true,
            Within::ControlString { previous } => previous != ESCAPE,
            _ => false,
        };
        if self.overdue && may_be_typed && length == 1 {
            self.reset();
        }
    }

    /// Forgets what has begun.
    pub(super) fn reset(&mut self) {
        self.within = Within::Nothing;
        self.overdue = false;
        self.take_held();
    }

    /// Takes the next byte.
    pub(super) fn push(&mut self, byte: u8) -> Option<Piece> {
        let overdue = std::mem::take(&mut self.overdue);
        match self.within {
            Within::Escape if overdue && !b"[O]P_^X".contains(&byte) => self.begin_anew(byte),
            Within::Nothing => self.begin(byte),
            Within::Character => self.character(byte),
            Within::Escape => self.after_escape(byte),
            Within::SingleShift | Within::LinuxFunctionKey => {
                self.hold(byte);
                self.end_as_keys()
            }
            Within::OtherShift => self.other_shift(byte),
            Within::Control => self.control_sequence(byte),
            Within::Click(left) => {
                self.within = if left > 1 { Within::Click(left - 1) } else { Within::Nothing };
                None
            }
            Within::ControlString { previous } => self.control_string(byte, previous),
            Within::Paste => self.paste(byte),
        }
    }

    fn begin(&mut self, byte: u8) -> Option<Piece> {
        self.take_held();
        let quoted = std::mem::replace(&mut self.quoted, !self.hidden && QUOTE.contains(&byte));
        match byte {
            ..0x80 if quoted => {
                self.quoted = false;
                Some(Piece::Keys(Zeroizing::new(vec![byte])))
            }
            _ if Some(byte) == self.suspend => Some(Piece::Suspend),
            ESCAPE => self.hold_within(byte, Within::Escape),
            ..0x80 => Some(Piece::Keys(Zeroizing::new(vec![byte]))),
            0xc2..=0xf4 => self.hold_within(byte, Within::Character),
            _ => Some(Piece::Refused(Refused::NotUtf8(Place::START))),
        }
    }

    fn character(&mut self, byte: u8) -> Option<Piece> {
        self.hold(byte);
        match std::str::from_utf8(&self.held) {
            Ok(character) => match sequences::of_control_character(character) {
                None => self.end_as_keys(),
                Some(None) => {
                    self.reset();
                    None
                }
                Some(Some(behind_escape)) => {
                    self.take_held();
                    self.hold(ESCAPE);
                    self.after_escape(behind_escape)
                }
            },
            Err(error) if error.error_len().is_none() => None,
            Err(_) => {
                self.reset();
                Some(Piece::Refused(Refused::NotUtf8(Place::START)))
            }
        }
    }

    fn after_escape(&mut self, byte: u8) -> Option<Piece> {
        match byte {
            b'[' => self.hold_within(byte, Within::Control),
            b'O' => self.hold_within(byte, Within::SingleShift),
            b'N' => self.hold_within(byte, Within::OtherShift),
            b']' | b'P' | b'_' | b'^' | b'X' => self.hold_within(byte, Within::ControlString { previous: byte }),
            ..0x80 if byte != ESCAPE => {
                self.hold(byte);
                self.end_as_keys()
            }
            _ => {
                let before = self.end_as_keys();
                // What follows ESC begins something by itself: neither is complete at once.
                let _ = self.begin(byte);
                before
            }
        }
    }

    /// The character of another set, which is not the one that its byte is here.
    fn other_shift(&mut self, byte: u8) -> Option<Piece> {
        match byte {
            0x20..=0x7f => {
                self.reset();
                None
            }
            _ => self.begin_anew(byte),
        }
    }

    fn control_sequence(&mut self, byte: u8) -> Option<Piece> {
        match byte {
            // As rxvt ends the sequence of a key with Shift.
            b'$' if sequences::is_number(&self.held[2..]) => {
                self.hold(byte);
                self.end_as_keys()
            }
            0x20..=0x3f => {
                self.hold(byte);
                None
            }
            b'[' if self.held.len() == 2 => self.hold_within(byte, Within::LinuxFunctionKey),
            b'M' if self.held.len() == 2 => {
                self.within = Within::Click(3);
                None
            }
            0x40..=0x7e => {
                self.hold(byte);
                self.end_of_control_sequence()
            }
            0x7f => None,
            _ => self.begin_anew(byte),
        }
    }

    fn end_of_control_sequence(&mut self) -> Option<Piece> {
        self.within = Within::Nothing;
        let held = self.take_held();
        if held.len() > MAX_KEY {
            return None;
        }
        match sequences::read(&held) {
            Sequence::Key => Some(Piece::Keys(held)),
            Sequence::Character(byte) => self.begin_anew(byte),
            Sequence::WithMeta(byte) => Some(Piece::Keys(Zeroizing::new(vec![ESCAPE, byte]))),
            Sequence::PasteBegins => {
                self.within = Within::Paste;
                self.overflown = false;
                None
            }
            Sequence::NoKey => None,
        }
    }

    fn control_string(&mut self, byte: u8, previous: u8) -> Option<Piece> {
        match (previous, byte) {
            // U+009C is ESC \ in one.
            (ESCAPE, b'\\') | (_, BELL) | (0xc2, 0x9c) => self.reset(),
            // No such string has these: somebody types.
            (_, b'\r' | b'\n' | CTRL_C | 0x04) => return self.begin_anew(byte),
            _ => self.within = Within::ControlString { previous: byte },
        }
        None
    }

    /// Drops what was held, and takes a byte as the first of something.
    fn begin_anew(&mut self, byte: u8) -> Option<Piece> {
        self.reset();
        self.begin(byte)
    }

    fn hold(&mut self, byte: u8) {
        // Of a longer sequence only its end matters: it is no key.
        if self.held.len() <= MAX_KEY {
            self.held.push(byte);
        }
    }

    fn hold_within(&mut self, byte: u8, within: Within) -> Option<Piece> {
        self.hold(byte);
        self.within = within;
        None
    }

    fn end_as_keys(&mut self) -> Option<Piece> {
        self.within = Within::Nothing;
        Some(Piece::Keys(self.take_held()))
    }

    fn take_held(&mut self) -> Zeroizing<Vec<u8>> {
        let held = self.held.clone();
        self.held.zeroize();
        held
    }
}

#[cfg(test)]
mod tests;
