//! The program prints what the [transcripts](crate::transcript) in `tests/transcripts/` say, to the byte.
//!
//! `UPDATE_TRANSCRIPTS=1 cargo test --test shell transcripts` writes down what the programs print now.

use std::fs;

use serde_json::Value;

use crate::program::Finished;
use crate::transcript::{Run, Transcript, directory, run_in, transcripts};

fn run_all(transcript: &Transcript) -> Vec<Finished> {
    let directory = directory();
    let run = |run: &Run| {
        let words = run.words();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        run_in(&directory, words[0], &words[1..], &run.stdin)
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
        let transcript = Transcript::read(&text);
        let finished = run_all(&transcript);
        if finished.iter().eq(transcript.runs.iter().map(|run| &run.expected)) {
            continue;
        }
        let now = transcript.write(&finished);
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
        let transcript = Transcript::read(&fs::read_to_string(&path).unwrap());
        let nobody_waits = transcript.runs.iter().any(|run| run.stdin.contains(":eventual"));
        let first = printed(run_all_with(&transcript, &flags), nobody_waits);
        assert_eq!(printed(run_all_with(&transcript, &flags), nobody_waits), first, "{}", path.display());
    }
}
