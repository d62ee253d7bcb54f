//! What the engine promises, whatever the domain: stores, snapshots, handlers and processes, mostly in memory, and that
//! it names no account and no book.

mod a_call_may_come_from_any_runtime;
mod a_command_id_has_one_outcome;
mod a_command_runs_in_a_span;
mod a_handler_acts_after_the_projections;
mod a_handler_starts_where_it_says;
mod a_handler_whose_adder_has_gone_is_one_like_any_other;
mod a_handler_without_work_sleeps;
mod a_load_reads_the_snapshot_and_what_follows;
mod a_log_of_any_domain_is_verified_imported_and_backed_up;
mod a_process_manager_sends_each_command_once;
mod a_projection_that_is_added_stands_and_falls_alone;
mod a_restart_loses_no_event_and_no_attempt;
mod a_runtime_that_ends_leaves_nobody_waiting;
mod a_slow_handler_misses_nothing;
mod an_application_is_what_its_author_names;
mod an_application_may_be_small_and_grow;
mod an_event_comes_again_until_it_is_acknowledged;
mod an_event_is_stored_as_it_is_derived;
mod closing_is_short_and_no_failure;
mod every_store_keeps_the_same_promises;
mod imports_point_one_way;
mod nothing_goes_in_circles;
mod the_last_handle_ends_everything;
mod what_a_projection_stores_is_what_it_knows;
mod what_is_imported_is_no_news;
mod when_close_returns_nothing_is_left;

// What several of them need.
mod held;
mod hotel;
mod promises;
mod shelves;
mod shelves_asked;
mod sources;

#[path = "../support/accounts.rs"]
mod accounts;
#[path = "../support/callers.rs"]
mod callers;
#[path = "../support/happened.rs"]
mod happened;
#[path = "../support/scripted.rs"]
mod scripted;
#[path = "../support/watched_store/mod.rs"]
mod watched_store;
