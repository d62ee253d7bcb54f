//! The command line: its flags and its help text.

use std::ffi::OsString;
use std::fmt::Display;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use lexopt::Arg::{Long, Short, Value};
use lexopt::ValueExt as _;

use super::description::Program;
use super::in_flight::MOST_IN_FLIGHT;
use super::similarity::nearest_word;
use crate::engine::store::is_memory;
use crate::printable::{InvalidName, check_name};

/// The environment variable that names the user.
pub(super) const USER: &str = "BANK_USER";

/// What `--help` prints.
pub(super) fn help(program: &Program) -> String {
    let Program { name, about, store, domain, example_refusal, late_trace_after, examples, environment, .. } = program;
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

Usage: {name} [STORE] [SCRIPT | -f SCRIPT | -c STATEMENTS] [options]

At a terminal it prompts for statements; otherwise it reads them from standard input.

  STORE               open a file that a {domain} is kept in, as --store names it, at once
  SCRIPT, -f SCRIPT   run the statements of a file; - is standard input
  -c STATEMENTS       run these statements; several run in turn; every user of the machine can see them
  -i                  stay at the prompt after them
  --store {placeholder:<11} {store}
  --foreign           trust only the log in the store, not what derives from it
  --quiet             replies only, no trace
  --echo              print each statement after its prompt
  --json              print one JSON object for each statement
  --keep-going        continue after a statement that cannot be read or run
  --strict            end a script at the first statement that is refused or declined
  --in-flight N       send up to N commands of a script ahead of their replies, 1 to {MOST_IN_FLIGHT}; the default is {MOST_IN_FLIGHT}
  --seed N            derive ids and times from N, so that every run has the same
  --user NAME         who sends the commands, for the log; by default BANK_USER
  -h, --help          print this help
  -V, --version       print the version

Exit codes: 0, success; 1, the {domain} or the output failed; 2, wrong flags or no such script; 3, a statement
could not be read or run; 4, --strict ended the script; 141, nobody read the output to its end, and statements
remained. Without --strict, a refusal such as {{:error, :{example_refusal}}} is a reply, and not a failure. With
it, no command is sent ahead of the replies before it.{late_trace}
RUST_LOG=warn, or error, sets what is logged on standard error; the default is info. RUST_LOG=debug shows loads,
batches, conflicts, commits and checkpoints, with the correlation ids of their conversations.{environment}

Examples:
{examples}"
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

/// The long flags, for suggestions.
const LONG_FLAGS: [&str; 12] = [
    "store",
    "foreign",
    "quiet",
    "echo",
    "json",
    "keep-going",
    "strict",
    "in-flight",
    "seed",
    "user",
    "help",
    "version",
];

/// The flags of a session.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flags<S> {
    pub(super) input: Input,
    /// Whether to prompt after the script.
    pub(super) stay: bool,
    pub(super) store: Option<S>,
    /// Whether the store was given as an argument of its own, to open it at once.
    pub(super) opens_at_once: bool,
    pub(super) foreign: bool,
    pub(super) quiet: bool,
    pub(super) echo: bool,
    pub(super) json: bool,
    pub(super) keep_going: bool,
    pub(super) strict: bool,
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

/// Parses the command line. `user` is the environment's, for a command line that names none; `is_store` tells the file of a
/// store from a script.
pub(super) fn parse<S>(
    arguments: impl IntoIterator<Item = OsString>,
    user: Option<OsString>,
    is_store: impl Fn(&Path) -> bool,
) -> Result<Action<S>, lexopt::Error>
where
    S: FromStr<Err: Display>,
{
    let mut flags = Flags {
        input: Input::Standard,
        stay: false,
        store: None,
        opens_at_once: false,
        foreign: false,
        quiet: false,
        echo: false,
        json: false,
        keep_going: false,
        strict: false,
        in_flight: MOST_IN_FLIGHT,
        seed: None,
        user: None,
    };
    let mut input = None;
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('f') => set_input(&mut input, script(parser.value()?))?,
            Short('c') => add_statements(&mut input, &parser.value()?.string()?)?,
            Short('i') => flags.stay = true,
            Value(url) if url.to_str().is_some_and(names_store) => {
                set_store(&mut flags, url.string()?.parse().map_err(about("the store"))?)?;
                flags.opens_at_once = true;
            }
            Value(path) if is_store(Path::new(&path)) => {
                // With the prefix, no file is taken for something else that has its name.
                let url = format!("sqlite://{}", path.string()?);
                set_store(&mut flags, url.parse().map_err(about("the store"))?)?;
                flags.opens_at_once = true;
            }
            Value(path) => set_input(&mut input, script(path))?,
            Long("store") => set_store(&mut flags, parser.value()?.string()?.parse().map_err(about("--store"))?)?,
            Long("seed") => flags.seed = Some(parser.value()?.string()?.parse().map_err(about("--seed"))?),
            Long("in-flight") => flags.in_flight = in_flight(&parser.value()?.string()?)?,
            Long("user") => flags.user = Some(checked(parser.value()?.string()?).map_err(about("--user"))?),
            Long("foreign") => flags.foreign = true,
            Long("quiet") => flags.quiet = true,
            Long("echo") => flags.echo = true,
            Long("json") => flags.json = true,
            Long("keep-going") => flags.keep_going = true,
            Long("strict") => flags.strict = true,
            Short('h') | Long("help") => return Ok(Action::Help),
            Short('V') | Long("version") => return Ok(Action::Version),
            Long(unknown) => return Err(unknown_flag(unknown)),
            other => return Err(other.unexpected()),
        }
    }
    if flags.strict && flags.keep_going {
        return Err("--strict ends a script where --keep-going goes on: give one of them".into());
    }
    flags.input = input.unwrap_or(Input::Standard);
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

fn unknown_flag(flag: &str) -> lexopt::Error {
    let error = format!("invalid option '--{flag}'");
    match nearest_word(flag, LONG_FLAGS) {
        Some(known) => format!("{error}, did you mean '--{known}'?").into(),
        None => error.into(),
    }
}

/// Whether an argument is the URL of a store, and no path.
fn names_store(argument: &str) -> bool {
    argument.starts_with("sqlite:") || is_memory(argument) && argument != "memory"
}

/// The script that an argument names.
fn script(argument: OsString) -> Input {
    if argument == "-" { Input::Standard } else { Input::File(argument.into()) }
}

fn set_input(input: &mut Option<Input>, given: Input) -> Result<(), lexopt::Error> {
    match input.replace(given) {
        None => Ok(()),
        Some(_) => Err("give one script, or -c, not several; --store names a file that is to be made".into()),
    }
}

/// Adds statements to those that were given before: together they are the lines of one script.
fn add_statements(input: &mut Option<Input>, statements: &str) -> Result<(), lexopt::Error> {
    if let Some(Input::Statements(before)) = input {
        before.push('\n');
        before.push_str(statements);
        return Ok(());
    }
    set_input(input, Input::Statements(statements.to_owned()))
}

fn set_store<S>(flags: &mut Flags<S>, store: S) -> Result<(), lexopt::Error> {
    match flags.store.replace(store) {
        None => Ok(()),
        Some(_) => Err("give one store, not several".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Action<String>, String> {
        let is_store = |path: &Path| path.extension().is_some_and(|extension| extension == "db");
        parse(arguments.iter().map(OsString::from), None, is_store).map_err(|error| error.to_string())
    }

    #[test]
    fn statements_come_from_one_place() {
        assert!(matches!(parsed(&["a.bank"]), Ok(Action::Run(Flags { input: Input::File(_), .. }))));
        assert!(matches!(parsed(&["-c", "exit"]), Ok(Action::Run(Flags { input: Input::Statements(_), .. }))));
        assert!(parsed(&["-f", "a.bank", "-c", "exit"]).is_err());
        assert!(parsed(&["a.bank", "b.bank"]).is_err());
        assert!(parsed(&["-", "a.bank"]).is_err());
        for standard in [&["-"][..], &["-f", "-"], &[]] {
            assert!(matches!(parsed(standard), Ok(Action::Run(Flags { input: Input::Standard, .. }))));
        }
    }

    #[test]
    fn several_statements_are_the_lines_of_one_script() {
        let Ok(Action::Run(flags)) = parsed(&["-c", "Bank.open", "--quiet", "-c", "exit"]) else { panic!() };
        assert_eq!(flags.input, Input::Statements("Bank.open\nexit".to_owned()));
    }

    #[test]
    fn a_store_may_stand_before_a_script_or_after_it() {
        for arguments in [["bank.db", "a.bank"], ["a.bank", "bank.db"]] {
            let Ok(Action::Run(flags)) = parsed(&arguments) else { panic!() };
            assert_eq!((flags.store.as_deref(), flags.opens_at_once), (Some("sqlite://bank.db"), true));
            assert_eq!(flags.input, Input::File("a.bank".into()));
        }
        let Ok(Action::Run(flags)) = parsed(&["--store", "bank.db"]) else { panic!() };
        assert_eq!((flags.store.as_deref(), flags.opens_at_once), (Some("bank.db"), false));
        for url in [":memory:", "sqlite:new.db"] {
            let Ok(Action::Run(flags)) = parsed(&[url, "-c", "Bank.events"]) else { panic!() };
            assert_eq!((flags.store.as_deref(), flags.opens_at_once), (Some(url), true));
        }
        assert_eq!(parsed(&["--store", "a.db", "b.db"]), Err("give one store, not several".to_owned()));
    }

    #[test]
    fn wrong_flags_are_named() {
        assert_eq!(parsed(&["--jsn"]), Err("invalid option '--jsn', did you mean '--json'?".to_owned()));
        assert_eq!(parsed(&["--quite"]), Err("invalid option '--quite', did you mean '--quiet'?".to_owned()));
        assert_eq!(parsed(&["--frobnicate"]), Err("invalid option '--frobnicate'".to_owned()));
        assert!(parsed(&["--strict", "--keep-going"]).is_err());
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
            |_| false,
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
        let blank = "--user: a name neither begins nor ends with a blank";
        assert_eq!(user(&["--user", "Josh "], ""), Err(blank.to_owned()));
        let decomposed = "BANK_USER: a name has composed letters: type \u{e9} as one character, not as e and a mark";
        assert_eq!(user(&[], "Zoe\u{308}"), Err(decomposed.to_owned()));
    }
}
