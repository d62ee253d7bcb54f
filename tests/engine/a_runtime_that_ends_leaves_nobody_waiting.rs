//! An application whose runtime has ended answers every caller with an error, those who were waiting included.

use cqrs_bank::engine::application::AddHandlerError;
use cqrs_bank::engine::application::handlers::HandlerReport;
use cqrs_bank::engine::runtime::StopReason;
use cqrs_bank::engine::{EventHandler, Failure, Position, RecordedEvent, StartFrom, StoreUrl, Unavailable};

use crate::callers::{CALLERS, Caller, heard, new_runtime};
use crate::shelves::Changed;
use crate::shelves_asked::{ADDITIONS, QUESTIONS, Shelves, Slow, both_stores, lend, put, shelves, start};

const ENDED: Unavailable = Unavailable::Stopped(StopReason::RuntimeEnded);

/// An application whose runtime has ended.
fn left_behind(url: StoreUrl) -> Shelves {
    let runtime = new_runtime();
    runtime.block_on(start(shelves(url)))
}

#[test]
fn whoever_calls_later_is_told() {
    let (_directory, stores) = both_stores();
    for url in stores {
        let shelves = left_behind(url);
        assert_eq!(shelves.failure(), Some(ENDED));
        for caller in CALLERS {
            for (name, call) in QUESTIONS.into_iter().chain(ADDITIONS) {
                let error = caller.call(call(shelves.clone())).expect_err(name);
                assert!(name == "rebuild" || error.contains("runtime it was started on has ended"), "{name}: {error}");
            }
            for number in [1, 7] {
                let shelves = shelves.clone();
                let (retried, skipped) =
                    caller.call(async move { (shelves.retry_parked(number).await, shelves.skip_parked(number).await) });
                assert!(retried.is_err() && skipped.is_err());
            }
            let closing = shelves.clone();
            caller.call(async move { closing.close().await });
        }
        assert_eq!(shelves.failure(), Some(ENDED), "to close it is no other reason");
    }
}

/// Acknowledged events are in the file when it is opened again.
#[test]
fn what_was_acknowledged_is_not_lost() {
    let (_directory, [_, file]) = both_stores();
    let left_behind = left_behind(file.clone());
    let anew = new_runtime();
    let count = anew.block_on(async {
        let shelves = start(shelves(file)).await;
        shelves.events(Position::START, 99).await.unwrap().len()
    });
    assert_eq!(count, 4);
    assert_eq!(left_behind.failure(), Some(ENDED));
}

/// An awaited handler that never finishes its first event.
#[derive(Clone)]
struct Slower;

impl EventHandler<Changed> for Slower {
    const NAME: &'static str = "slower";
    const AWAITED: bool = true;
    const START: StartFrom = StartFrom::Origin;

    fn filter(&self) -> impl Fn(&RecordedEvent<Changed>) -> bool + Send + Sync + 'static {
        |_| true
    }

    async fn handle(&mut self, _: &RecordedEvent<Changed>) -> Result<(), Failure> {
        std::future::pending().await
    }
}

#[test]
fn whoever_waits_as_it_ends_is_told() {
    let (_directory, stores) = both_stores();
    for url in stores {
        for caller in CALLERS {
            let runtime = new_runtime();
            let shelves = runtime.block_on(start(shelves(url.clone()).event_handler(Slow::for_ever())));
            let (lending, adding) = (shelves.clone(), shelves.clone());
            let mut watch = runtime.block_on(shelves.watch(None)).unwrap();
            let lent = caller.begin(async move { lending.dispatch(lend("hall", 1)).await });
            let (event, mut watch) = caller.call(async move { (watch.next().await, watch) });
            assert_eq!(event.unwrap().data, Changed::Lent(1));
            let sent = runtime.block_on(shelves.dispatch(lend("hall", 2)).send()).unwrap();
            // Once this is answered, the earlier command was decided, and waits for the handler.
            runtime.block_on(shelves.dispatch(put("hall", 3)).eventual().into_future()).unwrap();
            let sent = caller.begin(sent.outcome());
            let watched = caller.begin(async move {
                loop {
                    if let Err(over) = watch.next().await {
                        return over;
                    }
                }
            });
            let added = caller.begin(async move { adding.add_event_handler(Slower).await });
            let is_slower = |handler: &HandlerReport| handler.status.name == "slower";
            while !runtime.block_on(shelves.handlers()).unwrap().iter().any(is_slower) {
                std::thread::yield_now();
            }
            drop(runtime);
            for answered in [heard(&lent), heard(&sent)] {
                assert!(answered.unwrap().lagging().contains(&"slow"));
            }
            assert_eq!(heard(&watched), ENDED);
            let added = heard(&added);
            assert!(matches!(added, Ok(()) | Err(AddHandlerError::Unavailable(ENDED))), "{added:?}");
        }
    }
}

/// A closed application reports that it was closed, even after its runtime has ended.
#[test]
fn what_was_closed_stays_closed() {
    let (_directory, stores) = both_stores();
    for url in stores {
        let runtime = new_runtime();
        let shelves = runtime.block_on(start(shelves(url)));
        runtime.block_on(shelves.close());
        drop(runtime);
        assert_eq!(shelves.failure(), None);
        for (name, call) in QUESTIONS.into_iter().chain(ADDITIONS) {
            let error = Caller::NoRuntime.call(call(shelves.clone())).expect_err(name);
            assert!(error.contains("closed"), "{name}: {error}");
        }
    }
}

/// The runtime ends while closing waits for a handler: the application closes all the same.
#[test]
fn what_is_about_to_be_closed_is() {
    let (_directory, stores) = both_stores();
    for url in stores {
        let runtime = new_runtime();
        let shelves = runtime.block_on(start(shelves(url).event_handler(Slow::for_ever())));
        runtime.block_on(shelves.dispatch(lend("hall", 1)).eventual().into_future()).unwrap();
        let closing = shelves.clone();
        let closed = Caller::NoRuntime.begin(async move { closing.close().await });
        while runtime.block_on(shelves.dispatch(put("hall", 1)).eventual().into_future()).is_ok() {
            std::thread::yield_now();
        }
        drop(runtime);
        heard(&closed);
        assert_eq!(shelves.failure(), None);
        assert_eq!(Caller::NoRuntime.call(async move { shelves.head().await }), Err(Unavailable::Closed));
    }
}
