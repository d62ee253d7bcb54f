//! A row of a function table: what a function is, and what it does.

use std::fmt;
use std::pin::Pin;

use super::arguments::Arguments;
use super::function::{Function, Parameter};
use super::outcome::Outcome;

/// What a call does, on its way.
pub type Running<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// A function of a domain, whole: what is known of it, and what it runs.
///
/// ```
/// use cqrs_bank::shell::functions::{Answer, Call, Function, Kind, Outcome, Parameter, Row};
/// use cqrs_bank::shell::term::Term;
///
/// const LOT: Parameter = Parameter::needed("lot", Kind::Named);
/// const FREE: Row<Garage> = Row::new(
///     Function::new("Garage", "free", &[LOT], "counts the free places", "Garage.free \"north\""),
///     |garage, call| Box::pin(garage.free(call)),
/// );
///
/// struct Garage { free: i128 }
///
/// impl Garage {
///     async fn free(&self, call: Call<'_>) -> Outcome {
///         if call.text(LOT) != "north" {
///             return Err(Term::Error("no_lot").into());
///         }
///         Ok(Term::Integer(self.free).into())
///     }
/// }
/// # let _ = FREE;
/// ```
pub struct Row<D: 'static> {
    /// What is known of it.
    pub function: Function,
    run: for<'a> fn(&'a mut D, Call<'a>) -> Running<'a>,
    wanted_secret: Option<AskFor<D>>,
}

/// What a call will ask for that was left out of it, if it will.
type AskFor<D> = fn(&D, Call<'_>) -> Option<WantedSecret>;

/// Something that was left out of a call, and that a person can be asked for without showing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedSecret {
    /// The place of the parameter.
    pub parameter: usize,
    /// What to ask.
    pub question: String,
}

impl<D> Row<D> {
    /// A function that runs this.
    pub const fn new(function: Function, run: for<'a> fn(&'a mut D, Call<'a>) -> Running<'a>) -> Self {
        Self { function, run, wanted_secret: None }
    }

    /// The same where a person may be asked for what was left out.
    #[must_use]
    pub const fn asking(self, wanted_secret: AskFor<D>) -> Self {
        Self { wanted_secret: Some(wanted_secret), ..self }
    }

    /// Runs it.
    pub fn run<'a>(&self, domain: &'a mut D, call: Call<'a>) -> Running<'a> {
        (self.run)(domain, call)
    }
}

impl<D> Row<D> {
    /// What this call will ask for and was not given.
    pub fn wanted_secret(&self, domain: &D, call: Call<'_>) -> Option<WantedSecret> {
        self.wanted_secret.and_then(|wanted_secret| wanted_secret(domain, call))
    }
}

impl<D> Clone for Row<D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for Row<D> {}

impl<D> fmt::Debug for Row<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.function, f)
    }
}

/// A call of a function with checked arguments.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    function: &'static Function,
    arguments: &'a Arguments,
    as_json: bool,
}

impl<'a> Call<'a> {
    /// A call with arguments that were [checked](super::check) against its function; `as_json` says whether what comes of
    /// it is printed as JSON.
    pub fn new(function: &'static Function, arguments: &'a Arguments, as_json: bool) -> Self {
        Self { function, arguments, as_json }
    }

    /// What is called.
    pub fn function(&self) -> &'static Function {
        self.function
    }

    /// Whether replies are printed as JSON, and the events that were caused with them.
    pub fn as_json(&self) -> bool {
        self.as_json
    }

    /// The value of a parameter that has to be given: its text, its digits, its atom's name.
    pub fn text(&self, parameter: Parameter) -> &'a str {
        self.optional(parameter).unwrap_or_default()
    }

    /// The same of one that may be left out.
    pub fn optional(&self, parameter: Parameter) -> Option<&'a str> {
        self.place(parameter).and_then(|place| self.arguments.get(place))
    }

    /// The place of a parameter, if it was left out.
    pub fn left_out(&self, parameter: Parameter) -> Option<usize> {
        self.place(parameter).filter(|place| self.arguments.get(*place).is_none())
    }

    fn place(&self, parameter: Parameter) -> Option<usize> {
        let place = self.function.parameters.iter().position(|taken| *taken == parameter);
        debug_assert!(place.is_some(), "{} takes no {}", self.function, parameter.name);
        place
    }
}

/// A domain's own functions, and behind them those that every application has, except where the domain has its own of
/// that name.
///
/// # Panics
///
/// Where there are not `N` of them, which in a constant is an error of the compiler.
pub const fn joined<D, const N: usize>(own: &[Row<D>], application: &[Row<D>]) -> [Row<D>; N] {
    let mut joined = [application[0]; N];
    let mut count = 0;
    while count < own.len() {
        joined[count] = own[count];
        count += 1;
    }
    let mut number = 0;
    while number < application.len() {
        if !has(own, application[number].function.name) {
            joined[count] = application[number];
            count += 1;
        }
        number += 1;
    }
    assert!(count == N, "the table has room for all functions and no more");
    joined
}

const fn has<D>(rows: &[Row<D>], name: &str) -> bool {
    let mut number = 0;
    while number < rows.len() {
        if are_same(rows[number].function.name.as_bytes(), name.as_bytes()) {
            return true;
        }
        number += 1;
    }
    false
}

/// What `==` does, which a constant cannot call.
const fn are_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}
