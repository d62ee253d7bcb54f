//! A watch is a stream of past and live events. Its last item is the reason for its end.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use cqrs_bank::bank::{AccountId, Bank, Options, Unavailable};
use cqrs_bank::engine::domain::DomainEvent as _;
use cqrs_bank::engine::log::Position;
use futures_core::Stream;
use tokio::time::timeout;

async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    let item = poll_fn(|context| pin!(&mut *stream).poll_next(context));
    timeout(Duration::from_secs(5), item).await.unwrap()
}

#[tokio::test]
async fn its_last_item_says_why_it_ends() {
    let bank = Bank::open(Options::default()).await.unwrap();
    let (ann, ben) = (AccountId::new("Ann").unwrap(), AccountId::new("Ben").unwrap());
    bank.create(&ann).await.unwrap();
    let mut watch = bank.watch(Some(Position::new(1))).await.unwrap();
    assert_eq!(next(&mut watch).await.unwrap().unwrap().data.account_id().unwrap(), &ann);

    let mut waits = Box::pin(watch.next());
    assert!(timeout(Duration::ZERO, &mut waits).await.is_err(), "nothing has happened");
    drop(waits);
    bank.create(&ben).await.unwrap();
    let event = next(&mut watch).await.unwrap().unwrap();
    assert_eq!((event.data.account_id().unwrap(), event.data.event_type()), (&ben, "bank_account_created"));

    bank.close().await;
    assert_eq!(next(&mut watch).await, Some(Err(Unavailable::Closed)));
    assert_eq!(next(&mut watch).await, None);
    assert_eq!(next(&mut watch).await, None);
    assert_eq!(watch.next().await, Err(Unavailable::Closed), "who asks again is told again");
}
