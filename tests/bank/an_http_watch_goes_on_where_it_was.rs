//! A watch over HTTP delivers every event once, even if the connection breaks in between.

use crate::http_service::{Request, Service, Watch};

/// The limit of the service.
const MAX_WATCHES: usize = 256;

async fn deposit(service: &Service, amount: u64) {
    assert_eq!(service.ask(&Request::deposit("Wolfman", amount)).await.status, 200);
}

/// The position and the amount of an event.
async fn next(watch: &mut Watch) -> (u64, Option<u64>) {
    let (id, event) = watch.next().await.unwrap();
    assert_eq!(event["position"], id);
    (id, event["data"]["amount"].as_u64())
}

#[tokio::test]
async fn after_the_last_event_comes_the_next() {
    let service = Service::in_memory();
    assert_eq!(service.ask(&Request::create("Wolfman")).await.status, 201);
    deposit(&service, 10).await;

    let from_the_start = Request::get("/events?from=1");
    let mut watch = Watch::open(service.address, &from_the_start).await.unwrap();
    assert_eq!(next(&mut watch).await, (1, None));
    assert_eq!(next(&mut watch).await, (2, Some(10)));
    let mut live = Watch::open(service.address, &Request::get("/events")).await.unwrap();
    deposit(&service, 20).await;
    assert_eq!(next(&mut watch).await, (3, Some(20)));
    assert_eq!(next(&mut live).await, (3, Some(20)), "without a position it begins with what happens");

    drop(watch);
    deposit(&service, 30).await;
    // A browser reconnects with the same address.
    let mut again = Watch::open(service.address, &from_the_start.header("Last-Event-ID", "3")).await.unwrap();
    assert_eq!(next(&mut again).await, (4, Some(30)));
    deposit(&service, 40).await;
    assert_eq!(next(&mut again).await, (5, Some(40)));
}

#[tokio::test]
async fn there_are_only_so_many_watches_and_they_leave_room_for_others() {
    let service = Service::in_memory();
    let request = Request::get("/events");
    let mut watches = Vec::new();
    for _ in 0..MAX_WATCHES {
        watches.push(Watch::open(service.address, &request).await.unwrap());
    }
    let one_too_many = Watch::open(service.address, &request).await.err().unwrap();
    assert_eq!((one_too_many.status, one_too_many.header("retry-after")), (503, Some("1")));
    assert_eq!(service.ask(&Request::create("Wolfman")).await.status, 201);
    for watch in &mut watches {
        assert_eq!(watch.next().await.unwrap().0, 1);
    }
}
