//! However wide a terminal is, nothing wraps at the prompts of other domains than the bank either.

use pty_process::blocking::Command;

use crate::everything_fits_the_terminal::{WIDTHS, assert_no_row_is_wrapped, assert_unwrapped, every_help, type_all};
use crate::program::{example, example_path, run_command};
use crate::terminal::Terminal;

const WRITTEN: &str = r#"LibraryWriteService.add_book "978-1593275846", "Elixir in Action: a book about the language and its ways of doing many things at once", "Sasa Juric", 1_000_000
LibraryWriteService.borrow_book "978-1593275846", "user123"; LibraryWriteService.borrow_book "978-1593275846", "Josh"
LibraryWriteService.events; LibraryWriteService.why 3; LibraryWriteService.handlers; LibraryWriteService.parked
LibraryWriteService.snapshots "978-1593275846"; LibraryWriteService.watch from: 1, limit: 3
try LibraryWriteService.borrow_book "978-1593275846", "a reader whose name is as long as names of readers may be"
LibraryWriteService.break "event store", :delay, ms: 1; LibraryWriteService.breaks; LibraryWriteService.mend
LibraryWriteService.fork "what if nobody had ever borrowed it", at: 1; LibraryWriteService.forks; LibraryWriteService.diff
LibraryWriteService.switch "main"; LibraryWriteService.graph 3; LibraryWriteService.graph "978-1593275846"
LibraryWriteService.verify; LibraryWriteService.head
"#;

const READ: &str = r#"LibraryReadService.get_inventory; LibraryReadService.get_loans "user123"
LibraryReadService.events; LibraryReadService.why 3; LibraryReadService.handlers; LibraryReadService.parked
LibraryReadService.snapshots "978-1593275846"
LibraryReadService.hold "inventory"; LibraryReadService.break "inventory", :delay, ms: 1; LibraryReadService.breaks
LibraryReadService.mend; LibraryReadService.release "inventory"; LibraryReadService.get_book "978-1593275846"
LibraryReadService.fork "what if nobody had ever borrowed it", at: 1; LibraryReadService.forks; LibraryReadService.diff
LibraryReadService.switch "main"; LibraryReadService.graph 3; LibraryReadService.graph "978-1593275846"
"#;

#[test]
fn no_answer_of_the_library_is_wrapped() {
    let folder = tempfile::tempdir().unwrap();
    for (number, width) in WIDTHS.into_iter().enumerate() {
        let store = folder.path().join(format!("{number}.db"));
        for (program, statements) in [("library_write_service", WRITTEN), ("library_read_service", READ)] {
            let flags = ["--store", store.to_str().unwrap(), "-c"];
            let helps = every_help(&run_command(example(program, &[&flags[..], &["help"]].concat()), "").stdout);
            for text in [statements, &helps] {
                assert_unwrapped(width, Command::new(example_path(program)).args(flags).arg(text));
            }
            assert_unwrapped(width, Command::new(example_path(program)).arg("--help"));
        }
    }
}

const PARKED: &str = r#"Garage.open_lot "northofthelakebehindthestation", 200; Garage.enter "northofthelakebehindthestation", "B-XY 123"
Garage.enter "northofthelakebehindthestation", "M-1", vehicle: :motorcycle; Garage.leave "northofthelakebehindthestation", "B-XY 123"
try Garage.leave "northofthelakebehindthestation", "M-1"; try Garage.enter "northofthelakebehindthestation", "B-XY 123"
Garage.events; Garage.why 3; Garage.handlers; Garage.parked; Garage.snapshots "lot-northofthelakebehindthestation"
Garage.hold "receipts"; Garage.break "charge on exit", :delay, ms: 1; Garage.break "receipts", :fail; Garage.breaks; Garage.mend
Garage.fork "what if nobody had ever come to park", at: 1; Garage.forks; Garage.diff; Garage.switch "main"
Garage.graph 3; Garage.graph "lot-northofthelakebehindthestation"; Garage.watch from: 1, limit: 3; Garage.verify; Garage.head
"#;

#[test]
fn no_answer_of_a_domain_of_ones_own_is_wrapped() {
    let helps = every_help(&run_command(example("parking_garage", &["-c", "help"]), "").stdout);
    for width in WIDTHS {
        let folder = tempfile::tempdir().unwrap();
        let garage = || Command::new(example_path("parking_garage")).current_dir(folder.path());
        assert_unwrapped(width, garage().args(["--seed", "7", "-c", PARKED]));
        assert_unwrapped(width, garage().args(["-c", &helps]));
        assert_unwrapped(width, garage().arg("--help"));
    }
}

/// What is typed at a prompt, with whether it counts.
type Typed = &'static [(&'static str, bool)];

const AT_A_WRITE_SERVICE: Typed = &[
    ("add_book \"9781593275846\", \"E\", \"S\", 1", true),
    ("borrow_book \"9781680502992\", \"user123\"", true),
    ("add_book \"978\", \"Elixir\", \"S\", 1", true),
    ("borow_book \"9781593275846\", \"reader\"", false),
    ("events \"9781680502992\"", true),
    ("help no_book", true),
    ("break \"nobody\", :fail", true),
];

const AT_A_READ_SERVICE: Typed = &[
    ("get_book \"9781680502992\"", true),
    ("get_inventory from: \"978\", limit: 5", true),
    ("get_loans \"a reader of long name\"", true),
    ("get_inventory at: 99", true),
    ("get_inventry from: \"978\", wide: true", false),
];

const AT_A_GARAGE: Typed = &[
    ("free \"northofthelakebehindthestation\"", true),
    ("enter \"northofthelakebehindth\", \"B-1\"", true),
    ("open_lot \"../north\", 3", true),
    ("opne_lot \"north\", 3, 4, 5, 6, 7, 8", false),
    ("events \"lot-south\"", true),
];

#[test]
fn nothing_that_is_shown_at_another_prompt_is_wrapped() {
    for width in WIDTHS {
        let store = ["--store", "library.db"];
        for (program, arguments, prompt, typed) in [
            ("library_write_service", &store[..], "library_write(1)> ", AT_A_WRITE_SERVICE),
            ("library_read_service", &store[..], "library_read(1)> ", AT_A_READ_SERVICE),
            ("parking_garage", &store[..0], "garage(1)> ", AT_A_GARAGE),
        ] {
            let terminal = Terminal::open_example_as_wide_as(width, program, arguments, prompt);
            type_all(&terminal, typed, |statement| {
                assert_no_row_is_wrapped(&terminal, &format!("{statement} of {program} at {width} columns"));
            });
        }
    }
}
