//! The shell's own helpers, and the text of `help`.

use std::fmt::Write as _;

use super::functions::{CallError, Function, Helped, Helper, Kind, Manual, Parameter, Vocabulary};
use super::language::{Statement, Value};

/// What every function has to say of it that may be kept from its work by others.
const BUSY: &str = "Replies {:error, :busy} where another program holds the file for too long, and a message says which, or is\n\
    quicker again and again: nothing of it was stored. Say it again; a program that hangs has to go on or be ended.";

/// The shell's own functions, with an example of `help` that this domain understands.
pub const fn helpers(help_example: &'static str) -> [Helper; 3] {
    [
        Helper { function: own("help", &[FUNCTION], "lists the functions, or explains one", help_example), run: help },
        Helper {
            function: own("exit", &[], "leaves; so does Ctrl-D on an empty line", "exit")
                .details("What was sent before is finished first."),
            run: leave,
        },
        Helper { function: own("quit", &[], "the same as exit", "quit"), run: leave },
    ]
}

const FUNCTION: Parameter = Parameter::optional("function", Kind::Function);

const fn own(
    name: &'static str,
    parameters: &'static [Parameter],
    summary: &'static str,
    example: &'static str,
) -> Function {
    Function { module: None, group: "Shell", ..Function::new("", name, parameters, summary, example) }.never_busy()
}

/// Explains what it is given; everything, if that is nothing.
fn help(vocabulary: Vocabulary, statement: &Statement<'_>) -> Result<Helped, CallError> {
    Ok(Helped::Text(match statement.arguments.first().map(|argument| &argument.value) {
        Some(Value::Name(name)) if vocabulary.has_module(name) => overview_of(vocabulary, name.function),
        Some(Value::Name(name)) => explain(vocabulary.find(name)?),
        None | Some(Value::String(_) | Value::Integer(_) | Value::Atom(_) | Value::Boolean(_)) => overview(vocabulary),
    }))
}

fn leave(_: Vocabulary, _: &Statement<'_>) -> Result<Helped, CallError> {
    Ok(Helped::Leave)
}

/// Every function, grouped, with an example each.
fn overview(vocabulary: Vocabulary) -> String {
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
fn overview_of(vocabulary: Vocabulary, module: &str) -> String {
    list(vocabulary.all().filter(|function| function.module == Some(module)))
}

fn list(functions: impl Iterator<Item = &'static Function> + Clone) -> String {
    let width =
        functions.clone().map(|function| function.in_words(function.example).chars().count()).max().unwrap_or(0);
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
        lines.push(format!(
            "  {:width$}  {}",
            function.in_words(function.example),
            function.in_words(function.summary)
        ));
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
fn explain(function: &Function) -> String {
    let mut text = function.to_string();
    if !function.parameters.is_empty() {
        let _ = write!(text, " {}", function.signature(0));
    }
    let _ = write!(text, "\n  {}\n\n  {}", function.in_words(function.summary), function.in_words(function.example));
    let busy = if function.may_be_busy { BUSY } else { "" };
    let details = function.in_words(function.details);
    if !(details.is_empty() && busy.is_empty()) {
        text.push('\n');
        for line in details.lines().chain(busy.lines()) {
            let _ = write!(text, "\n  {line}");
        }
    }
    for alias in function.alias_names() {
        let _ = write!(text, "\n  {alias} does the same.");
    }
    text
}
