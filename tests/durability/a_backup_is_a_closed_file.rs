//! A backup of a bank in use is one whole and closed file, of one moment, or there is none.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use cqrs_bank::engine::store::{BackupError, BackupStep, EventStore as _, Verification};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::another_program::{Program, Role};
use crate::files::{append, companion, new_id, open};

fn new_file() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap().join("bank.db");
    (directory, path)
}

/// What the backups are called in the directory.
fn backups(path: &Path) -> Vec<String> {
    let names = fs::read_dir(path.parent().unwrap()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.starts_with("backup.db")).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_whole_whoever_writes_meanwhile() {
    let (_directory, path) = new_file();
    let file = open(&path);
    let mut version = 0;
    while version < 4_000 {
        let numbers: Vec<_> = (version..version + 500).collect();
        file.append("a", version, &numbers).await;
        version += 500;
    }
    let mut writers = JoinSet::new();
    let done = Arc::new(Mutex::new(false));
    for writer in 0..4 {
        let (store, done) = (file.store.clone(), done.clone());
        writers.spawn(async move {
            let mut version = 0;
            while !*done.lock().unwrap() {
                let append = append(new_id(), &format!("writer {writer}"), version, &[version]);
                store.append(vec![append]).await.unwrap().remove(0).unwrap();
                version += 1;
            }
        });
    }
    let told = Arc::new(Mutex::new(Vec::new()));
    for round in 0..5 {
        let before = file.numbers().await.len();
        let backup = path.with_file_name(format!("backup.db{round}"));
        let hear = told.clone();
        let tell = move |step, done, total| hear.lock().unwrap().push((step, done, total));
        let verified = file.store.backup(&backup, tell).await.unwrap();
        let after = file.numbers().await.len();
        let events = usize::try_from(verified.events).unwrap();
        assert!((before..=after).contains(&events), "{before} {events} {after}");
        let heard = std::mem::take(&mut *told.lock().unwrap());
        assert!(heard.iter().all(|(_, done, total)| done <= total), "{heard:?}");
        for step in [BackupStep::Copy, BackupStep::Check] {
            assert!(heard.iter().any(|(told, done, total)| *told == step && done == total), "{step:?}: {heard:?}");
        }
        assert_eq!(backups(&path).len(), round + 1, "{:?}", backups(&path));
        let copy = open(&backup);
        assert_eq!(copy.numbers().await, file.numbers().await[..events]);
        assert_eq!(copy.store.verify(|_, _| {}).await.unwrap(), Verification::Whole(verified));
        copy.append("afterwards", 0, &[1]).await;
    }
    *done.lock().unwrap() = true;
    writers.join_all().await;
}

#[tokio::test]
async fn what_stands_there_already_stays() {
    let (_directory, path) = new_file();
    let file = open(&path);
    file.append("a", 0, &[1]).await;
    let (text, link) = (path.with_file_name("backup.db"), path.with_file_name("link.db"));
    fs::write(&text, "text").unwrap();
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    for taken in [&text, &link, &path, &path.parent().unwrap().to_owned()] {
        let error = file.store.backup(taken, |_, _, _| {}).await.unwrap_err();
        assert_eq!(error, BackupError::FileExists { path: taken.clone() });
    }
    assert_eq!(fs::read(&text).unwrap(), b"text");
    assert_eq!(backups(&path), ["backup.db"]);
    let missing = path.with_file_name("none").join("backup.db");
    let error = file.store.backup(&missing, |_, _, _| {}).await.unwrap_err();
    assert_eq!(error.to_string(), format!("{}: No such file or directory (os error 2)", missing.display()));
}

/// A file larger than what is allowed stands for a disk that is full.
#[tokio::test]
async fn where_there_is_no_room_nothing_is_left() {
    let (_directory, path) = new_file();
    let file = open(&path);
    for version in 0..4 {
        let numbers: Vec<_> = (version * 500..(version + 1) * 500).collect();
        file.append("a", version * 500, &numbers).await;
    }
    drop(file);
    let length = fs::metadata(&path).unwrap().len() / 1_024;
    for room in [40, length / 2, length - 8] {
        let limit = format!("trap '' XFSZ; ulimit -f {room}; exec \"$0\" \"$@\"");
        let mut program = Program::start_by(&limit, Role::Backup, &path);
        let mut said = program.hear().unwrap();
        while said.contains(" of ") {
            said = program.go_on().unwrap();
        }
        assert_eq!(said, format!("{}: the disk is full", path.with_file_name("backup.db").display()));
        program.end();
        assert_eq!(backups(&path), [""; 0], "{room}");
    }
    let file = open(&path);
    file.store.backup(&path.with_file_name("backup.db"), |_, _, _| {}).await.unwrap();
    assert_eq!(backups(&path), ["backup.db"]);
}

#[tokio::test]
async fn what_a_killed_one_has_left_goes_with_the_next() {
    let (_directory, path) = new_file();
    let file = open(&path);
    file.append("a", 0, &[1]).await;
    let mut program = Program::start(Role::Backup, &path);
    assert!(program.hear().unwrap().starts_with("Copy "));
    let in_the_making = backups(&path);
    assert!(!in_the_making.is_empty());

    let backup = path.with_file_name("backup.db");
    file.store.backup(&backup, |_, _, _| {}).await.unwrap();
    assert!(in_the_making.iter().all(|name| path.with_file_name(name).exists()), "it is at work");
    program.kill();
    fs::remove_file(&backup).unwrap();
    file.store.backup(&backup, |_, _, _| {}).await.unwrap();
    assert_eq!(backups(&path), ["backup.db"]);
}

#[tokio::test]
async fn what_programs_that_were_killed_have_left_goes_with_a_new_file() {
    let (_directory, path) = new_file();
    let unfinished = |digit: char| companion(&path, &format!("-new-{}", digit.to_string().repeat(32)));
    let (dead, live) = (unfinished('a'), unfinished('b'));
    for suffix in ["", "-wal", "-shm", "-journal"] {
        fs::write(companion(&dead, suffix), "half").unwrap();
    }
    let live_file = File::create_new(&live).unwrap();
    live_file.lock().unwrap();
    let of_somebody_else = [companion(&path, "-new-plan"), path.with_file_name("bank.db2-new-1")];
    of_somebody_else.iter().for_each(|path| fs::write(path, "text").unwrap());

    let file = open(&path);
    for suffix in ["", "-wal", "-shm", "-journal"] {
        assert!(!companion(&dead, suffix).exists(), "{suffix}");
    }
    assert!(live.exists(), "somebody is at it");
    assert!(of_somebody_else.iter().all(|path| path.exists()));
    file.append("a", 0, &[1]).await;
}
