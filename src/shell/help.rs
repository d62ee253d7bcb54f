//! The shell's own functions, and the text of `help`.

use std::fmt::Write as _;

use super::concepts::{self, Concept};
use super::error_reason::ErrorReason;
use super::function_table::WIDE;
use super::functions::{
    CallError, CallProblem, Function, Manual, Parameter, ParameterKind, ShellFunction, ShellReply, Vocabulary,
};
use super::language::{Name, Statement, TRY, Value, shortened};
use super::similarity::{nearest_word, slips};

/// The width of what is wrapped here, in characters.
const WIDTH: usize = 108;

/// An error that more functions reply is said to be replied by many.
const FEW_FUNCTIONS: usize = 12;

/// The details of every function whose answer is shortened where the terminal is narrow.
const SHORTENED: &str = "wide: true shows in full what is shortened to fit the terminal.";

/// The shell's own functions, with examples for `help` and `try` from the domain.
pub const fn shell_functions(help_example: &'static str, try_example: &'static str) -> [ShellFunction; 6] {
    [
        ShellFunction {
            function: own(TRY, &[COMMAND], "shows what a command would lead to", try_example).details(
                "The command, what it leads to, and what would be replied. Nothing of it is stored, sent or counted: it is\n\
                tried on top of the log as that is now, by the same aggregates, projections and process managers. No event\n\
                handler acts, so that no e-mail is sent. A PIN that is left out is asked for at the prompt, as without try,\n\
                and any PIN is taken for the right one: nothing counts wrong ones here, so that trying must not tell which\n\
                one is right.",
            ),
            run: nothing_to_try,
        },
        ShellFunction {
            function: own("help", &[TOPIC], "lists the functions, or explains one", help_example)
                .details(
                    "It explains an error too, as in help busy, and a concept, as in help event. ? and h do the same.\n\
                    A function can be called without its module, and at the prompt in upper or lower case.",
                )
                .habits(&["?", "h", "\\h", "\\?", ".help", ":help", ":h", ":?"]),
            run: help,
        },
        ShellFunction {
            function: own("history", &[], "lists the statements that can be recalled", "history")
                .details("The latest is the last. None of them holds a PIN. A script has none."),
            run: |_, _| Ok(ShellReply::History),
        },
        ShellFunction {
            function: own("clear", &[], "clears the screen; so does Ctrl-L", "clear").meant_by(&["cls", "reset"]),
            run: |_, _| Ok(ShellReply::ClearScreen),
        },
        ShellFunction {
            function: own("exit", &[], "leaves; so does Ctrl-D on an empty line", "exit")
                .details("Commands that were sent are finished first.")
                .habits(&["\\q", ".exit", ".quit", ":q", ":quit", ":exit"])
                .ending(),
            run: leave,
        },
        ShellFunction { function: own("quit", &[], "the same as exit", "quit").ending(), run: leave },
    ]
}

const TOPIC: Parameter = Parameter::optional("topic", ParameterKind::Function);
const COMMAND: Parameter = Parameter::optional("command", ParameterKind::Function);

const fn own(
    name: &'static str,
    parameters: &'static [Parameter],
    summary: &'static str,
    example: &'static str,
) -> Function {
    Function { module: None, group: "Shell", ..Function::new("", name, parameters, summary, example) }
}

/// Explains what is called by a name: a function, an error or a concept. Lists a module, or without an argument everything.
fn help(vocabulary: Vocabulary, statement: &Statement<'_>) -> Result<ShellReply, CallError> {
    let Some(argument) = statement.arguments.first() else { return Ok(ShellReply::Text(overview(vocabulary))) };
    let (topic, is_atom) = match &argument.value {
        Value::Name(name) => (name.to_string(), false),
        Value::Atom(name) => ((*name).to_owned(), true),
        Value::String(text) => (text.trim_start_matches(':').to_owned(), text.starts_with(':')),
        Value::Integer(_) | Value::Decimal(_) | Value::Boolean(_) => return Ok(ShellReply::Text(overview(vocabulary))),
    };
    let word = topic.split_whitespace().collect::<Vec<_>>().join("_");
    let (module, function) = word.split_once('.').map_or((None, word.as_str()), |(module, name)| (Some(module), name));
    let name = Name { span: argument.value_span.clone(), module, function };
    if vocabulary.has_module(&name) {
        return Ok(ShellReply::Text(overview_of(vocabulary, &word)));
    }
    let concept = module.is_none().then(|| concepts::named(&word)).flatten();
    let mut explained = [
        vocabulary.called(&word).map(explain),
        concept.map(|concept| concept.explained(vocabulary)),
        explain_error(vocabulary, &word.to_lowercase()),
    ];
    if is_atom {
        explained.reverse();
    }
    let explained: Vec<_> = explained.into_iter().flatten().collect();
    match explained.is_empty() {
        true => Err(unknown(vocabulary, &name, is_atom)),
        false => Ok(ShellReply::Text(explained.join("\n\n"))),
    }
}

/// The error for a name that nothing has, with what may have been meant: a function, or else a concept or an error.
fn unknown(vocabulary: Vocabulary, name: &Name<'_>, is_atom: bool) -> CallError {
    let errors = vocabulary.all().flat_map(Function::all_errors).map(ErrorReason::name);
    let error = || nearest_word(name.function, errors).map(|known| format!(":{known}"));
    let words: Vec<_> = concepts::all().map(Concept::word).collect();
    let concept = || nearest_word(name.function, words.iter().map(String::as_str)).map(str::to_owned);
    let unknown = vocabulary.unknown(name);
    let CallProblem::UnknownFunction { suggestions: functions, .. } = &unknown.problem else { return unknown };
    let suggestions: Vec<_> = match is_atom {
        true => error().or_else(concept).into_iter().collect(),
        // A function that is called like a concept is explained with it.
        false => match words.iter().find(|word| slips(&name.function.to_lowercase(), word).is_some()) {
            Some(word) if name.module.is_none() => vec![word.clone()],
            _ if !functions.is_empty() => return unknown,
            _ => concept().or_else(error).into_iter().collect(),
        },
    };
    CallError { problem: CallProblem::UnknownTopic { name: shortened(&name.to_string()), suggestions }, ..unknown }
}

/// A command after `try` is no argument of it. Without one there is nothing to do.
fn nothing_to_try(vocabulary: Vocabulary, statement: &Statement<'_>) -> Result<ShellReply, CallError> {
    let problem = CallProblem::NothingToTry { example: vocabulary.manual().call };
    Err(CallError { span: statement.name.span.clone(), problem })
}

fn leave(_: Vocabulary, _: &Statement<'_>) -> Result<ShellReply, CallError> {
    Ok(ShellReply::Leave)
}

/// Every function by group, each with an example.
fn overview(vocabulary: Vocabulary) -> String {
    let Manual { call, notes, .. } = vocabulary.manual();
    let concepts: Vec<_> = concepts::all().map(Concept::word).collect();
    format!(
        "{}\n\n\
        Concepts, each explained by help event and so on{}\n\n\
        Language\n  \
          Parentheses are optional: {call}. Newlines and ; separate statements, but a line goes on\n  \
          after ( or a comma; # starts a comment. Arguments are strings (\"…\" with \\\" \\\\ \\n \\t \\u{{1F43A}}),\n  \
          integers (1_000), :atoms, true and false.\
        {notes}",
        list(of_use(vocabulary)),
        wrapped(&concepts.join(", "), 2),
    )
}

/// Every function, and `try` only where a function sends a command.
fn of_use(vocabulary: Vocabulary) -> impl Iterator<Item = &'static Function> + Clone {
    let has_commands = vocabulary.all().any(Function::sends_command);
    vocabulary.all().filter(move |function| has_commands || function.module.is_some() || function.name != TRY)
}

/// The functions of one module.
fn overview_of(vocabulary: Vocabulary, module: &str) -> String {
    let is_of_module = |known: &str| known.eq_ignore_ascii_case(module);
    list(vocabulary.all().filter(|function| function.module.is_some_and(is_of_module)))
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
    let details = function.in_words(function.details);
    let shortened = if function.parameters.contains(&WIDE) { SHORTENED } else { "" };
    if !(details.is_empty() && shortened.is_empty()) {
        text.push('\n');
        for line in details.lines().chain(shortened.lines()) {
            let _ = write!(text, "\n  {line}");
        }
    }
    for alias in function.alias_names() {
        let _ = write!(text, "\n  {alias} does the same.");
    }
    text.push_str(&errors_of(function));
    text
}

/// The errors that a function may reply: its own with their explanations, and the names of the others.
fn errors_of(function: &Function) -> String {
    let own: Vec<_> = function.errors.iter().flat_map(|group| group.iter().copied()).collect();
    let common: Vec<_> = function.all_errors().map(ErrorReason::name).skip(own.len()).collect();
    let width = own.iter().map(|reason| reason.name().len()).max().unwrap_or(0);
    let mut text = String::new();
    if !(own.is_empty() && common.is_empty()) {
        text.push_str("\n\nErrors");
    }
    for reason in own {
        let indent = 2 + 1 + width + 2;
        let explanation = wrapped(&reason.explanation_for(function.module.unwrap_or_default()), indent);
        let _ = write!(text, "\n  :{:width$}  {}", reason.name(), explanation.trim_start());
    }
    if let Some(first) = common.first() {
        let names: Vec<_> = common.iter().map(|name| format!(":{name}")).collect();
        let many = format!("{}, like many functions; help :{first} explains one", names.join(", "));
        text.push_str(&wrapped(&many, 2));
    }
    text
}

/// An error, explained, with the functions that may reply it; `None` if none does.
fn explain_error(vocabulary: Vocabulary, name: &str) -> Option<String> {
    let mut meanings: Vec<(ErrorReason, Vec<String>)> = Vec::new();
    for function in vocabulary.all() {
        for reason in function.all_errors().filter(|reason| reason.name() == name) {
            let index = meanings.iter().position(|(known, _)| *known == reason).unwrap_or_else(|| {
                meanings.push((reason, Vec::new()));
                meanings.len() - 1
            });
            let by = &mut meanings[index].1;
            if by.last() != Some(&function.to_string()) {
                by.push(function.to_string());
            }
        }
    }
    let module = vocabulary.manual().function.split('.').next().unwrap_or_default();
    let explained = meanings.iter().map(|(reason, by)| {
        let by = match by.len() {
            0..=FEW_FUNCTIONS => format!("Replied by {}.", by.join(", ")),
            many => format!("Replied by {many} functions."),
        };
        format!("{}\n{}", wrapped(&reason.explanation_for(module), 2), wrapped(&by, 2))
    });
    let explained: Vec<_> = explained.collect();
    (!explained.is_empty()).then(|| format!(":{name}{}", explained.join("\n")))
}

/// A text in lines of at most [`WIDTH`] characters, each on a new line and indented.
fn wrapped(text: &str, indent: usize) -> String {
    let mut lines = String::new();
    let mut width = usize::MAX;
    for word in text.split(' ') {
        let length = word.chars().count();
        if width.saturating_add(1 + length) > WIDTH {
            let _ = write!(lines, "\n{:indent$}{word}", "");
            width = indent + length;
        } else {
            let _ = write!(lines, " {word}");
            width += 1 + length;
        }
    }
    lines
}
