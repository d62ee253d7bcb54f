//! Processes that end with this one, however it ends.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::ASKED_AGAIN;

/// How long a process that was killed may be about it: one that the system keeps is left to it.
const KILLED_WITHIN: Duration = Duration::from_secs(10);

/// A process that is killed when this is dropped, or when the program that has it ends in any way.
pub(crate) struct Guarded {
    process: Child,
    /// Reads from this program until there is nobody to read from, and kills the process.
    guard: Child,
}

/// The folder is removed as well, and what it lies in once that is empty.
const GUARD: &str = r#"read -r _; kill -9 "$1"; rm -rf "$2"; rmdir "${2%/*}""#;

impl Guarded {
    /// Starts a process that has a folder to itself.
    pub(crate) fn start(command: &mut Command, folder: &Path) -> Self {
        let process = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut guard = Command::new("sh");
        guard.args(["-c", GUARD, "guard", &process.id().to_string()]).arg(folder);
        let guard = guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { process, guard }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.id(), signal).unwrap();
    }

    pub(crate) fn id(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.process.try_wait().unwrap().is_some()
    }

    /// What a program that is killed leaves to the guard.
    pub(crate) fn abandon(&mut self) {
        drop(self.guard.stdin.take());
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // The guard first: once the process has been waited for, its number may be another's.
        let _ = self.guard.kill();
        let _ = self.guard.wait();
        let _ = self.process.kill();
        let deadline = Instant::now() + KILLED_WITHIN;
        while self.process.try_wait().is_ok_and(|ended| ended.is_none()) && Instant::now() < deadline {
            // There is no waiting for a process that also ends.
            thread::sleep(ASKED_AGAIN);
        }
    }
}

#[test]
fn a_process_ends_with_the_program_that_started_it() {
    let directory = tempfile::tempdir().unwrap().keep();
    let folder = directory.join("process");
    std::fs::create_dir(&folder).unwrap();
    let mut started = Guarded::start(Command::new("sleep").arg("1000"), &folder);
    assert!(!started.has_ended());
    started.abandon();
    super::until("its end", || started.has_ended().then_some(()));
    super::until("no file of it is left", || (!directory.exists()).then_some(()));
}
