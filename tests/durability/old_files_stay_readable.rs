//! What an earlier version has written is read, goes on, and is never changed: a file that is kept for good, and events
//! of an older form that are brought up to date as they are read.

use std::fs;
use std::path::{Path, PathBuf};

use cqrs_bank::bank::AccountEvent;
use cqrs_bank::engine::domain::{DomainEvent, Upcast};
use cqrs_bank::engine::log::{Metadata, Position, Version};
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use cqrs_bank::engine::store::{Append, EventStore as _, ExpectedEnd, Verification};
use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::files::{new_id, open, stream};
use crate::happened::Happened;
use crate::program::{bank, run_command};

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/durability/written_by_version_1").join(name)
}

#[test]
fn a_file_of_version_1_answers_as_ever_and_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["bank.db", "bank.db-end"] {
        fs::write(directory.path().join(name), fs::read(kept(name)).unwrap()).unwrap();
    }
    let mut command = bank(&["--echo", "--quiet", "--seed", "2"]);
    command.current_dir(directory.path()).env("RUST_LOG", "off");
    let finished = run_command(command, fs::read(kept("read.bank")).unwrap());
    assert_eq!((finished.exit_code, finished.stderr.as_str()), (Some(0), ""));
    let expected = fs::read_to_string(kept("read.txt")).unwrap();
    for (number, (line, expected)) in finished.stdout.lines().zip(expected.lines()).enumerate() {
        assert_eq!(line, expected, "line {}", number + 1);
    }
    assert_eq!(finished.stdout, expected);
    let parked = fs::read_dir(directory.path().join("outbox")).unwrap().map(|entry| entry.unwrap().file_name());
    let parked = parked.filter(|name| name.to_string_lossy().starts_with("00000000000000000010-"));
    assert_eq!(parked.count(), 1, "the e-mail that was parked then");
}

/// Who only asks changes nothing; who writes gives the file its newest form, which programs of before call newer.
#[tokio::test]
async fn a_file_of_version_1_is_upgraded_by_the_first_write_and_by_no_question() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let of_then = ["bank.db", "bank.db-end"].map(|name| fs::read(kept(name)).unwrap());
    fs::write(&path, &of_then[0]).unwrap();
    fs::write(directory.path().join("bank.db-end"), &of_then[1]).unwrap();
    let version = |file: &[u8]| u32::from_be_bytes(file[60..64].try_into().unwrap());
    assert_eq!(version(&of_then[0]), 1);
    for is_written in [false, true] {
        let supervisor = Supervisor::new();
        let store = SqliteStore::<AccountEvent>::open(&path, SqliteOptions::default(), &supervisor).unwrap();
        let events = store.read_all(Position::START, 999).await.unwrap();
        assert_eq!(events.len(), 294);
        let verified = store.verify(|_, _| {}).await.unwrap();
        assert!(matches!(verified, Verification::Whole(_)), "{is_written}: {verified:?}");
        if is_written {
            let stream = events[0].stream.clone();
            let end = store.read_stream(&stream, Version::START, 999).await.unwrap().last().unwrap().version;
            let append = Append {
                expected_version: end,
                time: events[0].time,
                metadata: Metadata::from_outside(new_id()),
                events: vec![events[9].data.clone()],
                snapshot: None,
                expected_end: ExpectedEnd::ANY,
                stream,
            };
            store.append(vec![append]).await.unwrap().remove(0).unwrap();
            let verified = store.verify(|_, _| {}).await.unwrap();
            assert!(matches!(verified, Verification::Whole(_)), "{verified:?}");
        }
        supervisor.stop(StopReason::Closed);
        supervisor.ended().await;
        let file = fs::read(&path).unwrap();
        if is_written {
            assert_eq!(version(&file), 2);
            assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "it is closed as one of today");
        } else {
            assert_eq!(file, of_then[0]);
            assert_eq!(fs::read(directory.path().join("bank.db-end")).unwrap(), of_then[1]);
        }
    }
}

/// It would not keep what the newer one holds the progress of handlers against.
#[tokio::test]
async fn a_program_of_then_that_has_it_open_can_write_no_progress_and_no_snapshot_once_it_is_upgraded() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    for name in ["bank.db", "bank.db-end"] {
        fs::write(directory.path().join(name), fs::read(kept(name)).unwrap()).unwrap();
    }
    let of_then = Connection::open(&path).unwrap();
    let write = || {
        let sql = "INSERT OR REPLACE INTO handlers (handler, checkpoint, attempts, state, hash) VALUES (?1, 1, 0, NULL, x'00')";
        of_then.execute(sql, ["old"])
    };
    write().unwrap();
    of_then.execute("DELETE FROM handlers WHERE handler = 'old'", []).unwrap();

    let finished = run_command(bank(&["--quiet"]), format!("Bank.open {path:?}; Bank.create \"of today\"; Bank.close"));
    assert_eq!(finished.exit_code, Some(0), "{finished:?}");
    assert!(write().unwrap_err().to_string().contains("NOT NULL constraint failed"));
    let sql = "INSERT INTO snapshots (stream, position, version, time, state, hash) VALUES (1, 1, 1, 0, '{}', x'00')";
    assert!(of_then.execute(sql, []).unwrap_err().to_string().contains("NOT NULL constraint failed"));
    drop(of_then);
    let finished = run_command(bank(&["--quiet"]), format!("Bank.open {path:?}; Bank.verify"));
    assert!(finished.stdout.contains("{:ok,") && finished.exit_code == Some(0), "{finished:?}");
}

#[test]
fn the_file_is_the_one_of_then_and_holds_every_event_of_then() {
    let digest = |name| {
        let digest = Sha256::digest(fs::read(kept(name)).unwrap());
        digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let files = [digest("bank.db"), digest("bank.db-end")];
    assert_eq!(files, FILES, "these files are never written again");

    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("bank.db");
    fs::write(&copy, fs::read(kept("bank.db")).unwrap()).unwrap();
    let connection = Connection::open_with_flags(&copy, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    let sql = "SELECT type, min(schema_version), max(schema_version) FROM event_log GROUP BY type ORDER BY type";
    let mut statement = connection.prepare(sql).unwrap();
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let found: Vec<(String, u16, u16)> = found.map(Result::unwrap).collect();
    let types = [
        "account_overdrawn",
        "account_unlocked",
        "bank_account_created",
        "invalid_pin",
        "money_deposited_into_bank_account",
        "money_reserved_for_transfer",
        "money_withdrawn_from_bank_account",
        "transfer_credited",
        "transfer_released",
        "transfer_settled",
    ];
    assert_eq!(found, types.map(|name| (name.to_owned(), 1, 1)));
}

const FILES: [&str; 2] = [
    "4e315362e470fcf51c6c15fbd3c993bce831b90ddeeabf349d7a77b1332d0e5e",
    "e1ccb5e104b65de5620bcf13ea11ab051b79a725a9e94d4892935d12a5798c41",
];

/// The event of today: what was a bare number has a unit now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "happened")]
struct Measured {
    measured: u64,
    unit: String,
}

impl DomainEvent for Measured {
    const DOMAIN: &'static str = Happened::DOMAIN;

    fn event_type(&self) -> &'static str {
        "happened"
    }

    fn title(&self) -> &'static str {
        "Happened"
    }

    fn upcast(event_type: &str, schema_version: u16) -> Option<Upcast> {
        match (event_type, schema_version) {
            ("happened", 1) => Some(|data| json!({"measured": data["number"], "unit": "pieces"})),
            _ => None,
        }
    }
}

#[tokio::test]
async fn an_event_of_an_older_form_is_read_as_one_of_today_and_stays_what_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("measured.db");
    open(&path).append("a", 0, &[3, 4]).await;

    let supervisor = Supervisor::new();
    let store = SqliteStore::<Measured>::open(&path, SqliteOptions::default(), &supervisor).unwrap();
    let grams = Measured { measured: 5, unit: "grams".to_owned() };
    let append = Append {
        stream: stream("a"),
        expected_version: Version::new(2),
        time: store.read_stream(&stream("a"), Version::START, 1).await.unwrap()[0].time,
        metadata: Metadata::from_outside(new_id()),
        events: vec![grams.clone()],
        snapshot: None,
        expected_end: ExpectedEnd::ANY,
    };
    store.append(vec![append]).await.unwrap().remove(0).unwrap();
    let read = store.read_stream(&stream("a"), Version::START, 9).await.unwrap();
    let pieces = |measured| Measured { measured, unit: "pieces".to_owned() };
    assert_eq!(read.iter().map(|event| event.data.clone()).collect::<Vec<_>>(), [pieces(3), pieces(4), grams]);
    assert!(matches!(store.verify(|_, _| {}).await.unwrap(), Verification::Whole(found) if found.events == 3));
    supervisor.stop(StopReason::Closed);

    let connection = Connection::open(&path).unwrap();
    let mut statement = connection.prepare("SELECT schema_version, data FROM events ORDER BY position").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let rows: Vec<(u16, String)> = rows.map(Result::unwrap).collect();
    let stored = [(1, r#"{"number":3}"#), (1, r#"{"number":4}"#), (2, r#"{"measured":5,"unit":"grams"}"#)];
    assert_eq!(rows, stored.map(|(version, data)| (version, data.to_owned())));
}
