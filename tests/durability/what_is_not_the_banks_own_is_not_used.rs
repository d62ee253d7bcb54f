//! A companion that is a link, a pipe, or a file that others can open is neither used nor written to, not even with
//! `accept_loss: true`, nor is a rollback journal. The refusal names it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::program::{Finished, run};

/// No bank has a `-journal`, but SQLite would replay one.
const COMPANIONS: [&str; 5] = ["-wal", "-shm", "-end", "-handlers", "-journal"];

/// A directory with a closed bank, and with a file that no program may change.
struct Place {
    directory: TempDir,
    precious: PathBuf,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let precious = directory.path().join("precious");
        fs::write(&precious, "precious").unwrap();
        let place = Self { directory, precious };
        let made = place.run("Bank.open \"bank.db\"; Bank.create 1; Bank.deposit 1, 5");
        assert_eq!(made.exit_code, Some(0), "{made:?}");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join(name)
    }

    fn run(&self, statements: &str) -> Finished {
        let statements = statements.replace("\"bank", &format!("\"{}", self.path("bank").display()));
        run(&["--quiet", "-c", &statements], "")
    }

    /// Asserts that the open is refused, that the refusal names the file and the problem, and that nothing was written.
    fn assert_refused(&self, statements: &str, name: &Path, problem: &str) {
        let finished = self.run(statements);
        assert_eq!(finished.exit_code, Some(1), "{statements}: {finished:?}");
        let said = finished.stderr.contains(&format!("{}", name.display())) && finished.stderr.contains(problem);
        assert!(said, "{statements}: {finished:?}");
        assert_eq!(fs::read_to_string(&self.precious).unwrap(), "precious", "{statements}");
    }
}

#[test]
fn a_link_or_a_pipe_is_refused_at_once() {
    let place = Place::new();
    for suffix in COMPANIONS {
        let name = place.path(&format!("bank.db{suffix}"));
        let _ = fs::remove_file(&name);
        let put: [(&dyn Fn(), &str); 3] = [
            (&|| symlink(&place.precious, &name).unwrap(), "it is a symbolic link"),
            (&|| fs::hard_link(&place.precious, &name).unwrap(), "it has another name"),
            (&|| assert!(Command::new("mkfifo").arg(&name).status().unwrap().success()), "it is not a regular file"),
        ];
        for (put, problem) in put {
            put();
            place.assert_refused("Bank.open \"bank.db\"", &name, problem);
            place.assert_refused("Bank.open \"bank.db\", accept_loss: true", &name, problem);
            fs::remove_file(&name).unwrap();
        }
    }
    let opened = place.run("Bank.open \"bank.db\"; Bank.check_balance 1");
    assert_eq!((opened.stdout.lines().last(), opened.exit_code), (Some("5"), Some(0)));
}

/// The end of a new file is written over the leftover of another one.
#[test]
fn a_new_file_takes_over_no_link() {
    let place = Place::new();
    for suffix in ["-end", "-handlers", "-wal", "-shm"] {
        let name = place.path(&format!("bank2.db{suffix}"));
        symlink(&place.precious, &name).unwrap();
        for options in ["", ", accept_loss: true"] {
            let finished = place.run(&format!("Bank.open \"bank2.db\"{options}"));
            assert_eq!(fs::read_to_string(&place.precious).unwrap(), "precious", "{suffix}{options}: {finished:?}");
        }
        let _ = fs::remove_file(&name);
        let _ = fs::remove_file(place.path("bank2.db"));
    }
}

#[test]
fn a_companion_that_others_may_open_is_refused() {
    let place = Place::new();
    for suffix in COMPANIONS {
        let name = place.path(&format!("bank.db{suffix}"));
        fs::write(&name, "").unwrap();
        fs::set_permissions(&name, Permissions::from_mode(0o666)).unwrap();
        place.assert_refused("Bank.open \"bank.db\"", &name, "it is open to other users (mode 666)");
        if rustix::process::geteuid().is_root() {
            fs::set_permissions(&name, Permissions::from_mode(0o600)).unwrap();
            chown(&name, Some(65_534), None).unwrap();
            place.assert_refused("Bank.open \"bank.db\"", &name, "it belongs to another user (65534)");
        }
        fs::remove_file(&name).unwrap();
    }
    // A companion that is as open as the bank reveals nothing more.
    fs::set_permissions(place.path("bank.db"), Permissions::from_mode(0o644)).unwrap();
    fs::write(place.path("bank.db-handlers"), "").unwrap();
    fs::set_permissions(place.path("bank.db-handlers"), Permissions::from_mode(0o644)).unwrap();
    assert_eq!(place.run("Bank.open \"bank.db\"").exit_code, Some(0));
}

/// SQLite would write the journal's pages over those of the bank.
#[test]
fn no_journal_turns_the_bank_into_another_one() {
    let place = Place::new();
    assert_eq!(place.run("Bank.open \"bank3.db\"; Bank.create \"Dracula\"").exit_code, Some(0));
    let (bank, journal) = (place.path("bank.db"), place.path("bank.db-journal"));
    let before = fs::read(&bank).unwrap();
    fs::write(&journal, journal_that_restores(&fs::read(place.path("bank3.db")).unwrap())).unwrap();
    fs::set_permissions(&journal, Permissions::from_mode(0o666)).unwrap();
    for options in ["", ", accept_loss: true", ", foreign: true"] {
        place.assert_refused(
            &format!("Bank.open \"bank.db\"{options}"),
            &journal,
            "it is open to other users (mode 666)",
        );
    }
    assert_eq!(fs::read(&bank).unwrap(), before);
    // An empty one is none.
    fs::write(&journal, "").unwrap();
    fs::set_permissions(&journal, Permissions::from_mode(0o600)).unwrap();
    let opened = place.run("Bank.open \"bank.db\"; Bank.check_balance 1");
    assert_eq!((opened.stdout.lines().last(), opened.exit_code), (Some("5"), Some(0)), "{opened:?}");
}

/// A rollback journal of SQLite that ends with the pages of this file.
fn journal_that_restores(file: &[u8]) -> Vec<u8> {
    let page_size = usize::from(u16::from_be_bytes([file[16], file[17]]));
    let pages = u32::try_from(file.len() / page_size).unwrap();
    let mut journal = vec![0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    for number in [pages, 0, pages, 512, u32::try_from(page_size).unwrap()] {
        journal.extend(number.to_be_bytes());
    }
    journal.resize(512, 0);
    for (number, page) in (1_u32..).zip(file.chunks(page_size)) {
        let sum: u32 = (1..=page_size / 200)
            .map(|back| page_size - 200 * back)
            .filter(|place| *place > 0)
            .map(|place| u32::from(page[place]))
            .sum();
        journal.extend(number.to_be_bytes());
        journal.extend(page);
        journal.extend(sum.to_be_bytes());
    }
    journal
}
