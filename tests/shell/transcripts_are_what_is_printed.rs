//! The program prints what the transcripts say, to the byte.
//!
//! A transcript in `tests/transcripts/` begins with what it shows and a command line, and goes on with the
//! sections `--- in`, `--- out`, `--- err` and `--- exit`; those that are empty, and an exit code of 0, are
//! left out; a program that was killed has `--- exit by a signal`. Further command lines may follow, each with its own sections: they are run in the same directory. The
//! command is `bank`, or one of the programs in `examples`.
//!
//! `UPDATE_TRANSCRIPTS=1 cargo test --test shell transcripts` writes down what the programs print now.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Finished, bank, example, run_command};

/// The last line of a program that a signal has killed.
const KILLED: &str = "exit by a signal";

struct Transcript {
    title: String,
    runs: Vec<Run>,
}

struct Run {
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
    let (title, rest) = text.split_once('\n').unwrap();
    assert!(title.starts_with("# "), "a transcript begins with a line that says what it shows");
    let runs = rest.strip_prefix("$ ").expect("the second line is a command").split("\n$ ");
    Transcript { title: title.to_owned(), runs: runs.map(read_run).collect() }
}

fn read_run(text: &str) -> Run {
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
    Run { command: command.to_owned(), stdin, expected: Finished { stdout, stderr, exit_code } }
}

fn write(transcript: &Transcript, finished: &[Finished]) -> String {
    let mut text = format!("{}\n", transcript.title);
    for (run, finished) in transcript.runs.iter().zip(finished) {
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

fn run_in(directory: &TempDir, program: &str, arguments: &[&str], stdin: &str) -> Finished {
    let mut command = if program == "bank" { bank(arguments) } else { example(program, arguments) };
    command.current_dir(directory).env("XDG_STATE_HOME", directory.path().join("state"));
    run_command(command, stdin)
}

/// A directory where nothing was before but the examples: a bank may be kept in a file.
fn directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"), directory.path().join("examples")).unwrap();
    directory
}

fn run_all(transcript: &Transcript) -> Vec<Finished> {
    let directory = directory();
    let run = |Run { command, stdin, .. }: &Run| {
        let words = words(command);
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        run_in(&directory, words[0], &words[1..], stdin)
    };
    transcript.runs.iter().map(run).collect()
}

/// The same statements under other flags.
fn run_all_with(transcript: &Transcript, flags: &[&str]) -> Vec<Finished> {
    let directory = directory();
    let run = |Run { command, stdin, .. }: &Run| match command.split_whitespace().next().unwrap() {
        "bank" => run_in(&directory, "bank", flags, stdin),
        example => run_in(&directory, example, &[flags, &["--store", "store.db"]].concat(), stdin),
    };
    transcript.runs.iter().map(run).collect()
}

#[test]
fn every_transcript_is_what_the_programs_print() {
    let update = std::env::var_os("UPDATE_TRANSCRIPTS").is_some();
    let mut differ = Vec::new();
    for path in transcripts() {
        let text = fs::read_to_string(&path).unwrap();
        let transcript = read(&text);
        let finished = run_all(&transcript);
        if finished.iter().eq(transcript.runs.iter().map(|run| &run.expected)) {
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

/// What was printed. Where nobody waits for a process, its lines come when they do: those before the next statement is
/// read are late ones, and the others stand in its trace. Which they are is not the same on every run; their order is.
fn printed(finished: Vec<Finished>, nobody_waits: bool) -> Vec<(Finished, Vec<Value>)> {
    let split = |mut finished: Finished| {
        let (mut lines, mut trace) = (Vec::new(), Vec::new());
        if !nobody_waits {
            return (finished, trace);
        }
        for line in finished.stdout.lines() {
            let Ok(Value::Object(mut record)) = serde_json::from_str(line) else {
                lines.push(line.to_owned());
                continue;
            };
            for part in ["late", "trace"] {
                trace.extend(record.remove(part).into_iter().flat_map(|part| part.as_array().cloned()).flatten());
            }
            if !record.is_empty() {
                lines.push(Value::Object(record).to_string());
            }
        }
        finished.stdout = lines.join("\n");
        (finished, trace)
    };
    finished.into_iter().map(split).collect()
}

/// Without `--json`, the transcripts themselves say so. Ids and times differ from run to run, unless they come from a seed.
#[test]
fn the_same_script_prints_the_same_bytes_on_every_run_as_json() {
    let flags = ["--keep-going", "--json", "--seed", "7"];
    for path in transcripts() {
        let transcript = read(&fs::read_to_string(&path).unwrap());
        let nobody_waits = transcript.runs.iter().any(|run| run.stdin.contains(":eventual"));
        let first = printed(run_all_with(&transcript, &flags), nobody_waits);
        assert_eq!(printed(run_all_with(&transcript, &flags), nobody_waits), first, "{}", path.display());
    }
}
