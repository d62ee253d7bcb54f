//! Runs the real program under `strace` and keeps what it did to the files of one directory, and when it answered.

mod reader;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use self::reader::Reader;
use super::disk::{CallId, Tree};
use super::promises::{Promises, Told, told_at_once};
use super::replay::Replay;
use super::scenario::{FILE, Round, STATE, Telling};
use super::strace;

/// Longer than any answer should take on a busy machine: it is there so that a hang fails instead of waiting.
const HANG: Duration = Duration::from_secs(120);

/// What changes files, makes that safe, or answers. What is not there on a machine is left out.
const TRACED: &str = "trace=?open,openat,?openat2,?creat,write,pwrite64,writev,pwritev,?pwritev2,\
    ftruncate,?truncate,fallocate,fsync,fdatasync,sync,syncfs,sync_file_range,msync,mmap,lseek,\
    ?link,linkat,?symlink,symlinkat,?rename,?renameat,renameat2,?unlink,unlinkat,?mkdir,mkdirat,?rmdir,\
    copy_file_range,sendfile,splice";

/// No write is longer.
const LONGEST_WRITE: usize = 8 << 20;

/// What a run has done, and what it has answered.
pub(crate) struct Record {
    /// What the directory held before: all of it was safe.
    pub(crate) before: Tree,
    pub(crate) calls: Vec<Call>,
    /// In the order in which they happened.
    pub(crate) steps: Vec<Step>,
    /// What each program was told, and has answered in the end.
    pub(crate) told: Vec<Told>,
}

/// A call lasts from when it begins to when it has come back. What a program does because of it comes after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Began(CallId),
    Ended(CallId),
}

/// A file that a program has open, by the name it has or had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handle {
    pub(crate) path: PathBuf,
    pub(crate) deleted: bool,
}

/// A system call, and the paths in it are relative to the directory.
#[derive(Debug)]
pub(crate) enum Call {
    Open {
        path: PathBuf,
        creates: bool,
        truncates: bool,
        appends: bool,
    },
    Write {
        file: Handle,
        at: Option<usize>,
        data: Arc<[u8]>,
    },
    Seek {
        file: Handle,
        to: usize,
    },
    Resize {
        file: Handle,
        to: Size,
    },
    Sync {
        file: Handle,
    },
    SyncEverything,
    Link {
        from: PathBuf,
        to: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Unlink {
        path: PathBuf,
    },
    MakeDirectory {
        path: PathBuf,
    },
    /// A program answers so many of its statements.
    Answer {
        program: usize,
        lines: usize,
    },
}

#[derive(Debug)]
pub(crate) enum Size {
    Exactly(usize),
    AtLeast(usize),
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open { path, .. } => write!(f, "opening {}", path.display()),
            Self::Write { file, at, data } => {
                let end = at.map_or_else(|| "the end".to_owned(), |at| at.to_string());
                write!(f, "writing {} bytes to {} at {end}", data.len(), file.path.display())
            }
            Self::Seek { file, to } => write!(f, "going to {to} in {}", file.path.display()),
            Self::Resize { file, to } => write!(f, "making {} {to:?} long", file.path.display()),
            Self::Sync { file } if file.path.as_os_str().is_empty() => write!(f, "syncing the directory"),
            Self::Sync { file } => write!(f, "syncing {}", file.path.display()),
            Self::SyncEverything => write!(f, "syncing everything"),
            Self::Link { from, to } => write!(f, "linking {} to {}", to.display(), from.display()),
            Self::Rename { from, to } => write!(f, "renaming {} to {}", from.display(), to.display()),
            Self::Unlink { path } => write!(f, "removing {}", path.display()),
            Self::MakeDirectory { path } => write!(f, "making the directory {}", path.display()),
            Self::Answer { program, lines } => write!(f, "program {program} answers {lines}"),
        }
    }
}

impl Record {
    /// Starts programs in a directory that holds `before`, tells them what there is to tell, and waits for their ends.
    pub(crate) fn of(before: Tree, programs: usize, rounds: &[Round]) -> Self {
        let (root, control) = (Directory::new(), Directory::new());
        before.write_to(&root.path);
        let trace = control.path.join("trace");
        let told = run(&root.path, &control.path, &trace, programs, rounds);
        let lines = fs::read(&trace).unwrap();
        let reader = Reader { root: &root.path, control: &control.path };
        let mut calls = Vec::new();
        let mut steps: BTreeMap<(usize, u8), Vec<Step>> = BTreeMap::new();
        for system_call in strace::read(&lines) {
            let Some(call) = reader.read(&system_call) else { continue };
            steps.entry((system_call.began, 0)).or_default().push(Step::Began(calls.len()));
            if let Some(ended) = system_call.ended {
                steps.entry((ended, 1)).or_default().push(Step::Ended(calls.len()));
            }
            calls.push(call);
        }
        let answered: Vec<usize> = (0..programs).map(|program| answers_of(&calls, program)).collect();
        let told_of: Vec<usize> = told.iter().map(|told| told.statements.len()).collect();
        assert_eq!(answered, told_of, "each statement has one line of answer, and strace has seen it");
        Self { before, calls, steps: steps.into_values().flatten().collect(), told }
    }
}

impl Record {
    /// Whether the bank's file stands alone when all programs have closed it.
    pub(crate) fn leaves_one_file(&self) -> bool {
        let nothing_omitted = BTreeSet::new();
        let mut replay = Replay::new(self, &Promises::default(), &nothing_omitted);
        self.steps.iter().for_each(|step| replay.step(*step));
        replay.disk.find(Path::new(&format!("{FILE}-wal"))).is_none()
    }
}

fn answers_of(calls: &[Call], of: usize) -> usize {
    let lines = calls.iter().map(|call| match call {
        Call::Answer { program, lines } if *program == of => *lines,
        _ => 0,
    });
    lines.sum()
}

/// A directory that goes away with this. Its path has no symbolic links in it.
pub(crate) struct Directory {
    pub(crate) path: PathBuf,
    _kept: TempDir,
}

impl Directory {
    pub(crate) fn new() -> Self {
        let kept = tempfile::tempdir().unwrap();
        Self { path: kept.path().canonicalize().unwrap(), _kept: kept }
    }
}

/// Whoever asks for these tests by name is told what is missing.
fn strace_works() {
    let tried = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    match tried {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!("strace does not work here: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => panic!("this test needs strace (Debian's package strace): {error}"),
    }
}

fn run(root: &Path, control: &Path, trace: &Path, programs: usize, rounds: &[Round]) -> Vec<Told> {
    strace_works();
    let pipes: Vec<PathBuf> = (0..programs)
        .flat_map(|program| [format!("in{program}"), format!("out{program}")])
        .map(|name| control.join(name))
        .collect();
    assert!(Command::new("mkfifo").args(&pipes).status().unwrap().success());
    // One strace for all: what they do stands in one order.
    let script = "cd \"$1\"; n=0; while [ $n -lt \"$3\" ]; do \
        \"$0\" --quiet <\"$2/in$n\" >\"$2/out$n\" 2>\"$2/err$n\" & n=$((n+1)); done; wait";
    let mut command = Command::new("strace");
    command.args(["-f", "--seccomp-bpf", "-qq", "-y", "-e", "signal=none", "-e", TRACED]);
    command.args(["-s", &LONGEST_WRITE.to_string(), "-o"]).arg(trace);
    command.args(["sh", "-c", script, env!("CARGO_BIN_EXE_bank")]).arg(root).arg(control).arg(programs.to_string());
    command
        .env_remove("RUST_LOG")
        .env_remove("NO_COLOR")
        .env_remove("BANK_PIN_SECRET")
        .env("XDG_STATE_HOME", root.join(STATE));
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
    let mut speakers: Vec<_> = (0..programs).map(|program| Speaker::to(control, program)).collect();
    for round in rounds {
        thread::scope(|scope| {
            for (program, speaker) in speakers.iter_mut().enumerate() {
                let tellings = round.iter().filter(move |telling| telling.program == program);
                scope.spawn(move || tellings.for_each(|telling| speaker.tell(telling)));
            }
        });
    }
    let told = speakers.into_iter().map(|speaker| speaker.told).collect();
    assert!(child.wait().unwrap().success());
    for program in 0..programs {
        let errors = fs::read_to_string(control.join(format!("err{program}"))).unwrap();
        assert_eq!(errors, "", "program {program}");
    }
    told
}

/// Tells one program what to do.
struct Speaker {
    input: File,
    answers: mpsc::Receiver<String>,
    told: Told,
}

impl Speaker {
    fn to(control: &Path, program: usize) -> Self {
        let output = control.join(format!("out{program}"));
        let (sender, answers) = mpsc::channel();
        // It opens when the program is there, and ends with it.
        thread::spawn(move || {
            let lines = BufReader::new(File::open(output).unwrap()).lines();
            lines.map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        // Opened like this, it does not wait for the program.
        let input = control.join(format!("in{program}"));
        let input = OpenOptions::new().read(true).write(true).open(input).unwrap();
        Self { input, answers, told: Told::default() }
    }

    fn tell(&mut self, telling: &Telling) {
        for statements in told_at_once(telling) {
            let text: String = statements.iter().map(|statement| format!("{statement}\n")).collect();
            self.input.write_all(text.as_bytes()).unwrap();
            for statement in statements {
                let answer = self.answers.recv_timeout(HANG).expect("the program answers");
                assert!(statement.is_done_by(&answer), "{statement}: {answer}");
                self.told.statements.push(statement.clone());
                self.told.answers.push(answer);
            }
        }
    }
}

impl Tree {
    /// Writes it into an empty directory.
    pub(crate) fn write_to(&self, directory: &Path) {
        for (path, contents) in &self.0 {
            let path = directory.join(path);
            match contents {
                None => fs::create_dir(path).unwrap(),
                Some(contents) => fs::write(path, &contents[..]).unwrap(),
            }
        }
    }
}
