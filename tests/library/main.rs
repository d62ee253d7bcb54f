//! The library's promises: its books, its two services, and the two programs on one file.

mod a_book_decides_who_may_have_a_copy;
mod a_command_id_has_one_outcome;
mod a_library_is_kept_up_like_a_bank;
mod each_library_service_goes_on_without_the_other;
mod the_inventory_is_what_the_log_says;
mod the_library_says_what_has_become_of_its_books;
mod two_programs_share_one_library;
mod what_is_asked_from_the_end_is_read_from_there;

// Shared by several tests.
mod programs;

#[path = "../support/asked_each_time.rs"]
mod asked_each_time;
#[path = "../support/books/mod.rs"]
mod books;
#[path = "../support/listening.rs"]
mod listening;
#[path = "../support/program.rs"]
mod program;
