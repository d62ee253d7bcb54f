//! What can be called at the prompt, as data: `help`, completion, hints and the checks of a call all read the
//! same table.

use std::fmt;
use std::future::{Future, ready};

use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use super::help::Manual;
use super::syntax::{Argument, Name, Span, Statement, Value, shortened};
use super::term::Term;

/// A function of the shell language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// What stands before the dot; nothing for `help`, `exit` and `quit`.
    pub module: Option<&'static str>,
    /// What stands after it.
    pub name: &'static str,
    /// The heading it is listed under.
    pub group: &'static str,
    /// What it takes.
    pub parameters: &'static [Parameter],
    /// Other names for it in the same module.
    pub aliases: &'static [&'static str],
    /// What it does, in a few words.
    pub summary: &'static str,
    /// How it is called.
    pub example: &'static str,
    /// Whether it may reply `{:error, :busy}`.
    pub may_be_busy: bool,
    /// What else there is to know: its replies, above all.
    pub details: &'static str,
}

/// What a function takes at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// What it is called in help and hints.
    pub name: &'static str,
    /// What can stand there.
    pub kind: Kind,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether it is given by name, as in `limit: 10`; such a parameter may always be left out.
    pub keyword: bool,
}

/// What can stand in a parameter's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something that has a name: a string, or an integer that stands for its digits.
    Named,
    /// Any string.
    Text,
    /// A whole number.
    Integer,
    /// The digits of a PIN, as a number or a string. They are kept as they are written, and never shown.
    Pin,
    /// `true` or `false`.
    Boolean,
    /// One of these atoms.
    Atom(&'static [&'static str]),
    /// The name of a function or a module.
    Function,
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.module {
            Some(module) => write!(f, "{module}.{}", self.name),
            None => f.write_str(self.name),
        }
    }
}

impl Function {
    /// Whether a name, module included, is one of those that call it.
    pub fn is_called(&self, name: &str) -> bool {
        let (module, name) = name.split_once('.').map_or((None, name), |(module, name)| (Some(module), name));
        self.module == module && self.has_name(name)
    }

    fn has_name(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }

    /// The other names, each with its module.
    pub fn alias_names(&self) -> impl Iterator<Item = String> {
        self.aliases.iter().map(|alias| match self.module {
            Some(module) => format!("{module}.{alias}"),
            None => (*alias).to_owned(),
        })
    }

    /// The place of the parameter that must not be shown, if it has one.
    pub fn secret_parameter(&self) -> Option<usize> {
        self.parameters.iter().position(|parameter| parameter.kind == Kind::Pin)
    }

    /// The parameters as help and hints show them: `name, amount`.
    pub fn signature(&self, from: usize) -> String {
        let rest = self.parameters.iter().skip(from);
        rest.map(Parameter::to_string).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, self.optional) {
            _ if self.keyword => write!(f, "[{}: …]", self.name),
            (Kind::Atom(atoms), _) => {
                let atoms: Vec<_> = atoms.iter().map(|atom| format!(":{atom}")).collect();
                f.write_str(&atoms.join(" | "))
            }
            (_, true) => write!(f, "[{}]", self.name),
            (_, false) => f.write_str(self.name),
        }
    }
}

impl Kind {
    fn describe(self, manual: &Manual) -> String {
        match self {
            Self::Named => format!("a string such as \"{}\" or an integer", manual.named),
            Self::Text => "a string".to_owned(),
            Self::Integer => "a whole number".to_owned(),
            Self::Pin => "4 to 12 digits".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Atom(atoms) => {
                let atoms: Vec<_> = atoms.iter().map(|atom| format!("`:{atom}`")).collect();
                atoms.join(" or ")
            }
            Self::Function => format!("a function such as `{}`", manual.function),
        }
    }
}

/// The values of a call, checked against the function's parameters: one for each, `None` where an optional
/// one was left out.
#[derive(Clone, PartialEq, Eq)]
pub struct Arguments(Vec<Option<String>>);

/// Without the values: there may be a PIN among them.
impl fmt::Debug for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arguments").finish_non_exhaustive()
    }
}

impl Arguments {
    /// The value of a parameter: its text, its digits, its atom's name.
    pub fn get(&self, parameter: usize) -> Option<&str> {
        self.0.get(parameter).and_then(Option::as_deref)
    }

    /// Fills in what was left out of the statement.
    pub fn fill_in(&mut self, parameter: usize, value: String) {
        if let Some(place) = self.0.get_mut(parameter) {
            *place = Some(value);
        }
    }

    /// The value of a parameter of this name.
    pub fn named(&self, function: &Function, name: &str) -> Option<&str> {
        let parameter = function.parameters.iter().position(|parameter| parameter.name == name);
        parameter.and_then(|parameter| self.get(parameter))
    }
}

/// What a call has led to.
#[derive(Debug)]
pub struct Answer {
    /// The reply.
    pub reply: Term,
    /// The events it has caused, each as a JSON object; left out unless they were asked for.
    pub events: Vec<Box<serde_json::value::RawValue>>,
    /// What comes of it from now on; nothing for most calls.
    pub live: Option<Live>,
}

/// What goes on after its call, until it ends or a person interrupts it; then the reply follows.
#[derive(Debug)]
pub struct Live {
    /// Lines to be printed as they come. Dropping this ends it.
    pub lines: mpsc::Receiver<String>,
    /// The reply, if it ends by itself.
    pub ended: oneshot::Receiver<Term>,
}

impl From<Term> for Answer {
    fn from(reply: Term) -> Self {
        Self { reply, events: Vec::new(), live: None }
    }
}

/// A statement that was read but cannot be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// The place.
    pub span: Span,
    /// What is wrong there.
    pub problem: CallProblem,
}

/// What is wrong with a call.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum CallProblem {
    #[error("there is no function `{name}`{}", did_you_mean(.suggestion))]
    UnknownFunction { name: String, suggestion: Option<String> },
    #[error("`{function}` takes {}, not {given}", count_arguments(*.least, *.most))]
    WrongCount { function: String, least: usize, most: usize, given: usize },
    #[error("`{parameter}` is {expected}, not {given}")]
    WrongKind { parameter: &'static str, expected: String, given: String },
    #[error("`{function}` takes no `{keyword}:`")]
    UnknownKeyword { function: String, keyword: String },
    #[error("`{keyword}:` is given twice")]
    RepeatedKeyword { keyword: String },
}

fn did_you_mean(suggestion: &Option<String>) -> String {
    suggestion.as_ref().map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn count_arguments(least: usize, most: usize) -> String {
    let plural = if most == 1 { "" } else { "s" };
    match (least, most) {
        (0, 0) => "no arguments".to_owned(),
        _ if least == most => format!("{most} argument{plural}"),
        (0, _) => format!("at most {most} argument{plural}"),
        _ => format!("{least} to {most} arguments"),
    }
}

/// All that can be called: the shell's own helpers, then the domain's functions.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary {
    domain: &'static [Function],
    manual: &'static Manual,
}

impl Vocabulary {
    /// The functions of a domain and the helpers.
    pub fn of(domain: &impl Domain) -> Self {
        Self { domain: domain.functions(), manual: domain.manual() }
    }

    /// What the shell says of the domain beside its functions.
    pub fn manual(self) -> &'static Manual {
        self.manual
    }

    /// Every function, in the order of `help`.
    pub fn all(self) -> impl Iterator<Item = &'static Function> + Clone {
        self.domain.iter().chain(&self.manual.helpers)
    }

    /// Whether a name without a dot is that of a module.
    pub fn has_module(self, name: &Name<'_>) -> bool {
        name.module.is_none() && self.all().any(|function| function.module == Some(name.function))
    }

    /// The function that a name names.
    ///
    /// # Errors
    ///
    /// [`CallError`]: there is none, and which one may have been meant.
    pub fn find(self, name: &Name<'_>) -> Result<&'static Function, CallError> {
        let found = self.all().find(|function| function.module == name.module && function.has_name(name.function));
        found.ok_or_else(|| {
            let written = name.to_string();
            let suggestion = nearest(self.all(), &written);
            let problem = CallProblem::UnknownFunction { name: shortened(&written), suggestion };
            CallError { span: name.span.clone(), problem }
        })
    }
}

/// The function whose name is near enough to be meant, with or without its module.
fn nearest(functions: impl Iterator<Item = &'static Function>, written: &str) -> Option<String> {
    const NEAR_ENOUGH: f64 = 0.7;
    // A name is at most this long here; comparing longer ones would only cost time.
    if written.len() > 64 {
        return None;
    }
    let written = written.to_lowercase();
    let likeness = |name: &str| {
        let whole = strsim::normalized_damerau_levenshtein(&written, &name.to_lowercase());
        let alone = name.rsplit('.').next().unwrap_or_default();
        whole.max(strsim::normalized_damerau_levenshtein(&written, alone))
    };
    // A function's own name comes last, so that it wins where an alias is as near.
    let names = functions.flat_map(|function| function.alias_names().chain([function.to_string()]));
    let likenesses = names.map(|name| (likeness(&name), name));
    let (likeness, name) = likenesses.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (likeness >= NEAR_ENOUGH).then_some(name)
}

/// Holds the arguments of a call against the function's parameters. `text` is what the statement was read from.
/// What is wrong is told with the manual's examples.
///
/// # Errors
///
/// [`CallError`]: the first place where they do not fit.
pub fn check(
    function: &Function,
    statement: &Statement<'_>,
    text: &str,
    manual: &Manual,
) -> Result<Arguments, CallError> {
    // Arguments with a keyword come last: the parser sees to that.
    let positional = statement.arguments.iter().take_while(|argument| argument.keyword.is_none()).count();
    let (in_order, by_name) = statement.arguments.split_at(positional);
    let parameters = function.parameters;
    let place_of = |keyword| parameters.iter().position(|parameter| parameter.keyword && parameter.name == keyword);
    let fail = |argument: &Argument<'_>, problem| Err(CallError { span: argument.span.clone(), problem });
    for argument in by_name {
        let keyword = argument.keyword.unwrap_or_default();
        if place_of(keyword).is_none() {
            let (function, keyword) = (function.to_string(), shortened(keyword));
            return fail(argument, CallProblem::UnknownKeyword { function, keyword });
        }
    }
    let most = parameters.iter().filter(|parameter| !parameter.keyword).count();
    let least = parameters.iter().filter(|parameter| !parameter.keyword && !parameter.optional).count();
    if in_order.len() < least || in_order.len() > most {
        let span = in_order.get(most).map_or(statement.name.span.clone(), |argument| argument.span.clone());
        let function = function.to_string();
        let problem = CallProblem::WrongCount { function, least, most, given: in_order.len() };
        return Err(CallError { span, problem });
    }
    let mut values = vec![None; parameters.len()];
    for ((argument, parameter), place) in in_order.iter().zip(parameters).zip(&mut values) {
        *place = Some(value(argument, parameter, text, manual)?);
    }
    for argument in by_name {
        let keyword = argument.keyword.unwrap_or_default();
        if let Some(place) = place_of(keyword) {
            let given = value(argument, &parameters[place], text, manual)?;
            if values[place].replace(given).is_some() {
                return fail(argument, CallProblem::RepeatedKeyword { keyword: keyword.to_owned() });
            }
        }
    }
    Ok(Arguments(values))
}

fn value(argument: &Argument<'_>, parameter: &Parameter, text: &str, manual: &Manual) -> Result<String, CallError> {
    match (&argument.value, parameter.kind) {
        (Value::String(text), Kind::Named | Kind::Text | Kind::Pin) => Ok(text.to_string()),
        // A PIN may begin with zeros, which a number does not keep.
        (Value::Integer(_), Kind::Pin) => Ok(text[argument.span.clone()].replace('_', "")),
        (Value::Integer(digits), Kind::Named | Kind::Integer) => Ok(digits.to_string()),
        (Value::Boolean(truth), Kind::Boolean) => Ok(truth.to_string()),
        (Value::Atom(atom), Kind::Atom(atoms)) if atoms.contains(atom) => Ok((*atom).to_owned()),
        (Value::Name(name), Kind::Function) => Ok(name.to_string()),
        (other, kind) => {
            let (expected, given) = (kind.describe(manual), kind_of(other));
            let problem = CallProblem::WrongKind { parameter: parameter.name, expected, given };
            Err(CallError { span: argument.span.clone(), problem })
        }
    }
}

fn kind_of(value: &Value<'_>) -> String {
    match value {
        Value::String(_) => "a string".to_owned(),
        Value::Integer(_) => "an integer".to_owned(),
        Value::Atom(atom) => format!("`:{}`", shortened(atom)),
        Value::Boolean(_) => "a boolean".to_owned(),
        Value::Name(_) => "a bare word".to_owned(),
    }
}

/// Something that was left out of a call, and that a person can be asked for without showing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedSecret {
    /// The place of the parameter.
    pub parameter: usize,
    /// What to ask.
    pub question: String,
}

/// A domain as the shell sees it: functions by name, and what they reply.
pub trait Domain: Send {
    /// What can be called.
    fn functions(&self) -> &'static [Function];

    /// What the shell says of it beside that.
    fn manual(&self) -> &'static Manual;

    /// Calls one of them; `events` says whether the answer should bring its events along.
    fn call(
        &mut self,
        function: &'static Function,
        arguments: &Arguments,
        events: bool,
    ) -> impl Future<Output = Answer> + Send;

    /// What this call will ask for and was not given, if the domain knows of such a thing.
    fn wanted_secret(&self, function: &'static Function, arguments: &Arguments) -> Option<WantedSecret> {
        let _ = (function, arguments);
        None
    }

    /// Where the editor looks up the names that exist now. A domain that answers no question has none to offer.
    fn names(&self) -> Box<dyn Names> {
        Box::new(|_: &Parameter, _: &str, _: usize| Vec::new())
    }

    /// Finishes what is under way. Nothing is called afterwards.
    fn close(&mut self) -> impl Future<Output = ()> + Send;

    /// Lets what was sent and not waited for make some way before the next call.
    fn let_others_run(&self) -> impl Future<Output = ()> + Send {
        ready(())
    }

    /// Why the last call could not do its work, where whatever comes next can be done all the same.
    fn not_done(&self) -> Option<String> {
        None
    }

    /// What has stopped the domain for good, if anything has.
    fn failure(&self) -> Option<String>;
}

/// The names that can stand where a parameter is [`Kind::Named`] or [`Kind::Text`].
pub trait Names: Send {
    /// The first `limit` names that begin with `prefix`, in order; none where a parameter takes no names.
    fn beginning_with(&self, parameter: &Parameter, prefix: &str, limit: usize) -> Vec<String>;
}

impl<F: Fn(&Parameter, &str, usize) -> Vec<String> + Send> Names for F {
    fn beginning_with(&self, parameter: &Parameter, prefix: &str, limit: usize) -> Vec<String> {
        self(parameter, prefix, limit)
    }
}
