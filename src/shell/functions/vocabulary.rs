//! Everything that can be called at a prompt, and the manual of the domain.

use std::fmt;

use super::call_error::{CallError, CallProblem};
use super::function::Function;
use crate::shell::language::{Name, Statement, shortened};

/// Everything that can be called: the domain's functions, then the shell's own.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary {
    /// The domain's function at an index.
    domain: fn(usize) -> Option<&'static Function>,
    manual: &'static Manual,
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
    pub shell_functions: [ShellFunction; 5],
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
        Self { domain, manual }
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
        name.module.is_none() && self.all().any(|function| function.module == Some(name.function))
    }

    /// The shell's own function of this name.
    pub fn shell_function(self, name: &Name<'_>) -> Option<&'static ShellFunction> {
        self.manual
            .shell_functions
            .iter()
            .find(|shell_function| shell_function.function.is_named(name.module, name.function))
    }

    /// The function of this name.
    ///
    /// # Errors
    ///
    /// [`CallError`] when there is none, with a suggestion if one is close.
    pub fn find(self, name: &Name<'_>) -> Result<&'static Function, CallError> {
        self.all().find(|function| function.is_named(name.module, name.function)).ok_or_else(|| self.unknown(name))
    }

    /// The error for a name that no function has, with a suggestion if one is close.
    pub fn unknown(self, name: &Name<'_>) -> CallError {
        let written = name.to_string();
        let suggestion = nearest(self.all(), &written);
        let problem = CallProblem::UnknownFunction { name: shortened(&written), suggestion };
        CallError { span: name.span.clone(), problem }
    }
}

/// The function whose name, with or without its module, is close enough to be a suggestion.
fn nearest(functions: impl Iterator<Item = &'static Function>, written: &str) -> Option<String> {
    const CLOSE_ENOUGH: f64 = 0.7;
    // No function has a longer name, and the comparison takes quadratic time.
    const MAX_LENGTH: usize = 64;
    if written.len() > MAX_LENGTH {
        return None;
    }
    let written = written.to_lowercase();
    let similarity = |name: &str| {
        let whole = strsim::normalized_damerau_levenshtein(&written, &name.to_lowercase());
        let alone = name.rsplit('.').next().unwrap_or_default();
        whole.max(strsim::normalized_damerau_levenshtein(&written, alone))
    };
    // A function's own name follows its aliases: among equals, `max_by` takes the last.
    let names = functions.flat_map(|function| function.alias_names().chain([function.to_string()]));
    let similarities = names.map(|name| (similarity(&name), name));
    let (similarity, name) = similarities.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (similarity >= CLOSE_ENOUGH).then_some(name)
}
