//! The shell's own functions, and the text of `help`.

use std::fmt::Write as _;

use super::function_table::WIDE;
use super::functions::{CallError, Function, Manual, Parameter, ParameterKind, ShellFunction, ShellReply, Vocabulary};
use super::language::{Statement, Value};

/// The details of every function that may reply `{:error, :busy}`.
const BUSY: &str = "Replies {:error, :busy} when another program holds the file for more than 5 s, which a message names, or wins\n\
    every conflict: nothing was stored. Try again; if the other program hangs, end it.";

/// The details of every function whose answer is shortened where the terminal is narrow.
const SHORTENED: &str = "wide: true shows in full what is shortened to fit the terminal.";

/// The shell's own functions, with an example for `help` from the domain.
pub const fn shell_functions(help_example: &'static str) -> [ShellFunction; 3] {
    [
        ShellFunction {
            function: own("help", &[FUNCTION], "lists the functions, or explains one", help_example),
            run: help,
        },
        ShellFunction {
            function: own("exit", &[], "leaves; so does Ctrl-D on an empty line", "exit")
                .details("Commands that were sent are finished first."),
            run: leave,
        },
        ShellFunction { function: own("quit", &[], "the same as exit", "quit"), run: leave },
    ]
}

const FUNCTION: Parameter = Parameter::optional("function", ParameterKind::Function);

const fn own(
    name: &'static str,
    parameters: &'static [Parameter],
    summary: &'static str,
    example: &'static str,
) -> Function {
    Function { module: None, group: "Shell", ..Function::new("", name, parameters, summary, example) }.never_busy()
}

/// Explains a function, lists a module, or without an argument lists everything.
fn help(vocabulary: Vocabulary, statement: &Statement<'_>) -> Result<ShellReply, CallError> {
    Ok(ShellReply::Text(match statement.arguments.first().map(|argument| &argument.value) {
        Some(Value::Name(name)) if vocabulary.has_module(name) => overview_of(vocabulary, name.function),
        Some(Value::Name(name)) => explain(vocabulary.find(name)?),
        None | Some(Value::String(_) | Value::Integer(_) | Value::Decimal(_) | Value::Atom(_) | Value::Boolean(_)) => {
            overview(vocabulary)
        }
    }))
}

fn leave(_: Vocabulary, _: &Statement<'_>) -> Result<ShellReply, CallError> {
    Ok(ShellReply::Leave)
}

/// Every function by group, each with an example.
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
    lines.extend(alias_lines(functions));
    lines.join("\n")
}

/// The aliases under a heading of their own, each with the function it stands for.
fn alias_lines(functions: impl Iterator<Item = &'static Function>) -> Vec<String> {
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
    let shortened = if function.parameters.contains(&WIDE) { SHORTENED } else { "" };
    if !(details.is_empty() && busy.is_empty() && shortened.is_empty()) {
        text.push('\n');
        for line in details.lines().chain(shortened.lines()).chain(busy.lines()) {
            let _ = write!(text, "\n  {line}");
        }
    }
    for alias in function.alias_names() {
        let _ = write!(text, "\n  {alias} does the same.");
    }
    text
}
