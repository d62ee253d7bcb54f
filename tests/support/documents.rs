//! What is written for readers: the README, and what it leads to.

#![allow(dead_code, reason = "each test program uses its part of this")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A file in Markdown.
pub(crate) struct Document {
    /// Its path from the root of the repository.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A document by its path from the root.
pub(crate) fn document(path: impl Into<PathBuf>) -> Document {
    let path = path.into();
    let text = fs::read_to_string(root().join(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Document { path, text }
}

/// All that stands at the root and in `docs`, in order.
pub(crate) fn documents() -> Vec<Document> {
    let mut paths = Vec::new();
    for folder in ["", "docs"] {
        let entries =
            fs::read_dir(root().join(folder)).unwrap().map(|entry| Path::new(folder).join(entry.unwrap().file_name()));
        paths.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    paths.sort();
    assert!(paths.iter().any(|path| path == Path::new("README.md")) && paths.len() > 5);
    paths.into_iter().map(document).collect()
}

impl Document {
    /// The blocks of code in it, each with the language that it is said to be in.
    pub(crate) fn blocks(&self) -> Vec<(&str, &str)> {
        let fenced = self.text.split("\n```").enumerate().filter(|(index, _)| index % 2 == 1);
        fenced.map(|(_, block)| block.split_once('\n').expect("a line follows the fence")).collect()
    }

    /// The blocks of code in one language.
    pub(crate) fn blocks_in(&self, wanted: &str) -> Vec<&str> {
        let blocks = self.blocks().into_iter();
        blocks.filter(|(language, _)| *language == wanted).map(|(_, block)| block).collect()
    }

    /// The lines outside the blocks of code.
    pub(crate) fn prose(&self) -> Vec<&str> {
        let mut in_code = false;
        let mut is_prose = |line: &&str| {
            let is_fence = line.starts_with("```");
            in_code ^= is_fence;
            !in_code && !is_fence
        };
        self.text.lines().filter(|line| is_prose(line)).collect()
    }

    /// Holds what stands in it against what should. With `UPDATE_TRANSCRIPTS=1`, that is what will stand there instead.
    pub(crate) fn hold(&self, written: &str, should_be: &str) {
        static WRITING: Mutex<()> = Mutex::new(());
        if written == should_be {
            return;
        }
        if std::env::var_os("UPDATE_TRANSCRIPTS").is_none() {
            let (path, update) = (self.path.display(), "UPDATE_TRANSCRIPTS=1 writes down what is so now");
            panic!("{path}: {update}\n--- it says\n{written}\n--- and it is\n{should_be}");
        }
        let _one_by_one = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        let now = document(&self.path).text.replacen(written, should_be, 1);
        fs::write(root().join(&self.path), now).unwrap();
    }
}
