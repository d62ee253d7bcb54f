//! `bank`: a terminal gets the prompt, anything else is a script.

mod flags;

use std::io::Write;
use std::process::ExitCode;

use cqrs_bank::shell::bank_functions::BankFunctions;
use cqrs_bank::shell::log;
use cqrs_bank::shell::script::{Ended, Script};
use cqrs_bank::shell::session::{Session, Style};
use cqrs_bank::shell::trace::Trace;
use tokio::io::AsyncRead;
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
        Err(message) => {
            complain(&message);
            ExitCode::from(FAILED)
        }
    }
}

fn start(flags: Flags) -> Result<Ended, String> {
    let trace = Trace::default();
    let shown = (!flags.quiet).then(|| trace.layer());
    let filter = std::env::var("RUST_LOG").ok();
    let subscriber = tracing_subscriber::registry().with(shown).with(log::layer(filter.as_deref(), None));
    tracing::subscriber::set_global_default(subscriber).map_err(|error| error.to_string())?;

    // One thread: a command passes from task to task without waking another core.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
    let session = Session::new(
        BankFunctions::new(flags.store, flags.seed, trace.clone()),
        trace,
        Style { json: flags.json, echo: flags.echo },
    );
    let ended = runtime.block_on(async move {
        // A task of its own is cheaper to wake than the one that the runtime itself waits in.
        let script: Box<dyn AsyncRead + Unpin + Send> = match flags.input {
            Input::Standard => Box::new(tokio::io::stdin()),
            Input::Statements(statements) => Box::new(std::io::Cursor::new(statements)),
            Input::File(path) => match tokio::fs::File::open(&path).await {
                Ok(file) => Box::new(file),
                Err(error) => return Err(format!("{}: {error}", path.display())),
            },
        };
        let (output, errors) = (tokio::io::stdout(), tokio::io::stderr());
        let script_run = Script { session, output, errors, keep_going: flags.keep_going }.run(script);
        tokio::spawn(script_run).await.map_err(|error| error.to_string())
    });
    // A read of the standard input may still be waiting, and would be waited for.
    runtime.shutdown_background();
    ended
}

fn print(text: &str) -> ExitCode {
    match writeln!(std::io::stdout(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(FAILED),
    }
}

fn complain(message: &str) {
    // When stderr is gone, the exit code still tells.
    let _ = writeln!(std::io::stderr(), "bank: {message}");
}
