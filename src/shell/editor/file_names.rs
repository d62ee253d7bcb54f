//! Completion of the names of files.

use std::fs;
use std::path::Path;

use super::candidate::Candidate;

/// How many files of a directory are looked at.
const MAX_FILES: usize = 10_000;

/// The files whose paths begin with a text, in order. A directory goes on after its slash.
pub(super) fn file_names(begun: &str) -> Vec<Candidate> {
    let (scheme, path) = match begun.strip_prefix("sqlite:") {
        Some(path) => (&begun[..begun.len() - path.len()], path),
        None => ("", begun),
    };
    let (directory, name) = path.split_at(path.rfind('/').map_or(0, |slash| slash + 1));
    let looked_in = if directory.is_empty() { Path::new(".") } else { Path::new(directory) };
    let Ok(entries) = fs::read_dir(looked_in) else { return Vec::new() };
    let mut found: Vec<_> = entries
        .take(MAX_FILES)
        .flatten()
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path().is_dir())))
        .filter(|(known, _)| known.starts_with(name) && (name.starts_with('.') || !known.starts_with('.')))
        .collect();
    found.sort();
    let candidates = found.into_iter().map(|(known, is_directory)| {
        let path = format!("{scheme}{directory}{known}");
        match is_directory {
            true => Candidate { shown: format!("{known}/"), ..Candidate::beginning(format!("{path}/")) },
            false => Candidate { shown: known, ..Candidate::name(path) },
        }
    });
    candidates.collect()
}
