//! Runs the real program.

#![allow(dead_code, reason = "each test program uses its part of this")]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{fs, thread};

/// Longer than any run should take on a busy machine: it is there so that a hang fails instead of waiting.
const HANG: Duration = Duration::from_secs(120);

/// What a run has printed, and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finished {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) exit_code: Option<i32>,
}

/// The secret that PINs are kept with, so that no run looks for one in the developer's own files.
pub(crate) const PIN_SECRET: &str = "a secret for tests and nothing else";

/// The program, not yet started, with nothing of the developer's own settings.
pub(crate) fn bank(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bank"));
    command.args(arguments).env_remove("RUST_LOG").env_remove("NO_COLOR").env_remove("BANK_USER");
    command.env("BANK_PIN_SECRET", PIN_SECRET).env("XDG_STATE_HOME", state());
    command
}

/// Where programs keep their state, unless a test says where else: not among the developer's own files.
fn state() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("state-{}", process::id()))
}

/// The same program with these signals as they are by default, whatever they do where the tests were started: `nohup`
/// ignores one of them.
pub(crate) fn with_default_signals(command: &Command) -> Command {
    let mut program = Command::new("env");
    program.arg("--default-signal=INT,TERM,HUP").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => program.env(name, value),
            None => program.env_remove(name),
        };
    }
    program
}

/// One of the programs in `examples`, not yet started.
pub(crate) fn example(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(example_path(name));
    command.args(arguments).env_remove("RUST_LOG").env_remove("NO_COLOR").env_remove("BANK_USER");
    command.env("XDG_STATE_HOME", state());
    command
}

/// Where `cargo test` has built an example. Cargo builds none for a single test: what it has left from an earlier
/// build must not be older than what it was built from.
pub(crate) fn example_path(name: &str) -> PathBuf {
    let path = examples().join(name);
    let build = "`cargo build --profile test --examples` builds it, and `cargo test` as a whole does";
    let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified());
    let built = changed(&path).unwrap_or_else(|error| panic!("{}: {error}; {build}", path.display()));
    // Cargo's own list of the sources: `program: source source …`, with a backslash before a space in a name.
    let sources = fs::read_to_string(path.with_extension("d")).unwrap().replace("\\ ", "\0");
    for source in sources.split_whitespace().skip(1).map(|source| source.replace('\0', " ")) {
        let is_older = changed(Path::new(&source)).is_ok_and(|changed| changed <= built);
        assert!(is_older, "{} is older than {source}; {build}", path.display());
    }
    path
}

/// The folder that the examples are built into: it lies beside the program.
pub(crate) fn examples() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_bank")).with_file_name("examples")
}

/// Runs the program with a standard input to its end.
pub(crate) fn run(arguments: &[&str], stdin: impl AsRef<[u8]>) -> Finished {
    run_command(bank(arguments), stdin)
}

/// The same for any command.
pub(crate) fn run_command(mut command: Command, stdin: impl AsRef<[u8]>) -> Finished {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut input = child.stdin.take().unwrap();
    let text = stdin.as_ref().to_vec();
    // The program may end before it has read everything.
    let writing = thread::spawn(move || drop(input.write_all(&text)));
    let stdout = read_to_end(child.stdout.take().unwrap());
    let stderr = read_to_end(child.stderr.take().unwrap());
    let exit_code = wait(child);
    writing.join().unwrap();
    Finished { stdout: stdout.join().unwrap(), stderr: without_times(&stderr.join().unwrap()), exit_code }
}

/// Waits for the end of a program, but not for ever.
pub(crate) fn wait(mut child: Child) -> Option<i32> {
    let (done, ended) = mpsc::channel::<()>();
    let id = child.id().to_string();
    let watch = thread::spawn(move || {
        if ended.recv_timeout(HANG) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-9", &id]).status();
        }
    });
    let status = child.wait().expect("the program can be waited for");
    drop(done);
    watch.join().unwrap();
    status.code()
}

fn read_to_end(mut from: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        String::from_utf8(bytes).expect("what is printed is UTF-8")
    })
}

/// Log messages begin with the time of day, which differs from run to run.
pub(crate) fn without_times(log: &str) -> String {
    let shape = "00:00:00.000 [";
    let is_time = |line: &str| {
        let pairs = line.bytes().zip(shape.bytes());
        line.len() > shape.len()
            && pairs.clone().all(|(one, other)| one == other || (other == b'0' && one.is_ascii_digit()))
    };
    log.split_inclusive('\n')
        .map(|line| if is_time(line) { format!("{shape}{}", &line[shape.len()..]) } else { line.to_owned() })
        .collect()
}
