//! When the last program has closed it, the file alone is everything: it may be copied, moved and opened. A copy of the
//! file alone that was made while it was in use, or after a kill, never passes for all of it.

use std::path::{Path, PathBuf};
use std::{fs, thread};

use cqrs_bank::engine::store::handler_records::HandlerRecords as _;
use cqrs_bank::engine::store::{EventStore as _, OpenStoreError, Verification};
use rusqlite::Connection;
use rusqlite::backup::Backup;
use tempfile::TempDir;

use crate::another_program::{Program, Role, peek};
use crate::files::{OpenFile, companion, open, try_open};
use crate::program::run;

fn new_file() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap().join("bank.db");
    (directory, path)
}

/// The names in the file's directory.
fn names(path: &Path) -> Vec<String> {
    let names = fs::read_dir(path.parent().unwrap()).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn assert_whole(file: &OpenFile, numbers: &[u64]) {
    assert_eq!(file.numbers().await, numbers);
    assert!(matches!(file.store.verify(|_, _| {}).await.unwrap(), Verification::Whole(_)));
}

#[tokio::test]
async fn it_may_be_moved_and_copied_and_goes_on_there() {
    let (_directory, path) = new_file();
    let file = open(&path);
    file.append("a", 0, &[1, 2]).await;
    let _lease = file.store.try_acquire_lease().await.unwrap().unwrap();
    drop(file);
    assert_eq!(names(&path), ["bank.db"]);

    let (_other_directory, copy) = new_file();
    fs::copy(&path, &copy).unwrap();
    let moved = path.with_file_name("moved.db");
    fs::rename(&path, &moved).unwrap();
    for path in [copy, moved] {
        let file = open(&path);
        assert_whole(&file, &[1, 2]).await;
        file.append("a", 2, &[3]).await;
        drop(file);
        assert_eq!(names(&path).len(), 1, "{:?}", names(&path));
        assert_whole(&open(&path), &[1, 2, 3]).await;
    }
}

#[tokio::test]
async fn what_is_only_asked_changes_nothing() {
    let (_directory, path) = new_file();
    open(&path).append("a", 0, &[1, 2]).await;
    let closed = fs::read(&path).unwrap();
    assert_whole(&open(&path), &[1, 2]).await;
    assert_eq!(fs::read(&path).unwrap(), closed);
    assert_eq!(names(&path), ["bank.db"]);
}

#[tokio::test]
async fn what_stands_beside_goes_with_the_last_that_has_it_open() {
    let (_directory, path) = new_file();
    let (one, other) = (open(&path), open(&path));
    let mut program = Program::start(Role::Append, &path);
    assert_eq!(program.hear().as_deref(), Some("open"));
    one.append("a", 0, &[1]).await;
    drop(one);
    assert!(companion(&path, "-wal").exists() && companion(&path, "-end").exists());
    other.append("a", 1, &[2]).await;
    drop(other);
    assert!(companion(&path, "-wal").exists() && companion(&path, "-end").exists());
    assert_eq!(program.go_on().as_deref(), Some("stored"));
    program.end();
    assert_eq!(names(&path), ["bank.db"]);
    assert_whole(&open(&path), &[1, 2, 1_000]).await;
}

#[test]
fn programs_open_and_close_it_beside_others_that_write() {
    const ROUNDS: usize = 12;
    let (_directory, path) = new_file();
    let made = run(&["--quiet"], format!("Bank.open {path:?}\nBank.create \"Wolfman\"\n"));
    assert_eq!(made.exit_code, Some(0), "{made:?}");
    let round = format!("Bank.open {path:?}\n{}Bank.close\n", "Bank.deposit \"Wolfman\", 1\n".repeat(5));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let finished = run(&["--quiet"], round.repeat(ROUNDS));
                assert_eq!((finished.stderr.as_str(), finished.exit_code), ("", Some(0)), "{}", finished.stdout);
                assert_eq!(finished.stdout.matches(":ok\n").count(), 6 * ROUNDS);
            });
        }
    });
    assert_eq!(names(&path), ["bank.db"]);
    let asked = run(&["--quiet"], format!("Bank.open {path:?}\nBank.check_balance \"Wolfman\"\nBank.verify\n"));
    let (balance, events) = (15 * ROUNDS, 15 * ROUNDS + 1);
    let verified = format!("{{:ok, %{{events: {events}, streams: 1, snapshots: ");
    assert!(asked.stdout.contains(&format!("\n{balance}\n{verified}")), "{asked:?}");
}

fn copy_alone(path: &Path) -> (TempDir, PathBuf) {
    let (directory, copy) = new_file();
    fs::copy(path, &copy).unwrap();
    (directory, copy)
}

fn assert_refused(path: &Path, what: &str) {
    let (_directory, copy) = copy_alone(path);
    let error = try_open(&copy).err().unwrap_or_else(|| panic!("{what} passes for all of it"));
    assert!(matches!(error, OpenStoreError::EndUnknown { .. } | OpenStoreError::LostEnd { .. }), "{what}: {error}");
}

/// Where nothing was moved into the file yet, it looks as it did when it was closed last; some time later as it never
/// was.
#[tokio::test]
async fn a_copy_of_the_file_alone_never_passes_for_all_of_it() {
    for is_new in [true, false] {
        let (_directory, path) = new_file();
        if !is_new {
            open(&path).append("a", 0, &[1, 2]).await;
        }
        let file = open(&path);
        let version = if is_new { 0 } else { 2 };
        file.append("a", version, &[3]).await;
        let mut all = if is_new { vec![3] } else { vec![1, 2, 3] };
        assert_refused(&path, "a file in use");
        let tool = Connection::open(&path).unwrap();
        tool.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); VACUUM; ANALYZE;").unwrap();
        assert_refused(&path, "a file that the tool works on");
        tool.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);").unwrap();
        let (_other_directory, copy) = copy_alone(&path);
        assert_eq!(open(&copy).numbers().await, all, "the tool has moved everything in");
        file.append("a", version + 1, &[4]).await;
        all.push(4);
        assert_refused(&path, "a file in use that has grown");
        drop(tool);
        // What a kill leaves is what is there at that moment.
        let (_killed_directory, killed) = new_file();
        for suffix in ["", "-wal", "-end"] {
            fs::copy(companion(&path, suffix), companion(&killed, suffix)).unwrap();
        }
        drop(file);
        assert_refused(&killed, "a file that a killed program left");
        assert_whole(&open(&killed), &all).await;
        assert_whole(&open(&path), &all).await;
    }
}

#[tokio::test]
async fn the_other_one_closes_and_a_copy_is_right_or_refused() {
    let (_directory, path) = new_file();
    let (one, other) = (open(&path), open(&path));
    one.append("a", 0, &[1]).await;
    other.append("b", 0, &[2]).await;
    drop(other);
    one.append("a", 1, &[3]).await;
    let copy = path.with_file_name("copy.db");
    fs::copy(&path, &copy).unwrap();
    assert!(try_open(&copy).is_err());
    drop(one);
    fs::copy(&path, &copy).unwrap();
    assert_whole(&open(&copy), &[1, 2, 3]).await;
}

#[test]
fn a_copy_that_the_tool_makes_opens_with_a_word_on_what_it_cannot_know() {
    let (_directory, path) = new_file();
    let mut shell = crate::shells::Shell::open(&path, "");
    assert_eq!(shell.ask("Bank.create \"Wolfman\""), "ok");
    assert_eq!(shell.ask("Bank.deposit \"Wolfman\", 100"), "ok");
    let (_other_directory, copy) = new_file();
    let from = Connection::open(&path).unwrap();
    let mut to = Connection::open(&copy).unwrap();
    Backup::new(&from, &mut to).unwrap().run_to_completion(100, std::time::Duration::ZERO, None).unwrap();
    drop((from, to));
    assert_eq!(shell.ask("Bank.deposit \"Wolfman\", 7"), "ok");

    let statements = format!("Bank.open {copy:?}; Bank.check_balance \"Wolfman\"; Bank.verify");
    let first = run(&["--quiet", "-c", &statements], "");
    let opened = format!("{{:ok, #Bank<sqlite:{}>}}\n", copy.display());
    let replies = format!("{opened}100\n{{:ok, %{{events: 2, streams: 1, snapshots: 0}}}}\n");
    let word = format!(
        "00:00:00.000 [warn]  {}: this is a copy of a file that was in use; it ends at position 2, and it cannot tell \
         whether there were events after that\n",
        copy.display()
    );
    assert_eq!((first.stdout.as_str(), first.stderr.as_str()), (replies.as_str(), word.as_str()));
    let again = run(&["--quiet", "-c", &statements], "");
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), (replies.as_str(), ""));
    assert_eq!(names(&copy), ["bank.db"]);
    shell.leave();
}

#[tokio::test]
async fn another_tool_that_has_it_open_meanwhile_takes_nothing_away() {
    let (_directory, path) = new_file();
    let file = open(&path);
    file.append("a", 0, &[1]).await;
    peek(&path);
    file.append("a", 1, &[2]).await;
    let tool = Connection::open(&path).unwrap();
    let events = || tool.query_row("SELECT count(*) FROM events", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(events(), 2);
    drop(file);
    assert_eq!(events(), 2);
    assert_whole(&open(&path), &[1, 2]).await;
    drop(tool);
    assert_whole(&open(&path), &[1, 2]).await;
    assert_eq!(names(&path), ["bank.db"]);
    assert_eq!(open(&path).store.end().await.unwrap().get(), 2);
}
