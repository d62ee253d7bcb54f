//! A function as data.

use std::borrow::Cow;
use std::fmt;

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
    /// What its texts have in braces, such as `{thing}`, and what stands there for its domain.
    pub words: &'static [(&'static str, &'static str)],
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

impl Function {
    /// Whether a name, module included, is one of those that call it.
    pub fn is_called(&self, name: &str) -> bool {
        let (module, name) = name.split_once('.').map_or((None, name), |(module, name)| (Some(module), name));
        self.is_named(module, name)
    }

    /// Whether a name in a module is one of those that call it.
    pub(in crate::shell) fn is_named(&self, module: Option<&str>, name: &str) -> bool {
        self.module == module && (self.name == name || self.aliases.contains(&name))
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

    /// One of its texts, in the words of its domain.
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
            (Kind::Atom(atoms), _) => {
                let atoms: Vec<_> = atoms.iter().map(|atom| format!(":{atom}")).collect();
                f.write_str(&atoms.join(" | "))
            }
            (_, true) => write!(f, "[{}]", self.name),
            (_, false) => f.write_str(self.name),
        }
    }
}
