//! A file that cannot be written, or that stands where nothing can be written, is refused with what and where, and
//! nothing changes. Nothing is read-only for root, so that root lets another user try.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::program::{Finished, bank, run, run_command};

/// Whom root lets try: nobody.
const NOBODY: u32 = 65_534;

/// A directory with a bank in it that holds two events.
struct Place {
    _directory: TempDir,
    path: PathBuf,
    is_root: bool,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().canonicalize().unwrap();
        let is_root = rustix::process::geteuid().is_root();
        let place = Self { _directory: directory, path, is_root };
        let script = "Bank.open\nBank.create \"Wolfman\"\nBank.deposit \"Wolfman\", 100\n";
        let made = run(&["--quiet", "--store", place.file("bank.db").to_str().unwrap()], script);
        assert_eq!(made.exit_code, Some(0), "{made:?}");
        for (name, ..) in place.state() {
            place.give(&name);
        }
        place.give("");
        place
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes it the property of who tries, if that is another user.
    fn give(&self, name: &str) {
        if self.is_root {
            chown(self.file(name), Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }

    fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.file(name), Permissions::from_mode(mode)).unwrap();
    }

    /// What is there: names, modes and contents.
    fn state(&self) -> Vec<(String, u32, Vec<u8>)> {
        let entries = fs::read_dir(&self.path).unwrap().map(|entry| entry.unwrap());
        let mut state: Vec<_> = entries
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (name, entry.metadata().unwrap().permissions().mode(), fs::read(entry.path()).unwrap())
            })
            .collect();
        state.sort();
        state
    }

    /// Runs the program as who may not do everything.
    fn run(&self, statements: &str) -> Finished {
        let mut command = bank(&["--quiet", "-c", statements]);
        // The program may lie where nobody else may look.
        let elsewhere = tempfile::tempdir().unwrap();
        if self.is_root && !is_open_to_all(Path::new(command.get_program())) {
            fs::set_permissions(elsewhere.path(), Permissions::from_mode(0o755)).unwrap();
            let copy = elsewhere.path().join("bank");
            fs::copy(command.get_program(), &copy).unwrap();
            command = Command::new(copy);
            command.args(["--quiet", "-c", statements]);
        }
        if self.is_root {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.current_dir(&self.path);
        run_command(command, "")
    }

    /// Sees that the bank is refused for `what`, and that nothing has changed.
    fn assert_refused(&self, name: &str, what: &Path, why: &str) {
        let before = self.state();
        let finished = self.run(&format!("Bank.open {name:?}"));
        assert_eq!(finished.stdout, "{:error, :read_only}\n", "{finished:?}");
        assert_eq!(finished.stderr, format!("error: {}: it cannot be written: {why}\n", what.display()));
        assert_eq!(finished.exit_code, Some(1));
        assert_eq!(self.state(), before);
    }

    /// Sees that the bank can be opened after all, and that nothing is lost.
    fn assert_whole(&self) {
        let finished = self.run("Bank.open \"bank.db\"; Bank.check_balance \"Wolfman\"; Bank.verify");
        let verified = "{:ok, %{events: 2, streams: 1, snapshots: 0}}";
        assert_eq!(finished.stdout, format!("{{:ok, #Bank<sqlite:bank.db>}}\n100\n{verified}\n"), "{finished:?}");
    }
}

fn is_open_to_all(program: &Path) -> bool {
    program.ancestors().all(|path| fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o001 != 0))
}

const DENIED: &str = "Permission denied (os error 13)";

#[test]
fn a_read_only_file_or_companion() {
    let place = Place::new();
    for name in ["bank.db", "bank.db-wal", "bank.db-shm", "bank.db-end", "bank.db-handlers"] {
        place.set_mode(name, 0o444);
        place.assert_refused("bank.db", &place.file(name), DENIED);
        place.set_mode(name, 0o600);
    }
    place.assert_whole();
}

#[test]
fn a_read_only_directory() {
    let place = Place::new();
    let connection = rusqlite::Connection::open(place.file("bank.db")).unwrap();
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    // The last one to close the file removes its write-ahead log, and that is made anew where it is opened.
    drop(connection);
    place.set_mode("", 0o555);
    place.assert_refused("bank.db", &place.file("bank.db"), "SQLite: attempt to write a readonly database");
    place.assert_refused("new.db", &place.file("new.db"), DENIED);
    place.set_mode("", 0o755);
    place.assert_whole();
}
