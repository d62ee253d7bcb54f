//! The command line.

use std::ffi::OsString;
use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use lexopt::Arg::{Long, Short, Value};
use lexopt::ValueExt as _;

use super::description::Program;

/// What `--help` prints.
pub(super) fn help(program: &Program) -> String {
    let Program { name, about, store, kept, refusal, late, environment, .. } = program;
    let (kind, store) = store;
    let late = late.map_or_else(String::new, |when| {
        format!(
            "
With --json, what happens after its statement was answered ({when}) comes in objects
{{\"late\": [lines of the trace]}}."
        )
    });
    format!(
        "\
{about}

Usage: {name} [SCRIPT | -f SCRIPT | -c STATEMENTS] [options]

At a terminal it prompts; otherwise it runs the statements on its standard input.

  SCRIPT, -f SCRIPT   run the statements of a file
  -c STATEMENTS       run these statements, which all users of the machine can see
  --store {kind:<11} {store}
  --quiet             replies only, no trace
  --echo              print each statement behind its prompt
  --json              print one JSON object for each statement
  --keep-going        go on after a statement that cannot be read or run
  --seed N            derive ids and times from N, the same in every run
  -h, --help          print this
  -V, --version       print the version

Exit codes: 0, all is well; 1, the {kept} or the output failed; 2, wrong flags or no such script; 3, a statement
could not be read or run. A refusal such as {{:error, :{refusal}}} is an answer, and all is well.{late}
RUST_LOG=warn (or error, debug, …) chooses what is logged on standard error; info without it.{environment}"
    )
}

/// Where statements come from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A person at a terminal, or else the standard input.
    Standard,
    File(PathBuf),
    Statements(String),
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flags<S> {
    pub(super) input: Input,
    pub(super) store: Option<S>,
    pub(super) quiet: bool,
    pub(super) echo: bool,
    pub(super) json: bool,
    pub(super) keep_going: bool,
    pub(super) seed: Option<u64>,
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wish<S> {
    Run(Flags<S>),
    Help,
    Version,
}

/// Reads the command line.
pub(super) fn parse<S>(arguments: impl IntoIterator<Item = OsString>) -> Result<Wish<S>, lexopt::Error>
where
    S: FromStr<Err: Display>,
{
    let mut flags = Flags {
        input: Input::Standard,
        store: None,
        quiet: false,
        echo: false,
        json: false,
        keep_going: false,
        seed: None,
    };
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('f') => set_input(&mut flags, Input::File(parser.value()?.into()))?,
            Short('c') => set_input(&mut flags, Input::Statements(parser.value()?.string()?))?,
            Value(path) => set_input(&mut flags, Input::File(path.into()))?,
            Long("store") => flags.store = Some(parser.value()?.string()?.parse().map_err(about("--store"))?),
            Long("seed") => flags.seed = Some(parser.value()?.string()?.parse().map_err(about("--seed"))?),
            Long("quiet") => flags.quiet = true,
            Long("echo") => flags.echo = true,
            Long("json") => flags.json = true,
            Long("keep-going") => flags.keep_going = true,
            Short('h') | Long("help") => return Ok(Wish::Help),
            Short('V') | Long("version") => return Ok(Wish::Version),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Wish::Run(flags))
}

/// Says which flag an error is about.
fn about<E: Display>(flag: &str) -> impl FnOnce(E) -> lexopt::Error {
    move |error| format!("{flag}: {error}").into()
}

fn set_input<S>(flags: &mut Flags<S>, input: Input) -> Result<(), lexopt::Error> {
    if flags.input != Input::Standard {
        return Err("statements come from one place: a script or -c".into());
    }
    flags.input = input;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(arguments: &[&str]) -> Result<Wish<String>, String> {
        parse(arguments.iter().map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn statements_come_from_one_place() {
        assert!(matches!(run(&["a.bank"]), Ok(Wish::Run(Flags { input: Input::File(_), .. }))));
        assert!(matches!(run(&["-c", "exit"]), Ok(Wish::Run(Flags { input: Input::Statements(_), .. }))));
        assert!(run(&["-f", "a.bank", "-c", "exit"]).is_err());
        assert!(run(&["a.bank", "b.bank"]).is_err());
    }

    #[test]
    fn wrong_flags_are_named() {
        assert_eq!(run(&["--jsn"]), Err("invalid option '--jsn'".to_owned()));
        assert_eq!(run(&["--seed", "x"]), Err("--seed: invalid digit found in string".to_owned()));
    }
}
