//! `bank`: a terminal gets the prompt, anything else is a script.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

mod flags;
mod pin_secret;

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cqrs_bank::bank::{Options, PinOptions};
use cqrs_bank::shell::bank_functions::BankFunctions;
use cqrs_bank::shell::script::{self, Script};
use cqrs_bank::shell::session::{Session, Style};
use cqrs_bank::shell::trace::Trace;
use cqrs_bank::shell::{log, prompt};
use thiserror::Error;
use tokio::io::AsyncRead;
use tokio::task::JoinError;
use tracing::subscriber::SetGlobalDefaultError;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::flags::{Flags, HELP, Input, Wish};

/// The bank, or the store under it, failed.
const FAILED: u8 = 1;
const WRONG_FLAGS: u8 = 2;
/// A statement could not be read or run.
const MISTAKE: u8 = 3;

fn main() -> ExitCode {
    let flags = match flags::parse(std::env::args_os().skip(1)) {
        Ok(Wish::Run(flags)) => flags,
        Ok(Wish::Help) => return print(HELP),
        Ok(Wish::Version) => return print(concat!("bank ", env!("CARGO_PKG_VERSION"))),
        Err(error) => {
            complain(&format!("{error}; bank --help lists the flags"));
            return ExitCode::from(WRONG_FLAGS);
        }
    };
    match start(flags) {
        Ok(code) => code,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::from(if matches!(error, StartError::Script { .. }) { WRONG_FLAGS } else { FAILED })
        }
    }
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
    #[error("the terminal failed: {0}")]
    Terminal(io::Error),
    #[error("the shell panicked: {0}")]
    Panic(#[from] JoinError),
}

/// Runs the session; answers with its exit code.
fn start(flags: Flags) -> Result<ExitCode, StartError> {
    let at_terminal = flags.input == Input::Standard && io::stdin().is_terminal() && io::stdout().is_terminal();
    let trace = Trace::default();
    log_and_trace(&trace, &flags)?;
    let pins = PinOptions { secret: pin_secret::source(state_directory()), ..PinOptions::default() };
    let options = Options { seed: flags.seed, pins, ..Options::from(flags.store) };
    let domain = BankFunctions::new(options, trace.clone());
    let session = Session::new(domain, trace, Style { json: flags.json, echo: flags.echo && !at_terminal });

    // One thread: a command passes from task to task without waking another core.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(StartError::Runtime)?;
    // A task is cheaper to wake than what the runtime itself blocks on.
    let code = if at_terminal {
        let prompting = runtime.spawn(prompt::run(session, state_directory().map(|state| state.join("history"))));
        match runtime.block_on(prompting)?.map_err(StartError::Terminal)? {
            prompt::Ended::Left => 0,
            // As a shell tells that a program was ended by a signal.
            prompt::Ended::Signal(signal) => u8::try_from(128 + signal).unwrap_or(FAILED),
        }
    } else {
        let script = runtime.block_on(open(flags.input))?;
        let (output, errors) = (tokio::io::stdout(), io::stderr());
        let running = Script { session, output, errors, keep_going: flags.keep_going }.run(script);
        let running = runtime.spawn(running);
        match runtime.block_on(running)? {
            script::Ended::Well => 0,
            script::Ended::Mistake => MISTAKE,
            script::Ended::Failure => FAILED,
        }
    };
    // A read of the standard input may still be waiting, and would be waited for.
    runtime.shutdown_background();
    Ok(ExitCode::from(code))
}

fn log_and_trace(trace: &Trace, flags: &Flags) -> Result<(), StartError> {
    let shown = (!flags.quiet).then(|| trace.layer());
    let wanted = std::env::var("RUST_LOG").ok().filter(|filter| !filter.is_empty()).and_then(|filter| {
        let parsed: Result<Targets, _> = filter.parse();
        parsed.inspect_err(|error| complain(&format!("RUST_LOG is not used: {error}"))).ok()
    });
    let in_order = !flags.json && outputs_are_one().unwrap_or(false);
    let log = log::layer(wanted, in_order.then(|| trace.clone()));
    Ok(tracing::subscriber::set_global_default(tracing_subscriber::registry().with(shown).with(log))?)
}

/// Whether standard output and standard error go to the same terminal, file or pipe.
fn outputs_are_one() -> io::Result<bool> {
    let identity = |output: BorrowedFd<'_>| -> io::Result<(u64, u64)> {
        let place = File::from(output.try_clone_to_owned()?).metadata()?;
        Ok((place.dev(), place.ino()))
    };
    Ok(identity(io::stdout().as_fd())? == identity(io::stderr().as_fd())?)
}

async fn open(input: Input) -> Result<Box<dyn AsyncRead + Unpin + Send>, StartError> {
    match input {
        Input::Standard => Ok(Box::new(tokio::io::stdin())),
        Input::Statements(statements) => Ok(Box::new(io::Cursor::new(statements))),
        Input::File(path) => match open_file(&path).await {
            Ok(file) => Ok(Box::new(file)),
            Err(error) => Err(StartError::Script { path, error }),
        },
    }
}

async fn open_file(path: &Path) -> io::Result<tokio::fs::File> {
    let file = tokio::fs::File::open(path).await?;
    if file.metadata().await?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(file)
}

/// What is kept from one session to the next: the history, and the key for PINs. It lies in the user's state
/// directory, as the XDG base directories have it.
fn state_directory() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = set("XDG_STATE_HOME").or_else(|| set("HOME").map(|home| home.join(".local/state")));
    state.map(|state| state.join("cqrs-bank"))
}

fn print(text: &str) -> ExitCode {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format!("the output cannot be written: {error}"));
            ExitCode::from(FAILED)
        }
        _ => ExitCode::SUCCESS,
    }
}

fn complain(message: &str) {
    // When stderr is gone, the exit code still tells.
    let _ = writeln!(io::stderr(), "bank: {message}");
}
