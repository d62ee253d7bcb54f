//! Where the system lets the program start no thread, or open too few files, it says so and ends: it does not panic,
//! and it does not hang.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::program::{Finished, bank, example, run_command};

/// A user that owns nothing else on this machine, not even a process.
const NOBODY_ELSE: u32 = 54_321;

/// A program that may have so many of something, counted by the shell's own limits.
fn limited(program: &Path, limit: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("bash");
    command.args(["-c", &format!("{limit} && exec \"$@\""), "bash"]).arg(program).args(arguments);
    command.env_remove("RUST_LOG").env("BANK_PIN_SECRET", crate::program::PIN_SECRET);
    command
}

fn program() -> PathBuf {
    bank(&[]).get_program().into()
}

#[track_caller]
fn assert_no_panic(finished: &Finished) {
    assert!(!finished.stderr.contains("panicked"), "{finished:?}");
    assert!(finished.exit_code.is_some_and(|code| code != 101), "{finished:?}");
}

#[test]
fn as_many_files_as_it_needs_or_an_error() {
    let mut worked = false;
    for files in 3..=64 {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("bank.db");
        let script = format!("Bank.open {path:?}; Bank.create 1, \"Josh\", 1234; Bank.withdraw 1, 5, 1234; Bank.close");
        let command = limited(&program(), &format!("ulimit -n {files}"), &["--quiet", "-c", &script]);
        let finished = run_command(command, "");
        assert_no_panic(&finished);
        match finished.exit_code {
            Some(0) => {
                worked = true;
                assert_eq!(finished.stdout.lines().skip(1).collect::<Vec<_>>(), [":ok"; 3], "{files}: {finished:?}");
            }
            // The system's own loader had none for the libraries.
            Some(127) => assert!(!worked && finished.stderr.contains("shared"), "{files}: {finished:?}"),
            code => {
                assert_eq!(code, Some(1), "{files}: {finished:?}");
                assert!(!worked && finished.stderr.contains("Too many open files"), "{files}: {finished:?}");
                let left = fs::read_dir(folder.path()).unwrap().count();
                assert!(left == 0 || !finished.stdout.starts_with("{:error, "), "{files}: {left} {finished:?}");
            }
        }
    }
    assert!(worked, "64 files are enough");
}

#[test]
fn the_programs_of_the_library_say_so_too() {
    for files in [7, 12, 16, 18, 19, 20, 21, 22, 64] {
        let folder = TempDir::new().unwrap();
        let store = folder.path().join("library.db");
        let name = crate::program::example_path("library_read_service");
        let arguments = ["--store", store.to_str().unwrap(), "-c", "LibraryReadService.get_inventory"];
        let finished = run_command(limited(&name, &format!("ulimit -n {files}"), &arguments), "");
        assert_no_panic(&finished);
        let told = finished.stderr.contains("Too many open files");
        assert!(finished.exit_code == Some(if told { 1 } else { 0 }), "{files}: {finished:?}");
    }
}

/// A folder and a program in it that the other user can reach, or nothing where this user may not become another.
fn for_another_user(program: &Path) -> Option<(TempDir, PathBuf)> {
    let id = Command::new("id").arg("-u").output().unwrap().stdout;
    if String::from_utf8(id).unwrap().trim() != "0" {
        return None;
    }
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let copy = folder.path().join("program");
    // By another program: one that is started meanwhile by another test would have the copy open, and the copy be busy.
    assert!(Command::new("cp").arg(program).arg(&copy).status().unwrap().success());
    Some((folder, copy))
}

/// Runs it as a user who may have so many threads. Answers with what is in the folder afterwards too. The limit does
/// not count for the user root.
fn run_with_threads(threads: u32, program: &Path, arguments: &[&str], stdin: &str) -> Option<(Finished, Vec<PathBuf>)> {
    use std::os::unix::process::CommandExt as _;
    let (folder, copy) = for_another_user(program)?;
    let mut command = limited(&copy, &format!("ulimit -u {threads}"), arguments);
    // Each run is another user's: threads of runs beside it do not count.
    let user = NOBODY_ELSE + std::process::id() % 10_000 * 4 + threads;
    command.uid(user).gid(user).current_dir(folder.path()).env("HOME", folder.path());
    let finished = run_command(command, stdin);
    let left = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into());
    Some((finished, left.collect()))
}

#[test]
fn as_many_threads_as_it_needs_or_an_error() {
    for (arguments, stdin) in [
        (&["--quiet", "-c", "Bank.open \"bank.db\"; Bank.create 1, \"Josh\", 1234; Bank.close"][..], ""),
        (&["--quiet"], "Bank.open \"bank.db\"\nBank.create 1, \"Josh\", 1234\nBank.close\n"),
    ] {
        let mut worked = false;
        for threads in 1..=12 {
            let Some((finished, left)) = run_with_threads(threads, &program(), arguments, stdin) else {
                println!("not root, and root it takes to be another user");
                return;
            };
            assert_no_panic(&finished);
            let told = finished.stderr.contains("no thread");
            worked = finished.exit_code == Some(0) && !told;
            assert!(worked || told, "{threads}: {finished:?}");
            assert!(!worked || finished.stdout.ends_with(":ok\n:ok\n"), "{threads}: {finished:?}");
            if finished.stdout.starts_with("{:error, ") {
                assert_eq!(left, [PathBuf::from("program")], "{threads}: {finished:?}");
            }
            if finished.exit_code != Some(0) {
                assert_eq!(finished.exit_code, Some(1), "{threads}: {finished:?}");
            }
        }
        assert!(worked, "12 threads are enough");
    }
}

#[test]
fn examples_say_so_too() {
    for (name, flags) in [
        ("library_read_service", &["--store", "library.db", "-c", "LibraryReadService.get_inventory"][..]),
        (
            "library_write_service",
            &["--store", "library.db", "-c", "LibraryWriteService.remove_book \"0-306-40615-2\""],
        ),
        ("shared_bank", &[]),
    ] {
        let path = PathBuf::from(example(name, &[]).get_program());
        let Some((finished, _)) = run_with_threads(1, &path, flags, "") else { return };
        assert_no_panic(&finished);
        let told = finished.stderr.contains("no thread");
        assert_eq!(finished.exit_code, Some(if told { 1 } else { 0 }), "{name}: {finished:?}");
        // What needs no file needs no thread.
        assert_eq!(told, !flags.is_empty(), "{name}: {finished:?}");
    }
}
