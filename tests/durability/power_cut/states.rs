//! Which of the states that a cut may leave are looked at: there are far too many to look at all.
//!
//! What a cut leaves between two calls, a cut just before the next sync comes back may leave as well, and by then more
//! has been promised: so the cuts are made there, and the moments between are what they leave of it.

use std::fmt;

use super::disk::{CallId, Disk, File, Inode, Left, Sectors, Tree};
use crate::random::Random;

/// What a cut leaves of everything that is not safe.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    /// So many changes of names, in order.
    pub(crate) renamings: usize,
    pub(crate) contents: Contents,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Contents {
    Nothing,
    Everything,
    /// As it was at a moment: after this call.
    Until(CallId),
    Without(CallId),
    Only(CallId),
    OfFile(Inode),
    OfOtherFiles(Inode),
    /// The sizes of files, and nothing that was written.
    Sizes,
    /// What was written, as far as it is within the old sizes.
    WithoutSizes,
    /// Any sectors, and any sizes.
    Torn(u64),
}

/// How much is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Thoroughness {
    /// Of so many calls each is left out once, is the only one that is left, and the last one.
    pub(crate) calls: usize,
    /// So many mixes of sectors are drawn.
    pub(crate) mixes: usize,
}

impl Cut {
    pub(crate) fn leaves(&self, disk: &Disk) -> Tree {
        disk.after_cut(self.renamings, |inode, file| self.contents.left(inode, file))
    }
}

impl Contents {
    fn left(self, inode: Inode, file: &File) -> Left {
        let all = file.unsafe_calls().len();
        let until = |changes: usize| Left { sectors: Sectors::After(changes), size_after: changes };
        match self {
            Self::Nothing => until(0),
            Self::Everything => until(all),
            Self::Until(call) => until(file.unsafe_calls().take_while(|other| *other <= call).count()),
            Self::Without(call) => match file.place_of(call) {
                Some(place) if file.is_resize(place) => Left { sectors: Sectors::After(all), size_after: place },
                Some(place) => Left { sectors: Sectors::Without(place), size_after: all },
                None => until(all),
            },
            Self::Only(call) => match file.place_of(call) {
                Some(place) => Left { sectors: Sectors::Only(place), size_after: place + 1 },
                None => until(0),
            },
            Self::OfFile(of) => until(if inode == of { all } else { 0 }),
            Self::OfOtherFiles(than) => until(if inode == than { 0 } else { all }),
            Self::Sizes => Left { sectors: Sectors::After(0), size_after: all },
            Self::WithoutSizes => Left { sectors: Sectors::After(all), size_after: 0 },
            Self::Torn(seed) => {
                let mut random = Random::new(seed ^ (inode as u64) << 32);
                // Mostly the file has a size in which much of it has room.
                let size_after = if random.place(2) == 0 { all } else { random.place(all + 1) };
                Left { sectors: Sectors::Torn(random), size_after }
            }
        }
    }
}

/// The cuts at this moment that are looked at, those first that show most.
pub(crate) fn cuts(disk: &Disk, thoroughness: Thoroughness, random: &mut Random) -> Vec<Cut> {
    let all_names = disk.renamings().len();
    let mut cuts = Vec::new();
    for renamings in 0..=all_names {
        cuts.extend([Contents::Nothing, Contents::Everything].map(|contents| Cut { renamings, contents }));
    }
    let mut files: Vec<(Inode, Vec<CallId>)> =
        disk.unsafe_files().map(|(inode, file)| (inode, file.unsafe_calls().collect())).collect();
    // A file that nobody can find any more is in no state.
    files.retain(|(inode, _)| disk.names_of(*inode).next().is_some() || all_names > 0);
    if files.is_empty() {
        return cuts;
    }
    let mut contents = vec![Contents::Sizes, Contents::WithoutSizes];
    if files.len() > 1 {
        contents.extend(files.iter().flat_map(|(inode, _)| [Contents::OfFile(*inode), Contents::OfOtherFiles(*inode)]));
    }
    let calls: Vec<CallId> = files.into_iter().flat_map(|(_, calls)| calls).collect();
    for call in some_of(calls, thoroughness.calls, random) {
        contents.extend([Contents::Without(call), Contents::Only(call), Contents::Until(call)]);
    }
    contents.extend((0..thoroughness.mixes).map(|_| Contents::Torn(random.next())));
    for contents in contents {
        cuts.push(Cut { renamings: all_names, contents });
        // Names are mostly there, but not always.
        if all_names > 0 && (matches!(contents, Contents::Torn(_)) || random.place(4) == 0) {
            cuts.push(Cut { renamings: random.place(all_names), contents });
        }
    }
    cuts
}

/// All of them where there are not too many; else the last ones, where most happens, and any others.
fn some_of(mut calls: Vec<CallId>, count: usize, random: &mut Random) -> Vec<CallId> {
    calls.sort_unstable();
    calls.dedup();
    let mut chosen = calls.split_off(calls.len().saturating_sub(count / 2));
    while chosen.len() < count && !calls.is_empty() {
        chosen.push(calls.swap_remove(random.place(calls.len())));
    }
    chosen
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} changes of names and {:?} of what was not synced", self.renamings, self.contents)
    }
}
