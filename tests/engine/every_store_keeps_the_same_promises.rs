//! Every store keeps the same promises: each case below runs against the store in memory, the file, the replica of a
//! log, and overlays that begin where their base was still empty.

use std::sync::Arc;

#[cfg(feature = "nats")]
use cqrs_bank::engine::domain::DomainEvent as _;
use cqrs_bank::engine::log::Position;
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::commit_log::InProcessLog;
use cqrs_bank::engine::store::memory::MemoryStore;
#[cfg(feature = "nats")]
use cqrs_bank::engine::store::nats::{JetStreamLog, JetStreamOptions};
use cqrs_bank::engine::store::overlay::OverlayStore;
#[cfg(feature = "sqlite")]
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use cqrs_bank::engine::store::{EventStore as _, Store};
use tempfile::TempDir;

use crate::happened::Happened;
#[cfg(feature = "nats")]
use crate::nats_servers::new_log_url;
use crate::promises::PUBLISHED_CAPACITY;

/// A store that closes and deletes its file at the end of the test.
struct Opened<S> {
    store: S,
    supervisor: Supervisor,
    _directory: Option<TempDir>,
}

impl<S> Drop for Opened<S> {
    fn drop(&mut self) {
        self.supervisor.stop(StopReason::Closed);
    }
}

async fn in_memory() -> Opened<MemoryStore<Happened>> {
    let supervisor = Supervisor::new();
    let store = MemoryStore::start_with_capacity(&supervisor, PUBLISHED_CAPACITY);
    Opened { store, supervisor, _directory: None }
}

#[cfg(feature = "sqlite")]
async fn in_a_file() -> Opened<SqliteStore<Happened>> {
    let supervisor = Supervisor::new();
    let directory = tempfile::tempdir().unwrap();
    let options = SqliteOptions { published_capacity: PUBLISHED_CAPACITY, ..SqliteOptions::default() };
    let store = SqliteStore::open(&directory.path().join("happened.db"), options, &supervisor).unwrap();
    Opened { store, supervisor, _directory: Some(directory) }
}

/// An overlay on a base that has gone on: of its events the overlay must know nothing.
async fn on_top_of(base: impl Into<Store<Happened>>) -> OverlayStore<Happened> {
    let base = base.into();
    let overlay = base.overlay_with_capacity(Some(Position::START), PUBLISHED_CAPACITY).await.unwrap();
    for name in ["a", "b", "s"] {
        base.append(vec![crate::promises::append(name, 0, &[1, 2, 3])]).await.unwrap();
    }
    overlay.unwrap()
}

async fn over_memory() -> Opened<OverlayStore<Happened>> {
    let supervisor = Supervisor::new();
    let store = on_top_of(MemoryStore::start(&supervisor)).await;
    Opened { store, supervisor, _directory: None }
}

#[cfg(feature = "sqlite")]
async fn over_a_file() -> Opened<OverlayStore<Happened>> {
    let supervisor = Supervisor::new();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("happened.db");
    let store = on_top_of(SqliteStore::open(&path, SqliteOptions::default(), &supervisor).unwrap()).await;
    Opened { store, supervisor, _directory: Some(directory) }
}

/// A replica of a log that nobody else writes to.
#[cfg(feature = "sqlite")]
async fn in_a_replica() -> Opened<SqliteStore<Happened>> {
    let supervisor = Supervisor::new();
    let directory = tempfile::tempdir().unwrap();
    let options = SqliteOptions { published_capacity: PUBLISHED_CAPACITY, ..SqliteOptions::default() };
    let (path, log) = (directory.path().join("happened.db"), Arc::new(InProcessLog::new(1 << 20)));
    let store = SqliteStore::open_replica(&path, options, log, &supervisor).unwrap();
    Opened { store, supervisor, _directory: Some(directory) }
}

async fn in_a_replica_in_memory() -> Opened<MemoryStore<Happened>> {
    let supervisor = Supervisor::new();
    let log = Arc::new(InProcessLog::new(1 << 20));
    let store = MemoryStore::start_replica(&supervisor, PUBLISHED_CAPACITY, log).await.unwrap();
    Opened { store, supervisor, _directory: None }
}

#[cfg(feature = "nats")]
async fn on_a_cluster() -> Opened<SqliteStore<Happened>> {
    let supervisor = Supervisor::new();
    let directory = tempfile::tempdir().unwrap();
    let log = JetStreamOptions {
        create: true,
        unsafe_cluster: false,
        accept_loss: false,
        domain: Happened::DOMAIN,
        witnesses: directory.path().to_owned(),
    };
    let log = JetStreamLog::open(&new_log_url().parse().unwrap(), log, &supervisor).await.unwrap();
    let options = SqliteOptions { published_capacity: PUBLISHED_CAPACITY, ..SqliteOptions::default() };
    let (path, log, watched) = (directory.path().join("happened.db"), Arc::new(log), supervisor.clone());
    let opened = tokio::task::spawn_blocking(move || SqliteStore::open_replica(&path, options, log, &watched));
    Opened { store: opened.await.unwrap().unwrap(), supervisor, _directory: Some(directory) }
}

macro_rules! keep {
    (#[$attribute:meta] $store:ident: $($subject:ident { $($case:ident,)* })*) => {
        mod $store {
            $(mod $subject {
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    #[$attribute]
                    async fn $case() {
                        let opened = super::super::$store().await;
                        crate::promises::$subject::$case(opened.store.clone()).await;
                    }
                )*
            })*
        }
    };
}

macro_rules! every_store_keeps {
    ($($promises:tt)*) => {
        keep!(#[cfg(test)] in_memory: $($promises)*);
        keep!(#[cfg(test)] in_a_replica_in_memory: $($promises)*);
        #[cfg(feature = "sqlite")]
        keep!(#[cfg(test)] in_a_file: $($promises)*);
        keep!(#[cfg(test)] over_memory: $($promises)*);
        #[cfg(feature = "sqlite")]
        keep!(#[cfg(test)] over_a_file: $($promises)*);
        #[cfg(feature = "sqlite")]
        keep!(#[cfg(test)] in_a_replica: $($promises)*);
        #[cfg(feature = "nats")]
        keep!(#[ignore = "needs nats-server"] on_a_cluster: $($promises)*);
    };
}

every_store_keeps! {
    appends {
        versions_count_in_the_stream_and_positions_in_the_whole_store,
        an_event_is_stored_as_it_was_given_and_answered,
        several_events_are_stored_side_by_side,
        appends_in_one_call_are_one_commit_and_see_those_before_them,
        an_empty_call_has_no_answers_and_stores_nothing,
        calls_at_the_same_time_are_all_stored_once,
        many_events_may_be_one_append,
        a_call_whose_caller_went_away_is_stored_or_not_but_whole,
        metadata_are_kept_whether_ids_are_equal_or_not,
        what_is_known_of_a_command_besides_its_ids_is_kept,
        names_of_streams_may_hold_anything,
    }
    conflicts {
        at_another_version_nothing_is_stored_and_nobody_hears_of_it,
        a_new_stream_is_at_version_0_and_at_no_other,
        a_conflict_spares_other_streams_and_what_came_before_it,
        what_follows_a_conflict_in_its_stream_is_not_stored_either,
        a_conflict_says_where_the_stream_stands,
        a_conflict_in_one_call_does_not_touch_another_call,
        of_those_who_expect_the_same_version_one_is_stored,
        after_a_conflict_the_right_version_is_stored,
        a_conflict_sees_what_came_before_it_in_its_call,
        at_another_end_of_the_log_than_expected_nothing_is_stored,
    }
    reads {
        an_empty_store_has_no_events_and_ends_at_0,
        events_are_read_from_any_place_and_as_many_as_wanted,
        one_read_never_returns_more_than_the_bound,
        a_stream_that_does_not_exist_has_no_events,
        a_long_stream_is_read_from_any_version,
        streams_that_cross_are_read_apart,
        what_was_answered_is_read_at_once,
        reading_beyond_the_end_finds_nothing,
        reads_at_the_same_time_as_appends_see_whole_appends,
        the_version_of_a_stream_is_known_for_every_moment,
        the_version_of_a_long_stream_is_known_for_every_moment,
    }
    command_ids {
        a_repeated_command_is_answered_with_its_first_events,
        a_repeated_command_stores_nothing_and_nobody_hears_of_it,
        a_command_repeated_on_another_stream_is_answered_with_its_first_events,
        a_command_repeated_at_another_version_is_still_a_repeat,
        a_command_repeated_within_one_call_is_stored_once,
        what_follows_a_repeat_in_its_stream_is_a_conflict,
        a_command_that_met_a_conflict_may_come_again,
        ids_may_come_in_any_order,
        ids_that_begin_with_the_same_time_are_told_apart,
        a_command_is_read_by_its_id,
        many_commands_are_read_in_the_order_of_the_question,
        a_command_that_is_not_stored_is_not_found,
        of_a_command_sent_many_times_at_once_one_is_stored,
        a_repeat_of_several_events_is_answered_with_all_of_them,
    }
    snapshots {
        a_stream_without_snapshot_is_read_from_the_beginning,
        a_snapshot_is_read_with_what_follows_it,
        of_several_snapshots_the_last_one_counts,
        a_snapshot_before_a_position_is_found,
        a_snapshot_before_a_time_is_found,
        before_the_first_snapshot_the_events_are_read,
        a_snapshot_of_an_append_that_was_rejected_is_not_there,
        snapshots_of_streams_are_kept_apart,
        after_a_snapshot_no_more_than_the_limit_is_read,
        snapshots_are_listed_first_to_last_from_a_position_on,
        a_list_of_snapshots_is_as_long_as_a_read,
    }
    times {
        times_in_a_log_never_go_back,
        a_clock_set_back_does_not_reorder_snapshots,
        times_before_1970_are_kept,
        a_time_that_cannot_be_written_is_the_last_one_that_can,
    }
    subscriptions {
        a_subscription_hands_out_the_past_and_then_what_happens,
        a_subscription_starts_after_its_checkpoint,
        a_subscriber_that_lags_misses_nothing,
        a_subscription_waits_until_something_happens,
        two_subscriptions_see_the_same,
        a_subscription_dropped_while_it_waits_loses_nothing,
        commits_are_heard_of_in_order_without_gap_or_repeat,
        what_is_heard_of_can_be_read,
    }
    progress {
        a_handler_that_never_wrote_has_no_progress,
        progress_is_read_as_it_was_written,
        progress_is_replaced_by_what_is_written_later,
        handlers_do_not_share_progress,
        attempts_and_state_are_kept,
        progress_may_go_back,
        the_right_to_run_handlers_is_granted_to_the_first,
    }
    parked {
        nothing_is_parked_at_first,
        parked_events_are_numbered_from_1,
        a_parked_event_is_read_as_it_was_parked,
        a_number_is_never_given_twice,
        an_event_that_stays_parked_keeps_its_number,
        parked_events_are_read_from_any_number_and_as_many_as_wanted,
        parking_and_progress_are_written_together,
        removing_what_is_not_parked_changes_nothing,
    }
}
