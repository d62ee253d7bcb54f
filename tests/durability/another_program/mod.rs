//! This test program run again, as another program that does something to a file.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use cqrs_bank::engine::store::BackupStep;

use crate::files::{companion, open, try_open};

/// What the other program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It locks the companion by which programs take turns.
    HoldEnd,
    /// It begins to write, as the `sqlite3` tool can, and does not come to an end.
    HoldWrites,
    /// It reads the file and closes it, as the `sqlite3` tool does.
    Peek,
    /// It opens the file and adds an event whenever it is told to.
    Append,
    /// It opens the file and adds an event.
    AppendAtOnce,
    /// It makes a backup, and goes on with it when it is told to.
    Backup,
    /// It opens the file twice on an overlay.
    OpenTwice,
}

const ROLES: [Role; 7] =
    [Role::HoldEnd, Role::HoldWrites, Role::Peek, Role::Append, Role::AppendAtOnce, Role::Backup, Role::OpenTwice];

/// A program that runs until it is told to end, or killed.
pub(crate) struct Program {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Program {
    pub(crate) fn start(role: Role, path: &Path) -> Self {
        Self::start_by("exec \"$0\" \"$@\"", role, path)
    }

    /// Lets bash start it: the program and its arguments are `"$0" "$@"`.
    pub(crate) fn start_by(script: &str, role: Role, path: &Path) -> Self {
        let mut command = Command::new("bash");
        command.args(["-c", script]).arg(std::env::current_exe().unwrap());
        command.args(["--exact", "another_program::child", "--ignored", "--nocapture", "--test-threads=1"]);
        command.env("ROLE", format!("{role:?}")).env("BANK_FILE", path);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next thing that it says; `None` when it has ended.
    pub(crate) fn hear(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            if let Some((_, said)) = line.split_once(SAYS) {
                return Some(said.trim_end().to_owned());
            }
        }
    }

    /// Lets it take its next step, and hears of it.
    pub(crate) fn go_on(&mut self) -> Option<String> {
        self.input.as_mut().unwrap().write_all(b"\n").unwrap();
        self.hear()
    }

    /// Lets it come to its end.
    pub(crate) fn end(mut self) {
        self.input = None;
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// No program outlives a test that has failed.
impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads the file and closes it, as the `sqlite3` tool does.
pub(crate) fn peek(path: &Path) {
    let mut program = Program::start(Role::Peek, path);
    assert_eq!(program.hear().as_deref(), Some("seen"));
    program.end();
}

const SAYS: &str = "another program says: ";

fn say(what: &str) {
    std::io::stdout().write_all(format!("{SAYS}{what}\n").as_bytes()).unwrap();
}

/// Whether it shall go on.
fn is_told_to() -> bool {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap() > 0
}

fn wait_for_the_end() {
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// What the programs do: this test is no test, but run again by the others.
#[test]
#[ignore = "run by the other tests, in a process of its own"]
fn child() {
    let Some(role) = std::env::var_os("ROLE") else { return };
    let path = PathBuf::from(std::env::var_os("BANK_FILE").unwrap());
    let role = ROLES.into_iter().find(|known| format!("{known:?}") == role.to_str().unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match role {
        Role::HoldEnd => {
            let end = std::fs::OpenOptions::new().read(true).write(true).open(companion(&path, "-end")).unwrap();
            end.lock().unwrap();
            say("held");
            wait_for_the_end();
        }
        Role::HoldWrites => {
            let connection = rusqlite::Connection::open(&path).unwrap();
            connection.busy_timeout(Duration::from_secs(60)).unwrap();
            connection.execute_batch("BEGIN IMMEDIATE").unwrap();
            say("held");
            wait_for_the_end();
        }
        Role::Peek => {
            let connection = rusqlite::Connection::open(&path).unwrap();
            let _: i64 = connection.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap();
            drop(connection);
            say("seen");
        }
        Role::Append => runtime.block_on(async {
            let file = match try_open(&path) {
                Ok(file) => file,
                Err(error) => return say(&error.to_string()),
            };
            say("open");
            let mut version = 0;
            while is_told_to() {
                file.append("other", version, &[1_000 + version]).await;
                version += 1;
                say("stored");
            }
        }),
        Role::AppendAtOnce => runtime.block_on(async {
            let file = open(&path);
            let end = file.numbers().await.len() as u64;
            file.append("other", end, &[1_000 + end]).await;
            say("stored");
            wait_for_the_end();
        }),
        Role::Backup => runtime.block_on(async {
            let file = open(&path);
            let tell = |step, done, total| {
                say(&format!("{step:?} {done} of {total}"));
                if step == BackupStep::Copy {
                    is_told_to();
                }
            };
            match file.store.backup(&path.with_file_name("backup.db"), tell).await {
                Ok(verified) => say(&format!("{} events", verified.events)),
                Err(error) => say(&error.to_string()),
            }
        }),
        Role::OpenTwice => runtime.block_on(async {
            let one = open(&path);
            one.append("a", 1, &[2]).await;
            drop(open(&path));
            peek(&path);
            one.append("a", 2, &[3]).await;
            drop(one);
            say(&format!("{:?}", open(&path).numbers().await));
        }),
    }
}
