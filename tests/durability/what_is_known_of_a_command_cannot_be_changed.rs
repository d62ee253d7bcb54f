//! What an event says of its command besides the ids is a part of the log: the chain covers it, it travels with the
//! event, and an event that says nothing is stored as it always was.

use std::path::Path;

use cqrs_bank::engine::log::{Fingerprint, Metadata, Position, RecordedEvent};
use cqrs_bank::engine::runtime::Supervisor;
use cqrs_bank::engine::store::event_line::{read_line, write_line};
use cqrs_bank::engine::store::memory::MemoryStore;
use cqrs_bank::engine::store::{Append, EventStore, Store, Verification};
use rusqlite::Connection;
use tempfile::TempDir;
use uuid::Uuid;

use crate::files::{append, open};
use crate::happened::Happened;

/// A command of a process, one whose sender has chosen the id, and two of which nothing else is known.
fn appends() -> Vec<Append<Happened>> {
    let id = |number: u128| Metadata::from_outside(Uuid::from_u128(number << 80));
    let content = Fingerprint::of(&[&"happen", &3]);
    let known = [id(1).with_process("CEO bonus"), id(2).with_fingerprint(content), id(3), id(4)];
    let append_as = |(version, metadata): (u64, Metadata)| {
        let command_id = metadata.command_id;
        Append { metadata, ..append(command_id, "a", version, &[version]) }
    };
    (0..).zip(known).map(append_as).collect()
}

async fn stored(path: &Path) -> Vec<RecordedEvent<Happened>> {
    let file = open(path);
    for append in appends() {
        file.store.append(vec![append]).await.unwrap().remove(0).unwrap();
    }
    file.log().await
}

fn lines(events: &[RecordedEvent<Happened>]) -> Vec<String> {
    let line = |event| {
        let mut line = Vec::new();
        write_line(event, &mut line).unwrap();
        String::from_utf8(line).unwrap().trim_end().to_owned()
    };
    events.iter().map(line).collect()
}

#[tokio::test]
async fn it_is_found_out_if_it_was_changed() {
    let directory = TempDir::new().unwrap();
    let changes = [(1, "'{\"process\":\"tax\"}'"), (1, "NULL"), (3, "'{}'")];
    for (number, (position, change)) in changes.into_iter().enumerate() {
        let path = directory.path().join(format!("{position}.{number}.db"));
        stored(&path).await;
        let change = format!("UPDATE events SET metadata = {change} WHERE position = {position}");
        Connection::open(&path).unwrap().execute(&change, []).unwrap();
        let file = open(&path);
        let verified = file.store.verify(|_, _| {}).await.unwrap();
        assert!(
            matches!(verified, Verification::Broken { position: Some(at), .. } if at == Position::new(position)),
            "{change}: {verified:?}"
        );
    }
}

#[tokio::test]
async fn it_travels_with_the_event() {
    let directory = TempDir::new().unwrap();
    let events = stored(&directory.path().join("a.db")).await;
    let lines = lines(&events);
    let read: Vec<RecordedEvent<Happened>> = lines.iter().map(|line| read_line(line.as_bytes()).unwrap()).collect();
    assert_eq!(read, events);
    assert!(lines[0].ends_with(r#","metadata":{"process":"CEO bonus"}}"#), "{}", lines[0]);
    assert!(lines[2].ends_with(r#""causation_id":"00000000-0003-0000-0000-000000000000"}"#), "{}", lines[2]);
    for metadata in ["1", "\"tax\"", "[]"] {
        let line = lines[2].replace("\"causation_id\"", &format!("\"metadata\":{metadata},\"causation_id\""));
        read_line::<Happened>(line.as_bytes()).unwrap_err();
    }
}

/// A log has one head, wherever it is stored.
#[tokio::test]
async fn a_log_in_memory_has_the_head_of_the_same_log_in_a_file() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a.db");
    stored(&path).await;
    let memory = MemoryStore::start(&Supervisor::new());
    for append in appends() {
        memory.append(vec![append]).await.unwrap().remove(0).unwrap();
    }
    let (file, memory) = (open(&path), Store::from(memory));
    for position in [Some(Position::new(1)), Some(Position::new(2)), None] {
        assert_eq!(file.store.head(position).await.unwrap(), memory.head(position).await.unwrap());
    }
}

/// What a program has stored that knows more of commands is neither damage nor lost on the way.
#[tokio::test]
async fn what_a_later_version_says_is_handed_on() {
    let directory = TempDir::new().unwrap();
    let events = stored(&directory.path().join("a.db")).await;
    let later = lines(&events)[0].replace(r#"{"process":"#, r#"{"user": {"name": "Josh"}, "process":"#);
    let event: RecordedEvent<Happened> = read_line(later.as_bytes()).unwrap();
    assert_eq!(event.metadata.process(), Some("CEO bonus"));
    let file = open(&directory.path().join("b.db"));
    let (metadata, command_id) = (event.metadata.clone(), event.metadata.command_id);
    file.store.append(vec![Append { metadata, ..append(command_id, "a", 0, &[0]) }]).await.unwrap().remove(0).unwrap();
    assert_eq!(lines(&file.log().await), [later]);
    assert!(matches!(file.store.verify(|_, _| {}).await.unwrap(), Verification::Whole(_)));
}
