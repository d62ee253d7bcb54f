//! A disk and what is safe on it: what was synced. Of all else a cut may leave any part.
//!
//! The contents of a file are safe when the file was synced after they were written, its name when the directory was
//! synced after it got it. What is not safe reaches the disk in sectors of a file, each as it was at some moment
//! since the last sync; a file's size likewise, whatever its contents; and changes of names, in their order.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a disk writes whole or not at all, in bytes.
pub(crate) const SECTOR: usize = 512;

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

/// The contents of a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct File {
    safe: Arc<Vec<u8>>,
    /// The size that programs see.
    size: usize,
    /// What was done since, in order.
    unsafe_changes: Vec<Change>,
    /// How many changes have become safe.
    made_safe: usize,
}

#[derive(Clone, Debug)]
struct Change {
    call: CallId,
    /// Whether the call has come back: a sync that begins before does not wait for it.
    done: bool,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Write { at: usize, data: Arc<[u8]> },
    Resize { to: usize },
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

/// What a cut leaves of the changes of a file that are not safe. Changes are named by their places among them.
#[derive(Clone, Debug)]
pub(crate) struct Left {
    /// What sectors hold.
    pub(crate) sectors: Sectors,
    /// The file has the size that it had after so many changes, and was cut as often as by then.
    pub(crate) size_after: usize,
}

/// A sector holds what it held at some moment since the last sync.
#[derive(Clone, Debug)]
pub(crate) enum Sectors {
    /// What they held after so many changes.
    After(usize),
    /// The newest, but where this change has written: there what was before it.
    Without(usize),
    /// The oldest, but where this change has written: there what it wrote.
    Only(usize),
    /// Any of it.
    Torn(Random),
}

impl Sectors {
    /// How many of the changes that have written to a sector it has seen.
    fn seen(&mut self, written_by: &[usize]) -> usize {
        let before = |place: usize| written_by.partition_point(|other| *other < place);
        match self {
            Self::After(changes) => before(*changes),
            Self::Without(place) if written_by.contains(place) => before(*place),
            Self::Without(_) => written_by.len(),
            Self::Only(place) if written_by.contains(place) => before(*place) + 1,
            Self::Only(_) => 0,
            Self::Torn(random) => random.below(written_by.len() + 1),
        }
    }
}

impl File {
    /// The place of a call among the changes.
    pub(crate) fn place_of(&self, call: CallId) -> Option<usize> {
        self.unsafe_calls().position(|other| other == call)
    }

    /// The calls that have changed the file since it was synced.
    pub(crate) fn unsafe_calls(&self) -> impl ExactSizeIterator<Item = CallId> {
        self.unsafe_changes.iter().map(|change| change.call)
    }

    /// Whether a change has given the file a size, other than by writing at its end.
    pub(crate) fn is_resize(&self, place: usize) -> bool {
        matches!(self.unsafe_changes[place].kind, Kind::Resize { .. })
    }

    fn size_after(&self, changes: usize) -> usize {
        self.unsafe_changes[..changes].iter().fold(self.safe.len(), |size, change| match &change.kind {
            Kind::Write { at, data } => size.max(at + data.len()),
            Kind::Resize { to } => *to,
        })
    }

    fn make_safe(&mut self, up_to: usize) {
        let count = up_to.saturating_sub(self.made_safe).min(self.unsafe_changes.len());
        let safe = Arc::make_mut(&mut self.safe);
        for change in self.unsafe_changes.drain(..count) {
            match change.kind {
                Kind::Write { at, data } => put(safe, at, &data),
                Kind::Resize { to } => safe.resize(to, 0),
            }
        }
        self.made_safe += count;
    }

    fn after_cut(&self, Left { mut sectors, size_after }: Left) -> Arc<Vec<u8>> {
        if self.unsafe_changes.is_empty() {
            return self.safe.clone();
        }
        let mut written_by: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (place, change) in self.unsafe_changes.iter().enumerate() {
            if let Kind::Write { at, data } = &change.kind {
                sectors_of(*at, data.len()).for_each(|sector| written_by.entry(sector).or_default().push(place));
            }
        }
        // For each sector, the first change that it has not seen.
        let unseen = |(sector, places): (usize, Vec<usize>)| {
            let seen = sectors.seen(&places);
            (sector, places.get(seen).copied().unwrap_or(usize::MAX))
        };
        let unseen: HashMap<_, _> = written_by.into_iter().map(unseen).collect();

        let mut contents = self.safe.to_vec();
        // Where the file was cut, and the disk does not know it, what was written behind that place later has none.
        let mut cut_at = usize::MAX;
        for (place, change) in self.unsafe_changes.iter().enumerate() {
            match &change.kind {
                Kind::Resize { to } if place < size_after => contents.resize(*to, 0),
                Kind::Resize { to } => cut_at = cut_at.min(*to),
                Kind::Write { at, data } => {
                    for sector in sectors_of(*at, data.len()) {
                        let from = (*at).max(sector * SECTOR);
                        let to = (at + data.len()).min((sector + 1) * SECTOR);
                        if place < unseen[&sector] && from < cut_at {
                            put(&mut contents, from, &data[from - at..to - at]);
                        }
                    }
                }
            }
        }
        contents.resize(self.size_after(size_after), 0);
        contents.into()
    }
}

fn put(contents: &mut Vec<u8>, at: usize, data: &[u8]) {
    let end = at + data.len();
    if contents.len() < end {
        contents.resize(end, 0);
    }
    contents[at..end].copy_from_slice(data);
}

/// The sectors that bytes lie in.
fn sectors_of(at: usize, length: usize) -> std::ops::Range<usize> {
    at / SECTOR..(at + length).div_ceil(SECTOR)
}

/// Numbers that are the same in every run with the same seed (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below a limit.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap();
        usize::try_from(self.next() % limit).unwrap()
    }
}

mod tests {
    use super::*;

    fn path(name: &str) -> &Path {
        Path::new(name)
    }

    /// A disk with one safe file, `old`.
    fn disk(contents: &[u8]) -> (Disk, Inode) {
        let disk = Disk::new(&Tree(BTreeMap::from([("old".into(), Some(Arc::new(contents.to_vec())))])));
        let inode = disk.find(path("old")).unwrap();
        (disk, inode)
    }

    fn write(disk: &mut Disk, inode: Inode, call: CallId, at: usize, data: &[u8]) {
        disk.write(inode, call, at, data.into());
        disk.done(inode, call);
    }

    fn sync(disk: &mut Disk, inode: Inode) {
        let sync = disk.begin_sync(inode);
        disk.end_sync(sync);
    }

    fn root(disk: &Disk) -> Inode {
        disk.find(path(ROOT)).unwrap()
    }

    /// What the file `old` holds after a cut.
    fn old(disk: &Disk, sectors: &Sectors, size_after: usize) -> Vec<u8> {
        let left = |_, _: &File| Left { sectors: sectors.clone(), size_after };
        disk.after_cut(usize::MAX, left).0[path("old")].as_ref().unwrap().to_vec()
    }

    fn names(disk: &Disk, renamings: usize) -> Vec<String> {
        let tree = disk.after_cut(renamings, |_, _| Left { sectors: Sectors::After(0), size_after: 0 });
        tree.0.into_keys().map(|path| path.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn what_was_synced_is_there_and_what_was_written_since_may_be_missing() {
        let (mut disk, inode) = disk(b"aaaa");
        write(&mut disk, inode, 1, 0, b"bb");
        sync(&mut disk, inode);
        write(&mut disk, inode, 2, 2, b"cc");
        assert_eq!(old(&disk, &Sectors::After(0), 0), b"bbaa");
        assert_eq!(old(&disk, &Sectors::After(1), 1), b"bbcc");
    }

    #[test]
    fn a_sync_is_about_what_came_back_before_it_began() {
        let (mut disk, inode) = disk(b"aaaa");
        write(&mut disk, inode, 1, 0, b"b");
        disk.write(inode, 2, 1, (*b"c").into());
        let sync = disk.begin_sync(inode);
        disk.done(inode, 2);
        write(&mut disk, inode, 3, 2, b"d");
        assert!(disk.has_to_do(&sync));
        disk.end_sync(sync);
        assert_eq!(old(&disk, &Sectors::After(0), 0), b"baaa");
        assert_eq!(old(&disk, &Sectors::After(2), 2), b"bcda");
    }

    #[test]
    fn writes_are_torn_between_sectors_and_not_within() {
        let (mut disk, inode) = disk(&[b'a'; 3 * SECTOR]);
        write(&mut disk, inode, 1, SECTOR - 1, &[b'b'; SECTOR + 2]);
        let mut seen: Vec<String> = (0..200)
            .map(|seed| {
                let bytes = old(&disk, &Sectors::Torn(Random::new(seed)), 1);
                [SECTOR - 2, SECTOR - 1, SECTOR, 2 * SECTOR - 1, 2 * SECTOR, 2 * SECTOR + 1]
                    .map(|at| bytes[at] as char)
                    .iter()
                    .collect()
            })
            .collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen, ["aaaaaa", "aaaaba", "aabbaa", "aabbba", "abaaaa", "abaaba", "abbbaa", "abbbba"]);
    }

    #[test]
    fn a_sector_is_as_it_was_at_some_moment() {
        let (mut disk, inode) = disk(b"aaaa");
        for (call, data) in [(1, b"b"), (2, b"c"), (3, b"d")] {
            write(&mut disk, inode, call, call, data);
        }
        // The second write is not there without the first: both are in the sector when it is written.
        assert_eq!(old(&disk, &Sectors::Without(1), 3), b"abaa");
        assert_eq!(old(&disk, &Sectors::Only(1), 3), b"abca");
        let torn: std::collections::BTreeSet<_> =
            (0..100).map(|seed| old(&disk, &Sectors::Torn(Random::new(seed)), 3)).collect();
        assert_eq!(torn, [b"aaaa", b"abaa", b"abca", b"abcd"].map(|bytes| bytes.to_vec()).into());
    }

    #[test]
    fn a_size_may_be_there_without_contents_and_contents_without_the_size() {
        let (mut disk, inode) = disk(b"aa");
        write(&mut disk, inode, 1, 2, b"bb");
        assert_eq!(old(&disk, &Sectors::After(0), 1), b"aa\0\0");
        assert_eq!(old(&disk, &Sectors::After(1), 0), b"aa");
    }

    #[test]
    fn what_is_written_after_a_file_was_cut_is_nowhere_while_the_disk_does_not_know_of_the_cut() {
        let (mut disk, inode) = disk(b"aaaa");
        disk.resize(inode, 1, 0);
        disk.done(inode, 1);
        write(&mut disk, inode, 2, 0, b"bb");
        assert_eq!(old(&disk, &Sectors::After(2), 0), b"aaaa");
        assert_eq!(old(&disk, &Sectors::After(0), 1), b"");
        assert_eq!(old(&disk, &Sectors::After(0), 2), b"\0\0");
        assert_eq!(old(&disk, &Sectors::After(2), 2), b"bb");
    }

    #[test]
    fn a_name_is_safe_when_its_directory_was_synced_and_not_when_its_file_was() {
        let (mut disk, _) = disk(b"");
        let inode = disk.create_file(path("new"));
        write(&mut disk, inode, 1, 0, b"b");
        sync(&mut disk, inode);
        assert_eq!(names(&disk, 0), ["old"]);
        assert_eq!(names(&disk, 1), ["new", "old"]);
        let root = root(&disk);
        sync(&mut disk, root);
        assert_eq!(names(&disk, 0), ["new", "old"]);
    }

    #[test]
    fn changes_of_names_take_effect_in_order() {
        let (mut disk, old) = disk(b"");
        disk.rename(Renaming::Link { path: "copy".into(), inode: old });
        disk.rename(Renaming::Unlink { path: "old".into() });
        disk.rename(Renaming::Rename { from: "copy".into(), to: "moved".into() });
        let expected: [&[&str]; 4] = [&["old"], &["copy", "old"], &["copy"], &["moved"]];
        for (renamings, expected) in expected.into_iter().enumerate() {
            assert_eq!(names(&disk, renamings), expected);
        }
        assert_eq!((disk.find_removed(path("old")), disk.find(path("moved"))), (Some(old), Some(old)));
    }

    #[test]
    fn a_directory_that_is_not_synced_takes_what_is_in_it_along() {
        let (mut disk, _) = disk(b"");
        let directory = disk.create_directory(path("directory"));
        disk.create_file(path("directory/new"));
        sync(&mut disk, directory);
        assert_eq!(names(&disk, 0), ["old"]);
        assert_eq!(names(&disk, 1), ["directory", "directory/new", "old"]);
    }

    #[test]
    fn a_sync_of_a_directory_is_about_the_names_in_it() {
        let (mut disk, _) = disk(b"");
        let root = root(&disk);
        disk.create_directory(path("directory"));
        sync(&mut disk, root);
        disk.create_file(path("directory/new"));
        sync(&mut disk, root);
        assert_eq!(names(&disk, 0), ["directory", "old"]);
    }

    #[test]
    fn a_file_with_two_names_has_the_same_contents_under_both() {
        let (mut disk, inode) = disk(&[b'a'; 2 * SECTOR]);
        disk.rename(Renaming::Link { path: "other".into(), inode });
        write(&mut disk, inode, 1, 0, &[b'b'; 2 * SECTOR]);
        for seed in 0..20 {
            let left = |_, _: &File| Left { sectors: Sectors::Torn(Random::new(seed)), size_after: 1 };
            let tree = disk.after_cut(1, left);
            assert_eq!(tree.0[path("old")], tree.0[path("other")]);
        }
    }
}
