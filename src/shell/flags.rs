//! The command line: its flags and its help text.

use std::ffi::OsString;
use std::fmt::Display;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use lexopt::Arg::{Long, Short, Value};
use lexopt::ValueExt as _;

use super::description::Program;
use super::in_flight::MOST_IN_FLIGHT;
use crate::printable::{InvalidName, check_name};

/// The environment variable that names the user.
pub(super) const USER: &str = "BANK_USER";

/// What `--help` prints.
pub(super) fn help(program: &Program) -> String {
    let Program { name, about, store, domain, example_refusal, late_trace_after, environment, .. } = program;
    let (placeholder, store) = store;
    let late_trace = late_trace_after.map_or_else(String::new, |statement| {
        format!(
            "
With --json, trace lines that follow a reply (after {statement}) are printed as objects
{{\"late\": [lines of the trace]}}."
        )
    });
    format!(
        "\
{about}

Usage: {name} [SCRIPT | -f SCRIPT | -c STATEMENTS] [options]

At a terminal it prompts for statements; otherwise it reads them from standard input.

  SCRIPT, -f SCRIPT   run the statements of a file
  -c STATEMENTS       run these statements; every user of the machine can see them
  -i                  stay at the prompt after them
  --store {placeholder:<11} {store}
  --foreign           trust only the log in the store, not what derives from it
  --quiet             replies only, no trace
  --echo              print each statement after its prompt
  --json              print one JSON object for each statement
  --keep-going        continue after a statement that cannot be read or run
  --in-flight N       send up to N commands of a script ahead of their replies, 1 to {MOST_IN_FLIGHT}; the default is {MOST_IN_FLIGHT}
  --seed N            derive ids and times from N, so that every run has the same
  --user NAME         who sends the commands, for the log; by default BANK_USER
  -h, --help          print this help
  -V, --version       print the version

Exit codes: 0, success; 1, the {domain} or the output failed; 2, wrong flags or no such script; 3, a statement
could not be read or run; 141, nobody read the output to its end, and statements remained. A refusal such as
{{:error, :{example_refusal}}} is a reply, and not a failure.{late_trace}
RUST_LOG=warn (or error, debug, …) sets what is logged on standard error; the default is info.{environment}"
    )
}

/// Where statements come from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Standard input; the prompt, if it is a terminal.
    Standard,
    File(PathBuf),
    Statements(String),
}

/// The flags of a session.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flags<S> {
    pub(super) input: Input,
    /// Whether to prompt after the script.
    pub(super) stay: bool,
    pub(super) store: Option<S>,
    pub(super) foreign: bool,
    pub(super) quiet: bool,
    pub(super) echo: bool,
    pub(super) json: bool,
    pub(super) keep_going: bool,
    pub(super) in_flight: NonZeroUsize,
    pub(super) seed: Option<u64>,
    pub(super) user: Option<String>,
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action<S> {
    Run(Flags<S>),
    Help,
    Version,
}

/// Parses the command line. `user` is the environment's, for a command line that names none.
pub(super) fn parse<S>(
    arguments: impl IntoIterator<Item = OsString>,
    user: Option<OsString>,
) -> Result<Action<S>, lexopt::Error>
where
    S: FromStr<Err: Display>,
{
    let mut flags = Flags {
        input: Input::Standard,
        stay: false,
        store: None,
        foreign: false,
        quiet: false,
        echo: false,
        json: false,
        keep_going: false,
        in_flight: MOST_IN_FLIGHT,
        seed: None,
        user: None,
    };
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('f') => set_input(&mut flags, Input::File(parser.value()?.into()))?,
            Short('c') => set_input(&mut flags, Input::Statements(parser.value()?.string()?))?,
            Short('i') => flags.stay = true,
            Value(path) => set_input(&mut flags, Input::File(path.into()))?,
            Long("store") => flags.store = Some(parser.value()?.string()?.parse().map_err(about("--store"))?),
            Long("seed") => flags.seed = Some(parser.value()?.string()?.parse().map_err(about("--seed"))?),
            Long("in-flight") => flags.in_flight = in_flight(&parser.value()?.string()?)?,
            Long("user") => flags.user = Some(checked(parser.value()?.string()?).map_err(about("--user"))?),
            Long("foreign") => flags.foreign = true,
            Long("quiet") => flags.quiet = true,
            Long("echo") => flags.echo = true,
            Long("json") => flags.json = true,
            Long("keep-going") => flags.keep_going = true,
            Short('h') | Long("help") => return Ok(Action::Help),
            Short('V') | Long("version") => return Ok(Action::Version),
            other => return Err(other.unexpected()),
        }
    }
    if let Some(user) = user.filter(|user| flags.user.is_none() && !user.is_empty()) {
        flags.user = Some(checked(user.string().map_err(about(USER))?).map_err(about(USER))?);
    }
    Ok(Action::Run(flags))
}

fn in_flight(number: &str) -> Result<NonZeroUsize, lexopt::Error> {
    let number = number.parse().ok().filter(|number| *number <= MOST_IN_FLIGHT);
    number.ok_or_else(|| format!("--in-flight: it is a number from 1 to {MOST_IN_FLIGHT}").into())
}

/// The name of a user, under the rules of all names.
fn checked(name: String) -> Result<String, InvalidName> {
    check_name(&name)?;
    Ok(name)
}

/// Prefixes an error with the flag it is about.
fn about<E: Display>(flag: &str) -> impl FnOnce(E) -> lexopt::Error {
    move |error| format!("{flag}: {error}").into()
}

fn set_input<S>(flags: &mut Flags<S>, input: Input) -> Result<(), lexopt::Error> {
    if flags.input != Input::Standard {
        return Err("give one script or one -c, not several".into());
    }
    flags.input = input;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Action<String>, String> {
        parse(arguments.iter().map(OsString::from), None).map_err(|error| error.to_string())
    }

    #[test]
    fn statements_come_from_one_place() {
        assert!(matches!(parsed(&["a.bank"]), Ok(Action::Run(Flags { input: Input::File(_), .. }))));
        assert!(matches!(parsed(&["-c", "exit"]), Ok(Action::Run(Flags { input: Input::Statements(_), .. }))));
        assert!(parsed(&["-f", "a.bank", "-c", "exit"]).is_err());
        assert!(parsed(&["a.bank", "b.bank"]).is_err());
    }

    #[test]
    fn wrong_flags_are_named() {
        assert_eq!(parsed(&["--jsn"]), Err("invalid option '--jsn'".to_owned()));
        for number in ["0", "257", "many", "-1"] {
            let error = "--in-flight: it is a number from 1 to 256".to_owned();
            assert_eq!(parsed(&["--in-flight", number]), Err(error));
        }
        assert_eq!(parsed(&["--seed", "x"]), Err("--seed: invalid digit found in string".to_owned()));
        assert_eq!(parsed(&["--user", ""]), Err("--user: a name cannot be empty".to_owned()));
    }

    #[test]
    fn the_flag_names_the_user_and_else_the_environment() {
        let user = |arguments: &[&str], variable: &str| match parse::<String>(
            arguments.iter().map(OsString::from),
            Some(variable.into()),
        ) {
            Ok(Action::Run(flags)) => Ok(flags.user),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        };
        assert_eq!(user(&[], "Zoë"), Ok(Some("Zoë".to_owned())));
        assert_eq!(user(&[], ""), Ok(None), "a variable may be empty");
        assert_eq!(user(&["--user", "Josh"], "\n"), Ok(Some("Josh".to_owned())));
        let unprintable = "BANK_USER: a name cannot hold control or bidirectional control characters";
        assert_eq!(user(&[], "\u{202e}"), Err(unprintable.to_owned()));
    }
}
