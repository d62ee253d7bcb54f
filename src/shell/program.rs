//! A program: parses its flags, opens a domain, and runs statements on it. At a terminal it prompts; any other input is a
//! script.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use thiserror::Error;
use tokio::io::AsyncRead;
use tokio::runtime::{self, Runtime};
use tokio::task::JoinError;
use tracing::subscriber::SetGlobalDefaultError;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

pub use super::description::Program;
use super::flags::{self, Action, FileKind, Flags};
use super::functions::Domain;
use super::prompt::{self, PromptEnd};
use super::screen::Screen;
use super::script::{Script, ScriptEnd};
use super::session::{Session, Style};
use super::signals::{self, Interrupts};
use super::streams::{self, ErrorOutput, InputThread, OutputThread};
use super::trace::Trace;
use super::{core_dumps, dev_cluster, escape, log};
use crate::engine::application::{Application, Builder};
use crate::engine::store::codec::StoredEvent;

/// The domain, or the store under it, failed.
const FAILED: u8 = 1;
const WRONG_FLAGS: u8 = 2;
/// A statement could not be read or run.
const MISTAKE: u8 = 3;
/// A statement was refused or declined, and `--strict` was given.
const REFUSED: u8 = 4;
/// As in a POSIX shell, a program that a signal ended exits with this plus the signal's number.
const SIGNAL_BASE: i32 = 128;
/// Nobody reads the output any more, and something remained to be done: as if SIGPIPE, which is 13, had ended the program.
const OUTPUT_CLOSED: u8 = 141;

/// What the runtime, the signals and the line editor open, and a few to spare. They panic where none are left.
const NEEDED_DESCRIPTORS: usize = 16;

/// What the flags say about opening a domain.
#[derive(Debug)]
pub struct Opening<S> {
    /// The value of `--store`.
    pub store: Option<S>,
    /// Whether the store was given as an argument of its own: a program that opens no store by itself opens it at once.
    pub opens_at_once: bool,
    /// Whether `--foreign` was given: the program trusts nothing in the store but its log.
    pub foreign: bool,
    /// The value of `--seed`, from which ids and times derive.
    pub seed: Option<u64>,
    /// The value of `--user`, or else of `BANK_USER`: who sends the commands.
    pub user: Option<String>,
    /// Prints what commands cause.
    pub trace: Trace,
}

impl<S> Opening<S> {
    /// The value of `--store`, for a program that requires it.
    ///
    /// # Errors
    ///
    /// [`CannotOpen::WrongFlags`] when it is missing.
    pub fn needed_store(&self) -> Result<&S, CannotOpen> {
        self.store.as_ref().ok_or_else(|| CannotOpen::WrongFlags("--store is needed".to_owned()))
    }

    /// Starts an application as the flags say.
    ///
    /// # Errors
    ///
    /// [`CannotOpen::Failed`] with what is wrong, mostly with the store.
    pub async fn start<E: StoredEvent>(&self, application: Builder<E>) -> Result<Application<E>, CannotOpen> {
        let application = application.foreign(self.foreign).seed(self.seed).user(self.user.clone());
        application
            .remembered_in(state_directory())
            .start()
            .await
            .map_err(|error| CannotOpen::Failed(error.to_string()))
    }
}

/// Why the domain could not be opened.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CannotOpen {
    /// A flag is missing, or contradicts another.
    #[error("{0}")]
    WrongFlags(String),
    /// The store could not be opened.
    #[error("{0}")]
    Failed(String),
}

impl Program {
    /// Runs the program with the arguments of this process and answers with its exit code. `open` opens the domain, on
    /// the runtime that runs everything else too.
    pub fn run<S, D>(&self, open: impl AsyncFnOnce(Opening<S>) -> Result<D, CannotOpen>) -> ExitCode
    where
        S: FromStr<Err: Display>,
        D: Domain + 'static,
    {
        core_dumps::disable();
        streams::report_panics();
        let at_terminal = streams::are_interactive();
        let kind_of = |path: &Path| file_kind(path, at_terminal);
        let flags = match flags::parse(std::env::args_os().skip(1), std::env::var_os(flags::USER), kind_of) {
            Ok(Action::Run(flags)) => flags,
            Ok(Action::Completions(shell)) => return self.print(&flags::completions(self, shell)),
            Ok(Action::Man) => return self.print(&flags::man(self)),
            Ok(Action::DevCluster(directory)) => return self.dev_cluster(&directory),
            Ok(Action::Help) => return self.print(&Screen::of_standard_output().wrapped(&flags::help(self))),
            Ok(Action::Version) => return self.print(&format!("{} {}", self.name, env!("CARGO_PKG_VERSION"))),
            Err(error) => return self.wrong_flags(&error),
        };
        match self.start(flags, at_terminal, open) {
            Ok(code) => code,
            Err(StartError::Domain(CannotOpen::WrongFlags(error))) => self.wrong_flags(&error),
            Err(error) => {
                self.print_error(&error.to_string());
                let is_no_script = matches!(error, StartError::Script { .. } | StartError::NoScript { .. });
                ExitCode::from(if is_no_script { WRONG_FLAGS } else { FAILED })
            }
        }
    }

    fn wrong_flags(&self, error: &dyn Display) -> ExitCode {
        self.print_error(&format!("{error}; {} --help lists the flags", self.name));
        ExitCode::from(WRONG_FLAGS)
    }

    /// Runs the session; answers with its exit code.
    fn start<S, D: Domain + 'static>(
        &self,
        flags: Flags<S>,
        at_terminal: bool,
        open: impl AsyncFnOnce(Opening<S>) -> Result<D, CannotOpen>,
    ) -> Result<ExitCode, StartError> {
        if flags.stay && !at_terminal {
            return Err(CannotOpen::WrongFlags("-i needs a terminal as standard input".to_owned()).into());
        }
        let runs_script = flags.input != flags::Input::Standard || !at_terminal;
        let prompts = !runs_script || flags.stay;
        if let Some(path) = flags.new_file.as_ref().filter(|_| runs_script) {
            // A person sees what is opened. A script would go on with an empty one though its name is only mistyped.
            let path = path.display();
            let problem = format!(
                "{path}: there is no such file; {} sqlite:{path} makes it and opens it, if it is meant",
                self.name
            );
            return Err(CannotOpen::WrongFlags(problem).into());
        }
        streams::check_free_descriptors(NEEDED_DESCRIPTORS).map_err(StartError::Descriptors)?;
        let trace = Trace::default();
        self.set_up_logging(&trace, &flags)?;

        // One thread: a command passes from task to task without waking another core.
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(StartError::Runtime)?;
        let Flags { store, opens_at_once, foreign, seed, user, .. } = flags;
        let opening = Opening { store, opens_at_once, foreign, seed, user, trace: trace.clone() };
        runtime.block_on(async { signals::ignore_file_size_signal() }).map_err(StartError::Runtime)?;
        let domain = runtime.block_on(open(opening))?;
        let style =
            Style { json: flags.json, echo: flags.echo && runs_script, for_a_person: !runs_script && !flags.json };
        let session = Session::new(domain, trace, style).on(Screen::of_standard_output());
        let code = if runs_script {
            let script = open_script(flags.input)?;
            let output = OutputThread::start(streams::standard_output()).map_err(StartError::Thread)?;
            let Flags { keep_going, strict, in_flight, .. } = flags;
            // Spawned: waking a task costs less than waking the future that `block_on` polls.
            let running = runtime.spawn(async move {
                let interrupts = Interrupts::listen()?;
                let errors = ErrorOutput;
                let script_run = Script { session, output, errors, keep_going, strict, in_flight, interrupts };
                Ok(match prompts {
                    true => {
                        let (end, session) = script_run.run_before_more(script).await;
                        (end, Some(session))
                    }
                    false => (script_run.run(script).await, None),
                })
            });
            let (end, session) = runtime.block_on(running)?.map_err(StartError::Runtime)?;
            match (end, session) {
                (ScriptEnd::Signal(number), _) => ended_by_signal(number),
                (ScriptEnd::OutputClosed, _) => OUTPUT_CLOSED,
                (_, Some(session)) => self.prompt(&runtime, session)?,
                (ScriptEnd::Success, None) => 0,
                (ScriptEnd::Mistake, None) => MISTAKE,
                (ScriptEnd::Failure, None) => FAILED,
                (ScriptEnd::Refused, None) => REFUSED,
            }
        } else {
            self.prompt(&runtime, session)?
        };
        // Dropping the runtime would wait for a read of standard input that may never end.
        runtime.shutdown_background();
        Ok(ExitCode::from(code))
    }

    /// Prompts until the person leaves; answers with the exit code.
    fn prompt<D: Domain>(&self, runtime: &Runtime, mut session: Session<D>) -> Result<u8, StartError> {
        session.serve_a_person();
        let history = state_directory().map(|state| state.join(self.history));
        let prompting = runtime.spawn(prompt::run(session, self.name, history));
        Ok(match runtime.block_on(prompting)?.map_err(StartError::Terminal)? {
            PromptEnd::Left => 0,
            PromptEnd::OutputClosed => OUTPUT_CLOSED,
            PromptEnd::Signal(number) => ended_by_signal(number),
        })
    }

    fn set_up_logging<S>(&self, trace: &Trace, flags: &Flags<S>) -> Result<(), StartError> {
        let trace_layer = (!flags.quiet).then(|| trace.layer());
        let filter = std::env::var("RUST_LOG").ok().filter(|filter| !filter.is_empty()).and_then(|filter| {
            let parsed: Result<Targets, _> = filter.parse();
            parsed.inspect_err(|error| self.print_error(&format!("RUST_LOG is ignored: {error}"))).ok()
        });
        let in_order = !flags.json && streams::output_and_errors_are_one().unwrap_or(false);
        let log_layer = log::layer(filter, in_order.then(|| trace.clone()));
        let subscriber = tracing_subscriber::registry().with(trace_layer).with(log_layer);
        Ok(tracing::subscriber::set_global_default(subscriber)?)
    }

    fn dev_cluster(&self, directory: &Path) -> ExitCode {
        let Err(error) = dev_cluster::run(self, directory) else { return ExitCode::SUCCESS };
        if error.nobody_reads() {
            return ExitCode::from(OUTPUT_CLOSED);
        }
        self.print_error(&error.to_string());
        ExitCode::from(FAILED)
    }

    fn print(&self, text: &str) -> ExitCode {
        match streams::print(&format!("{text}\n")) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                self.print_error(&format!("the output cannot be written: {error}"));
                ExitCode::from(FAILED)
            }
            Ok(()) | Err(_) => ExitCode::SUCCESS,
        }
    }

    fn print_error(&self, message: &str) {
        streams::print_error(&format!("{}: {}", self.name, escape::line(message)));
    }
}

fn ended_by_signal(number: i32) -> u8 {
    u8::try_from(SIGNAL_BASE + number).unwrap_or(FAILED)
}

/// The directory for the history and the key for PINs, within the user's state directory as XDG defines it. `None` where
/// the environment names none.
pub fn state_directory() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = variable("XDG_STATE_HOME").or_else(|| variable("HOME").map(|home| home.join(".local/state")));
    state.map(|state| state.join("cqrs-bank"))
}

/// Why no session started.
#[derive(Debug, Error)]
enum StartError {
    #[error("{}: {error}", path.display())]
    Script { path: PathBuf, error: io::Error },
    #[error("{0}: there is no such script; --store {0} makes a store in a file of this name", path.display())]
    NoScript { path: PathBuf },
    #[error("logging cannot be set up: {0}")]
    Logging(#[from] SetGlobalDefaultError),
    #[error("the runtime cannot be started: {0}")]
    Runtime(io::Error),
    #[error("too few files may be open at once (`ulimit -n`); {NEEDED_DESCRIPTORS} more are needed: {0}")]
    Descriptors(io::Error),
    #[error("no thread can be started: {0}")]
    Thread(io::Error),
    #[error("the terminal failed: {0}")]
    Terminal(io::Error),
    #[error("the shell panicked: {0}")]
    Panic(#[from] JoinError),
    #[error("{0}")]
    Domain(#[from] CannotOpen),
}

fn open_script(input: flags::Input) -> Result<Box<dyn AsyncRead + Unpin + Send>, StartError> {
    let input = match input {
        flags::Input::Statements(statements) => return Ok(Box::new(io::Cursor::new(statements))),
        flags::Input::Standard => InputThread::start(streams::standard_input()),
        flags::Input::File(path) => match open_file(&path) {
            Ok(file) => InputThread::start(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(StartError::NoScript { path }),
            Err(error) => return Err(StartError::Script { path, error }),
        },
    };
    Ok(Box::new(input.map_err(StartError::Thread)?))
}

/// What the names of databases end in.
const OF_DATABASES: [&str; 4] = ["db", "db3", "sqlite", "sqlite3"];

/// What an argument is that names a file. At a terminal an empty one is no script: it would end at once.
fn file_kind(path: &Path, at_terminal: bool) -> FileKind {
    let is_named_so = path.extension().is_some_and(|extension| OF_DATABASES.iter().any(|known| extension == *known));
    match read_kind(path) {
        Ok(FileKind::Empty) if !is_named_so && !at_terminal => FileKind::Script,
        Ok(kind) => kind,
        Err(error) if error.kind() == io::ErrorKind::NotFound && is_named_so => FileKind::NoStoreYet,
        Err(_) => FileKind::Script,
    }
}

fn read_kind(path: &Path) -> io::Result<FileKind> {
    const HEADER: &[u8; 16] = b"SQLite format 3\0";
    let file = File::open(path)?;
    // What is read of a pipe is gone.
    if !file.metadata()?.is_file() {
        return Ok(FileKind::Script);
    }
    let mut start = Vec::with_capacity(HEADER.len());
    file.take(HEADER.len() as u64).read_to_end(&mut start)?;
    Ok(match start.as_slice() {
        [] => FileKind::Empty,
        start if start == HEADER => FileKind::Store,
        _ => FileKind::Script,
    })
}

fn open_file(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(file)
}
