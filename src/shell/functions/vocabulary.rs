//! Everything that can be called at a prompt, and the manual of the domain.

use std::fmt;

use super::call_error::{CallError, CallProblem};
use super::function::Function;
use super::suggestion::suggestions;
use crate::shell::language::{Name, Statement, shortened};

/// Everything that can be called: the domain's functions, then the shell's own.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary {
    /// The domain's function at an index.
    domain: fn(usize) -> Option<&'static Function>,
    manual: &'static Manual,
    /// Whether names may be written in upper or lower case.
    in_any_case: bool,
}

/// What `help`, the prompt and error messages say about a domain as a whole.
#[derive(Debug)]
pub struct Manual {
    /// The domain's name in the prompt: `bank` for `bank(1)> `.
    pub name: &'static str,
    /// An example of a name, such as `Wolfman`.
    pub named: &'static str,
    /// An example of a function, such as `Bank.open`.
    pub function: &'static str,
    /// An example of a call in parentheses.
    pub call: &'static str,
    /// More for the end of `help`: lines that begin with a newline.
    pub notes: &'static str,
    /// The functions that the shell has in every domain.
    pub shell_functions: [ShellFunction; 6],
}

/// A function of the shell itself, such as `help`.
#[derive(Clone, Copy)]
pub struct ShellFunction {
    /// Its description.
    pub function: Function,
    /// Its code.
    pub run: fn(Vocabulary, &Statement<'_>) -> Result<ShellReply, CallError>,
}

impl fmt::Debug for ShellFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.function, f)
    }
}

/// The reply of the shell itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShellReply {
    /// Text to print.
    Text(String),
    /// List the statements that a prompt can recall.
    History,
    /// Clear the screen of a prompt.
    ClearScreen,
    /// Run nothing more.
    Leave,
}

impl Vocabulary {
    pub(super) fn new(domain: fn(usize) -> Option<&'static Function>, manual: &'static Manual) -> Self {
        Self { domain, manual, in_any_case: false }
    }

    /// The same, with names that may be written in upper or lower case, as a person may type them.
    #[must_use]
    pub fn in_any_case(self) -> Self {
        Self { in_any_case: true, ..self }
    }

    /// The manual of the domain.
    pub fn manual(self) -> &'static Manual {
        self.manual
    }

    /// Every function, in the order of `help`.
    pub fn all(self) -> impl Iterator<Item = &'static Function> + Clone {
        (0..)
            .map_while(self.domain)
            .chain(self.manual.shell_functions.iter().map(|shell_function| &shell_function.function))
    }

    /// Whether a name is that of a module: one without a dot.
    pub fn has_module(self, name: &Name<'_>) -> bool {
        let is = |known: &str| known == name.function || self.in_any_case && known.eq_ignore_ascii_case(name.function);
        name.module.is_none() && self.all().any(|function| function.module.is_some_and(is))
    }

    /// The function that a name calls. Without a module it is one of the shell's own, or else the domain's.
    fn named(self, module: Option<&str>, name: &str) -> Option<&'static Function> {
        let exact = self.all().find(|function| function.is_named(module, name));
        let bare = || self.all().find(|function| module.is_none() && function.has_name(name));
        let any = || self.all().find(|function| self.in_any_case && function.is_named_in_any_case(module, name));
        exact.or_else(bare).or_else(any).or_else(|| self.of_any_module(module?, name))
    }

    /// The shell's `help`, which people also ask a module for.
    fn of_any_module(self, module: &str, name: &str) -> Option<&'static Function> {
        const HELP: &str = "help";
        let is_known = self.has_module(&Name { span: 0..0, module: None, function: module });
        let functions = || self.manual.shell_functions.iter().map(|own| &own.function);
        functions().find(|function| is_known && function.name == HELP && function.has_name(name))
    }

    /// The function that a name calls, written with its module or without.
    pub fn called(self, written: &str) -> Option<&'static Function> {
        match written.split_once('.').filter(|(module, _)| !module.is_empty()) {
            Some((module, name)) => self.named(Some(module), name),
            None => self.named(None, written),
        }
    }

    /// The shell's code for one of its own functions.
    pub(in crate::shell) fn shell_function(self, function: &Function) -> Option<&'static ShellFunction> {
        self.manual.shell_functions.iter().find(|own| std::ptr::eq(&own.function, function))
    }

    /// The function of this name.
    ///
    /// # Errors
    ///
    /// [`CallError`] when there is none, with suggestions if there are any.
    pub fn find(self, name: &Name<'_>) -> Result<&'static Function, CallError> {
        self.named(name.module, name.function).ok_or_else(|| self.unknown(name))
    }

    /// The error for a name that no function has, with suggestions.
    pub(in crate::shell) fn unknown(self, name: &Name<'_>) -> CallError {
        let written = name.to_string();
        let problem = match self.has_module(name) {
            true => CallProblem::ModuleAlone(shortened(&written)),
            false => {
                let suggestions = suggestions(self.all(), &written);
                CallProblem::UnknownFunction { name: shortened(&written), suggestions }
            }
        };
        CallError { span: name.span.clone(), problem }
    }
}
