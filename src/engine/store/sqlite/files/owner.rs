//! Who else may have written the file. Its hashes detect damage, but another user can compute them.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::process::geteuid;

/// The permission of everybody to write.
const WRITABLE_BY_ALL: u32 = 0o002;

/// Warns of a file that belongs to another user, or that every user may write.
pub(in crate::engine::store::sqlite) fn warn_of_others(path: &Path) {
    if let Some(others) = fs::metadata(path).ok().and_then(|file| others(&file, geteuid().as_raw())) {
        tracing::warn!(
            "{}: this file {others}; if you do not trust its contents, open it with `foreign: true`",
            path.display()
        );
    }
}

/// Who besides this user may have written a file.
fn others(file: &Metadata, user: u32) -> Option<String> {
    let (owner, is_writable_by_all) = (file.uid(), file.mode() & WRITABLE_BY_ALL != 0);
    match (owner != user, is_writable_by_all) {
        (false, false) => None,
        (false, true) => Some(format!("belongs to user {owner}, and every user may write it")),
        (true, false) => Some(format!("belongs to user {owner}, and you are user {user}")),
        (true, true) => Some(format!("belongs to user {owner}, you are user {user}, and every user may write it")),
    }
}
