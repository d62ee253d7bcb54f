//! What reaches the line editor, and what does not.

use super::*;

/// What the line editor gets of some bytes, and what is refused of them.
fn scanned_by(mut scanner: KeyScanner, bytes: &[u8]) -> (String, Vec<Refused>) {
    let (mut keys, mut refused) = (Vec::new(), Vec::new());
    for byte in bytes {
        match scanner.push(*byte) {
            Some(Piece::Keys(more)) => keys.extend_from_slice(&more),
            Some(Piece::Suspend) => keys.extend_from_slice("<suspend>".as_bytes()),
            Some(Piece::Refused(why)) => refused.push(why),
            None => {}
        }
    }
    (String::from_utf8(keys).unwrap(), refused)
}

fn keys(bytes: impl AsRef<[u8]>) -> String {
    scanned_by(KeyScanner::new(Some(0x1a)), bytes.as_ref()).0
}

#[test]
fn text_and_the_keys_of_the_line_editor_pass() {
    for bytes in [
        "Bank.open é漢🐺\r",
        "\u{1b}[A\u{1b}[1;5C\u{1b}[3~\u{1b}[15~\u{1b}[24;5~\u{1b}[2;8~\u{1b}OP\u{1b}OA",
        "\u{1b}f\u{1b}\u{1b}[A\u{1b}[Z\u{1b}[5A\u{1b}[[A\u{1b}[3$\u{1b}[1;3p",
        "\u{3}\u{4}\t\u{7f}",
    ] {
        assert_eq!(keys(bytes), bytes);
    }
    assert_eq!(keys("a\u{1a}b"), "a<suspend>b");
    assert_eq!(keys("\u{1b}é"), "\u{1b}é");
    assert_eq!(keys("\u{16}\u{1b}]0;a\u{16}\u{1a}b"), "\u{16}\u{1b}]0;a\u{16}\u{1a}b");
}

#[test]
fn other_sequences_are_never_text() {
    for sequence in [
        "\u{1b}[<0;35;5M",
        "\u{1b}[<35;12;7m",
        "\u{1b}[M !!",
        "\u{1b}[I",
        "\u{1b}[O",
        "\u{1b}[12;40R",
        "\u{1b}[?2026;2$y",
        "\u{1b}[?62;4c",
        "\u{1b}[97u",
        "\u{1b}[97;1:3u",
        "\u{1b}[57441;2u",
        "\u{1b}[99;5:3u",
        "\u{1b}[1;5:3A",
        "\u{1b}]11;rgb:1e1e/1e1e/1e1e\u{1b}\\",
        "\u{1b}]52;c;QmFuay5vcGVu\u{7}",
        "\u{1b}P1$r0m\u{1b}\\",
        "\u{1b}_Gi=1;OK\u{1b}\\",
        "\u{1b}Na",
        "\u{8e}a",
    ] {
        assert_eq!(keys(format!("a{sequence}b")), "ab", "{sequence:?}");
    }
    assert_eq!(keys([b'a', 0x1b, b'[', b'M', 0x20, 0xff, 0xfe, b'b']), "ab");
    assert_eq!(keys(format!("a\u{1b}[{}mb", "1;".repeat(500))), "ab");
    assert_eq!(keys("a\u{1b}]0;title\rb"), "a\rb", "a string has no line end");
}

#[test]
fn a_key_with_a_modifier_is_that_key_however_it_is_told() {
    assert_eq!(keys("\u{1b}[99;5u\u{1b}[97;5u\u{1b}[13u\u{1b}[102;3u"), "\u{3}\u{1}\r\u{1b}f");
    assert_eq!(keys("\u{1b}[27;5;99~\u{1b}[122;5u"), "\u{3}<suspend>");
}

#[test]
fn a_paste_is_text_as_a_whole_or_nothing() {
    assert_eq!(keys("\u{1b}[200~a\nb\u{1b}[31mc\u{1b}[201~d"), "\u{1b}[200~a\nbc\u{1b}[201~d");
    assert_eq!(keys("\u{1b}[200~a\u{1a}\u{1b}[201~"), "\u{1b}[200~a\u{1a}\u{1b}[201~");
    let scan = |bytes: &[u8]| scanned_by(KeyScanner::new(None), bytes);
    let latin1 = scan(b"\x1b[200~Bank.open\nBank.create \"caf\xe9\"\nBank.create 2\n\x1b[201~x");
    assert_eq!(latin1, ("x".to_owned(), vec![Refused::NotUtf8(Place { line: 2, column: 17 })]));
    for (length, expected) in [(MAX_PASTED, vec![]), (MAX_PASTED + 1, vec![Refused::TooLong])] {
        let pasted = format!("\u{1b}[200~{}\u{1b}[201~", "a".repeat(length));
        assert_eq!(scan(pasted.as_bytes()).1, expected);
    }
    // Without its end it would take every key.
    assert_eq!(scan(b"\x1b[200~Bank.open\n\x03x"), ("x".to_owned(), vec![Refused::GivenUp]));
}

#[test]
fn a_secret_is_pasted_without_what_is_around_it() {
    let mut scanner = KeyScanner::new(None);
    scanner.hidden = true;
    assert_eq!(scanned_by(scanner, b"\x1b[200~ 4711\r\n\x1b[201~").0, "\u{1b}[200~4711\u{1b}[201~");
    let mut scanner = KeyScanner::new(None);
    scanner.hidden = true;
    assert_eq!(scanned_by(scanner, b"\x1b[200~47\n11\x1b[201~").0, "\u{1b}[200~47 11\u{1b}[201~");
}

#[test]
fn what_is_not_utf_8_is_refused() {
    for bytes in [&b"caf\xe9\""[..], b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\x80"] {
        let (_, refused) = scanned_by(KeyScanner::new(None), bytes);
        assert_eq!(refused[0], Refused::NotUtf8(Place::START), "{bytes:?}");
    }
}

#[test]
fn escape_alone_ends_a_search() {
    let late = |rest: &str| {
        let mut scanner = KeyScanner::new(None);
        assert_eq!(scanner.push(ESCAPE), None);
        assert!(scanner.awaits_rest());
        assert_eq!(scanner.time_out(), Some(Piece::Keys(Zeroizing::new(vec![BELL]))));
        assert!(!scanner.awaits_rest());
        scanner.begin_part(rest.len());
        scanned_by(scanner, rest.as_bytes()).0
    };
    assert_eq!(late("O"), "O");
    assert_eq!(late("Bank"), "Bank");
    assert_eq!(late("\r"), "\r");
    assert_eq!(late("é"), "é");
    assert_eq!(late("\u{1b}[A"), "\u{1b}[A");
    assert_eq!(late("[A"), "\u{1b}[A");
    assert_eq!(late("[<0;35;5Mb"), "b");
    assert_eq!(late("]11;rgb:1e/1e/1e\u{7}b"), "b");
}

/// What the line editor gets of a sequence with a pause at every place in it, and a letter behind it.
#[test]
fn a_pause_makes_no_text_of_a_sequence() {
    for sequence in ["\u{1b}[<0;35;5M", "\u{1b}[M !!", "\u{1b}]11;rgb:1e/1e\u{1b}\\", "\u{9b}12;40R", "\u{1b}[97;1:3u"]
    {
        for place in (1..sequence.len()).filter(|place| sequence.is_char_boundary(*place)) {
            let mut scanner = KeyScanner::new(None);
            for byte in &sequence.as_bytes()[..place] {
                assert_eq!(scanner.push(*byte), None, "{sequence:?}");
            }
            scanner.time_out();
            let rest = format!("{}b", &sequence[place..]);
            scanner.begin_part(rest.len());
            assert_eq!(scanned_by(scanner, rest.as_bytes()).0, "b", "{sequence:?} at {place}");
        }
    }
    // Alt-N and then, later, text: a key that the line editor does not have.
    let mut scanner = KeyScanner::new(None);
    assert_eq!((scanner.push(ESCAPE), scanner.push(b'N'), scanner.time_out()), (None, None, None));
    scanner.begin_part(1);
    assert_eq!(scanned_by(scanner, b"B").0, "B");
    // Alt-] and then, later, text.
    let mut scanner = KeyScanner::new(None);
    assert_eq!((scanner.push(ESCAPE), scanner.push(b']'), scanner.time_out()), (None, None, None));
    scanner.begin_part(1);
    assert_eq!(scanned_by(scanner, b"Bank").0, "Bank");
}

#[test]
fn control_characters_of_one_character_are_no_text() {
    assert_eq!(keys("a\u{9b}<0;35;5Mb\u{9b}12;40Rc\u{85}d"), "abcd");
    assert_eq!(keys("a\u{9d}0;\u{dc}ber\u{9c}b\u{90}1$r0m\u{1b}\\c"), "abc");
    assert_eq!(keys("\u{9b}A\u{8f}P"), "\u{1b}[A\u{1b}OP");
    assert_eq!(keys("\u{1b}[200~a\u{9b}31mb\u{85}c\u{1b}[201~"), "\u{1b}[200~abc\u{1b}[201~");
}
