//! What can happen to the files of a node while it does not run.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use super::Node;

impl Node {
    /// Loses everything that it keeps.
    pub(crate) fn wipe(&self) {
        fs::remove_dir_all(self.stored()).unwrap();
    }

    /// Loses the end of a stream: of its bytes, this many in a hundred are left.
    pub(crate) fn cut(&self, stream: &str, percent: u64) {
        let blocks = self.blocks(stream);
        let sizes = blocks.iter().map(|block| fs::metadata(block).unwrap().len());
        let mut left = sizes.sum::<u64>() * percent / 100;
        for block in blocks {
            let size = fs::metadata(&block).unwrap().len();
            match left {
                0 => fs::remove_file(block).unwrap(),
                _ => OpenOptions::new().write(true).open(block).unwrap().set_len(left.min(size)).unwrap(),
            }
            left = left.saturating_sub(size);
        }
    }

    /// Turns one bit of a message round, which has this in it.
    pub(crate) fn flip(&self, stream: &str, content: &str) {
        for block in self.blocks(stream) {
            let mut bytes = fs::read(&block).unwrap();
            let found = bytes.windows(content.len()).position(|window| window == content.as_bytes());
            if let Some(at) = found {
                bytes[at] ^= 1;
                return fs::write(block, bytes).unwrap();
            }
        }
        panic!("{stream} has no {content}");
    }

    /// Keeps a copy of everything, as a backup of the disk would.
    pub(crate) fn copy(&self) {
        let copied = self.copied();
        if copied.exists() {
            fs::remove_dir_all(&copied).unwrap();
        }
        copy_folder(&self.stored(), &copied);
    }

    /// Has what it had when it was [copied](Self::copy).
    pub(crate) fn restore_copy(&self) {
        self.wipe();
        copy_folder(&self.copied(), &self.stored());
    }

    /// The files with the messages of a stream, in order.
    fn blocks(&self, stream: &str) -> Vec<PathBuf> {
        let folder = self.stored().join("$G/streams").join(stream).join("msgs");
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut blocks: Vec<_> = paths.filter(|path| path.extension().is_some_and(|kind| kind == "blk")).collect();
        blocks.sort_by_key(|path| path.file_stem().unwrap().to_str().unwrap().parse::<u64>().unwrap());
        assert!(!blocks.is_empty(), "{} has no messages", folder.display());
        blocks
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let copied = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &copied);
        } else {
            fs::copy(entry.path(), copied).unwrap();
        }
    }
}
