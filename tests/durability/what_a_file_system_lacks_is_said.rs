//! Where a file system lacks something, a bank is made in another way, or refused with a sentence on what is lacking,
//! and nothing is left behind. A quota that is used up is a full disk. `strace` lets system calls fail for that.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::program::{Finished, bank, run, run_command};

fn new_file() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap().join("bank.db");
    (directory, path)
}

/// Whether system calls can be made to fail here; if not, this says so, and nothing is proved.
fn can_inject() -> bool {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-o", "/dev/null", "-e", "inject=renameat2:error=EINVAL", "true"]);
    let can = strace.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !can {
        eprintln!("nothing was tried: there is no strace, or it may not trace");
    }
    can
}

/// Runs the program where some system calls fail.
fn run_failing(failures: &[&str], statements: &str) -> Finished {
    let program = bank(&["--quiet", "-c", statements]);
    let mut command = Command::new("strace");
    command.args(["-f", "-o", "/dev/null"]);
    for failure in failures {
        command.args(["-e", failure]);
    }
    command.arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    run_command(command, "")
}

fn script(path: &Path) -> String {
    format!("Bank.open {path:?}; Bank.create \"Wolfman\"; Bank.deposit \"Wolfman\", 100")
}

fn assert_whole(path: &Path) {
    let asked =
        run(&["--quiet", "-c", &format!("Bank.open {path:?}; Bank.check_balance \"Wolfman\"; Bank.verify")], "");
    assert!(asked.stdout.ends_with("\n100\n{:ok, %{events: 2, streams: 1, snapshots: 0}}\n"), "{asked:?}");
}

fn files(path: &Path) -> usize {
    fs::read_dir(path.parent().unwrap()).unwrap().count()
}

const NO_RENAME: &str = "inject=renameat2:error=EINVAL";
const NO_LINKS: &str = "inject=link,linkat:error=EPERM";
const NO_MODES: &str = "inject=fchmod:error=EPERM";

#[test]
fn without_modes_or_one_of_two_ways_to_its_place_a_file_is_made() {
    if !can_inject() {
        return;
    }
    for failures in [&[NO_RENAME][..], &[NO_LINKS], &[NO_MODES], &[NO_LINKS, NO_MODES], &[NO_RENAME, NO_MODES]] {
        let (_directory, path) = new_file();
        let made = run_failing(failures, &script(&path));
        assert_eq!(made.exit_code, Some(0), "{failures:?}: {made:?}");
        assert_eq!(files(&path), 1, "{failures:?}");
        assert_whole(&path);
    }
}

#[test]
fn without_both_it_is_refused() {
    if !can_inject() {
        return;
    }
    let (_directory, path) = new_file();
    let refused = run_failing(&[NO_RENAME, NO_LINKS], &script(&path));
    assert!(refused.stdout.starts_with("{:error, :not_supported}\n"), "{refused:?}");
    let said = "the file system does not support this: it can neither rename a file without replacing another one nor \
                give it a second name";
    assert!(refused.stderr.contains(&format!("error: {}: {said}\n", path.display())), "{}", refused.stderr);
    assert_eq!(files(&path), 0);
}

#[test]
fn without_a_sync_of_directories_it_is_refused() {
    if !can_inject() {
        return;
    }
    let said = "the file system does not support this: it cannot put a file's name onto the disk: directories are not \
                synced";
    let (_directory, path) = new_file();
    let (_other_directory, made) = new_file();
    assert_eq!(run(&["--quiet", "-c", &script(&made)], "").exit_code, Some(0));
    for (path, left, calls) in [(&path, 0, "when=2"), (&made, 1, "when=1")] {
        // The first sync is that of the new file.
        let failure = format!("inject=fsync:error=EINVAL:{calls}");
        let refused = run_failing(&[&failure], &script(path));
        assert!(refused.stdout.starts_with("{:error, :not_supported}\n"), "{refused:?}");
        assert!(refused.stderr.contains(&format!("error: {}: {said}\n", path.display())), "{}", refused.stderr);
        assert_eq!(files(path), left);
    }
    assert_whole(&made);
}

#[test]
fn without_shared_memory_it_is_refused() {
    if !can_inject() {
        return;
    }
    let (_directory, path) = new_file();
    let (_other_directory, made) = new_file();
    assert_eq!(run(&["--quiet", "-c", &script(&made)], "").exit_code, Some(0));
    for (path, left) in [(&path, 0), (&made, 1)] {
        let program = bank(&[]).get_program().to_owned();
        let index = format!("{}-shm", path.display());
        let mut command = Command::new("strace");
        command.args(["-f", "-o", "/dev/null", "-P", &index, "-e", "inject=mmap:error=ENODEV"]);
        command.arg(program).args(["--quiet", "-c", &script(path)]);
        let refused = run_command(command, "");
        assert!(refused.stdout.starts_with("{:error, :not_supported}\n"), "{refused:?}");
        let said = "the file system does not support this: programs cannot share memory through a file on it";
        assert!(refused.stderr.contains(&format!("error: {}: {said}", path.display())), "{}", refused.stderr);
        assert_eq!(files(path), left);
    }
    assert_whole(&made);
}

/// The quota is used up from some write on.
#[test]
fn a_quota_that_is_used_up_is_a_full_disk() {
    if !can_inject() {
        return;
    }
    let (mut unopened, mut stopped) = (0, 0);
    for from in 1..100 {
        let (_directory, path) = new_file();
        let made = run(&["--quiet", "-c", &script(&path)], "");
        assert_eq!(made.exit_code, Some(0), "{made:?}");
        let failure = format!("inject=pwrite64:error=EDQUOT:when={from}+");
        let statements = format!("Bank.open {path:?}; Bank.deposit \"Wolfman\", 5; Bank.deposit \"Wolfman\", 6");
        let finished = run_failing(&[&failure], &statements);
        let told = finished.stdout.matches("\n:ok\n").count();
        if finished.stdout.starts_with("{:error, ") {
            unopened += 1;
            assert!(finished.stdout.starts_with("{:error, :disk_full}\n"), "{from}: {finished:?}");
        } else if told < 2 && finished.exit_code != Some(0) {
            stopped += 1;
            assert!(finished.stderr.contains(": the disk is full"), "{from}: {finished:?}");
            assert!(!finished.stderr.contains("I/O error"), "{from}: {finished:?}");
        } else if finished.exit_code == Some(0) && finished.stdout.matches(":ok\n").count() == 2 && from > 60 {
            break;
        }
        let asked = format!("Bank.open {path:?}; Bank.check_balance \"Wolfman\"; Bank.verify");
        let asked = run(&["--quiet", "-c", &asked], "");
        let balance: u32 = asked.stdout.lines().nth(1).unwrap().parse().unwrap();
        let least = [100, 105, 111][finished.stdout.matches(":ok\n").count()];
        assert!(balance >= least, "{from}: {finished:?} {asked:?}");
        assert!(asked.stdout.lines().nth(2).unwrap().starts_with("{:ok, "), "{from}: {asked:?}");
    }
    assert!(unopened > 0 && stopped > 0, "{unopened} were not opened, {stopped} stopped");
}
