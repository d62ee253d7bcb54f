//! An outbox that can be made to fail: the directory above it is sometimes a file.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use cqrs_bank::bank::EmailTarget;
use tempfile::TempDir;

pub(crate) struct Outbox {
    folder: TempDir,
}

impl Outbox {
    /// One that works.
    pub(crate) fn new() -> Self {
        let outbox = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(outbox.path("works")).unwrap();
        fs::write(outbox.path("fails"), "a file where a directory should be").unwrap();
        outbox.works(true);
        outbox
    }

    /// From now on it works, or does not.
    pub(crate) fn works(&self, works: bool) {
        let next = self.path("next");
        symlink(if works { "works" } else { "fails" }, &next).unwrap();
        fs::rename(next, self.path("now")).unwrap();
    }

    pub(crate) fn target(&self) -> EmailTarget {
        self.path("now").join("outbox").to_str().unwrap().parse().unwrap()
    }

    /// The names of the e-mails that were sent, of which each event leads to one.
    pub(crate) fn sent(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path("works").join("outbox")) else { return Vec::new() };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.ends_with(".eml")).collect();
        names.sort();
        names
    }

    /// The one e-mail that was sent.
    #[allow(dead_code, reason = "not every test program asks for it")]
    pub(crate) fn only(&self) -> String {
        let [name] = &self.sent()[..] else { panic!("{:?}", self.sent()) };
        fs::read_to_string(self.path("works").join("outbox").join(name)).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
