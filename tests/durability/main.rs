//! What a bank in a file promises: whatever happens to the programs, the disk and the file, nothing that was
//! acknowledged is lost, and what is wrong is named.

mod a_backup_is_a_closed_file;
mod a_backup_is_the_bank_of_one_moment;
mod a_bank_opened_again_goes_on_where_it_was;
mod a_bonus_is_due_whoever_closes_first;
mod a_busy_file_is_an_answer;
mod a_busy_file_opens;
mod a_clock_that_was_ahead_is_told_of;
mod a_closed_file_is_all_there_is;
mod a_file_cut_after_any_commit_ends_the_same;
mod a_file_is_opened_as_it_was_left_or_refused;
mod a_foreign_file_is_trusted_for_its_log_alone;
mod a_forged_file_is_noticed;
mod a_full_disk_loses_nothing_that_was_answered;
mod a_power_cut_loses_nothing_acknowledged;
mod a_process_that_dies_loses_nothing_acknowledged;
mod a_process_waits_for_the_syncs_of_its_events;
mod a_program_that_is_alone_need_not_look;
mod a_program_that_is_killed_has_kept_its_word;
mod a_program_that_waits_knows_for_whom;
mod a_question_knows_what_was_acknowledged;
mod an_event_that_is_not_known_is_no_damage;
mod another_program_shows_handlers_as_they_are;
mod damage_is_noticed;
mod handlers_run_in_one_program_at_a_time;
mod many_tasks_answer_as_one;
mod no_snapshot_says_what_the_log_does_not;
mod nothing_is_answered_from_a_file_that_is_gone;
mod old_files_stay_readable;
mod on_an_overlay_nothing_is_lost;
mod rows_are_restored_as_they_were_at_one_moment;
mod rows_are_written_as_ever;
mod several_programs_answer_as_one;
mod stored_balances_stay_right;
mod stored_rows_are_the_right_set_or_are_folded_again;
mod the_judge_is_right;
mod the_library_answers_as_one;
mod the_past_is_of_the_position_asked_for;
mod two_may_have_one_file_open;
mod two_programs_work_on_one_file;
mod two_shells_share_one_file;
mod verify_names_what_is_wrong;
mod what_a_file_system_lacks_is_said;
mod what_a_lost_file_has_left_is_not_taken_for_a_new_ones;
mod what_cannot_be_written_is_refused;
mod what_handlers_have_done_fits_the_log;
mod what_handlers_keep_is_not_lost_unnoticed;
mod what_is_imported_could_have_been_stored_here;
mod what_is_known_of_a_command_cannot_be_changed;
mod what_is_lost_is_never_answered_from;
mod what_is_missing_or_refused_is_said;
mod what_is_new_goes_on_from_what_was_written_before;
mod what_is_not_the_banks_own_is_not_used;
mod what_no_account_decided_is_noticed;
mod what_one_program_acknowledged_another_knows;
mod what_stands_beside_the_tables_does_no_harm;
mod what_the_log_can_say_again_is_not_missed;
mod what_was_answered_survives_a_power_cut;
mod what_was_imported_is_never_answered;
mod what_was_moved_away_is_not_written_to;
mod what_was_paid_in_bonuses_is_told_by_the_log;
mod what_was_written_before_goes_on_with_what_is_new;

// What several of them need.
mod another_program;
mod clients;
mod files;
mod forger;
mod in_memory;
mod judge;
mod load;
mod power_cut;
mod random;
mod shells;
mod speaker;

#[path = "../support/accounts.rs"]
mod accounts;
#[path = "../support/answers.rs"]
mod answers;
#[path = "../support/books/mod.rs"]
mod books;
#[path = "../support/happened.rs"]
mod happened;
#[path = "../support/outbox.rs"]
mod outbox;
#[path = "../support/program.rs"]
mod program;
#[path = "../support/rest.rs"]
mod rest;
#[path = "../support/terminal.rs"]
mod terminal;
