//! A disk and what is safe on it: what was synced. Of all else a cut may leave any part.
//!
//! The contents of a file are safe when the file was synced after they were written, its name when the directory was
//! synced after it got it. What is not safe reaches the disk in sectors of a file, each as it was at some moment
//! since the last sync; a file's size likewise, whatever its contents; and changes of names, in their order.

mod file;
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::file::{Change, Kind};
pub(crate) use self::file::{File, Left, SECTOR, Sectors};

/// The number of the system call that something comes from.
pub(crate) type CallId = usize;

/// A file or a directory, whatever its names.
pub(crate) type Inode = usize;

/// What is in a directory and below it: contents of files, or nothing for a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Tree(pub(crate) BTreeMap<PathBuf, Option<Arc<Vec<u8>>>>);

impl Tree {
    /// How much is in its files.
    pub(crate) fn bytes(&self) -> usize {
        self.0.values().flatten().map(|contents| contents.len()).sum()
    }
}

#[derive(Clone, Debug)]
enum Node {
    File(File),
    Directory,
}

/// A change of names. Each is made whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Renaming {
    Link { path: PathBuf, inode: Inode },
    Unlink { path: PathBuf },
    Rename { from: PathBuf, to: PathBuf },
}

/// What a sync that has begun will have made safe when it comes back.
#[derive(Clone, Debug)]
pub(crate) struct Sync {
    inode: Inode,
    up_to: usize,
}

impl Sync {
    /// What is synced.
    pub(crate) fn inode(&self) -> Inode {
        self.inode
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    nodes: Vec<Node>,
    /// The names that programs see, and those that are safe.
    names: Names,
    safe_names: Names,
    /// Changes of names that are not safe, each with its number.
    renamings: Vec<(usize, Renaming)>,
    renamed: usize,
    /// What had a name last that is gone.
    removed: HashMap<PathBuf, Inode>,
}

type Names = BTreeMap<PathBuf, Inode>;

/// The directory that everything is in.
pub(crate) const ROOT: &str = "";

impl Disk {
    /// A disk on which all of this is safe.
    pub(crate) fn new(tree: &Tree) -> Self {
        let mut disk = Self::default();
        let all =
            std::iter::once((PathBuf::from(ROOT), &None)).chain(tree.0.iter().map(|(path, it)| (path.clone(), it)));
        for (path, contents) in all {
            let node = match contents {
                None => Node::Directory,
                Some(safe) => Node::File(File { safe: safe.clone(), size: safe.len(), ..File::default() }),
            };
            disk.nodes.push(node);
            disk.names.insert(path, disk.nodes.len() - 1);
        }
        disk.safe_names = disk.names.clone();
        disk
    }

    pub(crate) fn find(&self, path: &Path) -> Option<Inode> {
        self.names.get(path).copied()
    }

    /// What had this name before it was removed.
    pub(crate) fn find_removed(&self, path: &Path) -> Option<Inode> {
        self.removed.get(path).copied()
    }

    pub(crate) fn create_file(&mut self, path: &Path) -> Inode {
        self.create(path, Node::File(File::default()))
    }

    pub(crate) fn create_directory(&mut self, path: &Path) -> Inode {
        self.create(path, Node::Directory)
    }

    fn create(&mut self, path: &Path, node: Node) -> Inode {
        self.nodes.push(node);
        let inode = self.nodes.len() - 1;
        self.rename(Renaming::Link { path: path.to_owned(), inode });
        inode
    }

    /// Changes names.
    pub(crate) fn rename(&mut self, renaming: Renaming) {
        if let Renaming::Unlink { path: gone } | Renaming::Rename { to: gone, .. } = &renaming
            && let Some(inode) = self.find(gone)
        {
            self.removed.insert(gone.clone(), inode);
        }
        renaming.apply(&mut self.names);
        self.renamings.push((self.renamed, renaming));
        self.renamed += 1;
    }

    /// A write that has begun: from now on it may reach the disk.
    pub(crate) fn write(&mut self, inode: Inode, call: CallId, at: usize, data: Arc<[u8]>) {
        let file = self.file_mut(inode);
        file.size = file.size.max(at + data.len());
        file.unsafe_changes.push(Change { call, done: false, kind: Kind::Write { at, data } });
    }

    /// A file is made shorter or longer.
    pub(crate) fn resize(&mut self, inode: Inode, call: CallId, to: usize) {
        let file = self.file_mut(inode);
        file.size = to;
        file.unsafe_changes.push(Change { call, done: false, kind: Kind::Resize { to } });
    }

    /// The call has come back.
    pub(crate) fn done(&mut self, inode: Inode, call: CallId) {
        let changes = self.file_mut(inode).unsafe_changes.iter_mut();
        changes.filter(|change| change.call == call).for_each(|change| change.done = true);
    }

    /// The size of a file, as programs see it.
    pub(crate) fn size(&self, inode: Inode) -> usize {
        self.file(inode).size
    }

    /// A sync begins. It is about what was done before.
    pub(crate) fn begin_sync(&self, inode: Inode) -> Sync {
        let up_to = match &self.nodes[inode] {
            Node::File(file) => file.made_safe + file.unsafe_changes.iter().take_while(|change| change.done).count(),
            Node::Directory => self.renamed,
        };
        Sync { inode, up_to }
    }

    /// Whether a sync makes anything safe that is not.
    pub(crate) fn has_to_do(&self, Sync { inode, up_to }: &Sync) -> bool {
        match &self.nodes[*inode] {
            Node::File(file) => *up_to > file.made_safe,
            Node::Directory => {
                let directories: Vec<_> = self.names_of(*inode).collect();
                self.renamings.iter().any(|(number, renaming)| {
                    number < up_to && directories.iter().any(|directory| renaming.is_in(directory))
                })
            }
        }
    }

    /// A sync has come back.
    pub(crate) fn end_sync(&mut self, Sync { inode, up_to }: Sync) {
        match &mut self.nodes[inode] {
            Node::File(file) => file.make_safe(up_to),
            Node::Directory => {
                let directories: Vec<_> = self.names_of(inode).map(Path::to_owned).collect();
                let safe_names = &mut self.safe_names;
                self.renamings.retain(|(number, renaming)| {
                    let is_safe = *number < up_to && directories.iter().any(|path| renaming.is_in(path));
                    if is_safe {
                        renaming.apply(safe_names);
                    }
                    !is_safe
                });
            }
        }
    }

    /// Everything there is: for what a sync of the whole system makes safe.
    pub(crate) fn inodes(&self) -> std::ops::Range<Inode> {
        0..self.nodes.len()
    }

    /// The changes of names that are not safe.
    pub(crate) fn renamings(&self) -> impl ExactSizeIterator<Item = &Renaming> {
        self.renamings.iter().map(|(_, renaming)| renaming)
    }

    /// The files that have changes that are not safe.
    pub(crate) fn unsafe_files(&self) -> impl Iterator<Item = (Inode, &File)> {
        self.nodes.iter().enumerate().filter_map(|(inode, node)| match node {
            Node::File(file) if !file.unsafe_changes.is_empty() => Some((inode, file)),
            _ => None,
        })
    }

    /// The names that programs see of an inode.
    pub(crate) fn names_of(&self, inode: Inode) -> impl Iterator<Item = &Path> {
        self.names.iter().filter(move |(_, other)| **other == inode).map(|(path, _)| path.as_path())
    }

    /// What is on the disk after a cut that leaves so many changes of names, and of each file what `left` says.
    pub(crate) fn after_cut(&self, renamings: usize, left: impl Fn(Inode, &File) -> Left) -> Tree {
        let mut names = self.safe_names.clone();
        self.renamings().take(renamings).for_each(|renaming| renaming.apply(&mut names));
        let mut contents: HashMap<Inode, Arc<Vec<u8>>> = HashMap::new();
        let mut tree = Tree::default();
        for (path, inode) in &names {
            if path.as_os_str() == ROOT {
                continue;
            }
            // What is in a directory that is not there is not there either.
            if !path.parent().is_none_or(|parent| names.contains_key(parent)) {
                continue;
            }
            let entry = match &self.nodes[*inode] {
                Node::Directory => None,
                Node::File(file) => {
                    let make = || file.after_cut(left(*inode, file));
                    Some(contents.entry(*inode).or_insert_with(make).clone())
                }
            };
            tree.0.insert(path.clone(), entry);
        }
        tree
    }

    fn file(&self, inode: Inode) -> &File {
        match &self.nodes[inode] {
            Node::File(file) => file,
            Node::Directory => panic!("{inode} is a directory"),
        }
    }

    fn file_mut(&mut self, inode: Inode) -> &mut File {
        match &mut self.nodes[inode] {
            Node::File(file) => file,
            Node::Directory => panic!("{inode} is a directory"),
        }
    }
}

impl Renaming {
    fn apply(&self, names: &mut Names) {
        match self {
            Self::Link { path, inode } => drop(names.insert(path.clone(), *inode)),
            Self::Unlink { path } => drop(names.remove(path)),
            Self::Rename { from, to } => {
                if let Some(inode) = names.remove(from) {
                    names.insert(to.clone(), inode);
                }
            }
        }
    }

    fn is_in(&self, directory: &Path) -> bool {
        let is_in = |path: &Path| path.parent() == Some(directory);
        match self {
            Self::Link { path, .. } | Self::Unlink { path } => is_in(path),
            Self::Rename { from, to } => is_in(from) || is_in(to),
        }
    }
}
