//! On a signal, the HTTP service answers the requests under way, ends the watches, closes the bank, and exits.

use std::fs;

use crate::http_service::{Connection, Request, Service, Watch};
use crate::program::example;

#[tokio::test]
async fn what_is_under_way_is_answered_and_the_bank_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bank.db");
    let service = Service::on_file(&file);
    let address = service.address;
    let mut kept = Connection::open(address).await.unwrap();
    assert_eq!(kept.ask(&Request::create("Wolfman")).await.unwrap().status, 201);
    let mut says_nothing = Connection::open(address).await.unwrap();
    let mut watch = Watch::open(address, &Request::get("/events?from=1")).await.unwrap();
    assert_eq!(watch.next().await.unwrap().0, 1);
    let deposit = Request::deposit("Wolfman", 100);
    let mut under_way = Connection::open(address).await.unwrap();
    under_way.begin(&deposit).await.unwrap();

    service.asked_to_end();
    assert_eq!(watch.next().await, None, "a watch ends, and is not cut off");
    assert!(kept.is_closed().await);
    assert!(says_nothing.is_closed().await);
    // No more connections are accepted: one that still gets through is closed.
    while let Ok(mut late) = Connection::open(address).await {
        late.is_closed().await;
    }
    assert_eq!(under_way.finish(&deposit).await.unwrap().status, 200);
    assert_eq!(service.ended(), Some(0));

    let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(files.collect::<Vec<_>>(), ["bank.db"], "a closed bank is one file");
    let next = Service::on_file(&file);
    assert_eq!(next.ask(&Request::get("/accounts/Wolfman")).await.json()["balance"], 100);
}

/// Without a bank, or with an address that is none, it says how it is called.
#[test]
fn wrong_arguments_are_told_with_the_right_ones() {
    for (arguments, problem) in [
        (&[][..], "it needs a bank, and may be given an address"),
        (&["--help"], "it needs a bank, and may be given an address"),
        (&["memory", "nowhere"], "nowhere: "),
        (&["sqlite:"], ""),
    ] {
        let ended = example("http_service", arguments).output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!((ended.status.code(), ended.stdout.len()), (Some(2), 0), "{said}");
        assert!(said.starts_with(&format!("http_service: {problem}")), "{said}");
        assert!(said.contains("\nusage: http_service BANK [ADDRESS]\n"), "{said}");
        assert!(said.ends_with("example: http_service bank.db 127.0.0.1:8080\n"), "{said}");
    }
}

/// The service does not wait for a client that never finishes its request.
#[tokio::test]
async fn nobody_keeps_it_from_ending() {
    let service = Service::in_memory();
    let mut connection = Connection::open(service.address).await.unwrap();
    connection.begin(&Request::deposit("Wolfman", 100)).await.unwrap();
    service.asked_to_end();
    assert_eq!(service.ended(), Some(0));
}
