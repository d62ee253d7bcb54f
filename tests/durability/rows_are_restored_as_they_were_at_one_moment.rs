//! What a program restores of its read models while another one writes is of one moment: nothing is counted twice, and
//! nothing is missed.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cqrs_bank::bank::{AccountEvent, AccountId, Balances};
use cqrs_bank::engine::feed::checkpoints::Checkpoints;
use cqrs_bank::engine::feed::{Feed, FeedHandle};
use cqrs_bank::engine::log::{Metadata, Position, StreamId, Timestamp, Version};
use cqrs_bank::engine::projection::ReadModel;
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::handler_records::{HandlerRecords as _, ProjectionUpdate, ProjectionWritten};
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use cqrs_bank::engine::store::{Append, EventStore as _, ExpectedEnd};
use uuid::Uuid;

use crate::accounts::{account, all_balances, money};

/// Enough rows for several pages.
const ACCOUNTS: u64 = 2_500;
const RESTORES: usize = 20;

type Store = SqliteStore<AccountEvent>;

fn open(path: &Path, supervisor: &Supervisor) -> Store {
    SqliteStore::open(path, SqliteOptions::default(), supervisor).unwrap()
}

fn append(account_id: &AccountId, version: u64, event: AccountEvent) -> Append<AccountEvent> {
    Append {
        stream: StreamId::new("account", account_id),
        expected_version: Version::new(version),
        time: Timestamp::from_micros(0),
        metadata: Metadata::from_outside(Uuid::new_v4()),
        events: vec![event],
        snapshot: None,
        expected_end: ExpectedEnd::ANY,
    }
}

/// The balance projection of one program.
struct Program {
    balances: ReadModel<Balances>,
    control: FeedHandle<AccountEvent>,
    checkpoints: Checkpoints,
    supervisor: Supervisor,
}

impl Program {
    async fn start(store: &Store) -> Self {
        let (checkpoints, supervisor) = (Checkpoints::new(), Supervisor::new());
        let mut feed = Feed::new(checkpoints.clone());
        let balances = feed.add();
        feed.restore(store).await.unwrap();
        let control = feed.start(store.clone(), &supervisor);
        Self { balances, control, checkpoints, supervisor }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn beside_a_program_that_writes_what_is_restored_is_the_fold_of_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let supervisor = Supervisor::new();
    let (one, other) = (open(&path, &supervisor), open(&path, &supervisor));
    let accounts: Vec<_> = (0..ACCOUNTS).map(|number| account(&number.to_string())).collect();
    let created = accounts.iter().map(|account_id| {
        let account_holder = account_id.into();
        append(account_id, 0, AccountEvent::AccountCreated { account_id: account_id.clone(), account_holder })
    });
    one.append(created.collect()).await.unwrap();

    let done = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let done = done.clone();
        async move {
            let program = Program::start(&one).await;
            let mut version = 1;
            while !done.load(Ordering::Relaxed) {
                let deposited = accounts.iter().map(|account_id| {
                    let (account_id, amount) = (account_id.clone(), money(1));
                    append(&account_id.clone(), version, AccountEvent::deposited(account_id, amount))
                });
                one.append(deposited.collect()).await.unwrap();
                version += 1;
                program.checkpoints.projections_have_seen(one.end().await.unwrap()).await;
                program.control.keep_rows().await;
            }
            program.supervisor.stop(StopReason::Closed);
            version - 1
        }
    });
    let mut programs = Vec::new();
    for _ in 0..RESTORES {
        programs.push(Program::start(&other).await);
    }
    done.store(true, Ordering::Relaxed);
    let deposits: u64 = writing.await.unwrap();
    let end = other.end().await.unwrap();
    for (number, Program { balances, checkpoints, supervisor, .. }) in programs.into_iter().enumerate() {
        checkpoints.projections_have_seen(end).await;
        let wrong =
            |balances: &Balances| all_balances(balances).into_values().filter(|balance| *balance != deposits).count();
        assert_eq!(balances.read(wrong), 0, "balances are wrong after restore {number}");
        supervisor.stop(StopReason::Closed);
    }
    supervisor.stop(StopReason::Closed);
}

#[tokio::test]
async fn pages_that_are_being_read_know_nothing_of_what_is_written_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let supervisor = Supervisor::new();
    let (one, other) = (open(&path, &supervisor), open(&path, &supervisor));
    let update = |after: u64, checkpoint: u64, data: &str| ProjectionUpdate {
        projection: "balances".to_owned(),
        after: Position::new(after),
        checkpoint: Position::new(checkpoint),
        rows: (0..10 * ACCOUNTS).map(|key| (format!("{key:05}").into(), Some(data.into()))).collect(),
        replace_all: false,
    };
    one.write_projections(vec![update(0, 1, "1")]).await.unwrap();
    let mut before = other.read_projection("balances").await.unwrap().unwrap();
    assert_eq!(one.write_projections(vec![update(1, 2, "2")]).await.unwrap(), [ProjectionWritten::Stored]);
    let mut after = other.read_projection("balances").await.unwrap().unwrap();
    for (stored, checkpoint, data) in [(&mut before, 1, "1"), (&mut after, 2, "2")] {
        let mut rows = 0;
        while let Some(page) = stored.next_page().await.unwrap() {
            rows += page.len() as u64;
            assert!(page.iter().all(|row| &*row.data == data));
        }
        assert_eq!((stored.checkpoint(), rows), (Position::new(checkpoint), 10 * ACCOUNTS));
    }
    supervisor.stop(StopReason::Closed);
}
