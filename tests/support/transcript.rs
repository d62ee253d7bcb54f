//! Transcripts: what is typed into programs, and what they print.
//!
//! One begins with what it shows and a command line, and goes on with the sections `--- in`, `--- out`, `--- err` and
//! `--- exit`; those that are empty, and an exit code of 0, are left out; a program that was killed has
//! `--- exit by a signal`. Further command lines may follow, each with its own sections: they are run in the same
//! directory. The command is `bank`, or one of the programs in `examples`.

#![allow(dead_code, reason = "each test program uses its part of this")]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::program::{Finished, bank, example, run_command};

/// The last line of a program that a signal has killed.
const KILLED: &str = "exit by a signal";

/// A transcript.
pub(crate) struct Transcript {
    pub(crate) title: String,
    pub(crate) runs: Vec<Run>,
}

/// A program that is run in it.
pub(crate) struct Run {
    pub(crate) command: String,
    pub(crate) stdin: String,
    pub(crate) expected: Finished,
}

/// The files of all transcripts.
pub(crate) fn transcripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

impl Transcript {
    /// Reads a transcript.
    pub(crate) fn read(text: &str) -> Self {
        let (title, rest) = text.split_once('\n').unwrap();
        assert!(title.starts_with("# "), "a transcript begins with a line that says what it shows");
        let runs = rest.strip_prefix("$ ").expect("the second line is a command").split("\n$ ");
        Self { title: title.to_owned(), runs: runs.map(Run::read).collect() }
    }

    /// The same transcript with what its programs print now.
    pub(crate) fn write(&self, finished: &[Finished]) -> String {
        let mut text = format!("{}\n", self.title);
        for (run, finished) in self.runs.iter().zip(finished) {
            let _ = writeln!(text, "$ {}", run.command);
            for (name, section) in [("in", &run.stdin), ("out", &finished.stdout), ("err", &finished.stderr)] {
                if !section.is_empty() {
                    let _ = write!(text, "--- {name}\n{section}");
                }
            }
            match finished.exit_code {
                Some(0) => {}
                Some(code) => drop(writeln!(text, "--- exit {code}")),
                None => drop(writeln!(text, "--- {KILLED}")),
            }
        }
        text
    }
}

impl Run {
    fn read(text: &str) -> Self {
        let (command, rest) = text.split_once('\n').unwrap_or((text, ""));
        let mut sections = [("in", String::new()), ("out", String::new()), ("err", String::new())];
        let mut exit_code = Some(0);
        let mut current = None;
        for line in rest.lines() {
            match line.trim_end().strip_prefix("--- ") {
                Some(KILLED) => exit_code = None,
                Some(name) if name.starts_with("exit ") => exit_code = Some(name["exit ".len()..].parse().unwrap()),
                Some(name) => current = Some(sections.iter().position(|(known, _)| *known == name).unwrap()),
                None => sections[current.expect("text stands in a section")].1.push_str(&format!("{line}\n")),
            }
        }
        let [(_, stdin), (_, stdout), (_, stderr)] = sections;
        Self { command: command.to_owned(), stdin, expected: Finished { stdout, stderr, exit_code } }
    }

    /// The words of its command line as a shell splits them, single quotes included.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        for (index, piece) in self.command.split('\'').enumerate() {
            if index % 2 == 1 {
                words.push(piece.to_owned());
            } else {
                words.extend(piece.split_whitespace().map(str::to_owned));
            }
        }
        words
    }
}

/// A directory where nothing was before but the examples: a bank may be kept in a file.
pub(crate) fn directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"), directory.path().join("examples")).unwrap();
    directory
}

/// Runs a program in a directory, which keeps its state as well.
pub(crate) fn run_in(directory: &TempDir, program: &str, arguments: &[&str], stdin: &str) -> Finished {
    let mut command = if program == "bank" { bank(arguments) } else { example(program, arguments) };
    command.current_dir(directory).env("XDG_STATE_HOME", directory.path().join("state"));
    run_command(command, stdin)
}
