//! What a file that is gone has left beside it does not become part of a new one: it is refused, or removed with a word
//! on it.

use std::fs;
use std::path::PathBuf;

use cqrs_bank::engine::store::OpenStoreError;
use cqrs_bank::engine::store::sqlite::SqliteOptions;
use tempfile::TempDir;

use crate::files::{Copy, companion, open, open_with, try_open};
use crate::program::run;

fn new_file() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap().join("bank.db");
    (directory, path)
}

/// The write-ahead log of a killed program, without its file.
async fn left_over() -> (TempDir, PathBuf, Copy) {
    let (directory, path) = new_file();
    let file = open(&path);
    file.append("a", 0, &[1, 2]).await;
    let killed = Copy::of(&path);
    drop(file);
    Copy([None, killed.0[1].clone(), None]).put_back(&path);
    (directory, path, killed)
}

const ACCEPT_LOSS: SqliteOptions =
    SqliteOptions { accept_loss: true, foreign: false, published_capacity: 16, is_traced: true };

#[tokio::test]
async fn it_is_refused_and_named() {
    let (_directory, path, killed) = left_over().await;
    let left = Copy::of(&path);
    let error = try_open(&path).err().unwrap();
    let log = companion(&path, "-wal");
    assert_eq!(error, OpenStoreError::LeftOver { path: path.clone(), left_over: log.clone() });
    let said = format!("there is no such file, but {} is left over from one", log.display());
    assert!(error.to_string().contains(&said), "{error}");
    assert_eq!(Copy::of(&path), left, "nothing is made or changed");

    killed.put_back(&path);
    assert_eq!(open(&path).numbers().await, [1, 2], "put back, the file has everything");
}

#[tokio::test]
async fn it_is_removed_where_that_is_accepted() {
    for journal in [false, true] {
        let (_directory, path, _) = left_over().await;
        if journal {
            fs::rename(companion(&path, "-wal"), companion(&path, "-journal")).unwrap();
            assert!(matches!(try_open(&path).err().unwrap(), OpenStoreError::LeftOver { .. }));
        }
        let file = open_with(&path, ACCEPT_LOSS).ok().unwrap();
        assert_eq!(file.numbers().await, [0; 0]);
        file.append("a", 0, &[7]).await;
        drop(file);
        assert_eq!(open(&path).numbers().await, [7]);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}

#[tokio::test]
async fn the_program_says_what_it_removes() {
    let (_directory, path, _) = left_over().await;
    let refused = run(&["--quiet", "-c", &format!("Bank.open {path:?}")], "");
    assert_eq!(refused.stdout, "{:error, :left_over}\n");
    let statements = format!("Bank.open {path:?}, accept_loss: true; Bank.get_total_deposits");
    let opened = run(&["--quiet", "-c", &statements], "");
    assert!(opened.stdout.ends_with(">}\n0\n"), "{opened:?}");
    let said =
        format!("[warn]  {}: there is no such file, but {}-wal is left over from one", path.display(), path.display());
    assert!(opened.stderr.contains(&said) && opened.stderr.contains("removing what is left"), "{}", opened.stderr);
}
