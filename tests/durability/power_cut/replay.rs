//! Does again what a record holds, to the model of a disk.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use super::disk::{CallId, Disk, Inode, Renaming, Sync};
use super::promises::Promises;
use super::record::{Call, Handle, Record, Size, Step};

/// A record, done so far.
pub(crate) struct Replay<'a> {
    record: &'a Record,
    /// Syncs that are left out, as if the program had forgotten them.
    omitted: &'a BTreeSet<CallId>,
    pub(crate) disk: Disk,
    pub(crate) promises: Promises,
    /// What has begun and not come back: changes of names, of which nobody knows yet whether they are made, …
    renaming: BTreeSet<CallId>,
    /// … writes, …
    writing: HashMap<CallId, Inode>,
    /// … and syncs.
    syncing: HashMap<CallId, Vec<Sync>>,
    /// Where the next write of a file goes that does not say where.
    positions: HashMap<Inode, usize>,
    appending: BTreeSet<Inode>,
}

impl<'a> Replay<'a> {
    pub(crate) fn new(record: &'a Record, earlier: &Promises, omitted: &'a BTreeSet<CallId>) -> Self {
        Self {
            record,
            omitted,
            disk: Disk::new(&record.before),
            promises: earlier.and_from_now_on(&record.told),
            renaming: BTreeSet::new(),
            writing: HashMap::new(),
            syncing: HashMap::new(),
            positions: HashMap::new(),
            appending: BTreeSet::new(),
        }
    }

    /// Whether this step makes something safe that was not.
    pub(crate) fn makes_safe(&self, step: Step) -> bool {
        match step {
            Step::Ended(call) => {
                self.syncing.get(&call).is_some_and(|syncs| syncs.iter().any(|sync| self.disk.has_to_do(sync)))
            }
            Step::Began(_) => false,
        }
    }

    /// The files and directories that a sync which ends now is about, whether there is anything to do or not.
    pub(crate) fn synced_by(&self, step: Step) -> Vec<Inode> {
        match step {
            Step::Ended(call) => self.syncing.get(&call).into_iter().flatten().map(Sync::inode).collect(),
            Step::Began(_) => Vec::new(),
        }
    }

    pub(crate) fn step(&mut self, step: Step) {
        match step {
            Step::Began(id) => self.begin(id),
            Step::Ended(id) => self.end(id),
        }
    }

    fn begin(&mut self, id: CallId) {
        match &self.record.calls[id] {
            Call::Write { file, at, data } => {
                let Some(inode) = self.inode(file) else { return };
                let at = at.unwrap_or_else(|| match self.appending.contains(&inode) {
                    true => self.disk.size(inode),
                    false => self.positions.get(&inode).copied().unwrap_or(0),
                });
                self.positions.insert(inode, at + data.len());
                self.disk.write(inode, id, at, data.clone());
                self.writing.insert(id, inode);
            }
            Call::Resize { file, to } => {
                let Some(inode) = self.inode(file) else { return };
                let size = self.disk.size(inode);
                let to = match to {
                    Size::Exactly(to) => *to,
                    Size::AtLeast(to) => size.max(*to),
                };
                self.disk.resize(inode, id, to);
                self.writing.insert(id, inode);
            }
            Call::Sync { file } => {
                if let Some(inode) = self.inode(file)
                    && !self.omitted.contains(&id)
                {
                    self.syncing.insert(id, vec![self.disk.begin_sync(inode)]);
                }
            }
            Call::SyncEverything => {
                let all = self.disk.inodes().map(|inode| self.disk.begin_sync(inode)).collect();
                self.syncing.insert(id, all);
            }
            Call::Answer { program, lines } => self.promises.answer(*program, *lines),
            _ => drop(self.renaming.insert(id)),
        }
    }

    fn end(&mut self, id: CallId) {
        if let Some(inode) = self.writing.remove(&id) {
            self.disk.done(inode, id);
        }
        for sync in self.syncing.remove(&id).into_iter().flatten() {
            self.disk.end_sync(sync);
        }
        if self.renaming.remove(&id) {
            self.change_names(id);
        }
    }

    fn change_names(&mut self, id: CallId) {
        match &self.record.calls[id] {
            Call::Open { path, creates, truncates, appends } => {
                let inode = match self.find(path) {
                    Some(inode) => inode,
                    None => {
                        assert!(creates, "{} is opened, and was never made", path.display());
                        self.disk.create_file(path)
                    }
                };
                self.positions.insert(inode, 0);
                if *appends {
                    self.appending.insert(inode);
                }
                if *truncates && self.disk.size(inode) > 0 {
                    self.disk.resize(inode, id, 0);
                    self.disk.done(inode, id);
                }
            }
            Call::MakeDirectory { path } => drop(self.disk.create_directory(path)),
            Call::Link { from, to } => {
                let inode = self.find(from).unwrap_or_else(|| panic!("{} is not there", from.display()));
                self.disk.rename(Renaming::Link { path: to.clone(), inode });
            }
            Call::Rename { from, to } => {
                self.disk.rename(Renaming::Rename { from: from.clone(), to: to.clone() });
            }
            Call::Unlink { path } => self.disk.rename(Renaming::Unlink { path: path.clone() }),
            Call::Seek { file, to } => {
                if let Some(inode) = self.inode(file) {
                    self.positions.insert(inode, *to);
                }
            }
            _ => {}
        }
    }

    /// A file that is not known by its name may have got it from a call of another program that has not come back yet.
    fn find(&mut self, path: &Path) -> Option<Inode> {
        if self.disk.find(path).is_none() {
            let waiting = self.renaming.iter().copied().find(|id| match &self.record.calls[*id] {
                Call::Open { path: made, creates: true, .. } => made == path,
                Call::Link { to: made, .. } | Call::Rename { to: made, .. } | Call::MakeDirectory { path: made } => {
                    made == path
                }
                _ => false,
            });
            if let Some(id) = waiting {
                self.renaming.remove(&id);
                self.change_names(id);
            }
        }
        self.disk.find(path)
    }

    /// Nothing for SQLite's index of the write-ahead log: it is made anew after a cut, whatever it holds.
    fn inode(&mut self, Handle { path, deleted }: &Handle) -> Option<Inode> {
        if is_index(path) {
            return None;
        }
        let found = match deleted {
            true => self.disk.find_removed(path).or_else(|| self.find(path)),
            false => self.find(path).or_else(|| self.disk.find_removed(path)),
        };
        Some(found.unwrap_or_else(|| panic!("{} was never made", path.display())))
    }
}

/// SQLite's index of the write-ahead log.
pub(crate) fn is_index(path: &Path) -> bool {
    path.to_string_lossy().ends_with("-shm")
}
