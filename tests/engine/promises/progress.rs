//! The stored progress of handlers.

use cqrs_bank::engine::log::Position;
use cqrs_bank::engine::store::EventStore;
use cqrs_bank::engine::store::handler_records::{ParkedChange, Progress};

use crate::happened::Happened;

fn at(checkpoint: u64) -> Progress {
    Progress { checkpoint: Position::new(checkpoint), attempts: 0, state: None }
}

async fn write(store: &impl EventStore<Happened>, handler: &str, progress: Progress) {
    store.write_progress(handler, progress, ParkedChange::None).await.unwrap();
}

pub(crate) async fn a_handler_that_never_wrote_has_no_progress(store: impl EventStore<Happened>) {
    assert_eq!(store.read_progress("e-mail").await.unwrap(), None);
    write(&store, "bonus", at(1)).await;
    assert_eq!(store.read_progress("e-mail").await.unwrap(), None);
    assert_eq!(store.read_progress("").await.unwrap(), None);
}

pub(crate) async fn progress_is_read_as_it_was_written(store: impl EventStore<Happened>) {
    for progress in [Progress::default(), at(1), at(u64::from(u32::MAX) + 7)] {
        write(&store, "e-mail", progress.clone()).await;
        assert_eq!(store.read_progress("e-mail").await.unwrap(), Some(progress));
    }
}

pub(crate) async fn progress_is_replaced_by_what_is_written_later(store: impl EventStore<Happened>) {
    for checkpoint in 1..=20 {
        write(&store, "e-mail", at(checkpoint)).await;
    }
    assert_eq!(store.read_progress("e-mail").await.unwrap(), Some(at(20)));
}

pub(crate) async fn handlers_do_not_share_progress(store: impl EventStore<Happened>) {
    let names = ["e-mail", "E-mail", "", "bonus", "ü", "'"];
    for (checkpoint, name) in names.into_iter().enumerate() {
        write(&store, name, at(checkpoint as u64)).await;
    }
    for (checkpoint, name) in names.into_iter().enumerate() {
        assert_eq!(store.read_progress(name).await.unwrap(), Some(at(checkpoint as u64)), "{name}");
    }
}

pub(crate) async fn attempts_and_state_are_kept(store: impl EventStore<Happened>) {
    for state in [None, Some(""), Some("{\"paid\":100}"), Some("'\u{0}ü🐺")] {
        for attempts in [0, 1, u32::MAX] {
            let progress = Progress { attempts, state: state.map(Into::into), ..at(3) };
            write(&store, "bonus", progress.clone()).await;
            assert_eq!(store.read_progress("bonus").await.unwrap(), Some(progress));
        }
    }
}

pub(crate) async fn progress_may_go_back(store: impl EventStore<Happened>) {
    write(&store, "e-mail", at(9)).await;
    write(&store, "e-mail", at(2)).await;
    assert_eq!(store.read_progress("e-mail").await.unwrap(), Some(at(2)));
}

pub(crate) async fn the_right_to_run_handlers_is_granted_to_the_first(store: impl EventStore<Happened>) {
    assert!(store.try_acquire_lease().await.unwrap().is_some());
}
