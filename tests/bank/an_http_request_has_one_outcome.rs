//! An HTTP request under an idempotency key has one outcome, which is the response each time. Another request under
//! that key is refused.

use uuid::Uuid;

use crate::http_service::{Answer, Request, Service};

fn key(number: u128) -> Uuid {
    Uuid::from_u128(number << 80)
}

async fn balance(service: &Service, account: &str) -> i64 {
    let answer = service.ask(&Request::get(&format!("/accounts/{account}"))).await;
    answer.json()["balance"].as_i64().unwrap_or_else(|| panic!("{answer:?}"))
}

/// Sends the request twice.
async fn twice(service: &Service, request: &Request) -> Answer {
    let (first, again) = (service.ask(request).await, service.ask(request).await);
    assert_eq!(again.outcome(), first.outcome(), "{request:?}");
    first
}

/// A service with an account for Wolfman that holds 100.
async fn with_wolfman() -> Service {
    let service = Service::in_memory();
    assert_eq!(service.ask(&Request::create("Wolfman").key(key(1))).await.status, 201);
    assert_eq!(service.ask(&Request::deposit("Wolfman", 100).key(key(2))).await.status, 200);
    service
}

#[tokio::test]
async fn the_first_outcome_is_the_answer_each_time() {
    let service = with_wolfman().await;
    let created = twice(&service, &Request::create("Wolfman").key(key(1))).await;
    assert_eq!((created.status, created.json()["position"].as_u64()), (201, Some(1)));
    assert_eq!(created.json()["command_id"], key(1).to_string());
    let deposited = twice(&service, &Request::deposit("Wolfman", 100).key(key(2))).await;
    assert_eq!((deposited.status, deposited.json()["position"].as_u64()), (200, Some(2)));

    let too_much = Request::withdraw("Wolfman", 500).key(key(3));
    let declined = twice(&service, &too_much).await;
    assert_eq!((declined.error(), declined.json()["balance"].as_u64()), ((422, "declined".to_owned()), Some(100)));
    assert_eq!(service.ask(&Request::deposit("Wolfman", 900)).await.status, 200);
    assert_eq!(twice(&service, &too_much).await.outcome(), declined.outcome(), "by now there is enough");
    assert_eq!(twice(&service, &Request::withdraw("Wolfman", 500).key(key(4))).await.status, 200);
    assert_eq!(balance(&service, "Wolfman").await, 500);
}

#[tokio::test]
async fn another_request_under_the_same_key_is_a_conflict() {
    let service = with_wolfman().await;
    assert_eq!(service.ask(&Request::create("Dracula")).await.status, 201);
    for other in [
        Request::deposit("Wolfman", 101),
        Request::deposit("Dracula", 100),
        Request::withdraw("Wolfman", 100),
        Request::transfer("Wolfman", "Dracula", 100),
        Request::create("Mummy"),
    ] {
        let answer = service.ask(&other.clone().key(key(2))).await;
        assert_eq!(answer.error(), (409, "key_taken".to_owned()), "{other:?}");
    }
    assert_eq!((balance(&service, "Wolfman").await, balance(&service, "Dracula").await), (100, 0));
    let exists = service.ask(&Request::create("Wolfman")).await;
    assert_eq!(exists.error(), (409, "account_exists".to_owned()), "without a key it is a new request");
}

#[tokio::test]
async fn a_transfer_is_made_once_and_known_to_who_asks_after_it() {
    let service = with_wolfman().await;
    assert_eq!(service.ask(&Request::create("Dracula")).await.status, 201);
    let settled = twice(&service, &Request::transfer("Wolfman", "Dracula", 25).key(key(3))).await;
    assert_eq!(settled.status, 200, "{settled:?}");
    let position = settled.json()["position"].as_u64().unwrap();
    let after = service.ask(&Request::get(&format!("/accounts/Dracula?after={position}"))).await;
    assert_eq!(after.json()["balance"], 25);

    let to_nobody = twice(&service, &Request::transfer("Wolfman", "Mummy", 50).key(key(4))).await;
    assert_eq!(
        (to_nobody.error(), to_nobody.json()["reason"].as_str()),
        ((422, "released".to_owned()), Some("no_payee"))
    );
    let to_herself = service.ask(&Request::transfer("Wolfman", "Wolfman", 5)).await;
    assert_eq!(to_herself.error(), (422, "refused".to_owned()));
    assert_eq!((balance(&service, "Wolfman").await, balance(&service, "Dracula").await), (75, 25));
}

#[tokio::test]
async fn a_refusal_is_not_remembered_and_who_has_no_key_is_told_one() {
    let service = Service::in_memory();
    let request = Request::deposit("Wolfman", 100);
    let refused = service.ask(&request).await;
    assert_eq!(refused.error(), (404, "no_account".to_owned()));
    let command_id = refused.json()["command_id"].as_str().unwrap().parse().unwrap();
    assert_eq!(service.ask(&Request::create("Wolfman")).await.status, 201);
    let deposited = twice(&service, &request.clone().key(command_id)).await;
    assert_eq!((deposited.status, balance(&service, "Wolfman").await), (200, 100));
    // A key may be quoted.
    let quoted = request.header("Idempotency-Key", &format!("\"{command_id}\""));
    assert_eq!(service.ask(&quoted).await.outcome(), deposited.outcome());
}

#[tokio::test]
async fn several_services_on_one_file_answer_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = [(), ()].map(|()| Service::on_file(&folder.path().join("bank.db")));
    for account in ["Wolfman", "Dracula"] {
        assert_eq!(one.ask(&Request::create(account)).await.status, 201);
    }
    for number in 1..=20 {
        let deposit = Request::deposit("Wolfman", 100).key(key(number));
        let deposited = other.ask(&deposit).await;
        assert_eq!(one.ask(&deposit).await.outcome(), deposited.outcome());
        let transfer = Request::transfer("Wolfman", "Dracula", 30).key(key(100 + number));
        let settled = other.ask(&transfer).await;
        assert_eq!(settled.status, 200, "{settled:?}");
        let position = settled.json()["position"].as_u64().unwrap();
        let payee = one.ask(&Request::get(&format!("/accounts/Dracula?after={position}"))).await;
        assert_eq!(payee.json()["balance"].as_u64(), Some(30 * number as u64));
        assert_eq!(one.ask(&transfer).await.outcome(), settled.outcome());
        assert_eq!(balance(&one, "Wolfman").await, 70 * number as i64);
    }
}

#[tokio::test]
async fn what_cannot_be_met_is_said() {
    let service = with_wolfman().await;
    let deposits = |body: &str| Request::post("/accounts/Wolfman/deposits", body);
    for (request, status) in [
        (deposits("{\"amount\": "), 400),
        (deposits(""), 400),
        (deposits("{\"amount\": 0}"), 422),
        (deposits("{\"amount\": -5}"), 422),
        (deposits("{\"amount\": 1.5}"), 422),
        (deposits("{\"amount\": 5, \"currency\": \"EUR\"}"), 422),
        (deposits(&format!("{{\"amount\": {}5}}", " ".repeat(5_000))), 413),
        (Request::deposit("Wolfman", 5).header("Idempotency-Key", "tomorrow"), 400),
        (Request::create(&"W".repeat(65)), 422),
        (Request::create("%1b[2J"), 422),
        (Request::get("/accounts/Nobody"), 404),
        (Request::get("/accounts/Wolfman?after=3"), 412),
        (Request::get("/accounts/Wolfman?at=1"), 400),
        (Request::get("/accounts/Wolfman?after=x"), 400),
        (Request::get("/accounts?limit=5"), 400),
        (Request::get("/accounts/%ff"), 400),
        (deposits("[5]"), 422),
        (Request::post("/transfers", " [\"Wolfman\", \"Dracula\", 5]"), 422),
        (Request::new("DELETE", "/accounts/Wolfman"), 405),
        (Request::get("/"), 404),
    ] {
        let answer = service.ask(&request).await;
        assert_eq!(answer.error().0, status, "{request:?}");
        assert!(answer.json()["message"].as_str().is_some_and(|message| !message.is_empty()), "{answer:?}");
    }
    assert_eq!(balance(&service, "Wolfman").await, 100);
    assert_eq!(service.ask(&Request::get("/health")).await.outcome(), (200, "ok\n"));
    let names = service.ask(&Request::get("/accounts?prefix=Wo")).await;
    assert_eq!(names.outcome(), (200, "{\"accounts\":[\"Wolfman\"]}"));
}
