//! A log that begins with commits in the form of an earlier version, with a line of JSON for each event, is read as any other
//! and goes on in today's form.

use std::sync::Arc;

use cqrs_bank::engine::log::{Moment, Position, RecordedEvent};
use cqrs_bank::engine::runtime::Supervisor;
use cqrs_bank::engine::store::commit_log::{Disturbance, InProcessLog};
use cqrs_bank::engine::store::event_line::write_line;
use cqrs_bank::engine::store::memory::MemoryStore;
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use cqrs_bank::engine::store::{EventStore as _, PUBLISHED_CAPACITY, Store};
use serde_json::Value;

use crate::happened::Happened;
use crate::promises::{append, in_short, log, stored, stream, with_snapshot};

async fn in_memory(log: &Arc<InProcessLog>, supervisor: &Supervisor) -> Store<Happened> {
    MemoryStore::start_replica(supervisor, PUBLISHED_CAPACITY, log.clone()).await.unwrap().into()
}

/// The entries of a log as the earlier version wrote them.
fn in_earlier_form(entries: &[Vec<u8>], events: &[RecordedEvent<Happened>]) -> Vec<Vec<u8>> {
    let header = |entry: &Vec<u8>| entry.split(|byte| *byte == b'\n').next().unwrap().to_vec();
    let headers: Vec<Vec<u8>> = entries.iter().map(header).collect();
    let base = |header: &Vec<u8>| serde_json::from_slice::<Value>(header).unwrap()["base"].as_u64().unwrap();
    let bases: Vec<_> = headers.iter().map(base).chain([events.len() as u64]).collect();
    let in_lines = headers.iter().zip(bases.windows(2)).map(|(header, base)| {
        let header = String::from_utf8(header.clone()).unwrap();
        assert!(header.starts_with("{\"form\":2,"), "{header}");
        let mut bytes = header.replacen("{\"form\":2,", "{\"form\":1,", 1).into_bytes();
        bytes.push(b'\n');
        for event in &events[base[0] as usize..base[1] as usize] {
            write_line(event, &mut bytes).unwrap();
        }
        bytes
    });
    in_lines.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_of_an_earlier_form_is_read_and_goes_on() {
    let (supervisor, directory) = (Supervisor::new(), tempfile::tempdir().unwrap());
    let today = Arc::new(InProcessLog::new(1 << 20));
    let writer = in_memory(&today, &supervisor).await;
    stored(&writer, append("a", 0, &[1, 2])).await;
    stored(&writer, with_snapshot(append("b", 0, &[3]), "\"state\"")).await;
    stored(&writer, append("a", 2, &[4])).await;

    let earlier = Arc::new(InProcessLog::new(1 << 20));
    let path = directory.path().join("replica.db");
    let file = SqliteStore::open_replica(&path, SqliteOptions::default(), earlier.clone(), &supervisor);
    let file: Store<Happened> = file.unwrap().into();
    let entries = in_earlier_form(&today.entries(), &log(&writer).await);
    assert_eq!(entries.len(), 3);
    earlier.disturb(entries.into_iter().map(Disturbance::Overtaken));
    stored(&file, append("c", 0, &[5])).await;

    let memory = in_memory(&earlier, &supervisor).await;
    for store in [&file, &memory] {
        assert_eq!(store.end().await.unwrap(), Position::new(5));
        let events = log(store).await;
        let expected = [(1, "a", 1, 1), (2, "a", 2, 2), (3, "b", 1, 3), (4, "a", 3, 4), (5, "c", 1, 5)];
        assert_eq!(in_short(&events), expected);
        let (snapshot, _) = store.read_from_snapshot(&stream("b"), Moment::NOW, 10).await.unwrap();
        assert_eq!(snapshot.map(|snapshot| snapshot.state.to_string()).as_deref(), Some("\"state\""));
    }
    assert_eq!(file.head(None).await.unwrap(), memory.head(None).await.unwrap());
    let same = writer.head(None).await.unwrap().unwrap();
    assert_eq!(file.head(Some(Position::new(4))).await.unwrap(), Some(same));
}
