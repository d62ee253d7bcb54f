//! The history file.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustyline::error::ReadlineError;

use super::line_helper::LineEditor;

/// The file that texts are kept in.
#[derive(Debug)]
pub(super) struct HistoryFile {
    path: PathBuf,
}

impl HistoryFile {
    /// Loads the history from `path`. `None`, with a warning, if history cannot be kept there.
    pub(super) fn load(editor: &mut LineEditor, path: PathBuf) -> Option<Self> {
        let file = Self { path };
        let loaded = file.make_directory().and_then(|()| match file.path.metadata() {
            Ok(found) if found.is_file() => file.despite_other_bytes(|path| {
                editor.clear_history()?;
                editor.load_history(path)
            }),
            // Reading from a pipe or a device could block forever.
            Ok(_) => Err("it is not a regular file".to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error.to_string()),
        });
        file.or_warn(loaded).then_some(file)
    }

    /// Appends what is new.
    pub(super) fn append(&self, editor: &mut LineEditor) {
        self.or_warn(self.despite_other_bytes(|path| editor.append_history(path)));
    }

    fn make_directory(&self) -> Result<(), String> {
        let Some(directory) = self.path.parent() else { return Ok(()) };
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|error| error.to_string())
    }

    /// Reads the file, without lines in it that are no text: another program may have written them, or half of them.
    fn despite_other_bytes(&self, mut read: impl FnMut(&Path) -> Result<(), ReadlineError>) -> Result<(), String> {
        match read(&self.path) {
            Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
                keep_lines_of_text(&self.path).map_err(|error| error.to_string())?;
                read(&self.path).map_err(|error| error.to_string())
            }
            done => done.map_err(|error| error.to_string()),
        }
    }

    fn or_warn(&self, done: Result<(), String>) -> bool {
        if let Err(error) = &done {
            tracing::warn!("history is not kept in {}: {error}", self.path.display());
        }
        done.is_ok()
    }
}

/// Replaces a file by one without the lines that are not UTF-8.
fn keep_lines_of_text(path: &Path) -> io::Result<()> {
    let kept = fs::read(path)?;
    let lines = kept.split_inclusive(|byte| *byte == b'\n').filter(|line| std::str::from_utf8(line).is_ok());
    let text: Vec<u8> = lines.flatten().copied().collect();
    let beside = path.with_extension(format!("{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(&text)?;
    fs::rename(&beside, path)
}
