//! All that can be called at a prompt, and what is said of it.

use std::fmt;

use super::call_error::{CallError, CallProblem};
use super::function::Function;
use crate::shell::language::{Name, Statement, shortened};

/// All that can be called: the domain's functions, then the shell's own helpers.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary {
    /// The domain's function of a number, from 0.
    domain: fn(usize) -> Option<&'static Function>,
    manual: &'static Manual,
}

/// What the shell says of a domain beside its functions.
#[derive(Debug)]
pub struct Manual {
    /// What stands in the prompt: `bank` for `bank(1)> `.
    pub name: &'static str,
    /// Something that has a name there, such as `Wolfman`.
    pub named: &'static str,
    /// A function to begin with, such as `Bank.open`.
    pub function: &'static str,
    /// A call in parentheses.
    pub call: &'static str,
    /// What else `help` has to say at its end: lines that begin with a newline.
    pub notes: &'static str,
    /// What every shell can do, whatever its domain.
    pub helpers: [Helper; 3],
}

/// A function of the shell itself: what it is, and what it does with a statement that calls it.
#[derive(Clone, Copy)]
pub struct Helper {
    /// What is known of it.
    pub function: Function,
    /// What it does.
    pub run: fn(Vocabulary, &Statement<'_>) -> Result<Helped, CallError>,
}

impl fmt::Debug for Helper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.function, f)
    }
}

/// What comes of a call of the shell itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Helped {
    /// Text to be read.
    Text(String),
    /// Nothing more is to be run.
    Leave,
}

impl Vocabulary {
    pub(super) fn new(domain: fn(usize) -> Option<&'static Function>, manual: &'static Manual) -> Self {
        Self { domain, manual }
    }

    /// What the shell says of the domain beside its functions.
    pub fn manual(self) -> &'static Manual {
        self.manual
    }

    /// Every function, in the order of `help`.
    pub fn all(self) -> impl Iterator<Item = &'static Function> + Clone {
        (0..).map_while(self.domain).chain(self.manual.helpers.iter().map(|helper| &helper.function))
    }

    /// Whether a name without a dot is that of a module.
    pub fn has_module(self, name: &Name<'_>) -> bool {
        name.module.is_none() && self.all().any(|function| function.module == Some(name.function))
    }

    /// The shell's own function that a name names.
    pub fn helper(self, name: &Name<'_>) -> Option<&'static Helper> {
        self.manual.helpers.iter().find(|helper| helper.function.is_named(name.module, name.function))
    }

    /// The function that a name names.
    ///
    /// # Errors
    ///
    /// [`CallError`]: there is none, and which one may have been meant.
    pub fn find(self, name: &Name<'_>) -> Result<&'static Function, CallError> {
        self.all().find(|function| function.is_named(name.module, name.function)).ok_or_else(|| self.unknown(name))
    }

    /// What is said of a name that names no function: which one may have been meant.
    pub fn unknown(self, name: &Name<'_>) -> CallError {
        let written = name.to_string();
        let suggestion = nearest(self.all(), &written);
        let problem = CallProblem::UnknownFunction { name: shortened(&written), suggestion };
        CallError { span: name.span.clone(), problem }
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
