//! Reads the calls that concern the directory, and answers, from what strace prints.

use std::path::{Path, PathBuf};

use super::{Call, Handle, Size};
use crate::power_cut::strace::{Argument, SystemCall};

/// Reads calls that concern the directory, and answers.
pub(super) struct Reader<'a> {
    pub(super) root: &'a Path,
    pub(super) control: &'a Path,
}

impl Reader<'_> {
    pub(super) fn read(&self, call: &SystemCall) -> Option<Call> {
        let SystemCall { name, arguments, answer, .. } = call;
        // What failed has changed nothing; what has not come back may have done everything.
        if answer.is_some_and(|answer| answer < 0) {
            return None;
        }
        let number = |at: usize| match &arguments[at] {
            Argument::Word(word) => word.parse().unwrap_or_else(|_| panic!("{word} in {name} is no number")),
            other => panic!("{other:?} in {name} is no number"),
        };
        let unknown = || -> ! { panic!("{name} is not known to the model: {arguments:?}") };
        match name.as_str() {
            "write" | "writev" | "pwrite64" | "pwritev" | "pwritev2" => {
                let Some(Argument::File { path, deleted }) = arguments.first() else { return None };
                let texts = arguments.iter().filter_map(|argument| match argument {
                    Argument::Text(text) => Some(&text[..]),
                    _ => None,
                });
                let mut data = texts.collect::<Vec<_>>().concat();
                data.truncate(answer.map_or(data.len(), |written| usize::try_from(written).unwrap()));
                if let Some(output) = Path::new(path).strip_prefix(self.control).ok()
                    && let Some(program) = output.to_str()?.strip_prefix("out")
                {
                    let lines = data.iter().filter(|byte| **byte == b'\n').count();
                    return Some(Call::Answer { program: program.parse().unwrap(), lines });
                }
                let file = self.handle(path, *deleted)?;
                let at = match name.as_str() {
                    "pwrite64" | "pwritev" => Some(number(arguments.len() - 1)),
                    "pwritev2" => unknown(),
                    _ => None,
                };
                Some(Call::Write { file, at, data: data.into() })
            }
            "lseek" => {
                let file = self.handle_of(arguments.first())?;
                Some(Call::Seek { file, to: usize::try_from((*answer)?).unwrap() })
            }
            "ftruncate" => {
                let file = self.handle_of(arguments.first())?;
                Some(Call::Resize { file, to: Size::Exactly(number(1)) })
            }
            "fallocate" => {
                let file = self.handle_of(arguments.first())?;
                if arguments[1] != Argument::Word("0".to_owned()) {
                    unknown();
                }
                Some(Call::Resize { file, to: Size::AtLeast(number(2) + number(3)) })
            }
            "fsync" | "fdatasync" => Some(Call::Sync { file: self.handle_of(arguments.first())? }),
            "sync" | "syncfs" => Some(Call::SyncEverything),
            // It promises nothing: neither sizes nor that the disk's own cache is written.
            "sync_file_range" => None,
            "open" | "openat" | "openat2" | "creat" => {
                let (path, rest) = self.paths(arguments);
                let path = path.into_iter().next()??;
                let flags = rest.first().map_or("", String::as_str);
                let has = |flag: &str| flags.split('|').any(|other| other == flag);
                if name == "creat"
                    || name == "openat2"
                    || ["O_SYNC", "O_DSYNC", "O_DIRECT", "O_TMPFILE"].into_iter().any(has)
                {
                    unknown();
                }
                Some(Call::Open { path, creates: has("O_CREAT"), truncates: has("O_TRUNC"), appends: has("O_APPEND") })
            }
            "link" | "linkat" | "rename" | "renameat" | "renameat2" => {
                let (paths, rest) = self.paths(arguments);
                let [from, to] = &paths[..] else { unknown() };
                match (from, to) {
                    (None, None) => None,
                    (Some(from), Some(to)) => {
                        let (from, to) = (from.clone(), to.clone());
                        if rest.iter().any(|flags| flags.contains("EXCHANGE") || flags.contains("WHITEOUT")) {
                            unknown();
                        }
                        Some(if name.starts_with("link") { Call::Link { from, to } } else { Call::Rename { from, to } })
                    }
                    _ => unknown(),
                }
            }
            "unlink" | "unlinkat" | "rmdir" => {
                Some(Call::Unlink { path: self.paths(arguments).0.into_iter().next()?? })
            }
            "mkdir" | "mkdirat" => Some(Call::MakeDirectory { path: self.paths(arguments).0.into_iter().next()?? }),
            "mmap" => {
                let file = arguments.iter().find_map(|argument| self.handle_of(Some(argument)))?;
                let has = |flag: &str| {
                    arguments.iter().any(|argument| matches!(argument, Argument::Word(word) if word.contains(flag)))
                };
                // SQLite's index of the write-ahead log is made anew after a cut, whatever it holds.
                let is_index = file.path.to_string_lossy().ends_with("-shm");
                assert!(is_index || !has("MAP_SHARED") || !has("PROT_WRITE"), "{file:?} is written through memory");
                None
            }
            // What is left is about files too, and the model knows none of it.
            _ => {
                let concerns = arguments.iter().any(|argument| match argument {
                    Argument::File { .. } => self.handle_of(Some(argument)).is_some(),
                    _ => false,
                });
                if concerns && name != "msync" {
                    unknown();
                }
                None
            }
        }
    }

    fn handle_of(&self, argument: Option<&Argument>) -> Option<Handle> {
        match argument {
            Some(Argument::File { path, deleted }) => self.handle(path, *deleted),
            _ => None,
        }
    }

    fn handle(&self, path: &str, deleted: bool) -> Option<Handle> {
        let path = Path::new(path).strip_prefix(self.root).ok()?.to_owned();
        Some(Handle { path, deleted })
    }

    /// The paths in the directory, or nothing for others; and the words behind them.
    fn paths(&self, arguments: &[Argument]) -> (Vec<Option<PathBuf>>, Vec<String>) {
        let (mut paths, mut words) = (Vec::new(), Vec::new());
        let mut relative_to = self.root.to_owned();
        for argument in arguments {
            match argument {
                Argument::File { path, .. } => relative_to = path.into(),
                Argument::Text(text) => {
                    let path = relative_to.join(std::str::from_utf8(text).unwrap());
                    relative_to = self.root.to_owned();
                    paths.push(path.strip_prefix(self.root).ok().map(Path::to_owned));
                }
                Argument::Word(word) => words.push(word.clone()),
            }
        }
        (paths, words)
    }
}
