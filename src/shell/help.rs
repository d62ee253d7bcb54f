//! The shell's own helpers, and the text of `help`.

use std::fmt::Write as _;

use super::functions::{Function, Kind, Parameter, Vocabulary};

/// What every function has to say of it that may be kept from its work by others.
const BUSY: &str = "Replies {:error, :busy} where another program holds the file for too long, and a message says which, or is\n\
    quicker again and again: nothing of it was stored. Say it again; a program that hangs has to go on or be ended.";

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
    pub helpers: [Function; 3],
}

/// The shell's own functions, with an example of `help` that this domain understands.
pub const fn helpers(help_example: &'static str) -> [Function; 3] {
    [
        Function {
            module: None,
            name: "help",
            group: "Shell",
            parameters: &[Parameter { name: "function", kind: Kind::Function, optional: true, keyword: false }],
            aliases: &[],
            summary: "lists the functions, or explains one",
            example: help_example,
            may_be_busy: false,
            details: "",
        },
        Function {
            module: None,
            name: "exit",
            group: "Shell",
            parameters: &[],
            aliases: &[],
            summary: "leaves; so does Ctrl-D on an empty line",
            example: "exit",
            may_be_busy: false,
            details: "What was sent before is finished first.",
        },
        Function {
            module: None,
            name: "quit",
            group: "Shell",
            parameters: &[],
            aliases: &[],
            summary: "the same as exit",
            example: "quit",
            may_be_busy: false,
            details: "",
        },
    ]
}

/// Every function, grouped, with an example each.
pub(super) fn overview(vocabulary: Vocabulary) -> String {
    let Manual { call, notes, .. } = vocabulary.manual();
    format!(
        "{}\n\n\
        Language\n  \
          Parentheses are optional: {call}. Newlines and ; separate statements, # starts a\n  \
          comment. Arguments are strings (\"…\" with \\\" \\\\ \\n \\t \\u{{1F43A}}), integers (1_000), :atoms, true and false.\
        {notes}",
        list(vocabulary.all())
    )
}

/// The functions of one module.
pub(super) fn overview_of(vocabulary: Vocabulary, module: &str) -> String {
    list(vocabulary.all().filter(|function| function.module == Some(module)))
}

fn list(functions: impl Iterator<Item = &'static Function> + Clone) -> String {
    let width = functions.clone().map(|function| function.example.chars().count()).max().unwrap_or(0);
    let mut lines = Vec::new();
    let mut group = "";
    for function in functions.clone() {
        if function.group != group {
            if !group.is_empty() {
                lines.push(String::new());
            }
            group = function.group;
            lines.push(group.to_owned());
        }
        lines.push(format!("  {:width$}  {}", function.example, function.summary));
    }
    lines.extend(other_names(functions));
    lines.join("\n")
}

/// The aliases under a heading of their own, each with what it stands for.
fn other_names(functions: impl Iterator<Item = &'static Function>) -> Vec<String> {
    let names: Vec<_> =
        functions.flat_map(|function| function.alias_names().map(move |alias| (alias, function))).collect();
    let width = names.iter().map(|(alias, _)| alias.chars().count()).max().unwrap_or(0);
    let heading = if names.is_empty() { Vec::new() } else { vec![String::new(), "Other names".to_owned()] };
    let lines = names.iter().map(|(alias, function)| format!("  {alias:width$}  the same as {function}"));
    heading.into_iter().chain(lines).collect()
}

/// One function, explained.
pub(super) fn explain(function: &Function) -> String {
    let mut text = function.to_string();
    if !function.parameters.is_empty() {
        let _ = write!(text, " {}", function.signature(0));
    }
    let _ = write!(text, "\n  {}\n\n  {}", function.summary, function.example);
    let busy = if function.may_be_busy { BUSY } else { "" };
    if !(function.details.is_empty() && busy.is_empty()) {
        text.push('\n');
        for line in function.details.lines().chain(busy.lines()) {
            let _ = write!(text, "\n  {line}");
        }
    }
    for alias in function.alias_names() {
        let _ = write!(text, "\n  {alias} does the same.");
    }
    text
}
