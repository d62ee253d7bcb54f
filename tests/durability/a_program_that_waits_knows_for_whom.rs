//! When another program holds the file, by a lock or by a commit that does not come to its end, whoever waits hears of it
//! after 5 seconds, and for whom it waits; those behind do not wait as long again, what handlers have to write down is
//! written later, and the store goes on.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use cqrs_bank::engine::log::Position;
use cqrs_bank::engine::store::handler_records::{HandlerRecords as _, ParkedChange, Progress};
use cqrs_bank::engine::store::{EventStore as _, OpenStoreError, StoreError, Verification};
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

/// Tries each case on a file of its own, all of them at once: most of it is waiting.
fn at_once<C: Send, F: Future<Output = ()>>(cases: impl IntoIterator<Item = C>, case: impl Fn(C) -> F + Sync) {
    let case = &case;
    thread::scope(|scope| {
        for each in cases {
            scope.spawn(move || {
                let mut runtime = tokio::runtime::Builder::new_multi_thread();
                runtime.worker_threads(2).enable_all().build().unwrap().block_on(case(each));
            });
        }
    });
}

/// Tries to append, and hears who is in the way.
async fn assert_busy(file: &OpenFile, holder: &Program) -> Duration {
    let begun = Instant::now();
    let answer = file.store.append(vec![append(new_id(), "a", 1, &[7])]).await;
    let Err(StoreError::Busy(who)) = answer else { panic!("{answer:?}") };
    assert!(who.starts_with(&format!("process {} (", holder.id())), "{who}");
    begun.elapsed()
}

#[test]
fn a_command_waits_5_seconds_and_those_behind_do_not() {
    at_once(HOLDERS, |role| async move {
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
    });
}

#[test]
fn what_handlers_have_to_write_down_is_written_when_it_can_be() {
    at_once(HOLDERS, |role| async move {
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
    });
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

#[test]
fn to_close_waits_shortly_and_loses_nothing() {
    let cases = HOLDERS.into_iter().flat_map(|role| [(role, false), (role, true)]);
    at_once(cases, |(role, has_waited)| async move {
        let (_directory, path) = new_file();
        let file = open(&path);
        file.append("a", 0, &[1]).await;
        let holder = hold(role, &path);
        if has_waited {
            assert_busy(&file, &holder).await;
        }
        let begun = Instant::now();
        drop(file);
        assert!(begun.elapsed() < WAIT, "{role:?}, {has_waited}: {:?}", begun.elapsed());
        holder.end();
        let file = open(&path);
        assert_eq!(file.numbers().await, [1], "{role:?}");
        assert!(matches!(file.store.verify(|_, _| {}).await, Ok(Verification::Whole(_))));
    });
}
