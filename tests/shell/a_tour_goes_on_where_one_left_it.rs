//! A tour goes on where one left it: in another run of the program, after a crash, and with lessons of one's own.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::program::{Finished, bank, run_command};

/// Runs statements in a directory. The place in the tour is kept below it.
fn run_in(directory: &TempDir, statements: &str) -> Finished {
    let mut command = bank(&["--quiet", "--echo"]);
    command.current_dir(directory).env("XDG_STATE_HOME", directory.path().join("state"));
    run_command(command, statements)
}

/// The headings of the lessons that were shown.
fn lessons(finished: &Finished) -> Vec<&str> {
    finished.stdout.lines().filter_map(|line| line.strip_prefix("  Lesson ")).collect()
}

#[test]
fn the_next_run_of_the_program_shows_the_same_lesson() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(lessons(&run_in(&directory, "Bank.tour 3\nBank.tour :next\n")).last(), Some(&"4 of 10: A stale read"));
    let next = run_in(&directory, "Bank.open\nBank.tour :back\nBank.tour :end\nBank.tour :back\n");
    assert_eq!(lessons(&next), ["3 of 10: A balance is a fold"], "nothing is said until the tour is asked for");
    assert!(next.stdout.ends_with("bank(4)> Bank.tour :back\n{:error, :no_tour}\n"), "{}", next.stdout);
    assert_eq!(lessons(&run_in(&directory, "Bank.tour\n")), ["1 of 10: A command and its event"]);
}

#[test]
fn a_prediction_survives_a_crash_and_so_does_what_was_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let before =
        "Bank.tour 9\nBank.open \"tour.db\"\nBank.create \"Wolfman\"\nBank.answer 20\nBank.deposit \"Wolfman\", 20\n";
    let crashed = run_in(&directory, &format!("{before}Bank.crash\nBank.tour 1\n"));
    assert_eq!((crashed.exit_code, lessons(&crashed).len()), (None, 1), "{}", crashed.stdout);
    let after = run_in(&directory, "Bank.tour\nBank.open \"tour.db\"\n");
    assert_eq!(lessons(&after), ["9 of 10: A crash", "10 of 10: What if"]);
    assert!(after.stdout.contains("  It is 20, as you said."), "{}", after.stdout);

    // Going there without a crash is not enough.
    let at_once = run_in(&directory, "Bank.tour 9\nBank.open \"tour.db\"\nBank.answer 20\n");
    assert_eq!(lessons(&at_once), ["9 of 10: A crash"]);
}

#[test]
fn lessons_of_ones_own_go_on_from_any_directory_while_they_are_there() {
    let directory = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/lessons.toml");
    fs::copy(&example, directory.path().join("mine.toml")).unwrap();
    run_in(&directory, "Bank.tour \"mine.toml\"\nBank.tour 2\n");
    assert_eq!(lessons(&run_in(&directory, "Bank.tour\n")), ["2 of 2: Not further"]);
    let elsewhere = directory.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let mut command = bank(&["-c", "Bank.tour"]);
    command.current_dir(&elsewhere).env("XDG_STATE_HOME", directory.path().join("state"));
    assert_eq!(lessons(&run_command(command, "")), ["2 of 2: Not further"]);

    let text = fs::read_to_string(&example).unwrap();
    fs::write(directory.path().join("mine.toml"), text.split("\n[[lesson]]\ntitle = \"Not").next().unwrap()).unwrap();
    assert_eq!(lessons(&run_in(&directory, "Bank.tour\n")), ["1 of 1: Below zero"], "there are fewer now");
    fs::remove_file(directory.path().join("mine.toml")).unwrap();
    let gone = run_in(&directory, "Bank.tour\n");
    assert!(gone.stdout.contains("{:error, :file_failed}"), "{}", gone.stdout);
    let what_to_do = "mine.toml: No such file or directory (os error 2); Bank.tour :end forgets the tour of this file";
    assert!(gone.stderr.contains(what_to_do), "{}", gone.stderr);
    assert_eq!(lessons(&run_in(&directory, "Bank.tour :end\nBank.tour\n")).len(), 1);
}

#[test]
fn without_a_place_to_keep_it_or_with_a_broken_one_the_tour_begins_anew() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state/cqrs-bank");
    fs::create_dir_all(&state).unwrap();
    fs::write(state.join("tour"), "no place").unwrap();
    let begun = run_in(&directory, "Bank.tour\n");
    assert_eq!(lessons(&begun), ["1 of 10: A command and its event"]);
    assert!(begun.stderr.contains("the place in the tour cannot be read from"), "{}", begun.stderr);

    let mut homeless = bank(&["-c", "Bank.tour 4; Bank.tour"]);
    homeless.current_dir(&directory).env_remove("XDG_STATE_HOME").env_remove("HOME");
    let homeless = run_command(homeless, "");
    assert_eq!(lessons(&homeless), ["4 of 10: A stale read"; 2]);
    assert_eq!(homeless.stderr, "");
}
