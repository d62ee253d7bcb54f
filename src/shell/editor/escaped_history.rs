//! Statements to be recalled, as they may be shown.

use std::borrow::Cow;
use std::path::Path;

use rustyline::history::{FileHistory, History, SearchDirection, SearchResult};
use rustyline::{Config, Result};

use crate::shell::escape;

/// Keeps statements as they are, and recalls them with what would do more than show as `\u{1B}`: the file may hold
/// anything, and in a string that means the same.
#[derive(Default)]
pub(super) struct EscapedHistory {
    kept: FileHistory,
}

impl EscapedHistory {
    pub(super) fn new(config: &Config) -> Self {
        Self { kept: FileHistory::with_config(config) }
    }
}

fn shown(found: SearchResult<'_>) -> SearchResult<'_> {
    let SearchResult { entry, idx, pos } = found;
    match escape::lines(&entry) {
        Cow::Borrowed(_) => SearchResult { entry, idx, pos },
        Cow::Owned(escaped) => {
            let pos = entry.get(..pos).map_or(0, |before| escape::lines(before).len());
            SearchResult { entry: escaped.into(), idx, pos }
        }
    }
}

impl History for EscapedHistory {
    fn get(&self, index: usize, direction: SearchDirection) -> Result<Option<SearchResult<'_>>> {
        Ok(self.kept.get(index, direction)?.map(shown))
    }

    fn search(&self, term: &str, start: usize, direction: SearchDirection) -> Result<Option<SearchResult<'_>>> {
        Ok(self.kept.search(term, start, direction)?.map(shown))
    }

    fn starts_with(&self, term: &str, start: usize, direction: SearchDirection) -> Result<Option<SearchResult<'_>>> {
        Ok(self.kept.starts_with(term, start, direction)?.map(shown))
    }

    fn add(&mut self, line: &str) -> Result<bool> {
        self.kept.add(line)
    }

    fn add_owned(&mut self, line: String) -> Result<bool> {
        self.kept.add_owned(line)
    }

    fn len(&self) -> usize {
        self.kept.len()
    }

    fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    fn set_max_len(&mut self, length: usize) -> Result<()> {
        self.kept.set_max_len(length)
    }

    fn ignore_dups(&mut self, yes: bool) -> Result<()> {
        self.kept.ignore_dups(yes)
    }

    fn ignore_space(&mut self, yes: bool) {
        self.kept.ignore_space(yes);
    }

    fn save(&mut self, path: &Path) -> Result<()> {
        self.kept.save(path)
    }

    fn append(&mut self, path: &Path) -> Result<()> {
        self.kept.append(path)
    }

    fn load(&mut self, path: &Path) -> Result<()> {
        self.kept.load(path)
    }

    fn clear(&mut self) -> Result<()> {
        self.kept.clear()
    }
}
