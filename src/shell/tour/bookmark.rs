//! The place in a tour, kept in a file, so that the next start of the program goes on from there.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::evidence::Evidence;
use super::since::KeptSince;
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
    /// The log in which they have, if the next run of the program can open that again.
    #[serde(default)]
    pub(super) log: Option<String>,
    /// What was predicted in it.
    pub(super) answer: Option<String>,
    /// Where the logs were as it began.
    #[serde(default)]
    pub(super) since: Vec<KeptSince>,
    /// The position that it names, as somebody has read it.
    #[serde(default)]
    pub(super) position: Option<u64>,
    /// Whether somebody went there without the lessons before it.
    #[serde(default)]
    pub(super) is_skipped_to: bool,
    /// What was noted since it began.
    #[serde(flatten)]
    pub(super) evidence: Evidence,
    /// Whether the run of the program that has kept this ended in order.
    #[serde(default)]
    pub(super) is_left: bool,
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
        let answer = Some("70".to_owned());
        let file = Some("mine.toml".into());
        let place = Bookmark { file, lesson: 3, passed: 1, answer, position: Some(4), ..Bookmark::default() };
        place.keep(&path);
        assert_eq!(Bookmark::read(&path), Some(place));
        Bookmark::forget(&path);
        Bookmark::forget(&path);
        assert_eq!(Bookmark::read(&path), None);
    }

    #[test]
    fn a_place_that_an_earlier_version_has_kept_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tour");
        fs::write(&path, r#"{"file":null,"lesson":3,"passed":1,"answer":"70"}"#).unwrap();
        let expected = Bookmark { lesson: 3, passed: 1, answer: Some("70".to_owned()), ..Bookmark::default() };
        assert_eq!(Bookmark::read(&path), Some(expected));
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
