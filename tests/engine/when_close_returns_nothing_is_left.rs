//! When `close` returns, threads, files and the handler lease are released, even if handles are left: the file may be
//! moved, and another process may run the handlers.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use cqrs_bank::engine::feed::checkpoints::HandlerState;
use tokio::runtime;

use crate::callers::{CALLERS, Caller, new_runtime};
use crate::held::{alone, open_in, store_threads};
use crate::shelves_asked::{Shelves, Slow, both_stores, lend, shelves, start};

#[test]
fn though_handles_live() {
    let (directory, stores) = both_stores();
    for url in stores {
        for caller in CALLERS {
            let (runtime, slow) = (new_runtime(), Slow::for_ever());
            let shelves = runtime.block_on(start(self::shelves(url.clone()).event_handler(slow.clone())));
            let watch = runtime.block_on(shelves.watch(None)).unwrap();
            let (closing, folder) = (shelves.clone(), directory.path().to_owned());
            let open = caller.call(async move {
                closing.close().await;
                (open_in(&folder), Arc::strong_count(&slow.0))
            });
            assert_eq!(open, (Vec::new(), 1), "{url:?} {caller:?}");
            let anew = runtime.block_on(start(self::shelves(url.clone()).event_handler(Slow::for_ever())));
            let handlers = runtime.block_on(anew.handlers()).unwrap();
            assert!(
                handlers.iter().all(|handler| handler.status.condition.state != HandlerState::RunningElsewhere),
                "{handlers:?}"
            );
            runtime.block_on(anew.close());
            drop((shelves, watch));
        }
    }
}

/// Closing waits for a handler, up to a limit.
#[test]
fn though_a_handler_is_in_the_middle_of_something() {
    let (directory, [_, file]) = both_stores();
    let (runtime, slow) = (new_runtime(), Slow::for_ever());
    let shelves = runtime.block_on(start(shelves(file).event_handler(slow.clone())));
    runtime.block_on(shelves.dispatch(lend("hall", 1)).eventual().into_future()).unwrap();
    let closing = shelves.clone();
    Caller::NoRuntime.call(async move { closing.close().await });
    assert_eq!((open_in(directory.path()), Arc::strong_count(&slow.0)), (Vec::new(), 1));
}

/// A second caller of `close` waits as long as the first.
#[test]
fn for_everybody_who_closes() {
    const CLOSERS: usize = 4;
    let (directory, [_, file]) = both_stores();
    let runtime = new_runtime();
    for _ in 0..5 {
        let shelves = runtime.block_on(start(shelves(file.clone())));
        let all_there = Arc::new(Barrier::new(CLOSERS));
        let closers = [(); CLOSERS].map(|()| {
            let (shelves, all_there, folder) = (shelves.clone(), all_there.clone(), directory.path().to_owned());
            let runtime = runtime.handle().clone();
            thread::spawn(move || {
                all_there.wait();
                runtime.block_on(shelves.close());
                open_in(&folder)
            })
        });
        for closer in closers {
            assert_eq!(closer.join().unwrap(), Vec::<std::path::PathBuf>::new());
        }
    }
}

/// A caller of `close` that stops waiting does not shorten the wait of later callers.
#[test]
fn though_somebody_has_given_up_waiting() {
    let (directory, [_, file]) = both_stores();
    let runtime = new_runtime();
    let shelves = runtime.block_on(start(shelves(file)));
    runtime.block_on(async {
        let _ = tokio::time::timeout(Duration::ZERO, shelves.close()).await;
        shelves.close().await;
    });
    assert_eq!(open_in(directory.path()), Vec::<std::path::PathBuf>::new());
}

/// The runtime has ended, and all its tasks with it.
#[test]
fn though_its_runtime_has_ended() {
    let (directory, [_, file]) = both_stores();
    for caller in CALLERS {
        let runtime = new_runtime();
        let shelves: Shelves = runtime.block_on(start(shelves(file.clone()).event_handler(Slow::for_ever())));
        drop(runtime);
        let closing = shelves.clone();
        caller.call(async move { closing.close().await });
        assert_eq!(open_in(directory.path()), Vec::<std::path::PathBuf>::new());
    }
}

#[test]
fn its_threads_have_ended() {
    alone("when_close_returns_nothing_is_left::in_a_process_of_its_own");
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn in_a_process_of_its_own() {
    let (_directory, [_, file]) = both_stores();
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for _ in 0..3 {
        let shelves = runtime.block_on(start(self::shelves(file.clone()).event_handler(Slow::for_ever())));
        assert_eq!(store_threads(), 4);
        runtime.block_on(shelves.close());
        // The system may list a thread for a moment after its end.
        crate::held::until("the threads are gone", || store_threads() == 0);
        drop(shelves);
    }
}
