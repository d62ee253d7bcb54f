//! The history, escaped on recall.

use std::borrow::Cow;
use std::path::Path;

use rustyline::history::{FileHistory, History, SearchDirection, SearchResult};
use rustyline::{Config, Result};

use crate::shell::escape;

/// Keeps statements as they are, and escapes unprintable characters on recall as `\u{1B}`: the file may hold anything. In
/// a string, the escape means the same character.
#[derive(Default)]
pub(super) struct EscapedHistory {
    entries: FileHistory,
}

impl EscapedHistory {
    pub(super) fn new(config: &Config) -> Self {
        Self { entries: FileHistory::with_config(config) }
    }

    /// Every text as it was typed, the latest last.
    pub(super) fn texts(&self) -> Vec<String> {
        self.entries.iter().cloned().collect()
    }
}

fn escaped(found: SearchResult<'_>) -> SearchResult<'_> {
    let SearchResult { entry, idx, pos } = found;
    match escape::lines(&entry) {
        Cow::Borrowed(_) => SearchResult { entry, idx, pos },
        Cow::Owned(text) => {
            let pos = entry.get(..pos).map_or(0, |before| escape::lines(before).len());
            SearchResult { entry: text.into(), idx, pos }
        }
    }
}

impl History for EscapedHistory {
    fn get(&self, index: usize, direction: SearchDirection) -> Result<Option<SearchResult<'_>>> {
        Ok(self.entries.get(index, direction)?.map(escaped))
    }

    fn search(&self, term: &str, start: usize, direction: SearchDirection) -> Result<Option<SearchResult<'_>>> {
        Ok(self.entries.search(term, start, direction)?.map(escaped))
    }

    fn starts_with(&self, term: &str, start: usize, direction: SearchDirection) -> Result<Option<SearchResult<'_>>> {
        Ok(self.entries.starts_with(term, start, direction)?.map(escaped))
    }

    fn add(&mut self, line: &str) -> Result<bool> {
        self.entries.add(line)
    }

    fn add_owned(&mut self, line: String) -> Result<bool> {
        self.entries.add_owned(line)
    }

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn set_max_len(&mut self, length: usize) -> Result<()> {
        self.entries.set_max_len(length)
    }

    fn ignore_dups(&mut self, yes: bool) -> Result<()> {
        self.entries.ignore_dups(yes)
    }

    fn ignore_space(&mut self, yes: bool) {
        self.entries.ignore_space(yes);
    }

    fn save(&mut self, path: &Path) -> Result<()> {
        self.entries.save(path)
    }

    fn append(&mut self, path: &Path) -> Result<()> {
        self.entries.append(path)
    }

    fn load(&mut self, path: &Path) -> Result<()> {
        self.entries.load(path)
    }

    fn clear(&mut self) -> Result<()> {
        self.entries.clear()
    }
}
