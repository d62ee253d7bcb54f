//! What the README and the documents it leads to show is what the programs print, and what they name is there.
//!
//! A block that begins with `bank(1)> ` is typed at the prompt; in a block that begins with `$ `, such lines
//! are run by a shell, and what stands below them is what they print on both outputs. There, `cargo run` of an example
//! is the program that `cargo test` has built.
//!
//! `UPDATE_TRANSCRIPTS=1 cargo test --test shell the_readme` writes down what is printed and counted now.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::documents::{document, documents, root};
use crate::program::{PIN_SECRET, example_path, examples, run, run_command, without_times};

/// What is typed behind the prompts of a session.
fn typed(session: &str) -> String {
    let statements = session.lines().filter(|line| line.starts_with("bank(") || line.starts_with("....("));
    statements.map(|line| line.split_once("> ").unwrap().1.to_owned() + "\n").collect()
}

#[test]
fn rust_in_a_document_stands_in_what_is_compiled() {
    let compiled: Vec<_> = ["src", "examples"].iter().flat_map(|folder| sources(&root().join(folder))).collect();
    let documents = documents();
    let blocks: Vec<_> = documents.iter().flat_map(|document| document.blocks_in("rust")).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        assert!(compiled.iter().any(|source| source.contains(&unindented(block))), "{block}");
    }
}

fn sources(folder: &Path) -> Vec<String> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of_one = |path: PathBuf| match path.extension() {
        _ if path.is_dir() => sources(&path),
        Some(extension) if extension == "rs" => vec![unindented(&fs::read_to_string(&path).unwrap())],
        _ => Vec::new(),
    };
    paths.flat_map(of_one).collect()
}

/// How far a line is indented, and whether it stands in documentation, makes no difference.
fn unindented(source: &str) -> String {
    let bare =
        |line: &str| line.trim_start().trim_start_matches("//!").trim_start_matches("///").trim_start().to_owned();
    source.lines().map(|line| bare(line) + "\n").collect()
}

#[test]
fn sessions_at_the_prompt_are_true() {
    let mut checked = 0;
    for document in documents() {
        for (_, session) in document.blocks().into_iter().filter(|(_, block)| block.starts_with("bank(1)> ")) {
            let finished = run(&["--echo", "--keep-going"], typed(session));
            document.hold(session, finished.stdout.trim_end());
            checked += 1;
        }
    }
    assert!(checked > 0);
}

#[test]
fn commands_and_what_they_print_are_true() {
    let mut checked = 0;
    for document in documents() {
        for block in document.blocks_in("console") {
            let printed = run_all(block);
            if without_times(&format!("{block}\n")) != printed {
                document.hold(block, printed.trim_end());
            }
            checked += 1;
        }
    }
    assert!(checked > 0);
}

/// The commands of a block, and what each of them prints.
fn run_all(block: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_bank"));
    let programs = [program.parent().unwrap(), &examples()].map(|folder| folder.display().to_string());
    let path = format!("{}:{}", programs.join(":"), std::env::var("PATH").unwrap());
    // Nothing was there before but the examples.
    let directory = tempfile::tempdir().unwrap();
    symlink(root().join("examples"), directory.path().join("examples")).unwrap();
    let mut printed = String::new();
    for command in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let mut shell = Command::new("sh");
        shell.env("BANK_PIN_SECRET", PIN_SECRET).env("XDG_STATE_HOME", directory.path().join("state"));
        shell.args(["-c", &format!("{{ {}\n}} 2>&1", as_built(command))]).current_dir(&directory);
        shell.env("PATH", &path).env_remove("RUST_LOG").env_remove("BANK_USER");
        let finished = run_command(shell, "");
        printed.push_str(&format!("$ {command}\n{}", without_times(&finished.stdout)));
    }
    printed
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

/// Where the last column of a table is `lines`, a row ends with the lines of the files that it links to.
#[test]
fn lines_are_counted() {
    let mut checked = 0;
    for document in documents() {
        let folder = root().join(document.path.parent().unwrap());
        let counted = document.text.lines().skip_while(|line| !line.ends_with("| lines |")).skip(2);
        for row in counted.take_while(|line| line.starts_with('|')) {
            let links = row.split("](").skip(1).map(|link| link.split_once(')').unwrap().0);
            let lines: usize = links.map(|link| fs::read_to_string(folder.join(link)).unwrap().lines().count()).sum();
            let (rest, _) = row.strip_suffix(" |").unwrap().rsplit_once(" | ").unwrap();
            document.hold(row, &format!("{rest} | {lines} |"));
            checked += 1;
        }
    }
    assert!(checked > 0);
}

#[test]
fn queries_of_the_file_find_what_happened() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let script = "Bank.open; Bank.create \"Wolfman\"; Bank.deposit \"Wolfman\", 100; Bank.deposit \"Wolfman\", 5";
    run(&["--store", path.to_str().unwrap(), "-c", script], "");
    let file = rusqlite::Connection::open(path).unwrap();
    let durability = document("docs/durability.md");
    let [queries] = durability.blocks_in("sql")[..] else { panic!("one block of queries") };
    let [events, deposits] = queries.lines().collect::<Vec<_>>()[..] else { panic!("two queries") };
    let data = |row: &rusqlite::Row<'_>| row.get::<_, String>("data");
    let data: Vec<_> = file.prepare(events).unwrap().query_map([], data).unwrap().map(Result::unwrap).collect();
    assert_eq!(data.len(), 3);
    assert_eq!(data[1], r#"{"account_id":"Wolfman","amount":100}"#);
    assert_eq!(file.query_row(deposits, [], |row| row.get::<_, i64>(0)).unwrap(), 105);
}

/// Those that are mistyped on purpose are called so where they stand.
#[test]
fn functions_that_a_document_names_are_there() {
    let help = run(&["-c", "help"], "").stdout;
    let there: BTreeSet<_> = functions_in(&help).collect();
    for document in documents() {
        let text = &document.text;
        let missing =
            |name: &&str| !there.contains(name) && !text.contains(&format!("there is no function `Bank.{name}`"));
        let missing: Vec<_> = functions_in(text).filter(missing).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", document.path.display());
    }
}

fn functions_in(text: &str) -> impl Iterator<Item = &str> {
    let names = text.split("Bank.").skip(1);
    let names =
        names.map(|rest| rest.split(|letter: char| !letter.is_ascii_lowercase() && letter != '_').next().unwrap());
    names.filter(|name| !name.is_empty())
}

/// A test that a document tells to run is there, and reads the variable that is set for it.
#[test]
fn tests_that_a_document_names_are_there() {
    let mut checked = 0;
    for document in documents() {
        for line in document.blocks_in("sh").into_iter().flat_map(str::lines) {
            let Some((before, test)) = line.split_once(" --test ") else { continue };
            let [program, rest @ ..] = &test.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let folder = root().join("tests").join(program);
            // A file, and perhaps the beginning of a test in it.
            let filter = rest.first().copied().unwrap_or_default();
            let (name, function) = filter.split_once("::").unwrap_or((filter, ""));
            let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
            let has_test = |file: &PathBuf| fs::read_to_string(file).unwrap().contains(&format!("fn {function}"));
            let is_named = |file: &PathBuf| file.is_file() && file.to_str().unwrap().contains(name);
            let found: Vec<_> = files.filter(|file| is_named(file) && has_test(file)).collect();
            assert!(!found.is_empty(), "{line}");
            if let Some((variable, _)) = before.split_once('=') {
                let reads = |file: &PathBuf| fs::read_to_string(file).unwrap().contains(variable);
                assert!(found.iter().any(reads), "{line}: none of {found:?} reads {variable}");
            }
            checked += 1;
        }
    }
    assert!(checked > 0);
}
