//! An event of a type or version that this program does not know is named as that, where the file is opened and where
//! it is read, and never as damage.

use std::path::{Path, PathBuf};

use cqrs_bank::engine::domain::DomainEvent;
use cqrs_bank::engine::log::{Metadata, Position, Version};
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::codec::{StoredEvent, UnreadableEvent, UnwritableEvent};
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use cqrs_bank::engine::store::{Append, EventStore as _, ExpectedEnd, OpenStoreError, Verification};
use tempfile::TempDir;

use crate::files::{new_id, open, stream, try_open};
use crate::happened::Happened;

/// What a newer program says.
#[derive(Clone, Debug, PartialEq)]
enum Newer {
    /// The event of today.
    Happened(u64),
    /// In another form.
    HappenedAnew,
    /// There was no such event.
    Undone,
}

impl DomainEvent for Newer {
    const DOMAIN: &'static str = Happened::DOMAIN;

    fn event_type(&self) -> &'static str {
        if *self == Self::Undone { "undone" } else { "happened" }
    }

    fn title(&self) -> &'static str {
        "Happened"
    }
}

/// By hand, because no program writes one event in two forms.
impl StoredEvent for Newer {
    fn event_types() -> Option<Vec<&'static str>> {
        Some(vec!["happened", "undone"])
    }

    fn knows(event_type: &str) -> bool {
        ["happened", "undone"].contains(&event_type)
    }

    fn schema_version(&self) -> u16 {
        if *self == Self::HappenedAnew { 7 } else { 1 }
    }

    fn to_json(&self) -> Result<String, UnwritableEvent> {
        match self {
            Self::Happened(number) => Happened(*number).to_json(),
            _ => Ok("{}".to_owned()),
        }
    }

    fn from_stored(event_type: &str, schema_version: u16, json: &str) -> Result<Self, UnreadableEvent> {
        match (event_type, schema_version) {
            ("undone", 1) => Ok(Self::Undone),
            ("happened", 7) => Ok(Self::HappenedAnew),
            _ => Happened::from_stored(event_type, schema_version, json).map(|happened| Self::Happened(happened.0)),
        }
    }
}

async fn write(path: &Path, events: Vec<Newer>) {
    let supervisor = Supervisor::new();
    let store = SqliteStore::<Newer>::open(path, SqliteOptions::default(), &supervisor).unwrap();
    let end = store.end().await.unwrap();
    let append = Append {
        stream: stream("a"),
        expected_version: Version::new(end.get()),
        time: cqrs_bank::engine::log::Timestamp::from_micros(0),
        metadata: Metadata::from_outside(new_id()),
        events,
        snapshot: None,
        expected_end: ExpectedEnd::ANY,
    };
    store.append(vec![append]).await.unwrap().remove(0).unwrap();
    supervisor.stop(StopReason::Closed);
    supervisor.ended().await;
}

const UNKNOWN: [(Newer, &str); 2] = [
    (Newer::Undone, "of the type \"undone\", which this program does not know"),
    (Newer::HappenedAnew, "of the type \"happened\" in version 7, which this program does not know"),
];

fn new_file() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap().join("bank.db");
    (directory, path)
}

#[tokio::test]
async fn where_a_file_ends_with_it() {
    for (unknown, said) in UNKNOWN {
        let (_directory, path) = new_file();
        open(&path).append("a", 0, &[1]).await;
        write(&path, vec![unknown]).await;
        let error = try_open(&path).err().unwrap();
        assert!(
            matches!(&error, OpenStoreError::UnknownEvent { position, .. } if *position == Position::new(2)),
            "{error}"
        );
        let expected = format!("{}: the event at position 2 is {said}", path.display());
        assert!(error.to_string().starts_with(&expected) && !error.to_string().contains("damage"), "{error}");
        write(&path, vec![Newer::Happened(3)]).await;
    }
}

#[tokio::test]
async fn where_it_is_read() {
    for (unknown, said) in UNKNOWN {
        let (_directory, path) = new_file();
        open(&path).append("a", 0, &[1]).await;
        write(&path, vec![unknown, Newer::Happened(3)]).await;
        let file = open(&path);
        let errors = [
            file.store.read_all(Position::START, 9).await.unwrap_err(),
            file.store.read_stream(&stream("a"), Version::START, 9).await.unwrap_err(),
        ];
        for error in errors.map(|error| error.to_string()) {
            assert!(error.contains(&format!("the event at position 2 is {said}")), "{error}");
            assert!(!error.contains("damage"), "{error}");
        }
        let verified = file.store.verify(|_, _| {}).await.unwrap();
        let Verification::Broken { position, problem } = verified else { panic!("{verified:?}") };
        assert_eq!(position, Some(Position::new(2)));
        assert!(problem.contains(said) && !problem.contains("damage"), "{problem}");
    }
}
