//! The shell's own helpers, and the text of `help`.

use std::fmt::Write as _;

use super::functions::{Function, Kind, Parameter, Vocabulary};

/// What every shell can do, whatever its domain.
pub(super) static HELPERS: [Function; 3] = [
    Function {
        module: None,
        name: "help",
        group: "Shell",
        parameters: &[Parameter { name: "function", kind: Kind::Function, optional: true, keyword: false }],
        aliases: &[],
        summary: "lists the functions, or explains one",
        example: "help Bank.deposit",
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
        details: "",
    },
];

const LANGUAGE: &str = "\
Language
  Parentheses are optional: Bank.deposit(\"Wolfman\", 100). Newlines and ; separate statements, # starts a
  comment. Arguments are strings (\"…\" with \\\" \\\\ \\n \\t \\u{1F43A}), integers (1_000), :atoms, true and false.
  The integer 1 and the string \"1\" name the same account.

Replies
  Besides its own, every function replies {:error, :bank_not_open} where no bank is open, and one that takes
  an account {:error, :invalid_name} for what cannot be a name.";

/// Every function, grouped, with an example each.
pub(super) fn overview(vocabulary: Vocabulary) -> String {
    format!("{}\n\n{LANGUAGE}", list(vocabulary.all()))
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
    if !function.details.is_empty() {
        text.push('\n');
        for line in function.details.lines() {
            let _ = write!(text, "\n  {line}");
        }
    }
    for alias in function.alias_names() {
        let _ = write!(text, "\n  {alias} does the same.");
    }
    text
}
