//! A file that cannot be written, or that stands where nothing can be written, is refused with what and where, and
//! nothing changes: neither what a killed program has left, nor a closed file. Nothing is read-only for root, so that
//! root lets another user try.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::program::{Finished, bank, run, run_command};

/// What makes a bank that holds two events.
const SCRIPT: &str = "Bank.open\nBank.create \"Wolfman\"\nBank.deposit \"Wolfman\", 100\n";

/// Whom root lets try: nobody.
const NOBODY: u32 = 65_534;

/// A directory with a bank in it.
struct Place {
    _directory: TempDir,
    path: PathBuf,
    is_root: bool,
}

impl Place {
    /// A bank that was closed: one file.
    fn closed() -> Self {
        let place = Self::empty();
        let made = run(&["--quiet", "--store", place.file("bank.db").to_str().unwrap()], SCRIPT);
        assert_eq!(made.exit_code, Some(0), "{made:?}");
        place.given()
    }

    /// A bank whose program was killed: the file and all that stands beside it.
    fn left_in_use() -> Self {
        let place = Self::empty();
        let mut command = bank(&["--quiet", "--store", place.file("bank.db").to_str().unwrap()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(SCRIPT.as_bytes()).unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines().take(3);
        assert_eq!(answers.last().unwrap().unwrap(), ":ok");
        child.kill().unwrap();
        child.wait().unwrap();
        place.given()
    }

    fn empty() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().canonicalize().unwrap();
        let is_root = rustix::process::geteuid().is_root();
        Self { _directory: directory, path, is_root }
    }

    /// All of it belongs to who tries.
    fn given(self) -> Self {
        for (name, ..) in self.state() {
            self.give(&name);
        }
        self.give("");
        self
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
            // By another program: one that this one starts meanwhile would hold the copy open to write, and nothing runs then.
            assert!(Command::new("cp").arg(command.get_program()).arg(&copy).status().unwrap().success());
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
    let place = Place::left_in_use();
    for name in ["bank.db", "bank.db-wal", "bank.db-shm", "bank.db-end", "bank.db-handlers"] {
        place.set_mode(name, 0o400);
        place.assert_refused("bank.db", &place.file(name), DENIED);
        place.set_mode(name, 0o600);
    }
    place.assert_whole();

    let place = Place::closed();
    place.set_mode("bank.db", 0o444);
    place.assert_refused("bank.db", &place.file("bank.db"), DENIED);
    place.set_mode("bank.db", 0o600);
    place.assert_whole();
}

/// What stands beside an open file is made anew where there is none.
#[test]
fn a_read_only_directory() {
    let place = Place::closed();
    place.set_mode("", 0o555);
    place.assert_refused("bank.db", &place.file("bank.db-end"), DENIED);
    place.assert_refused("new.db", &place.file("new.db"), DENIED);
    place.set_mode("", 0o755);
    place.assert_whole();
}

/// All that is needed is there, so that nothing has to be made.
#[test]
fn a_bank_left_in_use_in_a_read_only_directory_loses_nothing() {
    let place = Place::left_in_use();
    place.set_mode("", 0o555);
    place.assert_whole();
    place.assert_whole();
    place.set_mode("", 0o755);
    place.assert_whole();
}
