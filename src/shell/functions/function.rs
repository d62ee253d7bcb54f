//! The description of a function, as data.

use std::borrow::Cow;
use std::fmt;

use crate::shell::common_errors::OUTCOME_UNKNOWN;
use crate::shell::error_reason::ErrorReason;

/// A function of the shell language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// The module, before the dot; `None` for `help`, `exit` and `quit`.
    pub module: Option<&'static str>,
    /// The name, after the dot.
    pub name: &'static str,
    /// The heading that `help` lists it under.
    pub group: &'static str,
    /// Its parameters, in order; those given by name come last.
    pub parameters: &'static [Parameter],
    /// Other names for it in the same module.
    pub aliases: &'static [&'static str],
    /// Its names at other prompts, such as `\q`. They call it too, and `help` does not list them.
    pub habits: &'static [&'static str],
    /// Words for what it does, by which it is suggested.
    pub meant_by: &'static [&'static str],
    /// Whether it ends or discards something: it is suggested only for a slip in its own name.
    pub ends: bool,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// An example of a call.
    pub example: &'static str,
    /// More for `help`: what it does, and its replies other than errors.
    pub details: &'static str,
    /// The errors of its own that it may reply, in groups. `help` explains each.
    pub errors: &'static [&'static [ErrorReason]],
    /// The errors that it may reply like many other functions. `help` names them.
    pub common_errors: &'static [&'static [ErrorReason]],
    /// Placeholders in its texts, such as `{thing}`, each with the word that the domain puts there.
    pub words: &'static [(&'static str, &'static str)],
}

/// A parameter of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in help and hints.
    pub name: &'static str,
    /// Which arguments it accepts.
    pub kind: ParameterKind,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether it is given by name, as in `limit: 10`; such a parameter may always be left out.
    pub keyword: bool,
}

/// Which arguments a parameter accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// The name of something: a string, an integer, which stands for its digits, or an atom, which stands for its word.
    Named,
    /// Any value that somebody expects: like [`Named`](ParameterKind::Named), or a number with decimals.
    Expected,
    /// Any string.
    Text,
    /// Any string, or [`nil`](NIL) for none.
    TextOrNil,
    /// The path of a file, or another string that can stand for one.
    File,
    /// A whole number.
    Integer,
    /// A position in the log, as an integer, or a date, as a string.
    PositionOrDate,
    /// A position in the log, as an integer, or the name of something, as a string or an atom. [`string_in`] tells the
    /// string `"3"` from the integer `3`.
    PositionOrName,
    /// One of these atoms, a number, or the path of a file. [`string_in`] tells a file from the others.
    StepNumberOrFile(&'static [&'static str]),
    /// An amount: a whole number, or one with decimals.
    Amount,
    /// The digits of a PIN, as an integer or a string. Leading zeros stay, and the PIN is never shown.
    Pin,
    /// `true` or `false`.
    Boolean,
    /// One of these atoms.
    Atom(&'static [&'static str]),
    /// The name of a function or a module.
    Function,
}

/// Stands before a string in the value of a [`PositionOrName`](ParameterKind::PositionOrName) or a
/// [`StepNumberOrFile`](ParameterKind::StepNumberOrFile).
pub(super) const QUOTE: char = '"';

/// The string that a value of a [`PositionOrName`](ParameterKind::PositionOrName) or a
/// [`StepNumberOrFile`](ParameterKind::StepNumberOrFile) was given as; `None` for the digits of an
/// integer and the word of an atom.
pub fn string_in(value: &str) -> Option<&str> {
    value.strip_prefix(QUOTE)
}

/// The value of a [`TextOrNil`](ParameterKind::TextOrNil) that is none.
pub const NIL: &str = "nil";

impl Function {
    /// Whether a name in a module calls it; aliases count.
    pub(in crate::shell) fn is_named(&self, module: Option<&str>, name: &str) -> bool {
        self.has_name(name) && self.module == module
    }

    /// Whether it has a name, in whatever module.
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name) || self.habits.contains(&name)
    }

    /// The same for a name in upper or lower case, in a module where one is given.
    pub(super) fn is_named_in_any_case(&self, module: Option<&str>, name: &str) -> bool {
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        (is(self.name) || self.aliases.iter().any(|alias| is(alias)) || self.habits.iter().any(|habit| is(habit)))
            && module.is_none_or(|module| self.module.is_some_and(|known| known.eq_ignore_ascii_case(module)))
    }

    /// Its aliases, each with the module.
    pub fn alias_names(&self) -> impl Iterator<Item = String> {
        self.aliases.iter().map(|alias| match self.module {
            Some(module) => format!("{module}.{alias}"),
            None => (*alias).to_owned(),
        })
    }

    /// The index of its secret parameter, if it has one.
    pub fn secret_parameter(&self) -> Option<usize> {
        self.parameters.iter().position(|parameter| parameter.kind == ParameterKind::Pin)
    }

    /// The parameters from the index `from` on, as help and hints show them: `name, amount`.
    pub fn signature(&self, from: usize) -> String {
        let rest = self.parameters.iter().skip(from);
        rest.map(Parameter::to_string).collect::<Vec<_>>().join(", ")
    }

    /// Every error that it may reply, those of its own first.
    pub fn all_errors(&self) -> impl Iterator<Item = ErrorReason> {
        self.errors.iter().chain(self.common_errors).flat_map(|group| group.iter().copied())
    }

    /// Whether it sends a command: then nobody may know what came of it, if the store fails meanwhile.
    pub fn sends_command(&self) -> bool {
        self.all_errors().any(|error| error == OUTCOME_UNKNOWN)
    }

    /// One of its texts, with the domain's words for the placeholders.
    pub(in crate::shell) fn in_words(&self, text: &'static str) -> Cow<'static, str> {
        let used = self.words.iter().filter(|(braced, _)| text.contains(braced));
        used.fold(Cow::Borrowed(text), |text, (braced, word)| Cow::Owned(text.replace(braced, word)))
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.module {
            Some(module) => write!(f, "{module}.{}", self.name),
            None => f.write_str(self.name),
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, self.optional) {
            _ if self.keyword => write!(f, "[{}: …]", self.name),
            (ParameterKind::Atom(atoms), _) => {
                let atoms: Vec<_> = atoms.iter().map(|atom| format!(":{atom}")).collect();
                f.write_str(&atoms.join(" | "))
            }
            (_, true) => write!(f, "[{}]", self.name),
            (_, false) => f.write_str(self.name),
        }
    }
}
