//! The history file.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use rustyline::history::History;
use rustyline::{Editor, Helper};

/// Loads the history from `path`. Answers whether history can be kept there.
pub(super) fn load(editor: &mut Editor<impl Helper, impl History>, path: &Path) -> bool {
    let directory = path.parent().map_or(Ok(()), |parent| DirBuilder::new().recursive(true).mode(0o700).create(parent));
    let loaded = match (directory, path.metadata()) {
        (Ok(()), Ok(file)) if file.is_file() => editor.load_history(path).map_err(|error| error.to_string()),
        // Reading from a pipe or a device could block forever.
        (Ok(()), Ok(_)) => Err("it is not a regular file".to_owned()),
        (Ok(()), Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        (Err(error), _) | (_, Err(error)) => Err(error.to_string()),
    };
    if let Err(error) = &loaded {
        tracing::warn!("history is not kept in {}: {error}", path.display());
    }
    loaded.is_ok()
}
