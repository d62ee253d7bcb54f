//! The command line. One [table] of its flags is what `--help`, the completions of shells and the manual page are made
//! from.

mod completions;
mod help;
mod man;
mod table;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fmt::Display;
use std::num::NonZeroUsize;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use lexopt::Arg::{Long, Short, Value};
use lexopt::ValueExt as _;

pub(super) use self::completions::{Shell, completions};
pub(super) use self::help::help;
pub(super) use self::man::man;
use self::table::FLAGS;
use super::calls_in_flight::MOST_IN_FLIGHT;
use super::similarity::nearest_word;
use crate::printable::{InvalidName, check_name};

/// The environment variable that names the user.
pub(super) const USER: &str = "BANK_USER";

/// Where statements come from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Standard input; the prompt, if it is a terminal.
    Standard,
    File(PathBuf),
    /// As they were given: what is not UTF-8 is an error of the script.
    Statements(Vec<u8>),
}

/// What an argument is that names a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    /// The file of a store.
    Store,
    /// It is not there, and has a name as such files have.
    NoStoreYet,
    /// It is empty, and so neither of them.
    Empty,
    Script,
}

/// The flags of a session.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flags<S> {
    pub(super) input: Input,
    /// Whether to prompt after the script.
    pub(super) stay: bool,
    pub(super) store: Option<S>,
    /// Whether the store was given as an argument of its own, to open it at once.
    pub(super) opens_at_once: bool,
    /// The file of that store, if there is none yet.
    pub(super) new_file: Option<PathBuf>,
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
    /// The completions for a shell.
    Completions(Shell),
    /// The manual page.
    Man,
    /// A development cluster in this directory.
    DevCluster(PathBuf),
}

/// Parses the command line. `user` is the environment's, for a command line that names none; `kind_of` tells the file of a
/// store from a script.
pub(super) fn parse<S>(
    arguments: impl IntoIterator<Item = OsString>,
    user: Option<OsString>,
    kind_of: impl Fn(&Path) -> FileKind,
) -> Result<Action<S>, lexopt::Error>
where
    S: FromStr<Err: Display>,
{
    let mut flags = Flags {
        input: Input::Standard,
        stay: false,
        store: None,
        opens_at_once: false,
        new_file: None,
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
    let mut is_first = true;
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        let is_alone = std::mem::take(&mut is_first);
        match argument {
            Short('f') => set_input(&mut input, script(parser.value()?))?,
            Short('c') => add_statements(&mut input, parser.value()?.into_vec())?,
            Short('i') => flags.stay = true,
            Value(url) if url.to_str().is_some_and(names_store) => {
                set_store(&mut flags, url.string()?.parse().map_err(about("the store"))?)?;
                flags.opens_at_once = true;
            }
            Value(path) => match kind_of(Path::new(&path)) {
                FileKind::Script => set_input(&mut input, script(path))?,
                FileKind::Empty => return Err(is_empty(Path::new(&path))),
                kind @ (FileKind::Store | FileKind::NoStoreYet) => {
                    // With the prefix, no file is taken for something else that has its name.
                    let url = format!("sqlite://{}", path.clone().string()?);
                    set_store(&mut flags, url.parse().map_err(about("the store"))?)?;
                    flags.opens_at_once = true;
                    flags.new_file = (kind == FileKind::NoStoreYet).then(|| path.into());
                }
            },
            Long("store") => set_store(&mut flags, parser.value()?.string()?.parse().map_err(about("--store"))?)?,
            Long("seed") => flags.seed = Some(seed(&parser.value()?.string()?)?),
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
            Long("completions") => return Ok(Action::Completions(shell(&parser.value()?.string()?)?)),
            Long("man") => return Ok(Action::Man),
            Long("dev-cluster") => return dev_cluster(&mut parser, is_alone),
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

fn seed(number: &str) -> Result<u64, lexopt::Error> {
    number.parse().map_err(|_| format!("--seed: it is a whole number from 0 to {}, such as 1", u64::MAX).into())
}

fn in_flight(number: &str) -> Result<NonZeroUsize, lexopt::Error> {
    let number = number.parse().ok().filter(|number| *number <= MOST_IN_FLIGHT);
    number.ok_or_else(|| format!("--in-flight: it is a number from 1 to {MOST_IN_FLIGHT}").into())
}

/// The directory of a development cluster, which opens no store and runs no statement.
fn dev_cluster<S>(parser: &mut lexopt::Parser, is_alone: bool) -> Result<Action<S>, lexopt::Error> {
    let directory = parser.value()?;
    if !is_alone || parser.next()?.is_some() {
        return Err("--dev-cluster runs servers and nothing else: give it alone".into());
    }
    if directory.is_empty() {
        return Err("--dev-cluster: a directory has a name".into());
    }
    Ok(Action::DevCluster(directory.into()))
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
    match nearest_word(flag, FLAGS.iter().filter_map(|known| known.long)) {
        Some(known) => format!("{error}, did you mean '--{known}'?").into(),
        None => error.into(),
    }
}

fn shell(name: &str) -> Result<Shell, lexopt::Error> {
    let known = Shell::ALL.into_iter().find(|shell| shell.name() == name);
    known.ok_or_else(|| "--completions: the shells are bash, zsh and fish".into())
}

fn is_empty(path: &Path) -> lexopt::Error {
    let path = path.display();
    format!("{path} is empty, and neither a script nor a store; remove it, and --store {path} makes one").into()
}

/// Whether an argument is the URL of a store, and no path.
fn names_store(argument: &str) -> bool {
    let argument = argument.to_ascii_lowercase();
    argument.starts_with(':') || ["sqlite:", "file:", "nats:"].iter().any(|scheme| argument.starts_with(scheme))
}

/// The script that an argument names.
fn script(argument: OsString) -> Input {
    if argument == "-" { Input::Standard } else { Input::File(argument.into()) }
}

fn set_input(input: &mut Option<Input>, given: Input) -> Result<(), lexopt::Error> {
    match input.replace(given) {
        None => Ok(()),
        Some(_) => Err("give one script or -c, not both; an argument that is no store is a script, and --store names a store that is to be made".into()),
    }
}

/// Adds statements to those that were given before: together they are the lines of one script.
fn add_statements(input: &mut Option<Input>, statements: Vec<u8>) -> Result<(), lexopt::Error> {
    if let Some(Input::Statements(before)) = input {
        before.push(b'\n');
        before.extend(statements);
        return Ok(());
    }
    set_input(input, Input::Statements(statements))
}

fn set_store<S>(flags: &mut Flags<S>, store: S) -> Result<(), lexopt::Error> {
    match flags.store.replace(store) {
        None => Ok(()),
        Some(_) => Err("give one store, not several".into()),
    }
}
