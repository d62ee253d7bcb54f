//! A file that is moved, removed or replaced while it is open is written to no more: the program says so within a moment
//! and stops, and what was moved is whole. What only programs take turns by is made anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cqrs_bank::engine::runtime::StopReason;
use cqrs_bank::engine::store::{EventStore as _, OpenStoreError, StoreError, Verification};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::another_program::{Program, Role};
use crate::files::{COMPANIONS, Copy, OpenFile, append, companion, new_id, open, try_open};

/// Longer than anything takes on a busy machine: it is there so that a hang fails instead of waiting.
const HANG: Duration = Duration::from_secs(60);

fn new_file() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap().join("bank.db");
    (directory, path)
}

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Moved,
    Removed,
    Replaced,
}

const FATES: [Fate; 3] = [Fate::Moved, Fate::Removed, Fate::Replaced];

impl Fate {
    fn meets(self, path: &Path) {
        match self {
            Self::Moved => fs::rename(path, path.with_file_name("moved")).unwrap(),
            Self::Removed => fs::remove_file(path).unwrap(),
            Self::Replaced => {
                let copy = path.with_file_name("copy");
                fs::copy(path, &copy).unwrap();
                fs::rename(copy, path).unwrap();
            }
        }
    }
}

async fn assert_says_so(file: &OpenFile, path: &Path) {
    let answer = file.store.append(vec![append(new_id(), "a", 1, &[2])]).await;
    let said = format!("{} was moved, removed or replaced while the file was open", path.display());
    let Err(StoreError::Failed(message)) = answer else { panic!("{answer:?}") };
    assert!(message.starts_with(&said), "{message}");
    let Ok(StopReason::StoreFailed { message }) = timeout(HANG, file.stopped()).await else {
        panic!("it does not stop");
    };
    assert!(message.starts_with(&said), "{message}");
}

#[tokio::test]
async fn whatever_becomes_of_which_file() {
    for suffix in ["", "-wal", "-shm"] {
        for fate in FATES {
            let (_directory, path) = new_file();
            let file = open(&path);
            file.append("a", 0, &[1]).await;
            let one = companion(&path, suffix);
            fate.meets(&one);
            assert_says_so(&file, &one).await;
            if suffix.is_empty() {
                let verified = file.store.verify(|_, _| {}).await;
                assert!(verified.is_err(), "{fate:?}: nobody verifies another file: {verified:?}");
                let backup = file.store.backup(&path.with_file_name("backup"), |_, _, _| {}).await;
                assert!(backup.is_err(), "{fate:?}: {backup:?}");
            }
        }
    }
}

#[tokio::test]
async fn it_is_noticed_where_nothing_is_written_too() {
    for suffix in ["", "-wal", "-shm"] {
        let (_directory, path) = new_file();
        let file = open(&path);
        let one = companion(&path, suffix);
        Fate::Moved.meets(&one);
        let stopped = timeout(HANG, file.stopped()).await.expect("it stops");
        assert!(stopped.to_string().contains(&format!("{} was moved, ", one.display())), "{stopped}");
    }
}

#[tokio::test]
async fn what_was_moved_is_whole_and_nothing_is_made_where_it_was() {
    let (_directory, path) = new_file();
    let file = open(&path);
    file.append("a", 0, &[1]).await;
    let (_other_directory, moved) = new_file();
    for suffix in COMPANIONS.into_iter().chain(["-shm"]) {
        fs::rename(companion(&path, suffix), companion(&moved, suffix)).unwrap();
    }
    assert_says_so(&file, &path).await;
    drop(file);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
    let file = open(&moved);
    assert_eq!(file.numbers().await, [1]);
    assert!(matches!(file.store.verify(|_, _| {}).await.unwrap(), Verification::Whole(_)));
}

/// A new file at the old place is another bank, and the one that was there writes nothing to it.
#[tokio::test]
async fn a_new_file_at_the_old_place_stays_as_it_is() {
    let (_directory, path) = new_file();
    let file = open(&path);
    file.append("a", 0, &[1]).await;
    let (_other_directory, other) = new_file();
    let new = open(&other);
    new.append("b", 0, &[7, 8]).await;
    drop(new);
    fs::rename(&other, &path).unwrap();
    let replaced = fs::read(&path).unwrap();
    assert_says_so(&file, &path).await;
    drop(file);
    assert_eq!(fs::read(&path).unwrap(), replaced);
}

#[tokio::test]
async fn what_programs_take_turns_by_is_made_anew() {
    for fate in FATES {
        let (_directory, path) = new_file();
        let (one, other) = (open(&path), open(&path));
        let mut program = Program::start(Role::Append, &path);
        assert_eq!(program.hear().as_deref(), Some("open"));
        one.append("a", 0, &[1]).await;
        let end = companion(&path, "-end");
        fate.meets(&end);
        one.append("a", 1, &[2]).await;
        assert_eq!(program.go_on().as_deref(), Some("stored"));
        other.append("b", 0, &[3]).await;
        fs::write(&end, "nonsense that is longer than what stands there otherwise ".repeat(9)).unwrap();
        fate.meets(&end);
        assert_eq!(program.go_on().as_deref(), Some("stored"));
        one.append("a", 2, &[4]).await;
        let killed = Copy::of(&path);
        program.end();
        let numbers = [1, 2, 1_000, 3, 1_001, 4];
        assert_eq!(one.numbers().await, numbers, "{fate:?}");
        drop((one, other));
        assert_eq!(open(&path).numbers().await, numbers);
        killed.put_back(&path);
        let file = open(&path);
        assert_eq!(file.numbers().await, numbers);
        assert!(matches!(file.store.verify(|_, _| {}).await.unwrap(), Verification::Whole(_)));
    }
}

#[tokio::test]
async fn it_is_made_anew_where_nothing_is_written_too() {
    let (_directory, path) = new_file();
    let file = open(&path);
    file.append("a", 0, &[1]).await;
    let end = companion(&path, "-end");
    let whole = fs::read(&end).unwrap();
    Fate::Removed.meets(&end);
    crate::shells::until("it is there again", || fs::read(&end).is_ok_and(|found| found == whole));
    let other = open(&path);
    other.append("a", 1, &[2]).await;
    assert_eq!(file.store.end().await.unwrap().get(), 2);
}

#[tokio::test]
async fn another_name_of_the_file_is_the_same_bank() {
    let (_directory, path) = new_file();
    let (link, symlink) = (path.with_file_name("link.db"), path.with_file_name("symlink.db"));
    open(&path).append("a", 0, &[1]).await;
    fs::hard_link(&path, &link).unwrap();
    std::os::unix::fs::symlink("bank.db", &symlink).unwrap();
    let roundabout = path.parent().unwrap().join(".").join("bank.db");
    let names = [&path, &link, &symlink, &roundabout];
    for first in names {
        let file = open(first);
        let end = file.store.end().await.unwrap().get();
        file.append("a", end, &[end + 1]).await;
        for (number, second) in (1..).zip(names) {
            let other = open(second);
            other.append("a", end + number, &[end + number + 1]).await;
        }
        let mut programs: Vec<_> = names.iter().map(|name| Program::start(Role::Append, name)).collect();
        programs.iter_mut().for_each(|program| assert_eq!(program.hear().as_deref(), Some("open")));
        programs.into_iter().for_each(Program::end);
        let events = end + 1 + names.len() as u64;
        assert_eq!(file.numbers().await, (1..=events).collect::<Vec<_>>(), "{first:?}");
        drop(file);
        let left = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(left, 3, "{first:?}: one file by three names, and nothing beside them");
    }
}

#[tokio::test]
async fn what_another_program_stores_by_another_name_is_in_the_same_bank() {
    let (_directory, path) = new_file();
    let file = open(&path);
    file.append("a", 0, &[1]).await;
    let link = path.with_file_name("link.db");
    fs::hard_link(&path, &link).unwrap();
    let mut program = Program::start(Role::Append, &link);
    assert_eq!(program.hear().as_deref(), Some("open"));
    assert_eq!(program.go_on().as_deref(), Some("stored"));
    file.append("a", 1, &[2]).await;
    assert_eq!(program.go_on().as_deref(), Some("stored"));
    assert_eq!(file.numbers().await, [1, 1_000, 2, 1_001]);
    assert!(!companion(&link, "-wal").exists() && !companion(&link, "-end").exists());
    program.end();
}

/// There its log does not stand beside it.
#[tokio::test]
async fn a_name_in_another_directory_is_the_same_bank_or_refused() {
    let (_directory, path) = new_file();
    let (_other_directory, link) = new_file();
    let mut program = Program::start(Role::Append, &path);
    assert_eq!(program.hear().as_deref(), Some("open"));
    assert_eq!(program.go_on().as_deref(), Some("stored"));
    fs::hard_link(&path, &link).unwrap();
    let error = try_open(&link).err().unwrap();
    assert!(matches!(error, OpenStoreError::OtherName { .. }), "{error}");
    let said = format!("another program has this file open under another name: process {}", program.id());
    assert!(error.to_string().contains(&said), "{error}");
    assert_eq!(fs::read_dir(link.parent().unwrap()).unwrap().count(), 1);
    program.kill();

    // The log of a killed program is still there.
    assert!(try_open(&link).is_err(), "it has lost its end");
    let file = open(&path);
    let same = open(&link);
    same.append("a", 0, &[1]).await;
    assert_eq!(file.numbers().await, [1_000, 1]);
    drop((file, same));
    assert_eq!(open(&link).numbers().await, [1_000, 1]);
}
