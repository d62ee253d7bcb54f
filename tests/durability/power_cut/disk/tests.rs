//! The disk keeps what was synced, and of the rest any part.

use super::*;
use crate::random::Random;

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
