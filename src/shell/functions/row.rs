//! A row of a function table: the description of a function, and the code that runs it.

use std::fmt;
use std::future::ready;
use std::pin::Pin;

use super::arguments::Arguments;
use super::function::{Function, Parameter, ParameterKind, string_in};
use super::outcome::Outcome;
use crate::shell::session_record::SessionRecord;
use crate::shell::term::Term;
use crate::shell::trace::Trace;

/// A call that runs.
pub type RunningCall<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// A function of a domain: its description, and the code that runs it.
///
/// ```
/// use cqrs_bank::shell::functions::{Reply, Call, Function, ParameterKind, Outcome, Parameter, Row};
/// use cqrs_bank::shell::error_reason::ErrorReason;
/// use cqrs_bank::shell::term::Term;
///
/// const LOT: Parameter = Parameter::needed("lot", ParameterKind::Named);
/// const NO_LOT: ErrorReason = ErrorReason::new("no_lot", "there is no such lot: there is the lot north").about(&["lot"]);
/// const FREE: Row<Garage> = Row::new(
///     Function::new("Garage", "free", &[LOT], "counts the free places", "Garage.free \"north\"").errors(&[&[NO_LOT]]),
///     |garage, call| Box::pin(garage.free(call)),
/// );
///
/// struct Garage { free: i128 }
///
/// impl Garage {
///     async fn free(&self, call: Call<'_>) -> Outcome {
///         if call.text(LOT) != "north" {
///             return Err(Term::Error(NO_LOT).into());
///         }
///         Ok(Term::Integer(self.free).into())
///     }
/// }
/// # let _ = FREE;
/// ```
pub struct Row<D: 'static> {
    /// The description.
    pub function: Function,
    run: for<'a> fn(&'a mut D, Call<'a>) -> RunningCall<'a>,
    wanted_secret: Wanted<D>,
}

/// Which secret a call asks for, if it was left out.
enum Wanted<D> {
    Nothing,
    /// This one, with this question.
    Always(Parameter, &'static str),
    /// One that depends on the call.
    Found(FindWantedSecret<D>),
}

/// Finds the secret that a call needs and leaves out, if any.
pub type FindingSecret<'a> = Pin<Box<dyn Future<Output = Option<WantedSecret>> + Send + 'a>>;
type FindWantedSecret<D> = for<'a> fn(&D, Call<'a>) -> FindingSecret<'a>;

/// A secret that a call leaves out. The prompt asks for it without showing it.
#[derive(Clone, Debug)]
pub struct WantedSecret {
    /// The index of its parameter.
    pub parameter: usize,
    /// The question to the person.
    pub question: String,
    /// The same question once more, for a secret that is new: what nobody sees is easily mistyped.
    pub again: Option<String>,
    /// What it has to look like, where more is asked after it: what cannot be one is refused before that.
    pub form: Option<SecretForm>,
}

/// What a secret has to look like.
#[derive(Clone, Copy, Debug)]
pub struct SecretForm {
    /// Whether a text can be one.
    pub fits: fn(&str) -> bool,
    /// The same in words: `a PIN has 4 to 12 digits`.
    pub said: &'static str,
}

impl<D> Row<D> {
    /// A function with its code.
    pub const fn new(function: Function, run: for<'a> fn(&'a mut D, Call<'a>) -> RunningCall<'a>) -> Self {
        Self { function, run, wanted_secret: Wanted::Nothing }
    }

    /// Lets the prompt ask for a secret parameter where a call leaves it out.
    #[must_use]
    pub const fn asking_for(self, parameter: Parameter, question: &'static str) -> Self {
        Self { wanted_secret: Wanted::Always(parameter, question), ..self }
    }

    /// Lets the prompt ask for the secret that `find` says a call needs and leaves out.
    #[must_use]
    pub const fn asking_for_secret(self, find: FindWantedSecret<D>) -> Self {
        Self { wanted_secret: Wanted::Found(find), ..self }
    }

    /// Adds other names of the function in its module.
    #[must_use]
    pub const fn aliases(self, aliases: &'static [&'static str]) -> Self {
        Self { function: self.function.aliases(aliases), ..self }
    }

    /// Runs the function.
    pub fn run<'a>(&self, domain: &'a mut D, call: Call<'a>) -> RunningCall<'a> {
        (self.run)(domain, call)
    }

    /// The secret that this call needs and leaves out.
    pub fn wanted_secret<'a>(&self, domain: &D, call: Call<'a>) -> Option<FindingSecret<'a>> {
        match self.wanted_secret {
            Wanted::Nothing => None,
            Wanted::Always(parameter, question) => {
                let parameter = call.left_out(parameter)?;
                Some(Box::pin(ready(Some(WantedSecret {
                    parameter,
                    question: question.to_owned(),
                    again: None,
                    form: None,
                }))))
            }
            Wanted::Found(find) => Some(find(domain, call)),
        }
    }
}

impl<D> Clone for Row<D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for Row<D> {}

impl<D> Clone for Wanted<D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for Wanted<D> {}

impl<D> fmt::Debug for Row<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.function, f)
    }
}

/// A call of a function with checked arguments.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    function: &'static Function,
    arguments: &'a Arguments<'a>,
    as_json: bool,
    /// The trace of the session, if it has one.
    trace: Option<&'a Trace>,
    /// What the session has typed and answered so far.
    record: Option<&'a SessionRecord>,
}

impl<'a> Call<'a> {
    /// A call with arguments that were [checked](super::check) against its function; `as_json` says whether its outcome is
    /// printed as JSON.
    pub fn new(function: &'static Function, arguments: &'a Arguments<'a>, as_json: bool) -> Self {
        Self { function, arguments, as_json, trace: None, record: None }
    }

    /// The same call, within a session with this trace.
    #[must_use]
    pub fn traced_by(self, trace: &'a Trace) -> Self {
        Self { trace: Some(trace), ..self }
    }

    /// The same call, within a session with this record.
    #[must_use]
    pub fn recorded_in(self, record: &'a SessionRecord) -> Self {
        Self { record: Some(record), ..self }
    }

    /// What was typed and answered before this call, in its session.
    pub fn record(&self) -> Option<&'a SessionRecord> {
        self.record
    }

    /// Shows the whole trace from now on, unless somebody has chosen how much of it is shown.
    pub(in crate::shell) fn show_details(&self) {
        if let Some(trace) = self.trace {
            trace.show_details();
        }
    }

    /// Shows the whole trace from now on, or only its usual lines.
    pub(in crate::shell) fn choose_details(&self, are_shown: bool) {
        if let Some(trace) = self.trace {
            trace.choose_details(are_shown);
        }
    }

    /// The function that is called.
    pub fn function(&self) -> &'static Function {
        self.function
    }

    /// Whether the reply is printed as JSON, together with the events that the call caused.
    pub fn as_json(&self) -> bool {
        self.as_json
    }

    /// The value of a required parameter: its text, its digits, or the name of its atom.
    pub fn text(&self, parameter: Parameter) -> &'a str {
        self.optional(parameter).unwrap_or_default()
    }

    /// The value of an optional parameter, if it was given.
    pub fn optional(&self, parameter: Parameter) -> Option<&'a str> {
        self.index_of(parameter).and_then(|index| self.arguments.get(index))
    }

    /// The index of a parameter, if it was left out.
    pub fn left_out(&self, parameter: Parameter) -> Option<usize> {
        self.index_of(parameter).filter(|index| self.arguments.get(*index).is_none())
    }

    /// The name of a parameter and its argument, as it could be typed, if one was given and it is no secret.
    pub(in crate::shell) fn given(&self, name: &str) -> Option<String> {
        const LONGEST: usize = 40;
        let is_it = |parameter: &Parameter| parameter.name == name && parameter.kind != ParameterKind::Pin;
        let index = self.function.parameters.iter().position(is_it)?;
        // A URL may hold a password.
        let value = self.arguments.get(index).filter(|value| !value.contains("://"))?;
        let value = match value.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &value[..end]),
            None => value.to_owned(),
        };
        let is_number = || value.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
        Some(match self.function.parameters[index].kind {
            ParameterKind::Integer | ParameterKind::Amount | ParameterKind::Boolean => format!("{name} {value}"),
            ParameterKind::PositionOrDate | ParameterKind::PositionOrName if is_number() => format!("{name} {value}"),
            ParameterKind::Atom(_) => format!("{name} :{value}"),
            ParameterKind::StepNumberOrFile(_) | ParameterKind::PositionOrName => match string_in(&value) {
                Some(text) => format!("{name} {}", Term::String(text.to_owned())),
                None if is_number() => format!("{name} {value}"),
                None => format!("{name} :{value}"),
            },
            _ => format!("{name} {}", Term::String(value)),
        })
    }

    fn index_of(&self, parameter: Parameter) -> Option<usize> {
        // A function has one parameter of a name.
        let index = self.function.parameters.iter().position(|known| known.name == parameter.name);
        let found = index.and_then(|index| self.function.parameters.get(index));
        debug_assert_eq!(found, Some(&parameter), "{}", self.function);
        index
    }
}

/// A domain's own functions, followed by those of every application. Where both have a name, the domain's own counts.
///
/// # Panics
///
/// When the result does not have `N` functions. In a constant this is a compile error.
pub const fn joined<D, const N: usize>(own: &[Row<D>], application: &[Row<D>]) -> [Row<D>; N] {
    let mut joined = [application[0]; N];
    let mut count = 0;
    while count < own.len() {
        joined[count] = own[count];
        count += 1;
    }
    let mut index = 0;
    while index < application.len() {
        if !has(own, application[index].function.name) {
            joined[count] = application[index];
            count += 1;
        }
        index += 1;
    }
    assert!(count == N, "the table's length is not the number of its functions");
    joined
}

const fn has<D>(rows: &[Row<D>], name: &str) -> bool {
    let mut index = 0;
    while index < rows.len() {
        if are_equal(rows[index].function.name.as_bytes(), name.as_bytes()) {
            return true;
        }
        index += 1;
    }
    false
}

/// `==`, which is not available in a `const fn`.
const fn are_equal(one: &[u8], other: &[u8]) -> bool {
    let mut index = 0;
    while index < one.len() && index < other.len() && one[index] == other[index] {
        index += 1;
    }
    index == one.len() && index == other.len()
}
