//! The manual page, in the language of `man`.

use std::fmt::Write as _;

use super::completions::one_line;
use super::help::{LOGGING, environment, exit_codes, usage};
use super::table::{FLAGS, STORE};
use crate::shell::description::Program;

/// What `--man` prints.
pub(in crate::shell) fn man(program: &Program) -> String {
    let Program { name, about, store: (url, store), examples, .. } = program;
    let mut page = format!(
        ".TH {} 1 \"\" \"{name} {}\"\n.SH NAME\n{name} \\- {}\n.SH SYNOPSIS\n{}\n",
        name.to_uppercase(),
        env!("CARGO_PKG_VERSION"),
        text(about.trim_end_matches('.')),
        text(&usage(name)),
    );
    page.push_str(
        ".SH DESCRIPTION\nAt a terminal it prompts for statements; otherwise it reads them from standard input.\n",
    );
    page.push_str(".SH OPTIONS\n");
    add(&mut page, STORE.0, &STORE.1.replace("{domain}", program.domain));
    for flag in FLAGS {
        add(&mut page, &flag.usage(url), &flag.explained(store));
    }
    let _ = write!(
        page,
        ".SH EXIT STATUS\n{}\n.SH ENVIRONMENT\n{}\n.PP\n{}\n.SH EXAMPLES\n.nf\n{}\n.fi",
        text(&one_line(&exit_codes(program))),
        text(&one_line(LOGGING)),
        text(&one_line(&environment(program))),
        text(examples),
    );
    page
}

fn add(page: &mut String, flag: &str, help: &str) {
    let _ = write!(page, ".TP\n.B {}\n{}\n", text(flag), text(&one_line(help)));
}

/// Escapes a text, so that nothing in it is a command of `man`.
fn text(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line }
    });
    lines.collect::<Vec<_>>().join("\n")
}
