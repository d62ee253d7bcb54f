//! The bank as an HTTP service: `cargo run --example http_service -- bank.db 127.0.0.1:8080`.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `PUT /accounts/{name}` | | 201 |
//! | `POST /accounts/{name}/deposits`, `…/withdrawals` | `{"amount": 100}` | 200 |
//! | `POST /transfers` | `{"from": "Wolfman", "to": "Dracula", "amount": 25}` | 200; 202 while it is under way |
//! | `GET /accounts/{name}`, `/accounts?prefix=W` | | a balance; names, the first 100 in order |
//! | `GET /events?from=N` | | the log, live, as server-sent events; the id of each is its position |
//! | `GET /health` | | 200; 503 once the bank has stopped |
//!
//! The `Idempotency-Key` of a request that changes something, a UUID, becomes the id of its command. After no answer, or a
//! 503 or 504, a client sends the same request under the same key: it takes effect once, and the answer is its first
//! outcome. A different request under that key is a 409. A declined payment is an outcome too (422, `declined`). A refusal
//! is not, and the next try may succeed.
//!
//! A query includes everything acknowledged before, also by other programs on the same file. With `?after=N`, where N is the
//! `position` in an answer, it includes at least the events up to N, and waits for no more.
//!
//! A service on the open internet needs more in front of it: TLS, authorization (the log shows all data), and rate limits.

mod failure;

use std::error::Error;
use std::future::IntoFuture as _;
use std::pin::pin;
use std::process::exit;
use std::sync::Arc;
use std::time::Duration;
use std::{env, io};

use axum::body::{Bytes, to_bytes};
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::serve::ListenerExt as _;
use axum::{Json, Router};
use cqrs_bank::bank::{
    AccountCommand, AccountEvent, AccountId, Balances, Bank, CommandFailure, Ending, Money, NewAccount, Receipt,
    Refusal, StoreUrl, Transfers,
};
use cqrs_bank::engine::log::{Metadata, Position};
use futures_util::stream::{Stream, StreamExt as _};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use uuid::Uuid;

use failure::Failure;

/// The maximum size of a request's body, in bytes.
const MAX_BODY: usize = 4096;
/// Longer than the bank ever takes, so this ends only requests whose body does not arrive.
const MAX_REQUEST: Duration = Duration::from_secs(30);
/// The most clients that may follow the log at once.
const MAX_WATCHES: usize = 256;
/// The most accounts in one answer.
const MAX_NAMES: usize = 100;
/// How long a shutdown waits for pending requests.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// The state that all requests share. Cheap to clone.
#[derive(Clone)]
struct Service {
    bank: Bank,
    watches: Arc<Semaphore>,
    ending: watch::Receiver<bool>,
}

/// Ends the program with what is wrong with its arguments.
fn usage(problem: &str) -> ! {
    eprintln!(
        "http_service: {problem}\n\
        usage: http_service BANK [ADDRESS]\n\
        BANK is a file, which is made if there is none, or memory; without ADDRESS any free port of 127.0.0.1 serves\n\
        example: http_service bank.db 127.0.0.1:8080"
    );
    exit(2)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(tracing::Level::WARN).init();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (store, address) = match &arguments[..] {
        [store] if !store.starts_with('-') => (store.parse::<StoreUrl>(), "127.0.0.1:0"),
        [store, address] => (store.parse(), address.as_str()),
        _ => usage("it needs a bank, and may be given an address"),
    };
    let store = store.unwrap_or_else(|error| usage(&error.to_string()));

    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let listener = TcpListener::bind(address).await.unwrap_or_else(|error| usage(&format!("{address}: {error}")));
    let bank = Bank::open(store).await?;
    println!("listening on http://{}", listener.local_addr()?);

    let (end, mut ending) = watch::channel(false);
    let asked_to_end = async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        end.send_replace(true);
    };
    let watches = Arc::new(Semaphore::new(MAX_WATCHES));
    let service = routes(Service { bank: bank.clone(), watches, ending: ending.clone() });
    // Without TCP_NODELAY, server-sent events would be delayed.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    let mut serving = pin!(axum::serve(listener, service).with_graceful_shutdown(asked_to_end).into_future());
    tokio::select! {
        served = &mut serving => served?,
        // A slow client must not delay the shutdown.
        _ = ending.wait_for(|ending| *ending) => drop(timeout(SHUTDOWN_TIMEOUT, serving).await),
    }
    bank.close().await;
    bank.failure().map_or(Ok(()), |failure| Err(failure.into()))
}

fn routes(service: Service) -> Router {
    Router::new()
        .route("/accounts", get(names))
        .route("/accounts/{name}", put(create).get(balance))
        .route("/accounts/{name}/deposits", post(deposit))
        .route("/accounts/{name}/withdrawals", post(withdraw))
        .route("/transfers", post(transfer))
        .route("/events", get(events))
        .route("/health", get(health))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn(with_timeout))
        .with_state(service)
}

/// Ends what takes too long, and answers what the framework refuses as JSON too.
async fn with_timeout(request: Request, next: Next) -> Response {
    let answer = timeout(MAX_REQUEST, next.run(request)).await;
    let answer = answer.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response());
    let (status, headers) = (answer.status(), answer.headers());
    let is_json = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if is_json || !(status.is_client_error() || status.is_server_error()) {
        return answer;
    }
    let allow = headers.get(header::ALLOW).map(|allow| [(header::ALLOW, allow.clone())]);
    let reason = status.canonical_reason().unwrap_or("refused");
    let said = to_bytes(answer.into_body(), MAX_BODY).await.unwrap_or_default();
    let message = if said.is_empty() { reason.into() } else { String::from_utf8_lossy(&said) };
    (allow, Failure::new(status, &reason.to_lowercase().replace(' ', "_"), message)).into_response()
}

/// The id of a request's command: its idempotency key, or a new id.
struct CommandId(Uuid);

impl<S: Sync> FromRequestParts<S> for CommandId {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let Some(key) = parts.headers.get("idempotency-key") else { return Ok(Self(Uuid::new_v4())) };
        let id = key.to_str().ok().and_then(|key| key.trim_matches('"').parse().ok());
        id.map(Self).ok_or_else(|| Failure::new(StatusCode::BAD_REQUEST, "bad_key", "an Idempotency-Key is a UUID"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payment {
    #[serde(deserialize_with = "amount")]
    amount: Money,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Transfer {
    from: AccountId,
    to: AccountId,
    #[serde(deserialize_with = "amount")]
    amount: Money,
}

fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
    Money::new(i64::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    // An array of the values alone would do for serde.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_body", "a body is a JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| {
        let status = if error.is_data() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::BAD_REQUEST };
        Failure::new(status, "bad_body", error)
    })
}

fn account_id(name: &str) -> Result<AccountId, Failure> {
    AccountId::new(name).map_err(|error| Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_name", error))
}

type Answer = Result<Response, Failure>;

async fn create(State(service): State<Service>, Path(name): Path<String>, id: CommandId) -> Answer {
    let command = service.bank.creation(NewAccount::from(&account_id(&name)?)).await?;
    service.handle(command, id).await
}

async fn deposit(State(service): State<Service>, Path(name): Path<String>, id: CommandId, body: Bytes) -> Answer {
    let (account_id, Payment { amount }) = (account_id(&name)?, read(&body)?);
    service.handle(AccountCommand::deposit(account_id, amount), id).await
}

async fn withdraw(State(service): State<Service>, Path(name): Path<String>, id: CommandId, body: Bytes) -> Answer {
    let (account_id, Payment { amount }) = (account_id(&name)?, read(&body)?);
    service.handle(AccountCommand::withdrawal(account_id, amount), id).await
}

async fn transfer(State(service): State<Service>, id: CommandId, body: Bytes) -> Answer {
    let Transfer { from, to, amount } = read(&body)?;
    let command = AccountCommand::begin_transfer(&from, &to, amount, &Metadata::from_outside(id.0));
    service.handle(command, id).await
}

impl Service {
    /// Carries out a command, once per id. Answers include the id, so that a client without a key can retry.
    async fn handle(&self, command: AccountCommand, CommandId(id): CommandId) -> Answer {
        let outcome = async { self.bank.send(command, Metadata::from_outside(id)).await?.outcome().await };
        let answer = outcome.await.map_err(Failure::from).and_then(|receipt| self.answer(&receipt, id));
        answer.map_err(|failure| failure.with("command_id", id))
    }

    /// The answer to a command, derived from its events, so that a retry gets the same answer.
    fn answer(&self, receipt: &Receipt, id: Uuid) -> Answer {
        let declined = |error, message, position: Position| {
            Failure::new(StatusCode::UNPROCESSABLE_ENTITY, error, message).with("position", position)
        };
        let mut position = receipt.position();
        let status = match receipt.events().first().map(|event| &event.data) {
            Some(AccountEvent::AccountCreated { .. }) => StatusCode::CREATED,
            Some(AccountEvent::AccountOverdrawn { balance, .. }) => {
                let message = format!("the account holds only {balance}");
                return Err(declined("declined", message, position).with("balance", balance));
            }
            Some(AccountEvent::InvalidPin { .. }) => {
                return Err(declined("wrong_pin", "the PIN was wrong".to_owned(), position));
            }
            Some(AccountEvent::MoneyReserved(outgoing)) => {
                let transfers = self.bank.read_model::<Transfers>()?;
                match transfers.read(|transfers| transfers.transfer(outgoing.transfer_id)?.ended) {
                    None => StatusCode::ACCEPTED,
                    Some((end, Ending::Settled)) => {
                        position = end.position;
                        StatusCode::OK
                    }
                    Some((end, Ending::Released(reason))) => {
                        let message = "the payee cannot take the money".to_owned();
                        return Err(declined("released", message, end.position).with("reason", reason));
                    }
                }
            }
            _ => StatusCode::OK,
        };
        Ok((status, Json(json!({ "command_id": id, "position": position }))).into_response())
    }

    /// Queries the balances: the current ones, or at least those at a position.
    async fn ask<R>(&self, after: Option<Position>, question: impl FnOnce(&Balances) -> R) -> Result<R, Failure> {
        Ok(match after {
            Some(position) => self.bank.read_after(position, question).await?,
            None => self.bank.read(question).await?,
        })
    }
}

/// What a client knows already: the answer is of this position, or a later one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    after: Option<Position>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    #[serde(default)]
    prefix: String,
    after: Option<Position>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Since {
    from: Option<Position>,
}

async fn balance(State(service): State<Service>, Path(name): Path<String>, Query(asked): Query<Known>) -> Answer {
    let balance = service.ask(asked.after, |balances| balances.balance(&name)).await?;
    let balance = balance.ok_or(CommandFailure::Refused(Refusal::NoAccount))?;
    Ok(Json(json!({ "account": name, "balance": balance })).into_response())
}

async fn names(State(service): State<Service>, Query(asked): Query<Names>) -> Answer {
    let names = |balances: &Balances| balances.names_beginning_with(&asked.prefix, MAX_NAMES);
    Ok(Json(json!({ "accounts": service.ask(asked.after, names).await? })).into_response())
}

/// A client that reconnects with `Last-Event-ID`, as browsers do, misses no event.
async fn events(
    State(service): State<Service>,
    Query(asked): Query<Since>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, axum::Error>>>, Failure> {
    let unavailable = StatusCode::SERVICE_UNAVAILABLE;
    let permit = service.watches.try_acquire_owned();
    let permit = permit.map_err(|_| Failure::new(unavailable, "busy", "too many watches").retryable())?;
    let last = headers.get("last-event-id").and_then(|last| last.to_str().ok()?.parse().ok());
    let from = last.map(|last| Position::new(last).next()).or(asked.from);
    let events = service.bank.watch(from).await?.map(move |event| {
        let _held = &permit;
        // An error ends the response when the bank has stopped.
        let event = event.map_err(axum::Error::new)?;
        Event::default().id(event.position.to_string()).json_data(event)
    });
    let mut ending = service.ending;
    let end = async move { drop(ending.wait_for(|ending| *ending).await) };
    Ok(Sse::new(events.take_until(Box::pin(end))).keep_alive(KeepAlive::default()))
}

async fn health(State(service): State<Service>) -> Answer {
    service.bank.failure().map_or_else(|| Ok("ok\n".into_response()), |stopped| Err(stopped.into()))
}
