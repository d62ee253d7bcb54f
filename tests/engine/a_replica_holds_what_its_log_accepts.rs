//! A store that is a replica: its group commits count once a log outside has accepted them, races with other programs are
//! decided again, and what the log does not accept is not stored.

use std::path::Path;
use std::sync::Arc;

use cqrs_bank::engine::log::{Position, Version};
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::commit_log::{Disturbance, InProcessLog, LogError};
use cqrs_bank::engine::store::memory::MemoryStore;
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use cqrs_bank::engine::store::{
    Append, EventStore as _, OpenStoreError, PUBLISHED_CAPACITY, Rejected, Store, StoreError,
};
use futures_util::future::join_all;
use tempfile::TempDir;

use crate::happened::Happened;
use crate::promises::{answer_to, append, append_as, in_short, log, new_id, stored, stream, with_snapshot};

/// The size of an entry that no test below fills.
const LARGE: usize = 1 << 20;

/// What a program has as its replica.
#[derive(Clone, Copy, Debug)]
enum Replica {
    File,
    Memory,
}

struct Program {
    store: Store<Happened>,
    supervisor: Supervisor,
    directory: TempDir,
}

impl Program {
    async fn on(log: &Arc<InProcessLog>, replica: Replica) -> Self {
        let (supervisor, directory) = (Supervisor::new(), tempfile::tempdir().unwrap());
        let store = match replica {
            Replica::File => open(directory.path(), log, &supervisor).unwrap().into(),
            Replica::Memory => {
                MemoryStore::start_replica(&supervisor, PUBLISHED_CAPACITY, log.clone()).await.unwrap().into()
            }
        };
        Self { store, supervisor, directory }
    }

    async fn close(self) -> TempDir {
        let Self { store, supervisor, directory } = self;
        drop(store);
        supervisor.stop(StopReason::Closed);
        supervisor.ended().await;
        directory
    }
}

fn open(
    directory: &Path,
    log: &Arc<InProcessLog>,
    supervisor: &Supervisor,
) -> Result<SqliteStore<Happened>, OpenStoreError> {
    SqliteStore::open_replica(&directory.join("replica.db"), SqliteOptions::default(), log.clone(), supervisor)
}

/// The only entry of a log with one commit.
async fn entry_of(append: Append<Happened>) -> Vec<u8> {
    let log = Arc::new(InProcessLog::new(LARGE));
    let program = Program::on(&log, Replica::File).await;
    stored(&program.store, append).await;
    log.entries().remove(0)
}

macro_rules! both {
    ($($case:ident,)*) => {
        mod in_a_file {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                super::$case(super::Replica::File).await;
            })*
        }

        mod in_memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                super::$case(super::Replica::Memory).await;
            })*
        }
    };
}

both! {
    what_one_program_appends_the_others_read_with_the_same_hashes,
    what_another_program_was_first_with_is_decided_again,
    what_the_log_does_not_accept_is_not_stored,
    an_unknown_outcome_is_what_the_log_holds,
    an_entry_at_another_place_than_it_says_is_void,
    whoever_waits_is_told_why_a_log_has_failed,
    what_does_not_fit_into_one_entry_is_several_or_refused,
    programs_that_race_lose_and_double_nothing,
    what_waits_while_an_entry_is_made_shares_the_next_one,
}

async fn what_one_program_appends_the_others_read_with_the_same_hashes(replica: Replica) {
    let shared = Arc::new(InProcessLog::new(LARGE));
    let (one, other) = (Program::on(&shared, replica).await, Program::on(&shared, replica).await);
    let mut heard = other.store.published();
    stored(&one.store, append("a", 0, &[1, 2])).await;
    stored(&one.store, with_snapshot(append("b", 0, &[3]), "\"state\"")).await;
    assert_eq!(other.store.end().await.unwrap(), Position::new(3));
    let mut heard_of = Vec::new();
    while heard_of.len() < 3 {
        heard_of.extend(heard.recv().await.unwrap().events.iter().map(|event| event.position.get()));
    }
    assert_eq!(heard_of, [1, 2, 3]);
    stored(&other.store, append("a", 2, &[4])).await;
    assert_eq!(one.store.end().await.unwrap(), Position::new(4));
    let (of_one, of_other) = (log(&one.store).await, log(&other.store).await);
    assert_eq!(in_short(&of_one), [(1, "a", 1, 1), (2, "a", 2, 2), (3, "b", 1, 3), (4, "a", 3, 4)]);
    assert_eq!(
        of_one.iter().map(|event| event.time).collect::<Vec<_>>(),
        of_other.iter().map(|event| event.time).collect::<Vec<_>>()
    );
    assert_eq!(in_short(&of_one), in_short(&of_other));
    assert_eq!(one.store.head(None).await.unwrap(), other.store.head(None).await.unwrap());
    let until = cqrs_bank::engine::log::Moment::NOW;
    let (snapshot, _) = other.store.read_from_snapshot(&stream("b"), until, 10).await.unwrap();
    assert_eq!(snapshot.map(|snapshot| snapshot.state.to_string()).as_deref(), Some("\"state\""));
}

async fn what_another_program_was_first_with_is_decided_again(replica: Replica) {
    let command = new_id();
    let overtaking = entry_of(append_as(command, "a", 0, &[1])).await;
    // Elsewhere the other one does not matter.
    let shared = Arc::new(InProcessLog::new(LARGE));
    let program = Program::on(&shared, replica).await;
    shared.disturb([Disturbance::Overtaken(overtaking.clone())]);
    let events = stored(&program.store, append("b", 0, &[2])).await;
    assert_eq!(in_short(&events), [(2, "b", 1, 2)]);
    // In the same stream it is a conflict.
    let shared = Arc::new(InProcessLog::new(LARGE));
    let program = Program::on(&shared, replica).await;
    shared.disturb([Disturbance::Overtaken(overtaking.clone())]);
    match answer_to(&program.store, append("a", 0, &[2])).await {
        Err(Rejected::Conflict(conflict)) => assert_eq!(conflict.actual, Version::new(1)),
        other => panic!("{other:?}"),
    }
    // Of the same command it is the outcome.
    let shared = Arc::new(InProcessLog::new(LARGE));
    let program = Program::on(&shared, replica).await;
    shared.disturb([Disturbance::Overtaken(overtaking)]);
    match answer_to(&program.store, append_as(command, "a", 0, &[1])).await {
        Err(Rejected::Repeated(events)) => assert_eq!(in_short(&events), [(1, "a", 1, 1)]),
        other => panic!("{other:?}"),
    }
    assert_eq!((shared.entries().len(), log(&program.store).await.len()), (1, 1));
}

async fn what_the_log_does_not_accept_is_not_stored(replica: Replica) {
    let shared = Arc::new(InProcessLog::new(LARGE));
    let program = Program::on(&shared, replica).await;
    stored(&program.store, append("a", 0, &[1])).await;
    shared.disturb([Disturbance::NotOffered]);
    let refused = program.store.append(vec![append("new", 0, &[2]), append("a", 1, &[2])]).await;
    assert_eq!(refused.map(drop), Err(StoreError::Unavailable("nobody answers".to_owned())));
    assert_eq!(log(&program.store).await.len(), 1);
    let events = stored(&program.store, append("other", 0, &[3])).await;
    assert_eq!(in_short(&events), [(2, "other", 1, 3)]);
    assert_eq!(in_short(&log(&program.store).await), [(1, "a", 1, 1), (2, "other", 1, 3)]);
}

async fn an_unknown_outcome_is_what_the_log_holds(replica: Replica) {
    let shared = Arc::new(InProcessLog::new(LARGE));
    let program = Program::on(&shared, replica).await;
    let unknown = Err(StoreError::OutcomeUnknown("nobody answers".into()));
    let (lost, unanswered) = (new_id(), new_id());
    shared.disturb([Disturbance::Lost, Disturbance::Unanswered]);
    assert_eq!(program.store.append(vec![append_as(lost, "a", 0, &[1])]).await.map(drop), unknown);
    assert_eq!(program.store.append(vec![append_as(unanswered, "b", 0, &[2])]).await.map(drop), unknown);
    assert_eq!(program.store.end().await.unwrap(), Position::new(1));
    assert!(program.store.read_command(lost).await.unwrap().is_none());
    assert_eq!(in_short(&program.store.read_command(unanswered).await.unwrap().unwrap()), [(1, "b", 1, 2)]);
    stored(&program.store, append_as(lost, "a", 0, &[1])).await;
    let repeated = answer_to(&program.store, append_as(unanswered, "b", 0, &[2])).await;
    assert!(matches!(repeated, Err(Rejected::Repeated(_))), "{repeated:?}");
}

async fn an_entry_at_another_place_than_it_says_is_void(replica: Replica) {
    let shared = Arc::new(InProcessLog::new(LARGE));
    let (one, other) = (Program::on(&shared, replica).await, Program::on(&shared, replica).await);
    stored(&one.store, append("a", 0, &[1])).await;
    // It is for the first place, as of a writer whom the log has not checked.
    let misplaced = entry_of(append("b", 0, &[2])).await;
    shared.disturb([Disturbance::Overtaken(misplaced)]);
    let events = stored(&one.store, append("b", 0, &[3])).await;
    assert_eq!(in_short(&events), [(2, "b", 1, 3)]);
    assert_eq!(shared.entries().len(), 3);
    assert_eq!(other.store.end().await.unwrap(), Position::new(2));
    assert_eq!(one.store.head(None).await.unwrap(), other.store.head(None).await.unwrap());
}

async fn whoever_waits_is_told_why_a_log_has_failed(replica: Replica) {
    let shared = Arc::new(InProcessLog::new(LARGE));
    let program = Program::on(&shared, replica).await;
    stored(&program.store, append("a", 0, &[1])).await;
    shared.disturb([Disturbance::Overtaken(b"no commit".to_vec())]);
    let failed = program.store.append(vec![append("a", 1, &[2])]).await.map(drop).unwrap_err().to_string();
    assert!(failed.contains("the entry 2 is not a commit"), "{failed}");
}

async fn what_does_not_fit_into_one_entry_is_several_or_refused(replica: Replica) {
    let shared = Arc::new(InProcessLog::new(1_000));
    let (one, other) = (Program::on(&shared, replica).await, Program::on(&shared, replica).await);
    let appends = (0..40).map(|number| append(&format!("of-{number}"), 0, &[number])).collect();
    let answers = one.store.append(appends).await.unwrap();
    for (number, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.unwrap()[0].position, Position::new(number as u64 + 1));
    }
    assert!((2..40).contains(&shared.entries().len()), "{}", shared.entries().len());
    assert_eq!(other.store.end().await.unwrap(), Position::new(40));
    let large: Vec<_> = (0..100).collect();
    let refused = one.store.append(vec![append("large", 0, &large)]).await;
    assert!(matches!(&refused, Err(StoreError::Failed(reason)) if reason.contains("at once")), "{refused:?}");
    stored(&one.store, append("small", 0, &[1])).await;
    assert_eq!(other.store.end().await.unwrap(), Position::new(41));
    assert_eq!(in_short(&log(&other.store).await), in_short(&log(&one.store).await));
}

async fn programs_that_race_lose_and_double_nothing(replica: Replica) {
    const PROGRAMS: u64 = 3;
    const APPENDS: u64 = 200;
    let shared = Arc::new(InProcessLog::new(LARGE));
    let programs: Vec<_> = join_all((0..PROGRAMS).map(|_| Program::on(&shared, replica))).await;
    let writing = programs.iter().enumerate().map(|(number, program)| {
        let store = program.store.clone();
        tokio::spawn(async move {
            let mut conflicts = 0;
            for event in 0..APPENDS {
                let event = number as u64 * APPENDS + event;
                let stream_name = format!("of-{}", event % 5);
                loop {
                    let version =
                        store.stream_version(&stream(&stream_name), cqrs_bank::engine::log::Moment::NOW).await;
                    match answer_to(&store, append(&stream_name, version.unwrap().get(), &[event])).await {
                        Ok(_) => break,
                        Err(Rejected::Conflict(_)) => conflicts += 1,
                        Err(repeated) => panic!("{repeated:?}"),
                    }
                }
            }
            conflicts
        })
    });
    let writing: Vec<_> = writing.collect();
    let mut conflicts = 0;
    for task in writing {
        conflicts += task.await.unwrap();
    }
    assert!(conflicts > 0, "they have raced");
    let mut heads = Vec::new();
    for program in &programs {
        assert_eq!(program.store.end().await.unwrap(), Position::new(PROGRAMS * APPENDS));
        let mut events: Vec<_> = log(&program.store).await.iter().map(|event| event.data.0).collect();
        events.sort_unstable();
        assert_eq!(events, (0..PROGRAMS * APPENDS).collect::<Vec<_>>());
        heads.push(program.store.head(None).await.unwrap().unwrap().to_string());
    }
    heads.dedup();
    assert_eq!(heads.len(), 1, "{heads:?}");
}

async fn what_waits_while_an_entry_is_made_shares_the_next_one(replica: Replica) {
    const CALLERS: u64 = 200;
    let shared = Arc::new(InProcessLog::new(LARGE));
    let program = Program::on(&shared, replica).await;
    let calls = (0..CALLERS).map(|caller| {
        let store = program.store.clone();
        async move { stored(&store, append(&format!("of-{caller}"), 0, &[caller])).await }
    });
    for (caller, events) in join_all(calls).await.into_iter().enumerate() {
        assert_eq!((events[0].data.0, events.len()), (caller as u64, 1));
    }
    let entries = shared.entries().len() as u64;
    assert!(entries < CALLERS / 2, "{entries} entries");
    // What is refused of calls that may share an entry is not stored, and the rest is.
    shared.disturb([Disturbance::NotOffered]);
    let two = ["x", "y"].map(|name| program.store.append(vec![append(name, 0, &[1])]));
    let answers = join_all(two).await;
    let refused = answers.iter().filter(|answer| matches!(answer, Err(StoreError::Unavailable(_)))).count() as u64;
    let accepted = answers.iter().filter(|answer| answer.as_ref().is_ok_and(|answers| answers[0].is_ok())).count();
    assert!(refused > 0 && refused as usize + accepted == 2, "{answers:?}");
    assert_eq!(program.store.end().await.unwrap(), Position::new(CALLERS + 2 - refused));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_goes_on_where_it_ended() {
    let shared = Arc::new(InProcessLog::new(LARGE));
    let (one, other) = (Program::on(&shared, Replica::File).await, Program::on(&shared, Replica::File).await);
    stored(&one.store, append("a", 0, &[1])).await;
    let directory = one.close().await;
    stored(&other.store, append("a", 1, &[2])).await;
    let supervisor = Supervisor::new();
    let store = open(directory.path(), &shared, &supervisor).unwrap();
    stored(&store, append("a", 2, &[3])).await;
    assert_eq!(in_short(&log(&store).await), [(1, "a", 1, 1), (2, "a", 2, 2), (3, "a", 3, 3)]);
    supervisor.stop(StopReason::Closed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_went_back_is_refused() {
    let shared = Arc::new(InProcessLog::new(LARGE));
    let one = Program::on(&shared, Replica::File).await;
    stored(&one.store, append("a", 0, &[1])).await;
    stored(&one.store, append("a", 1, &[2])).await;
    let directory = one.close().await;
    shared.lose_after(1);
    let refused = open(directory.path(), &shared, &Supervisor::new()).map(drop);
    assert!(matches!(&refused, Err(OpenStoreError::Log(LogError::WentBack { .. }))), "{refused:?}");
    // Other events took their place.
    let other = Program::on(&shared, Replica::File).await;
    stored(&other.store, append("a", 1, &[7])).await;
    stored(&other.store, append("a", 2, &[8])).await;
    let supervisor = Supervisor::new();
    let _store = open(directory.path(), &shared, &supervisor).unwrap();
    let stopped = supervisor.stopped().await;
    assert!(stopped.to_string().contains("has other events by now"), "{stopped}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_and_another_file_are_told_apart() {
    let shared = Arc::new(InProcessLog::new(LARGE));
    let one = Program::on(&shared, Replica::File).await;
    stored(&one.store, append("a", 0, &[1])).await;
    let directory = one.close().await;
    let path = directory.path().join("replica.db");
    let opened = SqliteStore::<Happened>::open(&path, SqliteOptions::default(), &Supervisor::new()).map(drop);
    assert!(
        matches!(&opened, Err(OpenStoreError::IsReplica { log, .. }) if log == "a log in this process"),
        "{opened:?}"
    );
    let (supervisor, plain) = (Supervisor::new(), directory.path().join("plain.db"));
    let store = SqliteStore::open(&plain, SqliteOptions::default(), &supervisor).unwrap();
    stored(&store, append("a", 0, &[1])).await;
    drop(store);
    supervisor.stop(StopReason::Closed);
    supervisor.ended().await;
    let opened = SqliteStore::<Happened>::open_replica(&plain, SqliteOptions::default(), shared, &Supervisor::new());
    assert!(matches!(opened.map(drop), Err(OpenStoreError::NoReplica { .. })));
}
