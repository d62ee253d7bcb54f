//! When another program holds the file, by a lock or by a commit that does not come to its end, whoever waits hears of it
//! after 5 seconds, and for whom it waits; those behind do not wait as long again, what handlers have to write down is
//! written later, and the store goes on.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cqrs_bank::engine::event::Position;
use cqrs_bank::engine::store::handler_records::{HandlerRecords as _, ParkedChange, Progress};
use cqrs_bank::engine::store::sqlite::{OpenStoreError, Verification};
use cqrs_bank::engine::store::{EventStore as _, StoreError};
use tempfile::TempDir;

use crate::another_program::{Program, Role};
use crate::files::{OpenFile, append, new_id, open, try_open};

const HOLDERS: [Role; 2] = [Role::HoldEnd, Role::HoldWrites];

/// How long somebody waits for another program, and how much later that may be on a busy machine.
const WAIT: Duration = Duration::from_secs(5);
const LATER: Duration = Duration::from_secs(4);

fn new_file() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap().join("bank.db");
    (directory, path)
}

/// Starts a program that holds the file.
fn hold(role: Role, path: &Path) -> Program {
    let mut holder = Program::start(role, path);
    assert_eq!(holder.hear().as_deref(), Some("held"));
    holder
}

/// Tries to append, and hears who is in the way.
async fn assert_busy(file: &OpenFile, holder: &Program) -> Duration {
    let begun = Instant::now();
    let answer = file.store.append(vec![append(new_id(), "a", 1, &[7])]).await;
    let Err(StoreError::Busy(who)) = answer else { panic!("{answer:?}") };
    assert!(who.starts_with(&format!("process {} (", holder.id())), "{who}");
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_waits_5_seconds_and_those_behind_do_not() {
    for role in HOLDERS {
        let (_directory, path) = new_file();
        let file = open(&path);
        file.append("a", 0, &[1]).await;
        let holder = hold(role, &path);

        let waited = assert_busy(&file, &holder).await;
        assert!(waited > WAIT - Duration::from_millis(500) && waited < WAIT + LATER, "{role:?}: {waited:?}");
        for _ in 0..3 {
            let waited = assert_busy(&file, &holder).await;
            assert!(waited < Duration::from_secs(2), "{role:?}: {waited:?}");
        }
        let begun = Instant::now();
        assert_eq!(file.numbers().await, [1], "reading goes on");
        assert!(begun.elapsed() < Duration::from_secs(2), "{role:?}: {:?}", begun.elapsed());

        holder.end();
        file.append("a", 1, &[2]).await;
        assert_eq!(file.numbers().await, [1, 2], "{role:?}: nothing of what was refused is stored");
        assert!(matches!(file.store.verify(|_, _| {}).await, Ok(Verification::Whole(_))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_handlers_have_to_write_down_is_written_when_it_can_be() {
    for role in HOLDERS {
        let (_directory, path) = new_file();
        let file = open(&path);
        file.append("a", 0, &[1]).await;
        let holder = hold(role, &path);

        let progress = Progress { checkpoint: Position::new(1), ..Progress::default() };
        let (store, written) = (file.store.clone(), progress.clone());
        let writing = tokio::spawn(async move { store.write_progress("e-mail", written, ParkedChange::None).await });
        assert_busy(&file, &holder).await;
        assert_busy(&file, &holder).await;
        assert!(file.store.try_acquire_lease().await.unwrap().is_none(), "it is asked for again later");
        assert!(!writing.is_finished(), "{role:?}");

        holder.end();
        assert_eq!(writing.await.unwrap(), Ok(()), "{role:?}");
        assert_eq!(file.store.read_progress("e-mail").await.unwrap(), Some(progress));
        assert!(file.store.try_acquire_lease().await.unwrap().is_some());
        file.append("a", 1, &[2]).await;
    }
}

#[tokio::test]
async fn to_open_a_file_waits_no_longer() {
    let (_directory, path) = new_file();
    let file = open(&path);
    file.append("a", 0, &[1]).await;
    let holder = hold(Role::HoldEnd, &path);
    let begun = Instant::now();
    let error = try_open(&path).err().unwrap();
    assert!(begun.elapsed() < WAIT + LATER, "{:?}", begun.elapsed());
    assert!(matches!(&error, OpenStoreError::Busy { .. }), "{error}");
    let expected = format!("{}: another program holds the file: process {} (", path.display(), holder.id());
    assert!(error.to_string().starts_with(&expected), "{error}");
    holder.end();
    drop(file);
    assert_eq!(open(&path).numbers().await, [1]);
}

#[tokio::test]
async fn to_close_waits_shortly_and_loses_nothing() {
    for role in HOLDERS {
        for has_waited in [false, true] {
            let (_directory, path) = new_file();
            let file = open(&path);
            file.append("a", 0, &[1]).await;
            let holder = hold(role, &path);
            if has_waited {
                assert_busy(&file, &holder).await;
            }
            let begun = Instant::now();
            drop(file);
            let most = Duration::from_secs(if has_waited { 2 } else { 4 });
            assert!(begun.elapsed() < most, "{role:?}, {has_waited}: {:?}", begun.elapsed());
            holder.end();
            let file = open(&path);
            assert_eq!(file.numbers().await, [1], "{role:?}");
            assert!(matches!(file.store.verify(|_, _| {}).await, Ok(Verification::Whole(_))));
        }
    }
}
