//! The lines that `strace -f -y` writes, as system calls with their arguments.

use std::collections::HashMap;

/// A system call that a program made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SystemCall {
    pub(crate) name: String,
    pub(crate) arguments: Vec<Argument>,
    /// What it answered: negative when it failed; nothing when it never came back.
    pub(crate) answer: Option<i64>,
    /// The line at which it began, and the one at which it ended.
    pub(crate) began: usize,
    pub(crate) ended: Option<usize>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    /// Bytes: a name, or what is written. What stands in structures and arrays too.
    Text(Vec<u8>),
    /// A descriptor with the file it stands for.
    File { path: String, deleted: bool },
    /// A number, flags, or anything else.
    Word(String),
}

/// Reads all lines. A call that is interrupted by those of other threads has two.
pub(crate) fn read(lines: &[u8]) -> Vec<SystemCall> {
    let mut calls = Vec::new();
    let mut unfinished: HashMap<&[u8], (Vec<u8>, usize)> = HashMap::new();
    for (number, line) in lines.split(|byte| *byte == b'\n').enumerate() {
        let Some(space) = line.iter().position(|byte| *byte == b' ') else { continue };
        let (thread, rest) = (&line[..space], line[space..].trim_ascii_start());
        if let Some(begun) = rest.strip_suffix(b"<unfinished ...>") {
            unfinished.insert(thread, (begun.trim_ascii_end().to_vec(), number));
        } else if let Some(resumed) = rest.strip_prefix(b"<... ") {
            let Some((mut whole, began)) = unfinished.remove(thread) else { continue };
            let after = b" resumed>";
            let at = resumed.windows(after.len()).position(|window| window == after).expect("a name is resumed");
            whole.extend_from_slice(&resumed[at + after.len()..]);
            calls.extend(Line(&whole).call(began, Some(number)));
        } else {
            calls.extend(Line(rest).call(number, Some(number)));
        }
    }
    // The program was killed in the middle of these.
    calls.extend(unfinished.into_values().filter_map(|(whole, began)| Line(&whole).call(began, None)));
    calls.sort_by_key(|call| call.began);
    calls
}

/// What is left to read of a line.
struct Line<'a>(&'a [u8]);

impl Line<'_> {
    /// Nothing where the line is not about a call.
    fn call(mut self, began: usize, ended: Option<usize>) -> Option<SystemCall> {
        let name = self.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if name.is_empty() || !self.eat(b'(') {
            return None;
        }
        let mut arguments = Vec::new();
        while let Some(byte) = self.0.first() {
            match byte {
                b')' => break,
                b'"' => arguments.push(Argument::Text(self.text())),
                b',' | b' ' | b'[' | b']' | b'{' | b'}' => self.0 = &self.0[1..],
                _ => {
                    let word = self.take_while(|byte| !b",[]{}() \"<".contains(&byte));
                    if self.eat(b'<') {
                        let path = self.take_while(|byte| byte != b'>');
                        self.0 = &self.0[1..];
                        let deleted = self.0.starts_with(b"(deleted)");
                        self.0 = self.0.strip_prefix(b"(deleted)").unwrap_or(self.0);
                        arguments.push(Argument::File { path, deleted });
                    } else if word.is_empty() {
                        // A comment, or a macro's parenthesis.
                        self.0 = &self.0[1..];
                    } else {
                        arguments.push(Argument::Word(word));
                    }
                }
            }
        }
        let answer = match ended {
            None => None,
            Some(_) => {
                self.eat(b')');
                self.take_while(|byte| byte == b' ');
                self.eat(b'=');
                self.take_while(|byte| byte == b' ');
                self.take_while(|byte| byte == b'-' || byte.is_ascii_digit()).parse().ok()
            }
        };
        Some(SystemCall { name, arguments, answer, began, ended })
    }

    fn eat(&mut self, byte: u8) -> bool {
        let rest = self.0.strip_prefix(&[byte]);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> String {
        let length = self.0.iter().position(|byte| !wanted(*byte)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        String::from_utf8_lossy(taken).into_owned()
    }

    /// A string, as C writes it: bytes that are not printed come in octal.
    fn text(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut at = 1;
        loop {
            let byte = self.0[at];
            at += 1;
            match byte {
                b'"' => break,
                b'\\' => {
                    let escaped = self.0[at];
                    at += 1;
                    bytes.push(match escaped {
                        b'n' => b'\n',
                        b't' => b'\t',
                        b'r' => b'\r',
                        b'v' => 0x0B,
                        b'f' => 0x0C,
                        b'0'..=b'7' => {
                            let mut value = escaped - b'0';
                            let mut digits = 1;
                            while digits < 3 && (b'0'..=b'7').contains(&self.0[at]) {
                                value = value.wrapping_mul(8).wrapping_add(self.0[at] - b'0');
                                at += 1;
                                digits += 1;
                            }
                            value
                        }
                        other => other,
                    });
                }
                byte => bytes.push(byte),
            }
        }
        self.0 = &self.0[at..];
        assert!(!self.0.starts_with(b"..."), "strace has written only the beginning of {} bytes", bytes.len());
        bytes
    }
}

mod tests {
    use super::*;

    fn file(path: &str, deleted: bool) -> Argument {
        Argument::File { path: path.to_owned(), deleted }
    }

    fn word(word: &str) -> Argument {
        Argument::Word(word.to_owned())
    }

    #[test]
    fn what_is_written_is_read_to_the_byte() {
        let line = br#"7 pwrite64(11</tmp/a b/x.db-wal>, "\0\0\0\t\1774\0064\"\\\n\377.", 11, 24) = 11"#;
        let [call] = &read(line)[..] else { panic!("one call") };
        let data = b"\0\0\0\t\x7f4\x064\"\\\n\xff.".to_vec();
        assert_eq!(call.arguments, [file("/tmp/a b/x.db-wal", false), Argument::Text(data), word("11"), word("24")]);
        assert_eq!((call.name.as_str(), call.answer), ("pwrite64", Some(11)));
    }

    #[test]
    fn a_call_that_others_interrupt_is_one_call() {
        let lines = b"1 fdatasync(3</d/x> <unfinished ...>\n2 unlink(\"/d/y\") = -1 ENOENT (No such file)\n\
            1 <... fdatasync resumed>)          = 0\n2 fsync(4</d/z>(deleted) <unfinished ...>\n2 +++ killed +++\n";
        let calls = read(lines);
        let when: Vec<_> = calls.iter().map(|call| (&call.name[..], call.answer, call.began, call.ended)).collect();
        assert_eq!(
            when,
            [("fdatasync", Some(0), 0, Some(2)), ("unlink", Some(-1), 1, Some(1)), ("fsync", None, 3, None)]
        );
        assert_eq!(calls[2].arguments, [file("/d/z", true)]);
    }

    #[test]
    fn names_are_read_with_the_directories_they_are_relative_to() {
        let line = b"1 openat(AT_FDCWD</d>, \"x\", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3</d/x>";
        let flags = word("O_RDWR|O_CREAT|O_CLOEXEC");
        let [call] = &read(line)[..] else { panic!("one call") };
        assert_eq!(call.arguments, [file("/d", false), Argument::Text(b"x".to_vec()), flags, word("0600")]);
        assert_eq!(call.answer, Some(3));
    }

    #[test]
    fn what_is_gathered_from_several_places_is_read_in_order() {
        let line = b"1 writev(3</d/x>, [{iov_base=\"ab\", iov_len=2}, {iov_base=\"c\", iov_len=1}], 2) = 3";
        let [call] = &read(line)[..] else { panic!("one call") };
        let texts = call.arguments.iter().filter_map(|argument| match argument {
            Argument::Text(text) => Some(text.clone()),
            _ => None,
        });
        assert_eq!(texts.collect::<Vec<_>>().concat(), b"abc");
    }

    #[test]
    #[should_panic(expected = "only the beginning")]
    fn what_is_not_written_whole_is_not_taken_for_all() {
        read(b"1 write(3</d/x>, \"abc\"..., 100) = 100");
    }
}
