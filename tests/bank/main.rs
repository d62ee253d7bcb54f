//! The bank's promises to programs: accounts, transfers, the past, concurrent clients, and e-mails.

mod a_bank_may_be_called_from_any_runtime;
mod a_booking_may_have_a_memo_and_a_date;
mod a_closed_account_changes_no_more;
mod a_command_id_has_one_outcome;
mod a_crash_at_any_step_ends_the_same;
mod a_currency_comes_before_everything_else;
mod a_file_of_transactions_is_booked_once;
mod a_frozen_account_lets_nothing_out;
mod a_handler_of_ones_own_is_treated_as_the_banks;
mod a_handler_that_panics_anywhere_stops_nothing_else;
mod a_head_that_was_noted_tells_a_log_from_another;
mod a_log_travels_between_stores;
mod a_panic_is_never_lost;
mod a_process_may_send_several_commands;
mod a_projection_of_ones_own_is_treated_as_the_banks;
mod a_refusal_is_known_to_the_next_question;
mod a_reversal_takes_nothing_out_that_may_not_go;
mod a_slow_subscriber_misses_nothing;
mod a_statement_adds_up;
mod a_transfer_moves_money_once;
mod a_transfer_that_is_given_up_ends;
mod a_watch_is_a_stream;
mod accounts_decide_by_their_history;
mod an_account_may_begin_with_a_deposit;
mod an_e_mail_arrives_or_is_parked;
mod an_e_mail_goes_encrypted_to_a_server_that_is_trusted;
mod an_endless_conversation_comes_to_an_end;
mod an_error_keeps_its_source;
mod an_event_names_who_sent_its_command;
mod an_http_request_has_one_outcome;
mod an_http_service_ends_when_it_is_asked_to;
mod an_http_service_that_is_killed_has_done_everything_once;
mod an_http_session_in_the_documents_is_true;
mod an_http_watch_goes_on_where_it_was;
mod an_outcome_that_nobody_knows_is_called_that;
mod an_overdraft_ends_at_its_limit;
mod closing_loses_nothing;
mod conflicts_are_decided_again;
mod each_deposit_leaves_one_e_mail_in_the_outbox;
mod holder_and_pin_change_as_the_holder_asks;
mod many_clients_at_once_lose_no_money;
mod many_tasks_share_one_bank;
mod of_a_file_with_a_mistake_nothing_is_booked;
#[cfg(feature = "nats")]
mod programs_share_a_bank_on_a_cluster;
mod random_histories_agree_with_a_simple_model;
mod random_histories_of_the_whole_bank_agree_with_a_simple_model;
mod strong_waits_for_everyone_and_no_longer;
mod the_past_stays_as_it_was;
mod three_wrong_pins_lock_an_account;
mod trying_changes_nothing;
mod what_a_load_leaves_is_listed;
mod what_a_refusal_tells_the_next_answer_tells_too;
mod what_is_held_and_broken_shows_no_more_in_the_end;
mod what_is_loaded_obeys_standing_and_limit;
mod what_is_under_way_goes_on_in_a_fork;
mod what_the_original_gets_wrong;
mod what_was_booked_is_reversed_once;

// Shared by several tests.
mod counter;
mod http_service;
#[cfg(feature = "smtp")]
mod mail_server;
mod model;
mod stall;
mod transactions;
mod whole_bank;

#[path = "../support/accounts.rs"]
mod accounts;
#[path = "../support/answers.rs"]
mod answers;
#[path = "../support/asked_each_time.rs"]
mod asked_each_time;
#[path = "../support/callers.rs"]
mod callers;
#[path = "../support/documents.rs"]
mod documents;
#[path = "../support/happened.rs"]
mod happened;
#[path = "../support/listening.rs"]
mod listening;
#[cfg(feature = "nats")]
#[path = "../support/nats_server.rs"]
mod nats_server;
#[cfg(feature = "nats")]
#[path = "../support/nats_servers.rs"]
mod nats_servers;
#[path = "../support/outbox.rs"]
mod outbox;
#[path = "../support/program.rs"]
mod program;
#[path = "../support/rest.rs"]
mod rest;
#[path = "../support/watched_store/mod.rs"]
mod watched_store;
