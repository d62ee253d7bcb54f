//! The place in a tour, kept in a file, so that the next start of the program goes on from there.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::engine::disk::{open_regular, replace_file};

/// The longest file, in bytes.
const MAX_BYTES: u64 = 64 << 10;

/// How far somebody has come.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct Bookmark {
    /// The file of the lessons; `None` for those of the domain.
    pub(super) file: Option<PathBuf>,
    /// The index of the lesson.
    pub(super) lesson: usize,
    /// How many of its checks have held.
    pub(super) passed: usize,
    /// What was predicted in it.
    pub(super) answer: Option<String>,
}

impl Bookmark {
    /// The place in a file, if there is one.
    pub(super) fn read(path: &Path) -> Option<Self> {
        match read(path) {
            Ok(place) => Some(place),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!("the place in the tour cannot be read from {}: {error}", path.display());
                None
            }
        }
    }

    /// Keeps it in a file. Where that cannot be, a message says so, and the tour goes on.
    pub(super) fn keep(&self, path: &Path) {
        let kept = serde_json::to_vec(self).map_err(io::Error::other).and_then(|place| replace_file(path, &place));
        if let Err(error) = kept {
            tracing::warn!("the place in the tour is not kept in {}: {error}", path.display());
        }
    }

    /// Forgets the place in a file.
    pub(super) fn forget(path: &Path) {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!("the place in the tour stays in {}: {error}", path.display());
            }
            Ok(()) | Err(_) => {}
        }
    }
}

fn read(path: &Path) -> io::Result<Bookmark> {
    let mut bytes = Vec::new();
    open_regular(path)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_kept_read_and_forgotten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state/tour");
        assert_eq!(Bookmark::read(&path), None);
        let place = Bookmark { file: Some("mine.toml".into()), lesson: 3, passed: 1, answer: Some("70".to_owned()) };
        place.keep(&path);
        assert_eq!(Bookmark::read(&path), Some(place));
        Bookmark::forget(&path);
        Bookmark::forget(&path);
        assert_eq!(Bookmark::read(&path), None);
    }

    #[test]
    fn a_file_that_holds_no_place_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tour");
        for other in ["", "{\"lesson\":-1}", "\u{0}"] {
            fs::write(&path, other).unwrap();
            assert_eq!(Bookmark::read(&path), None);
        }
    }
}
