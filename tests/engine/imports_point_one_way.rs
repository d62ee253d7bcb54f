//! Imports point one way: from the program to the shell, from the shell to the domains, from the domains to the engine.
//! The engine names no account and no book, domains name no terminal, and only one folder names the line editor. The
//! shell prints and reads in one place.

use crate::sources::{Source, sources};

#[test]
fn no_file_names_what_it_must_not_know() {
    let offences: Vec<_> = sources().iter().flat_map(|Source { path, text }| offences(path, text)).collect();
    assert!(offences.is_empty(), "\n{}", offences.join("\n"));
}

#[test]
fn every_file_is_looked_at() {
    let sources = sources();
    for path in [
        "lib.rs",
        "main.rs",
        "engine/mod.rs",
        "engine/store/memory/mod.rs",
        "bank/account/aggregate.rs",
        "library/book.rs",
    ] {
        assert!(sources.iter().any(|source| source.path == path && !source.text.is_empty()), "{path}");
    }
}

#[test]
fn an_offence_is_found_wherever_it_hides() {
    for (path, line) in [
        ("engine/log/moment.rs", "use crate::bank::Money;"),
        ("engine/log/moment.rs", "    let shell = crate::shell::start();"),
        ("engine/log/moment.rs", "use crate::{bank, engine};"),
        ("engine/log/moment.rs", "use crate::*;"),
        ("engine/log/moment.rs", "use crate as root;"),
        ("engine/log/moment.rs", "pub(in crate::bank) struct Event;"),
        ("engine/log/moment.rs", "use super::super::bank;"),
        ("engine/mod.rs", "use super::bank;"),
        ("engine/store/memory.rs", "use crate::library::Book;"),
        ("engine/log/moment.rs", "struct BankAccount;"),
        ("engine/log/moment.rs", "const NAME: &str = \"Wolfman\";"),
        ("engine/log/moment.rs", "fn deposit_money() {}"),
        ("engine/log/moment.rs", "println!();"),
        ("bank/account/aggregate.rs", "use crate::shell::term::Term;"),
        ("bank/account/aggregate.rs", "use crate::library::Book;"),
        ("bank/mod.rs", "pub use super::shell;"),
        ("bank/account/aggregate.rs", "eprintln!();"),
        ("bank/account/aggregate.rs", "std::io::stdout().flush();"),
        ("bank/account/aggregate.rs", "use rustyline::Editor;"),
        ("library/book.rs", "use crate::bank::Money;"),
        ("library/book.rs", "use crate::shell::term::Term;"),
        ("engine/event.rs", "use crate::printable::is_printable;"),
        ("printable.rs", "use crate::shell::escape;"),
        ("shell/prompt.rs", "use rustyline::Editor;"),
        ("shell/log.rs", "use rustyline::Editor; // \"rustyline\""),
        ("shell/log.rs", "with(\"rustyline\", rustyline::LEVEL);"),
        ("shell/prompt.rs", "println!();"),
        ("shell/log.rs", "io::stderr().flush()"),
        ("shell/script.rs", "tokio::io::stdout()"),
        ("main.rs", "use rustyline::Editor;"),
        ("flags.rs", "use cqrs_bank::shell::term::Term;"),
    ] {
        assert_eq!(offences(path, &format!("//! Fine.\n\n{line}\n")).len(), 1, "{path}: {line}");
    }
}

#[test]
fn what_is_allowed_is_no_offence() {
    for (path, line) in [
        ("engine/log/moment.rs", "/// An account, for instance: `crate::bank::Account` prints with `println!`."),
        ("engine/log/moment.rs", "    // A book has a `crate::library`."),
        ("engine/log/moment.rs", "pub(crate) use crate::engine::store;"),
        ("engine/trace.rs", "$crate::engine::runtime::trace::TARGET"),
        ("engine/store/memory.rs", "use super::{Append, Committed};"),
        ("engine/projection.rs", "use super::supervisor::Supervisor;"),
        ("bank/account/aggregate.rs", "use crate::engine::domain::Aggregate;"),
        ("bank/account/aggregate.rs", "use crate::bank::Money;"),
        ("library/book.rs", "use crate::engine::domain::Aggregate;"),
        ("library/text.rs", "use crate::printable::is_printable;"),
        ("shell/prompt.rs", "use crate::bank::Bank; use crate::library::Book; use crate::engine::trace;"),
        ("shell/streams/errors.rs", "io::stderr().flush()"),
        ("shell/editor/mod.rs", "use rustyline::Editor;"),
        ("shell/editor/history.rs", "use rustyline::history::History;"),
        ("shell/log.rs", "let filter = Targets::new().with_target(\"rustyline\", LevelFilter::OFF);"),
        ("main.rs", "use cqrs_bank::shell::script::Script;"),
        ("lib.rs", "pub mod shell;"),
    ] {
        assert_eq!(offences(path, line), Vec::<String>::new(), "{path}: {line}");
    }
}

const TERMINAL: [&str; 5] = ["println!", "print!", "stdout", "stderr", "stdin"];
const DOMAINS: [&str; 6] = ["account", "deposit", "withdraw", "wolfman", "book", "isbn"];

/// The lines of a file under `src` that name something the file must not know.
fn offences(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    let offending = lines.filter(|(_, line)| is_offence(path, line));
    offending.map(|(index, line)| format!("src/{path}:{}: {}", index + 1, line.trim())).collect()
}

fn is_offence(path: &str, line: &str) -> bool {
    let folder = path.split_once('/').map_or("", |(folder, _)| folder);
    let names = |words: &[&str]| words.iter().any(|word| line.to_lowercase().contains(word));
    let leaves = |modules: &[&str]| names_other_modules(line, modules) || leaves_folder_upwards(path, line);
    let folder_offence = match folder {
        "engine" => leaves(&["engine"]) || names(&TERMINAL) || names(&DOMAINS),
        "bank" => leaves(&["bank", "engine", "printable"]) || names(&TERMINAL),
        "library" => leaves(&["library", "engine", "printable"]) || names(&TERMINAL),
        "shell" => leaves(&["shell", "bank", "library", "engine", "printable"]) || names_stream(path, line),
        _ if path == "printable.rs" => leaves(&[]),
        _ => path != "main.rs" && path != "lib.rs" && names(&["shell::"]),
    };
    folder_offence || names_line_editor(path, line)
}

/// Whether a line names anything in `crate` other than these modules. Doubtful cases count.
fn names_other_modules(line: &str, modules: &[&str]) -> bool {
    line.match_indices("crate").any(|(start, word)| {
        let (before, after) = (&line[..start], &line[start + word.len()..]);
        let visibility = before.ends_with("pub(") && after.starts_with(')');
        let path = after.strip_prefix("::").unwrap_or_default();
        let module = path.split(|character| !is_of_name(character)).next().unwrap_or_default();
        !before.ends_with(is_of_name) && !visibility && !modules.contains(&module)
    })
}

fn leaves_folder_upwards(path: &str, line: &str) -> bool {
    let at_the_top = path.ends_with("/mod.rs") && path.matches('/').count() == 1;
    let twice = line.split("super::super").skip(1).any(|after| !after.starts_with(is_of_name));
    twice || (at_the_top && line.contains("super::"))
}

fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// All output passes the one place that makes it safe to print.
fn names_stream(path: &str, line: &str) -> bool {
    let streams = ["println!", "print!", "io::stdout", "io::stderr", "io::stdin"];
    !path.starts_with("shell/streams/") && streams.iter().any(|name| line.contains(name))
}

/// The log may name the line editor in a string, to filter its messages.
fn names_line_editor(path: &str, line: &str) -> bool {
    let outside_strings = || line.split('"').step_by(2).any(|code| code.contains("rustyline"));
    match path {
        _ if path.starts_with("shell/editor/") => false,
        "shell/log.rs" => outside_strings(),
        _ => line.contains("rustyline"),
    }
}
