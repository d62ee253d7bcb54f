//! The program prints what the transcripts say, to the byte.
//!
//! A transcript in `tests/transcripts/` begins with what it shows and a command line, and goes on with the
//! sections `--- in`, `--- out`, `--- err` and `--- exit`; those that are empty, and an exit code of 0, are
//! left out. `UPDATE_TRANSCRIPTS=1 cargo test --test transcripts_are_what_is_printed` writes down what the program prints now.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use support::{Finished, bank, run_command};

struct Transcript {
    title: String,
    command: String,
    stdin: String,
    expected: Finished,
}

fn transcripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn read(text: &str) -> Transcript {
    let mut lines = text.split_inclusive('\n');
    let title = lines.next().unwrap().to_owned();
    assert!(title.starts_with("# "), "a transcript begins with a line that says what it shows");
    let command = lines.next().unwrap().trim_end().to_owned();
    assert!(command.starts_with("$ bank"), "the second line is a command");
    let mut sections = [("in", String::new()), ("out", String::new()), ("err", String::new())];
    let mut exit_code = Some(0);
    let mut current = None;
    for line in lines {
        match line.trim_end().strip_prefix("--- ") {
            Some(name) if name.starts_with("exit ") => exit_code = Some(name["exit ".len()..].parse().unwrap()),
            Some(name) => current = Some(sections.iter().position(|(known, _)| *known == name).unwrap()),
            None => sections[current.expect("text stands in a section")].1.push_str(line),
        }
    }
    let [(_, stdin), (_, stdout), (_, stderr)] = sections;
    Transcript { title, command, stdin, expected: Finished { stdout, stderr, exit_code } }
}

fn write(transcript: &Transcript, finished: &Finished) -> String {
    let mut text = format!("{}{}\n", transcript.title, transcript.command);
    for (name, section) in [("in", &transcript.stdin), ("out", &finished.stdout), ("err", &finished.stderr)] {
        if !section.is_empty() {
            let _ = write!(text, "--- {name}\n{section}");
        }
    }
    if finished.exit_code != Some(0) {
        let _ = writeln!(text, "--- exit {}", finished.exit_code.unwrap());
    }
    text
}

/// Words as a shell splits them, single quotes included.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, piece) in command.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(piece.to_owned());
        } else {
            words.extend(piece.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// In a directory where nothing was before: a bank may be kept in a file.
fn run_somewhere(arguments: &[&str], stdin: &str) -> Finished {
    let directory = tempfile::tempdir().unwrap();
    let mut command = bank(arguments);
    command.current_dir(&directory);
    run_command(command, stdin)
}

#[test]
fn every_transcript_is_what_the_program_prints() {
    let update = std::env::var_os("UPDATE_TRANSCRIPTS").is_some();
    let mut differ = Vec::new();
    for path in transcripts() {
        let text = fs::read_to_string(&path).unwrap();
        let transcript = read(&text);
        let words = words(transcript.command.strip_prefix("$ bank").unwrap());
        let arguments: Vec<_> = words.iter().map(String::as_str).collect();
        let finished = run_somewhere(&arguments, &transcript.stdin);
        if finished == transcript.expected {
            continue;
        }
        let now = write(&transcript, &finished);
        if update {
            fs::write(&path, now).unwrap();
        } else {
            differ.push(format!("{}\n\nexpected:\n{text}\nbut now:\n{now}", path.display()));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n\n"));
}

#[test]
fn the_same_script_prints_the_same_bytes_on_every_run() {
    for path in transcripts() {
        let transcript = read(&fs::read_to_string(&path).unwrap());
        // Ids and times differ from run to run, unless they come from a seed.
        let seed: &[&str] = if transcript.command.contains("--seed") { &["--seed", "7"] } else { &[] };
        for flags in [&[&["--keep-going"], seed].concat()[..], &["--keep-going", "--json", "--seed", "7"]] {
            let first = run_somewhere(flags, &transcript.stdin);
            for _ in 0..2 {
                assert_eq!(run_somewhere(flags, &transcript.stdin), first, "{}", path.display());
            }
        }
    }
}
