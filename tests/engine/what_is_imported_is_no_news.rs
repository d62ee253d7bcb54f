//! No handler gets imported events, in whichever process and whenever it starts. Only a process manager that finds its
//! unfinished work in the log continues it.

use std::fs;
use std::time::Duration;

use cqrs_bank::engine::store::handler_records::{HandlerRecords as _, ParkedChange, Progress};
use cqrs_bank::engine::{
    Application, DomainEvent as _, EventHandler, Failure, Position, RecordedEvent, StartFrom, StoreUrl,
};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::hotel::{HotelEvent, arrive, hotel, leave, log, without_reception};

/// Rings for each event from the first, and records its position.
#[derive(Clone)]
struct Bell(mpsc::UnboundedSender<Position>);

impl EventHandler<HotelEvent> for Bell {
    const NAME: &'static str = "bell";
    const START: StartFrom = StartFrom::Origin;

    fn filter(&self) -> impl Fn(&RecordedEvent<HotelEvent>) -> bool + Send + Sync + 'static {
        |_| true
    }

    async fn handle(&mut self, event: &RecordedEvent<HotelEvent>) -> Result<(), Failure> {
        self.0.send(event.position).unwrap();
        Ok(())
    }
}

struct Heard(mpsc::UnboundedReceiver<Position>);

impl Heard {
    async fn next(&mut self) -> u64 {
        timeout(Duration::from_secs(60), self.0.recv()).await.unwrap().unwrap().get()
    }
}

fn bell() -> (Bell, Heard) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Bell(sender), Heard(receiver))
}

async fn types(hotel: &Application<HotelEvent>) -> Vec<&'static str> {
    log(hotel).await.iter().map(|event| event.data.event_type()).collect()
}

/// Four lines: Ann arrives, gets a room, leaves, and the room is freed.
async fn exported() -> (tempfile::TempDir, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events.jsonl");
    let first = hotel(StoreUrl::Memory).start().await.unwrap();
    arrive(&first, "Ann", "7").await;
    leave(&first, "Ann").await;
    first.export(&path, |_, _| {}).await.unwrap();
    let lines = fs::read_to_string(&path).unwrap();
    (directory, lines.split_inclusive('\n').map(str::to_owned).collect())
}

#[tokio::test]
async fn a_process_that_has_something_left_to_do_goes_on() {
    let whole = ["guest_arrived", "room_occupied", "guest_left", "room_freed"];
    let (directory, lines) = exported().await;
    for file in [false, true] {
        for count in 0..=lines.len() {
            let part = directory.path().join("part.jsonl");
            fs::write(&part, lines[..count].concat()).unwrap();
            let place = StoreUrl::Sqlite(directory.path().join(format!("{count}.db")));
            let store = if file { place } else { StoreUrl::Memory };
            let (bell, mut heard) = bell();
            let other = hotel(store).event_handler(bell).start().await.unwrap();
            assert_eq!(other.import(&part, |_, _, _| {}).await, Ok(count as u64));
            let until = count.next_multiple_of(2);
            assert_eq!(types(&other).await, whole[..until], "what waits is answered once");
            arrive(&other, "Ben", "8").await;
            for expected in count + 1..=until + 2 {
                assert_eq!(heard.next().await, expected as u64, "what was imported does not ring");
            }
            other.close().await;
        }
    }
}

/// A handler whose filter selects no event.
#[derive(Clone)]
struct Deaf;

impl EventHandler<HotelEvent> for Deaf {
    const NAME: &'static str = "deaf";

    fn filter(&self) -> impl Fn(&RecordedEvent<HotelEvent>) -> bool + Send + Sync + 'static {
        |_| false
    }

    async fn handle(&mut self, _: &RecordedEvent<HotelEvent>) -> Result<(), Failure> {
        Ok(())
    }
}

/// The importing process does not have the handlers.
#[tokio::test]
async fn a_handler_that_takes_over_in_another_program_hears_only_what_is_new() {
    let (directory, lines) = exported().await;
    let (path, file) = (directory.path().join("whole.jsonl"), StoreUrl::Sqlite(directory.path().join("hotel.db")));
    fs::write(&path, lines.concat()).unwrap();
    let first = without_reception(file.clone()).event_handler(Deaf).start().await.unwrap();
    let (bell, mut heard) = bell();
    let second = hotel(file.clone()).event_handler(bell.clone()).start().await.unwrap();
    assert_eq!(first.import(&path, |_, _, _| {}).await, Ok(4));
    arrive(&first, "Ben", "8").await;
    first.close().await;
    assert_eq!(heard.next().await, 5, "of what was imported it hears nothing");
    assert_eq!(heard.next().await, 6, "the reception has answered");
    second.close().await;

    let third = hotel(file).event_handler(bell).start().await.unwrap();
    leave(&third, "Ben").await;
    assert_eq!((heard.next().await, heard.next().await), (7, 8));
    third.close().await;
}

/// The backup of a store in memory with an imported log.
#[tokio::test]
async fn in_a_backup_it_is_no_news_either() {
    let (directory, lines) = exported().await;
    let (path, backup) = (directory.path().join("whole.jsonl"), directory.path().join("backup.db"));
    fs::write(&path, lines.concat()).unwrap();
    let first = hotel(StoreUrl::Memory).start().await.unwrap();
    first.import(&path, |_, _, _| {}).await.unwrap();
    first.backup(&backup, |_, _, _| {}).await.unwrap();
    let (bell, mut heard) = bell();
    let copy = hotel(StoreUrl::Sqlite(backup)).event_handler(bell).start().await.unwrap();
    arrive(&copy, "Ben", "8").await;
    assert_eq!(heard.next().await, 5);
    copy.close().await;
}

/// The handlers are added after an import has begun.
#[tokio::test]
async fn where_half_a_log_is_no_handler_comes() {
    let hotel = without_reception(StoreUrl::Memory).start().await.unwrap();
    let half = Progress { state: Some("under way".into()), ..Progress::default() };
    hotel.store().write_progress(":import", half, ParkedChange::None).await.unwrap();
    let refused = hotel.add_event_handler(Deaf).await.unwrap_err();
    let expected =
        "it has stopped: task import gave up: another program has begun it and not finished: half a log is no hotel";
    assert_eq!(refused.to_string(), expected);
}
