//! Reads a whole control sequence: ESC [, parameters, and a final byte.

/// What begins a bracketed paste.
pub(super) const PASTE_BEGIN: &[u8] = b"\x1b[200~";

/// What a control sequence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sequence {
    /// A key that the line editor knows.
    Key,
    /// This character, told by a terminal that tells every key as a sequence.
    Character(u8),
    /// This character with Alt.
    WithMeta(u8),
    /// The start of a paste.
    PasteBegins,
    /// Anything else: a click, a release, the answer to a question.
    NoKey,
}

/// Reads a sequence from its ESC to its final byte.
pub(super) fn read(sequence: &[u8]) -> Sequence {
    if sequence == PASTE_BEGIN {
        return Sequence::PasteBegins;
    }
    let Some((last, parameters)) = sequence[2..].split_last() else { return Sequence::NoKey };
    let parameters = std::str::from_utf8(parameters).unwrap_or_default();
    match (parameters.split(';').collect::<Vec<_>>().as_slice(), last) {
        ([code], b'u') => character(code, "1"),
        ([code, modifiers] | [code, modifiers, _], b'u') | (["27", modifiers, code], b'~') => {
            character(code, modifiers)
        }
        ([""], b'A'..=b'D' | b'F' | b'H' | b'Z' | b'a'..=b'd') => Sequence::Key,
        (["1", modifier], b'A'..=b'D' | b'F' | b'H' | b'P' | b'Q' | b'S' | b'p'..=b'y') if is_digit(modifier) => {
            Sequence::Key
        }
        ([number], b'~') if is_number(number.as_bytes()) && number.len() <= 2 => Sequence::Key,
        ([number, modifier], b'~') if is_number(number.as_bytes()) && number.len() <= 2 && is_digit(modifier) => {
            Sequence::Key
        }
        ([number], b'A'..=b'D' | b'^' | b'@') if is_digit(number) => Sequence::Key,
        _ => Sequence::NoKey,
    }
}

/// What stands behind ESC for one of the control characters from U+0080 to U+009F, which mean the same in one: U+009B is
/// ESC [. `Some(None)` for those that begin nothing, and are no text either.
pub(super) fn of_control_character(character: &str) -> Option<Option<u8>> {
    let character = character.chars().next().filter(|character| matches!(character, '\u{80}'..='\u{9f}'))?;
    Some(match character {
        '\u{8e}' => Some(b'N'),
        '\u{8f}' => Some(b'O'),
        '\u{90}' => Some(b'P'),
        '\u{98}' => Some(b'X'),
        '\u{9b}' => Some(b'['),
        '\u{9d}' => Some(b']'),
        '\u{9e}' => Some(b'^'),
        '\u{9f}' => Some(b'_'),
        _ => None,
    })
}

/// Whether these bytes are digits, one at least.
pub(super) fn is_number(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
}

fn is_digit(text: &str) -> bool {
    text.len() == 1 && is_number(text.as_bytes())
}

/// A key as the Kitty protocol and xterm's `modifyOtherKeys` tell it: `99;5` is c with Ctrl. Text that comes like this is
/// not taken, since the terminal was never asked to tell it so.
fn character(code: &str, modifiers: &str) -> Sequence {
    const PRESSED: [&str; 2] = ["1", "2"];
    const SHIFT: u8 = 1;
    const ALT: u8 = 2;
    const CTRL: u8 = 4;
    let code = code.split(':').next().and_then(|code| code.parse::<u8>().ok());
    let (modifiers, event) = modifiers.split_once(':').unwrap_or((modifiers, "1"));
    let modifiers = modifiers.parse::<u8>().ok().and_then(|modifiers| modifiers.checked_sub(1));
    let (Some(code), Some(modifiers), true) = (code, modifiers, PRESSED.contains(&event)) else {
        return Sequence::NoKey;
    };
    match (code, modifiers & !SHIFT) {
        (b'\r' | b'\t' | 0x1b | 0x7f, 0) => Sequence::Character(code),
        (b'a'..=b'z', CTRL) => Sequence::Character(code & 0x1f),
        (0x20..=0x7e, ALT) => Sequence::WithMeta(code),
        _ => Sequence::NoKey,
    }
}
