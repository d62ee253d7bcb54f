//! An application's tasks and timers run on the runtime it was started on. It can be called from any runtime, from one
//! without timers, and from none.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cqrs_bank::engine::StartError;
use cqrs_bank::engine::application::Unavailable;
use cqrs_bank::engine::runtime::StopReason;
use tokio::runtime;
use tokio::sync::Semaphore;

use crate::callers::{CALLERS, Caller, heard, new_runtime};
use crate::shelves_asked::{ADDITIONS, Lent, Put, QUESTIONS, Slow, both_stores, lend, put, shelves, start};

#[test]
fn every_question_is_answered() {
    let (_directory, stores) = both_stores();
    for url in stores {
        let runtime = new_runtime();
        let shelves = runtime.block_on(start(shelves(url)));
        for caller in CALLERS {
            for (name, call) in QUESTIONS {
                caller.call(call(shelves.clone())).unwrap_or_else(|error| panic!("{name} from {caller:?}: {error}"));
            }
        }
        let closing = shelves.clone();
        Caller::NoRuntime.call(async move { closing.close().await });
        assert_eq!(runtime.block_on(shelves.read(|put: &Put| put.0)), Err(Unavailable::Closed));
    }
}

#[test]
fn what_is_added_is_there() {
    for caller in CALLERS {
        let (_directory, stores) = both_stores();
        for url in stores {
            let runtime = new_runtime();
            let shelves = runtime.block_on(start(shelves(url)));
            for (name, call) in ADDITIONS {
                caller.call(call(shelves.clone())).unwrap_or_else(|error| panic!("{name} from {caller:?}: {error}"));
                let again = caller.call(call(shelves.clone())).unwrap_err();
                assert!(again.contains("there is a handler"), "{again}");
            }
            let begun = Instant::now();
            let receipt = runtime.block_on(shelves.dispatch(put("hall", 4)).into_future()).unwrap();
            assert_eq!(receipt.lagging(), [""; 0]);
            assert!(begun.elapsed() < Duration::from_secs(4), "it waits for nobody: {:?}", begun.elapsed());
            let lent = shelves.clone();
            let lent = caller.call(async move {
                lent.dispatch(lend("hall", 5)).eventual().await.unwrap();
                lent.read(|lent: &Lent| lent.0).await
            });
            assert_eq!(lent, Ok(5));
        }
    }
}

/// Waits use the clock of the application's runtime, which is simulated here.
#[test]
fn a_wait_ends_when_its_time_is_over() {
    let runtime = runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let (started, has_started) = std::sync::mpsc::channel();
    let driven = std::thread::spawn(move || {
        runtime.block_on(async {
            let slow = shelves(cqrs_bank::engine::StoreUrl::Memory).event_handler(Slow::for_ever());
            started.send(start(slow).await).unwrap();
            let _ = (&mut stopped).await;
        });
    });
    let shelves = has_started.recv().unwrap();
    for caller in CALLERS {
        let lending = shelves.clone();
        let lent = caller.call(async move { lending.dispatch(lend("hall", 1)).await });
        assert_eq!(lent.unwrap().lagging(), ["slow"]);
    }
    stop.send(()).unwrap();
    driven.join().unwrap();
    assert_eq!(shelves.failure(), Some(Unavailable::Stopped(StopReason::RuntimeEnded)));
}

/// A wait that ends before its timeout.
#[test]
fn a_wait_ends_with_what_it_waits_for() {
    for caller in CALLERS {
        let runtime = new_runtime();
        let may_go_on = Arc::new(Semaphore::new(0));
        let slow = shelves(cqrs_bank::engine::StoreUrl::Memory).event_handler(Slow(may_go_on.clone()));
        let shelves = runtime.block_on(start(slow));
        let (lending, mut watch) = (shelves.clone(), runtime.block_on(shelves.watch(None)).unwrap());
        let lent = caller.begin(async move { lending.dispatch(lend("hall", 1)).await });
        runtime.block_on(watch.next()).unwrap();
        may_go_on.add_permits(1);
        assert_eq!(heard(&lent).unwrap().lagging(), [""; 0]);
    }
}

#[test]
fn none_starts_where_it_cannot_run() {
    let (directory, stores) = both_stores();
    for url in stores {
        for (caller, says) in [(Caller::NoRuntime, "no tokio runtime"), (Caller::WithoutTimers, "no timers")] {
            let error = caller.call(shelves(url.clone()).start()).unwrap_err();
            assert!(matches!(error, StartError::NoRuntime(_)) && error.to_string().contains(says), "{error}");
        }
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}
