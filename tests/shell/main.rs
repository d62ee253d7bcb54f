//! What the program promises to people and scripts: each test runs it as a process and looks at what it prints.

mod a_descriptor_in_any_mode_is_waited_for;
mod a_development_cluster_runs_until_it_is_asked_to_end;
mod a_domain_of_ones_own_has_a_prompt_like_the_banks;
mod a_fork_says_where_it_is;
mod a_handler_that_is_busy_is_held_after_its_event;
mod a_person_can_use_the_prompt;
mod a_pin_does_not_stay_in_memory;
mod a_pin_is_never_shown;
mod a_pin_left_out_is_asked_for;
mod a_report_is_small;
mod a_report_is_the_session_as_a_page;
mod a_report_opens_in_a_browser;
mod a_script_may_hold_anything;
mod a_script_prints_the_same_however_many_are_in_flight;
mod a_script_that_is_cut_off_has_stored_what_it_printed;
mod a_script_that_is_interrupted_prints_what_was_acknowledged;
mod a_snapshot_is_listed_without_its_state;
mod a_stopped_program_goes_on_where_it_was;
mod a_tour_goes_on_where_one_left_it;
mod answers_may_go_elsewhere;
mod errors_explain_themselves;
mod everything_fits_the_terminal;
mod links_in_the_documents_lead_somewhere;
mod long_work_shows_how_far_it_is;
mod nothing_but_a_pin_is_hidden;
mod nothing_is_printed_that_does_more_than_show;
mod other_domains_fit_the_terminal;
mod the_command_line_explains_itself;
mod the_file_is_as_it_is_described;
mod the_key_for_pins_is_kept_safe;
mod the_log_says_who_did_it;
mod the_log_shows_what_happens_inside;
mod the_picture_is_of_a_real_session;
mod the_prompt_helps_to_type;
mod the_readme_is_short;
mod the_readme_is_true;
mod the_whole_trace_tells_of_snapshots;
mod too_few_threads_or_files_are_an_error;
mod transcripts_are_what_is_printed;
mod what_a_function_answers_is_in_its_help;
mod what_is_answered_has_its_colour;
mod what_is_pasted_is_one_thing;
mod what_takes_long_can_be_stopped_too;

// What several of them need.
#[path = "../support/browser.rs"]
mod browser;
#[path = "../support/documents.rs"]
mod documents;
#[path = "../support/nats_server.rs"]
mod nats_server;
#[path = "../support/page.rs"]
mod page;
#[path = "../support/program.rs"]
mod program;
#[path = "../support/terminal.rs"]
mod terminal;
#[path = "../support/transcript.rs"]
mod transcript;
