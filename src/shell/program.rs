//! A program: reads its flags, opens a domain, and runs statements on it. A terminal gets the prompt, anything else
//! is a script.

use std::fmt::Display;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use thiserror::Error;
use tokio::io::AsyncRead;
use tokio::task::JoinError;
use tracing::subscriber::SetGlobalDefaultError;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

pub use super::description::Program;
use super::flags::{self, Flags, Wish};
use super::functions::Domain;
use super::script::{self, Script};
use super::session::{Session, Style};
use super::signals::{self, Interrupts};
use super::streams::{self, Errors, Input, Output};
use super::trace::Trace;
use super::{escape, log, prompt};

/// The domain, or the store under it, failed.
const FAILED: u8 = 1;
const WRONG_FLAGS: u8 = 2;
/// A statement could not be read or run.
const MISTAKE: u8 = 3;
/// What a shell adds to the number of the signal that has ended a program.
const BY_A_SIGNAL: i32 = 128;

/// What the runtime, the signals and the line editor open for themselves, and some to spare. They do not expect to find
/// none left.
const DESCRIPTORS: usize = 16;

/// What a domain is opened with.
#[derive(Debug)]
pub struct Opening<S> {
    /// What `--store` names.
    pub store: Option<S>,
    /// What ids and times are to be derived from.
    pub seed: Option<u64>,
    /// Shows what commands cause.
    pub trace: Trace,
}

impl<S> Opening<S> {
    /// What `--store` names, where nothing can be done without it.
    ///
    /// # Errors
    ///
    /// [`CannotOpen::WrongFlags`] when it is missing.
    pub fn needed_store(&self) -> Result<&S, CannotOpen> {
        self.store.as_ref().ok_or_else(|| CannotOpen::WrongFlags("--store is needed".to_owned()))
    }
}

/// Why there is no domain to run statements on.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CannotOpen {
    /// A flag is missing, or does not go with the others.
    #[error("{0}")]
    WrongFlags(String),
    /// The store could not be opened.
    #[error("{0}")]
    Failed(String),
}

impl Program {
    /// Runs the program with the arguments of this process, on the domain that `open` opens on the runtime on which
    /// everything will run. Ends with the exit code.
    pub fn run<S, D>(&self, open: impl AsyncFnOnce(Opening<S>) -> Result<D, CannotOpen>) -> ExitCode
    where
        S: FromStr<Err: Display>,
        D: Domain + 'static,
    {
        streams::say_panics();
        let flags = match flags::parse(std::env::args_os().skip(1)) {
            Ok(Wish::Run(flags)) => flags,
            Ok(Wish::Help) => return self.print(&flags::help(self)),
            Ok(Wish::Version) => return self.print(&format!("{} {}", self.name, env!("CARGO_PKG_VERSION"))),
            Err(error) => return self.wrong_flags(&error),
        };
        match self.start(flags, open) {
            Ok(code) => code,
            Err(StartError::Domain(CannotOpen::WrongFlags(error))) => self.wrong_flags(&error),
            Err(error) => {
                self.complain(&error.to_string());
                ExitCode::from(if matches!(error, StartError::Script { .. }) { WRONG_FLAGS } else { FAILED })
            }
        }
    }

    fn wrong_flags(&self, error: &dyn Display) -> ExitCode {
        self.complain(&format!("{error}; {} --help lists the flags", self.name));
        ExitCode::from(WRONG_FLAGS)
    }

    /// Runs the session; answers with its exit code.
    fn start<S, D: Domain + 'static>(
        &self,
        flags: Flags<S>,
        open: impl AsyncFnOnce(Opening<S>) -> Result<D, CannotOpen>,
    ) -> Result<ExitCode, StartError> {
        let at_terminal = flags.input == flags::Input::Standard && streams::are_a_terminal();
        streams::can_be_opened(DESCRIPTORS).map_err(StartError::Descriptors)?;
        let trace = Trace::default();
        self.log_and_trace(&trace, &flags)?;

        // One thread: a command passes from task to task without waking another core.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(StartError::Runtime)?;
        let opening = Opening { store: flags.store, seed: flags.seed, trace: trace.clone() };
        runtime.block_on(async { signals::refuse_what_is_too_large() }).map_err(StartError::Runtime)?;
        let domain = runtime.block_on(open(opening))?;
        let session = Session::new(domain, trace, Style { json: flags.json, echo: flags.echo && !at_terminal });
        let by_a_signal = |number: i32| u8::try_from(BY_A_SIGNAL + number).unwrap_or(FAILED);
        // A task is cheaper to wake than what the runtime itself blocks on.
        let code = if at_terminal {
            streams::make_own();
            let history = state_directory().map(|state| state.join(self.history));
            let prompting = runtime.spawn(prompt::run(session, history));
            match runtime.block_on(prompting)?.map_err(StartError::Terminal)? {
                prompt::Ended::Left => 0,
                prompt::Ended::Signal(number) => by_a_signal(number),
            }
        } else {
            let script = open_script(flags.input)?;
            let output = Output::start(streams::standard_output()).map_err(StartError::Thread)?;
            let keep_going = flags.keep_going;
            let running = runtime.spawn(async move {
                let interrupts = Interrupts::listen()?;
                Ok(Script { session, output, errors: Errors, keep_going, interrupts }.run(script).await)
            });
            match runtime.block_on(running)?.map_err(StartError::Runtime)? {
                script::Ended::Well => 0,
                script::Ended::Mistake => MISTAKE,
                script::Ended::Failure => FAILED,
                script::Ended::Signal(number) => by_a_signal(number),
            }
        };
        // A read of the standard input may still be waiting, and would be waited for.
        runtime.shutdown_background();
        Ok(ExitCode::from(code))
    }

    fn log_and_trace<S>(&self, trace: &Trace, flags: &Flags<S>) -> Result<(), StartError> {
        let shown = (!flags.quiet).then(|| trace.layer());
        let wanted = std::env::var("RUST_LOG").ok().filter(|filter| !filter.is_empty()).and_then(|filter| {
            let parsed: Result<Targets, _> = filter.parse();
            parsed.inspect_err(|error| self.complain(&format!("RUST_LOG is not used: {error}"))).ok()
        });
        let in_order = !flags.json && streams::outputs_are_one().unwrap_or(false);
        let log = log::layer(wanted, in_order.then(|| trace.clone()));
        Ok(tracing::subscriber::set_global_default(tracing_subscriber::registry().with(shown).with(log))?)
    }

    fn print(&self, text: &str) -> ExitCode {
        match streams::print(&format!("{text}\n")) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                self.complain(&format!("the output cannot be written: {error}"));
                ExitCode::from(FAILED)
            }
            Ok(()) | Err(_) => ExitCode::SUCCESS,
        }
    }

    fn complain(&self, message: &str) {
        streams::say(&format!("{}: {}", self.name, escape::line(message)));
    }
}

/// What is kept from one session to the next: the history, and the key for PINs. It lies in the user's state
/// directory, as the XDG base directories have it.
pub fn state_directory() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = set("XDG_STATE_HOME").or_else(|| set("HOME").map(|home| home.join(".local/state")));
    state.map(|state| state.join("cqrs-bank"))
}

/// Why there was no session.
#[derive(Debug, Error)]
enum StartError {
    #[error("{}: {error}", path.display())]
    Script { path: PathBuf, error: io::Error },
    #[error("the log cannot be set up: {0}")]
    Log(#[from] SetGlobalDefaultError),
    #[error("the runtime cannot be started: {0}")]
    Runtime(io::Error),
    #[error("too few files may be open at once (`ulimit -n`), {DESCRIPTORS} more are needed: {0}")]
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
        flags::Input::Standard => Input::start(streams::standard_input()),
        flags::Input::File(path) => match open_file(&path) {
            Ok(file) => Input::start(file),
            Err(error) => return Err(StartError::Script { path, error }),
        },
    };
    Ok(Box::new(input.map_err(StartError::Thread)?))
}

fn open_file(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(file)
}
