//! What stands in SQLite's write-ahead log: frames, a page each, and zeros behind them, written ahead of later ones.

use super::Copy;

const FILE: usize = 0;
const WRITE_AHEAD_LOG: usize = 1;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

fn number(log: &[u8], at: usize) -> usize {
    u32::from_be_bytes(log[at..at + 4].try_into().unwrap()) as usize
}

/// Where each commit ends. The last frame of a commit says how many pages the file has after it.
pub(crate) fn commit_ends(log: &[u8]) -> Vec<usize> {
    if log.is_empty() {
        return Vec::new();
    }
    let frame = FRAME_HEADER + number(log, 8);
    let salts = |at: usize| &log[at..at + 8];
    let ends = (HEADER + frame..=log.len()).step_by(frame);
    let written = ends.take_while(|end| salts(end - frame + 8) == salts(16));
    written.filter(|end| number(log, end - frame + 4) > 0).collect()
}

/// What a crash would have left after each commit of the write-ahead log, which begins with what it was before.
pub(crate) fn commits_since(before: &Copy, after: &Copy) -> Vec<Copy> {
    let [old, new] = [before, after].map(|copy| copy.0[WRITE_AHEAD_LOG].clone().unwrap());
    let old_end = commit_ends(&old).pop().unwrap_or(0);
    assert!(new.starts_with(&old[..old_end]), "the log goes on");
    assert!(before.0[FILE] == after.0[FILE], "nothing was moved into the file");
    let cut = commit_ends(&new).into_iter().filter(|end| *end > old_end).map(|end| {
        let mut copy = before.clone();
        copy.0[WRITE_AHEAD_LOG] = Some(new[..end].to_vec());
        copy
    });
    std::iter::once(before.clone()).chain(cut).collect()
}
