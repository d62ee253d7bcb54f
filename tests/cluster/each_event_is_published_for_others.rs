//! Whoever is subscribed on the cluster gets each event of a bank as a message, knows again what comes twice, and learns
//! nothing about PINs.

use std::collections::BTreeMap;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use async_nats::{Message, Subscriber};
use cqrs_bank::bank::{
    AccountId, Bank, ClusterOptions, Memo, Money, NewAccount, Options, Pin as AccountPin, PinCost, PinOptions,
    PinSecret, StoreUrl,
};
use cqrs_bank::engine::feed::checkpoints::HandlerKind;
use futures_util::Stream as _;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::case::Case;
use crate::nodes::HANG;
use crate::programs::{program, url};

async fn open(cluster: &Case, name: &str, directory: &Path) -> Bank {
    let options = ClusterOptions { create: true, directory: Some(directory.to_owned()), ..ClusterOptions::default() };
    let store: StoreUrl = url(cluster, name).parse().unwrap();
    let user = Some("José".to_owned());
    let pins = PinOptions { secret: PinSecret::new("a secret for tests").unwrap().into(), cost: PinCost::CHEAPEST };
    Bank::open(Options { cluster: options, user, pins, ..Options::from(store) }).await.unwrap()
}

/// Somebody who is subscribed to all events of a bank.
struct Others(Subscriber);

impl Others {
    async fn of(cluster: &Case, name: &str) -> Self {
        let client = async_nats::connect(format!("nats://127.0.0.1:{}", cluster.client_port(0))).await.unwrap();
        let subscriber = client.subscribe(format!("{name}.events.>")).await.unwrap();
        client.flush().await.unwrap();
        Self(subscriber)
    }

    async fn next(&mut self) -> Message {
        let next = std::future::poll_fn(|context| Pin::new(&mut self.0).poll_next(context));
        timeout(HANG, next).await.expect("a message comes").unwrap()
    }

    async fn next_of(&mut self, position: u64) -> Message {
        loop {
            let message = self.next().await;
            if header(&message, "Position") == position.to_string() {
                return message;
            }
        }
    }
}

fn header(message: &Message, name: &str) -> String {
    message.headers.as_ref().unwrap().get(name).map(ToString::to_string).unwrap_or_default()
}

fn data(message: &Message) -> Value {
    serde_json::from_slice(&message.payload).unwrap()
}

fn account(name: &str) -> AccountId {
    AccountId::new(name).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server"]
async fn a_message_says_everything_but_what_a_pin_is_verified_with() {
    let (cluster, directory) = (Case::with_others(), tempfile::tempdir().unwrap());
    let name = cluster.stream_name();
    let mut others = Others::of(&cluster, &name).await;
    let bank = open(&cluster, &name, directory.path()).await;
    let wolf = account("The Wolf.*>=é");
    let pin = Some(AccountPin::new("1234").unwrap());
    bank.create_account(NewAccount { pin, ..NewAccount::from(&wolf) }).await.unwrap();
    let memo = Memo::new("for the \"moon\"").unwrap();
    let deposited = bank.deposit(&wolf, Money::new(100).unwrap()).details(memo.into()).await.unwrap();

    let created = others.next().await;
    let subject = format!("{name}.events.account-The=20Wolf=2E=2A=3E=3D=C3=A9");
    assert_eq!(created.subject.as_str(), subject);
    assert_eq!(created.reply, None);
    assert_eq!(data(&created), json!({"account_id": "The Wolf.*>=é", "account_holder": "The Wolf.*>=é"}));

    let message = others.next().await;
    assert_eq!(message.subject.as_str(), subject);
    let expected = json!({"account_id": "The Wolf.*>=é", "amount": 100, "memo": "for the \"moon\""});
    assert_eq!(data(&message), expected);
    let event = &deposited.events()[0];
    let ids = &event.metadata;
    let expected = BTreeMap::from([
        ("Nats-Msg-Id", format!("{}.2", ids.command_id)),
        ("Event-Type", "money_deposited_into_bank_account".to_owned()),
        ("Schema-Version", "2".to_owned()),
        ("Position", "2".to_owned()),
        ("Stream", "\"account-The Wolf.*>=é\"".to_owned()),
        ("Version", "2".to_owned()),
        ("Time", event.time.to_string()),
        ("Command-Id", ids.command_id.to_string()),
        ("Correlation-Id", ids.correlation_id().to_string()),
        ("Causation-Id", ids.causation_id().to_string()),
        ("User", "\"José\"".to_owned()),
    ]);
    let headers = message.headers.as_ref().unwrap();
    let found: BTreeMap<_, _> = headers.iter().map(|(name, values)| (name.as_ref(), values[0].to_string())).collect();
    assert_eq!(found, expected);

    // A handler like any other.
    let handlers = bank.handlers().await.unwrap();
    let publisher = handlers.iter().find(|handler| handler.status.name == "publisher").unwrap();
    assert_eq!((publisher.status.kind, publisher.behind, publisher.parked), (HandlerKind::EventHandler, 0, 0));
    bank.close().await;

    // One that was closed repeats nothing.
    let bank = open(&cluster, &name, directory.path()).await;
    bank.create(&account("Dracula")).await.unwrap();
    let message = others.next().await;
    assert_eq!(
        (header(&message, "Position"), message.subject.as_str()),
        ("3".to_owned(), &*format!("{name}.events.account-Dracula"))
    );
    bank.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server"]
async fn whoever_runs_the_handlers_nothing_is_left_out() {
    const DEPOSITS: u64 = 150;
    let (cluster, directory) = (Case::with_others(), tempfile::tempdir().unwrap());
    let name = cluster.stream_name();
    let mut others = Others::of(&cluster, &name).await;
    let mut killed = program(&cluster, &name, &directory.path().join("killed"), ", create: true");
    assert_eq!(killed.reply("Bank.create \"A\""), json!("ok"));
    // Another one takes over from the one that is killed in the middle.
    let bank = open(&cluster, &name, directory.path()).await;
    for number in 1..=DEPOSITS {
        killed.say(&format!("Bank.deposit \"A\", {number}"));
    }
    let mut received = BTreeMap::<u64, Vec<Message>>::new();
    while received.len() < 40 {
        let message = others.next().await;
        received.entry(header(&message, "Position").parse().unwrap()).or_default().push(message);
    }
    killed.kill();
    bank.deposit(&account("A"), Money::new(1_000).unwrap()).await.unwrap();
    let end = bank.head().await.unwrap().position().get();
    while received.keys().copied().ne(1..=end) {
        let message = others.next().await;
        received.entry(header(&message, "Position").parse().unwrap()).or_default().push(message);
    }
    for (position, messages) in &received {
        let [first, repeated @ ..] = &messages[..] else { panic!("{position}") };
        for message in repeated {
            assert_eq!((&message.headers, &message.payload), (&first.headers, &first.payload), "{position}");
        }
    }
    let amounts: Vec<_> = received.values().filter_map(|messages| data(&messages[0])["amount"].as_u64()).collect();
    let last = amounts.len() as u64 - 1;
    assert!(amounts.iter().copied().eq((1..=last).chain([1_000])), "{amounts:?}");
    bank.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server"]
async fn a_stream_that_keeps_the_events_has_each_of_them() {
    let (cluster, directory) = (Case::with_others(), tempfile::tempdir().unwrap());
    let name = cluster.stream_name();
    let kept = format!("{name}-kept");
    let stream = json!({"name": kept, "subjects": [format!("{name}.events.>")], "num_replicas": 3});
    cluster.make(&stream);
    let bank = open(&cluster, &name, directory.path()).await;
    bank.create(&account("A")).await.unwrap();
    for number in 1..=20 {
        bank.deposit(&account("A"), Money::new(number).unwrap()).await.unwrap();
    }
    let all_kept = async {
        loop {
            let handlers = bank.handlers().await.unwrap();
            let publisher = handlers.iter().find(|handler| handler.status.name == "publisher").unwrap();
            if publisher.behind == 0 {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(HANG, all_kept).await.unwrap();
    let last = cluster.ask(&format!("$JS.API.STREAM.INFO.{kept}"), &json!({}))["state"]["messages"].take();
    assert_eq!(last, json!(21));
    bank.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server"]
async fn what_happens_while_there_is_no_leader_is_published_after() {
    let (cluster, directory) = (Case::alone(), tempfile::tempdir().unwrap());
    let name = cluster.stream_name();
    let mut others = Others::of(&cluster, &name).await;
    let bank = open(&cluster, &name, directory.path()).await;
    bank.create(&account("A")).await.unwrap();
    others.next_of(1).await;
    // Not the one that the others are connected to.
    let killed = [1, 2][usize::from(cluster.leader_of(&name) == 2)];
    cluster.nodes[killed].kill();
    timeout(Duration::from_secs(60), bank.deposit(&account("A"), Money::new(7).unwrap())).await.unwrap().unwrap();
    assert_eq!(data(&others.next_of(2).await)["amount"], json!(7));
    cluster.heal();
    bank.close().await;
}
