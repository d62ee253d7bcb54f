//! The help of a function names every error that the function replies in any transcript.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::program::{bank, run_command};

/// The replies of questions about what does not exist: these have no `error` around them.
const MISSING: [&str; 1] = ["no_account"];

#[test]
fn help_names_every_error_of_every_function() {
    let mut replied: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut reasons = BTreeSet::new();
    for script in scripts() {
        let directory = tempfile::tempdir().unwrap();
        let mut command = bank(&["--json", "--keep-going", "--seed", "7"]);
        command.current_dir(&directory).env("XDG_STATE_HOME", directory.path().join("state"));
        for line in run_command(command, script).stdout.lines() {
            let Ok(Value::Object(record)) = serde_json::from_str(line) else { continue };
            let (Some(Value::String(statement)), Some(reply)) = (record.get("statement"), record.get("reply")) else {
                continue;
            };
            let reason = match reply {
                Value::Object(reply) => reply.get("error").and_then(Value::as_str),
                Value::String(reply) => Some(reply.as_str()).filter(|reply| MISSING.contains(reply)),
                _ => None,
            };
            let function = statement.trim_start_matches("try ").split([' ', '(']).next().unwrap();
            if let Some(reason) = reason {
                replied.entry(function.to_owned()).or_default().insert(reason.to_owned());
                reasons.insert(reason.to_owned());
            }
        }
    }
    assert!(reasons.len() > 40, "the transcripts show {} errors", reasons.len());
    let mut unlisted = Vec::new();
    for (function, reasons) in &replied {
        let help = run_command(bank(&["-c", &format!("help {function}")]), "").stdout;
        let (_, errors) = help.split_once("\nErrors\n").unwrap_or((&help, ""));
        let is_listed = |reason: &&String| {
            errors
                .split(|character: char| !(character.is_alphanumeric() || "_:".contains(character)))
                .any(|word| word.strip_prefix(':') == Some(reason))
        };
        unlisted
            .extend(reasons.iter().filter(|reason| !is_listed(reason)).map(|reason| format!("{function}: :{reason}")));
    }
    assert!(unlisted.is_empty(), "help does not name\n{}", unlisted.join("\n"));
}

/// Only a process manager could meet it, with a command that no function sends.
const UNHEARD: [&str; 1] = ["no_reservation"];

#[test]
fn every_error_is_explained_and_replied_by_some_function() {
    let files = ["common_errors.rs", "bank_functions/errors.rs", "bank_functions/open_errors.rs", "tour/functions.rs"];
    let sources = files.map(|file| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/shell").join(file);
        fs::read_to_string(path).unwrap().split_whitespace().collect::<String>()
    });
    let named =
        sources.iter().flat_map(|source| source.split("eason(\"").chain(source.split("Reason::new(\"")).skip(1));
    let names: BTreeSet<_> = named.filter_map(|rest| rest.split_once("\",\"").map(|(name, _)| name)).collect();
    let names: Vec<_> =
        names.into_iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')).collect();
    assert!(names.len() > 80, "{names:?}");
    let script: String = names.iter().map(|name| format!("help :{name}\n")).collect();
    let finished = run_command(bank(&["--json", "--keep-going"]), script);
    let unheard: Vec<_> = names
        .iter()
        .zip(finished.stdout.lines())
        .filter(|(name, line)| !line.contains(&format!("\"reply\":\":{name}\\n  ")))
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(unheard, UNHEARD);
}

/// What the transcripts of the bank have typed.
fn scripts() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let texts = fs::read_dir(folder).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    let runs = texts.flat_map(|text| text.split("\n$ ").skip(1).map(str::to_owned).collect::<Vec<_>>());
    let of_the_bank = runs.filter(|run| run.starts_with("bank"));
    of_the_bank.filter_map(|run| Some(run.split_once("--- in\n")?.1.split("\n--- ").next()?.to_owned())).collect()
}
