//! `bank`: a terminal gets the prompt, anything else is a script.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

mod flags;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use cqrs_bank::shell::bank_functions::BankFunctions;
use cqrs_bank::shell::script::{Ended, Script};
use cqrs_bank::shell::session::{Session, Style};
use cqrs_bank::shell::trace::Trace;
use cqrs_bank::shell::{log, prompt};
use thiserror::Error;
use tokio::io::AsyncRead;
use tokio::task::JoinError;
use tracing::subscriber::SetGlobalDefaultError;
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
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Mistake) => ExitCode::from(MISTAKE),
        Ok(Ended::Failure) => ExitCode::from(FAILED),
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

/// How the session ended, or why there was none.
fn start(flags: Flags) -> Result<Ended, StartError> {
    let prompt = flags.input == Input::Standard && io::stdin().is_terminal() && io::stdout().is_terminal();
    let trace = Trace::default();
    log_and_trace(&trace, flags.quiet, prompt)?;
    let domain = BankFunctions::new(flags.store, flags.seed, trace.clone());
    let session = Session::new(domain, trace, Style { json: flags.json, echo: flags.echo && !prompt });

    // One thread: a command passes from task to task without waking another core.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(StartError::Runtime)?;
    // A task is cheaper to wake than what the runtime itself blocks on.
    let ended = if prompt {
        let prompting = runtime.spawn(prompt::run(session, history()));
        runtime.block_on(prompting).map(|ended| ended.map(|()| Ended::Well).map_err(StartError::Terminal))
    } else {
        let script = runtime.block_on(open(flags.input))?;
        let (output, errors) = (tokio::io::stdout(), io::stderr());
        let running = Script { session, output, errors, keep_going: flags.keep_going }.run(script);
        let running = runtime.spawn(running);
        runtime.block_on(running).map(Ok)
    };
    // A read of the standard input may still be waiting, and would be waited for.
    runtime.shutdown_background();
    ended?
}

fn log_and_trace(trace: &Trace, quiet: bool, prompt: bool) -> Result<(), StartError> {
    let shown = (!quiet).then(|| trace.layer());
    let filter = std::env::var("RUST_LOG").ok();
    // On one terminal with the prompt, log messages must not break the line that is being typed.
    let terminal = (prompt && io::stderr().is_terminal()).then(|| trace.clone());
    let subscriber = tracing_subscriber::registry().with(shown).with(log::layer(filter.as_deref(), terminal));
    Ok(tracing::subscriber::set_global_default(subscriber)?)
}

async fn open(input: Input) -> Result<Box<dyn AsyncRead + Unpin + Send>, StartError> {
    match input {
        Input::Standard => Ok(Box::new(tokio::io::stdin())),
        Input::Statements(statements) => Ok(Box::new(io::Cursor::new(statements))),
        Input::File(path) => match tokio::fs::File::open(&path).await {
            Ok(file) => Ok(Box::new(file)),
            Err(error) => Err(StartError::Script { path, error }),
        },
    }
}

/// Where statements are kept for recall: in the user's state directory, as the XDG base directories have it.
fn history() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = set("XDG_STATE_HOME").or_else(|| set("HOME").map(|home| home.join(".local/state")));
    state.map(|state| state.join("cqrs-bank/history"))
}

fn print(text: &str) -> ExitCode {
    match writeln!(io::stdout(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(FAILED),
    }
}

fn complain(message: &str) {
    // When stderr is gone, the exit code still tells.
    let _ = writeln!(io::stderr(), "bank: {message}");
}
