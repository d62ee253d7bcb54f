//! Every session in the README is what the program prints.
//!
//! A block that begins with `bank(1)> ` is typed at the prompt; in a block that begins with `$ `, such lines
//! are run by a shell, and what stands below them is what they print on both outputs. There, `cargo run` of an example
//! is the program that `cargo test` has built.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::program::{PIN_SECRET, example_path, examples, run, run_command, without_times};

fn blocks() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(path).unwrap();
    let fenced = readme.split("\n```").enumerate().filter(|(index, _)| index % 2 == 1);
    fenced.map(|(_, block)| block.split_once('\n').unwrap().1.to_owned() + "\n").collect()
}

/// What is typed behind the prompts of a session.
fn typed(session: &str) -> String {
    let statements = session.lines().filter(|line| line.starts_with("bank(") || line.starts_with("....("));
    statements.map(|line| line.split_once("> ").unwrap().1.to_owned() + "\n").collect()
}

#[test]
fn rust_in_the_readme_stands_in_what_is_compiled() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let garage = ["garage.rs", "tests.rs"].map(|file| format!("examples/parking_garage/{file}"));
    let sources = ["src/bank/handle.rs".to_owned()].into_iter().chain(garage);
    let compiled: Vec<_> = sources.map(|path| unindented(&fs::read_to_string(root.join(path)).unwrap())).collect();
    let readme = include_str!("../../README.md");
    let blocks: Vec<_> = readme.split("```rust\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        assert!(compiled.iter().any(|source| source.contains(&unindented(block))), "{block}");
    }
}

/// How far a line is indented, and whether it stands in documentation, makes no difference.
fn unindented(source: &str) -> String {
    let lines = source.lines().map(|line| line.trim_start().trim_start_matches("///").trim_start());
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn sessions_at_the_prompt_are_true() {
    let sessions: Vec<_> = blocks().into_iter().filter(|block| block.starts_with("bank(1)> ")).collect();
    assert!(!sessions.is_empty());
    for session in sessions {
        let finished = run(&["--echo", "--keep-going"], typed(&session));
        assert_eq!(finished.stdout, session);
    }
}

#[test]
fn commands_and_what_they_print_are_true() {
    let program = Path::new(env!("CARGO_BIN_EXE_bank"));
    let programs = [program.parent().unwrap(), &examples()].map(|folder| folder.display().to_string());
    let path = format!("{}:{}", programs.join(":"), std::env::var("PATH").unwrap());
    let runs = blocks().into_iter().filter(|block| block.starts_with("$ "));
    let mut checked = 0;
    for block in runs {
        let mut printed = String::new();
        // Nothing was there before but the examples.
        let directory = tempfile::tempdir().unwrap();
        symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"), directory.path().join("examples")).unwrap();
        for command in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
            let mut shell = Command::new("sh");
            shell.env("BANK_PIN_SECRET", PIN_SECRET);
            shell.args(["-c", &format!("{{ {}\n}} 2>&1", as_built(command))]).current_dir(&directory);
            shell.env("PATH", &path).env_remove("RUST_LOG");
            let finished = run_command(shell, "");
            printed.push_str(&format!("$ {command}\n{}", without_times(&finished.stdout)));
            checked += 1;
        }
        assert_eq!(printed, without_times(&block));
    }
    assert!(checked > 0);
}

/// The program that `cargo run` would run, and its arguments. The path leads to it.
fn as_built(command: &str) -> String {
    match command.strip_prefix("cargo run -q --example ").and_then(|rest| rest.split_once(" -- ")) {
        Some((name, arguments)) => {
            assert!(example_path(name).is_file());
            format!("{name} {arguments}")
        }
        None => command.to_owned(),
    }
}

/// A row of a table ends with the lines of the files that it links to.
#[test]
fn lines_are_counted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let counted = readme.lines().skip_while(|line| !line.ends_with("| lines |")).skip(2);
    let rows: Vec<_> = counted.take_while(|line| line.starts_with('|')).collect();
    assert!(!rows.is_empty());
    for row in rows {
        let links = row.split("](").skip(1).map(|link| link.split_once(')').unwrap().0);
        let lines: usize = links.map(|link| fs::read_to_string(root.join(link)).unwrap().lines().count()).sum();
        assert!(row.ends_with(&format!(" | {lines} |")), "{lines} lines: {row}");
    }
}

#[test]
fn queries_of_the_file_find_what_happened() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let script = "Bank.open; Bank.create \"Wolfman\"; Bank.deposit \"Wolfman\", 100; Bank.deposit \"Wolfman\", 5";
    run(&["--store", path.to_str().unwrap(), "-c", script], "");
    let file = rusqlite::Connection::open(path).unwrap();
    let readme = include_str!("../../README.md");
    let queries = readme.split("```sql\n").nth(1).unwrap().split("```").next().unwrap();
    let [events, deposits] = queries.lines().collect::<Vec<_>>()[..] else { panic!("two queries") };
    let data = |row: &rusqlite::Row<'_>| row.get::<_, String>("data");
    let data: Vec<_> = file.prepare(events).unwrap().query_map([], data).unwrap().map(Result::unwrap).collect();
    assert_eq!(data.len(), 3);
    assert_eq!(data[1], r#"{"account_id":"Wolfman","amount":100}"#);
    assert_eq!(file.query_row(deposits, [], |row| row.get::<_, i64>(0)).unwrap(), 105);
}
