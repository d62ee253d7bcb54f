//! What a bank in a file promises: whatever happens to the programs, the disk and the file, nothing that was
//! acknowledged is lost, and what is wrong is named.

mod a_backup_is_the_bank_of_one_moment;
mod a_bank_opened_again_goes_on_where_it_was;
mod a_bonus_is_due_whoever_closes_first;
mod a_file_cut_after_any_commit_ends_the_same;
mod a_file_is_opened_as_it_was_left_or_refused;
mod a_full_disk_loses_nothing_that_was_answered;
mod a_power_cut_loses_nothing_acknowledged;
mod a_process_that_dies_loses_nothing_acknowledged;
mod a_program_that_is_killed_has_kept_its_word;
mod damage_is_noticed;
mod handlers_run_in_one_program_at_a_time;
mod old_files_stay_readable;
mod rows_are_restored_as_they_were_at_one_moment;
mod stored_rows_are_the_right_set_or_are_folded_again;
mod two_may_have_one_file_open;
mod two_programs_work_on_one_file;
mod two_shells_share_one_file;
mod verify_names_what_is_wrong;
mod what_cannot_be_written_is_refused;
mod what_handlers_keep_is_not_lost_unnoticed;
mod what_the_log_can_say_again_is_not_missed;
mod what_was_imported_is_never_answered;

// What several of them need.
mod files;
mod load;
mod shells;

#[path = "../support/accounts.rs"]
mod accounts;
#[path = "../support/answers.rs"]
mod answers;
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
#[path = "../support/watched_store/mod.rs"]
mod watched_store;
