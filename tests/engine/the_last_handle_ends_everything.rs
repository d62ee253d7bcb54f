//! Dropping the last handle, on any thread, ends the application's tasks and threads, closes its files, and releases
//! the handler lease. Nothing else keeps the application open: a watch ends with the reason, a sent command reports its
//! outcome, and a read model keeps its state.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::thread;

use cqrs_bank::engine::application::watch::Watch;
use cqrs_bank::engine::feed::checkpoints::HandlerState;
use cqrs_bank::engine::{Application, CommandFailure, StoreUrl, Unavailable};
use futures_core::Stream;
use tokio::runtime;

use crate::callers::{CALLERS, heard, new_runtime};
use crate::held::{alone, open_in, store_threads, until};
use crate::shelves::Changed;
use crate::shelves_asked::{Put, Shelves, Slow, both_stores, lend, put, shelves, start};

fn drop_elsewhere(shelves: Shelves) {
    thread::spawn(move || drop(shelves)).join().unwrap();
}

/// The reason for the end of a watch.
async fn end_of(mut watch: Watch<Changed>) -> Unavailable {
    loop {
        if let Err(over) = watch.next().await {
            return over;
        }
    }
}

/// The last item of a stream, and the one after it.
async fn end_of_stream(mut watch: Watch<Changed>) -> (Option<Unavailable>, bool) {
    let mut last = None;
    while let Some(item) = poll_fn(|context| Pin::new(&mut watch).poll_next(context)).await {
        last = item.err();
    }
    let after = poll_fn(|context| Pin::new(&mut watch).poll_next(context)).await;
    (last, after.is_none())
}

/// Whether this process may run the handlers.
fn runs_here(shelves: &Shelves, runtime: &runtime::Runtime) -> bool {
    let handlers = runtime.block_on(shelves.handlers()).unwrap();
    handlers.iter().any(|handler| {
        handler.status.name == "slow" && handler.status.condition.state != HandlerState::RunningElsewhere
    })
}

#[test]
fn what_else_is_kept_of_it_does_not_keep_it_open() {
    let (directory, stores) = both_stores();
    for url in stores {
        for caller in CALLERS {
            let (runtime, slow) = (new_runtime(), Slow::for_ever());
            let shelves = runtime.block_on(start(self::shelves(url.clone()).event_handler(slow.clone())));
            let model = shelves.read_model::<Put>().unwrap();
            let before = model.read(|put| put.0);
            let [watch, stream] = [(), ()].map(|()| runtime.block_on(shelves.watch(None)).unwrap());
            let sent = runtime.block_on(shelves.dispatch(lend("hall", 1)).send()).unwrap();
            // Once this is answered, so are the earlier commands.
            runtime.block_on(shelves.dispatch(put("hall", 3)).eventual().into_future()).unwrap();
            let waits = caller.begin(end_of(watch));
            let streams = caller.begin(end_of_stream(stream));

            drop_elsewhere(shelves);
            assert_eq!(heard(&waits), Unavailable::Closed);
            assert_eq!(heard(&streams), (Some(Unavailable::Closed), true));
            assert!(caller.call(sent.outcome()).unwrap().lagging().contains(&"slow"));
            assert!(model.read(|put| put.0) >= before);
            until("the handler is gone", || Arc::strong_count(&slow.0) == 1);
            until("the files are closed", || open_in(directory.path()).is_empty());
            if url != StoreUrl::Memory {
                let anew = runtime.block_on(start(self::shelves(url.clone()).event_handler(slow)));
                assert!(runs_here(&anew, &runtime));
                drop_elsewhere(anew);
                until("the files are closed", || open_in(directory.path()).is_empty());
            }
        }
    }
}

/// The application ends before the command is decided.
#[test]
fn a_command_that_nobody_has_taken_is_answered() {
    let (_directory, stores) = both_stores();
    for url in stores {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let shelves = runtime.block_on(start(shelves(url)));
        let sent = runtime.block_on(shelves.dispatch(put("hall", 3)).send()).unwrap();
        drop(shelves);
        let outcome = runtime.block_on(sent.outcome());
        assert!(matches!(outcome, Err(CommandFailure::Unavailable(Unavailable::Closed))), "{outcome:?}");
    }
}

/// An idle runtime ends its tasks only when it is driven again. Files and lease are released all the same.
#[test]
fn what_others_may_want_is_free_though_the_runtime_rests() {
    let (directory, [_, file]) = both_stores();
    let resting = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let shelves = resting.block_on(start(self::shelves(file.clone()).event_handler(Slow::for_ever())));
    drop_elsewhere(shelves);
    until("the files are closed", || open_in(directory.path()).is_empty());
    let runtime = new_runtime();
    let anew = runtime.block_on(start(self::shelves(file).event_handler(Slow::for_ever())));
    assert!(runs_here(&anew, &runtime));
}

#[test]
fn its_threads_end() {
    alone("the_last_handle_ends_everything::in_a_process_of_its_own");
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn in_a_process_of_its_own() {
    let (_directory, [_, file]) = both_stores();
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for _ in 0..3 {
        let shelves = runtime.block_on(start(self::shelves(file.clone()).event_handler(Slow::for_ever())));
        assert_eq!(store_threads(), 4);
        drop_elsewhere(shelves);
        until("the threads are gone", || store_threads() == 0);
    }
}

/// An application that failed to start ends likewise.
#[test]
fn what_did_not_start_has_ended() {
    let (directory, [_, file]) = both_stores();
    let runtime = new_runtime();
    let refused = Application::<Changed>::builder(file).event_handler_reading::<Put, _>(|_| Slow::for_ever()).start();
    runtime.block_on(refused).unwrap_err();
    assert_eq!(open_in(directory.path()), [""; 0].map(std::path::PathBuf::from));
}
