//! The engine's promises for any domain: stores, snapshots, handlers and process managers, mostly in memory. And the
//! rules for imports.

#[cfg(feature = "sqlite")]
mod a_call_may_come_from_any_runtime;
#[cfg(feature = "sqlite")]
mod a_command_id_has_one_outcome;
#[cfg(feature = "shell")]
mod a_command_runs_in_a_span;
mod a_handler_acts_after_the_projections;
mod a_handler_starts_where_it_says;
#[cfg(feature = "sqlite")]
mod a_handler_whose_adder_has_gone_is_one_like_any_other;
mod a_handler_without_work_sleeps;
mod a_load_reads_the_snapshot_and_what_follows;
#[cfg(feature = "sqlite")]
mod a_log_of_an_earlier_form_is_read;
#[cfg(feature = "sqlite")]
mod a_log_of_any_domain_is_verified_imported_and_backed_up;
mod a_process_manager_sends_each_command_once;
mod a_projection_that_is_added_stands_and_falls_alone;
#[cfg(feature = "sqlite")]
mod a_replica_holds_what_its_log_accepts;
mod a_restart_loses_no_event_and_no_attempt;
#[cfg(feature = "sqlite")]
mod a_runtime_that_ends_leaves_nobody_waiting;
mod a_slow_handler_misses_nothing;
#[cfg(feature = "sqlite")]
mod an_application_is_what_its_author_names;
#[cfg(feature = "sqlite")]
mod an_application_may_be_small_and_grow;
mod an_event_comes_again_until_it_is_acknowledged;
#[cfg(feature = "sqlite")]
mod an_event_is_stored_as_it_is_derived;
mod an_overlay_leaves_its_base_alone;
#[cfg(all(feature = "bank", feature = "shell", feature = "sqlite"))]
mod closing_is_short_and_no_failure;
mod every_store_keeps_the_same_promises;
mod imports_point_one_way;
mod nothing_goes_in_circles;
#[cfg(feature = "sqlite")]
mod the_last_handle_ends_everything;
#[cfg(feature = "sqlite")]
mod what_a_projection_stores_is_what_it_knows;
#[cfg(feature = "sqlite")]
mod what_is_imported_is_no_news;
#[cfg(feature = "sqlite")]
mod when_close_returns_nothing_is_left;

// Shared by several tests.
#[cfg(feature = "sqlite")]
mod held;
#[cfg(feature = "sqlite")]
mod hotel;
mod promises;
mod shelves;
#[cfg(feature = "sqlite")]
mod shelves_asked;
mod sources;

#[cfg(all(feature = "bank", feature = "shell", feature = "sqlite"))]
#[path = "../support/accounts.rs"]
mod accounts;
#[cfg(feature = "shell")]
#[path = "../support/asked_each_time.rs"]
mod asked_each_time;
#[path = "../support/callers.rs"]
#[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "most of it is needed where files are"))]
mod callers;
#[path = "../support/happened.rs"]
mod happened;
#[cfg(feature = "nats")]
#[path = "../support/nats_server.rs"]
mod nats_server;
#[cfg(feature = "nats")]
#[path = "../support/nats_servers.rs"]
mod nats_servers;
#[path = "../support/scripted.rs"]
mod scripted;
#[path = "../support/watched_store/mod.rs"]
mod watched_store;
