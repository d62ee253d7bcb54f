//! A caller that adds a handler may stop waiting for it to catch up. The handler runs, reports and takes requests like
//! any other.

use std::time::Duration;

use cqrs_bank::engine::event_handler::{NackAction, ParkedError};
use cqrs_bank::engine::{EventHandler, Failure, RecordedEvent, StartFrom, StoreUrl};
use std::sync::Arc;
use tokio::sync::Semaphore;

use crate::shelves::Changed;
use crate::shelves_asked::{shelves, start};

/// Fails at the first event, and is slow at the second.
#[derive(Clone)]
struct Hesitant(Arc<Semaphore>);

impl EventHandler<Changed> for Hesitant {
    const NAME: &'static str = "hesitant";
    const AWAITED: bool = true;
    const START: StartFrom = StartFrom::Origin;

    fn filter(&self) -> impl Fn(&RecordedEvent<Changed>) -> bool + Send + Sync + 'static {
        |_| true
    }

    async fn handle(&mut self, event: &RecordedEvent<Changed>) -> Result<(), Failure> {
        if event.position.get() == 1 {
            return Err(Failure::retry("not this one").with_action(NackAction::Park));
        }
        self.0.acquire().await.unwrap().forget();
        Ok(())
    }
}

#[tokio::test]
async fn what_it_has_parked_is_given_up() {
    let shelves = start(shelves(StoreUrl::Memory)).await;
    let may_go_on = Arc::new(Semaphore::new(0));
    let mut adding = Box::pin(shelves.add_event_handler(Hesitant(may_go_on.clone())));
    while shelves.parked().await.unwrap().is_empty() {
        assert!(tokio::time::timeout(Duration::ZERO, &mut adding).await.is_err(), "it has not come to the end");
    }
    drop(adding);
    may_go_on.add_permits(1);
    assert_eq!(shelves.skip_parked(1).await, Ok(()));
    assert_eq!(shelves.skip_parked(1).await, Err(ParkedError::NotParked));
}
