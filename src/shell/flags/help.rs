//! What `--help` prints.

use super::table::{FLAGS, SCRIPT, STORE};
use crate::shell::description::Program;

/// How wide the column of flags is.
const COLUMN: usize = 18;

/// What `--help` prints.
pub(in crate::shell) fn help(program: &Program) -> String {
    let Program { name, about, store: (url, store), examples, .. } = program;
    let mut flags = vec![line(STORE.0, &STORE.1.replace("{domain}", program.domain))];
    flags.extend(FLAGS.iter().map(|flag| {
        // A script may also be given without its flag.
        let alone = if flag.value == Some(SCRIPT) { "SCRIPT, " } else { "" };
        line(&format!("{alone}{}", flag.usage(url)), &flag.explained(store))
    }));
    format!(
        "{about}\n\nUsage: {}\n\n{}\n\n{}\n\n{}\n{}\n{}\n\nExamples:\n{examples}",
        usage(name),
        "At a terminal it prompts for statements; otherwise it reads them from standard input.",
        flags.join("\n"),
        exit_codes(program),
        LOGGING,
        environment(program),
    )
}

pub(super) fn usage(name: &str) -> String {
    format!("{name} [STORE] [SCRIPT | -f SCRIPT | -c STATEMENTS] [options]")
}

fn line(flag: &str, help: &str) -> String {
    format!("  {flag:COLUMN$}  {help}")
}

/// How the program ends, and when its output has more than replies.
pub(super) fn exit_codes(program: &Program) -> String {
    let Program { domain, example_refusal, late_trace_after, .. } = program;
    let late_trace = late_trace_after.map_or_else(String::new, |statement| {
        format!(
            "\nWith --json, trace lines that follow a reply (after {statement}) are printed as objects\n\
            {{\"late\": [lines of the trace]}}."
        )
    });
    format!(
        "Exit codes: 0, success; 1, the {domain} or the output failed; 2, wrong flags or no such script; 3, a statement\n\
        could not be read or run; 4, --strict ended the script; 141, nobody read the output to its end, and statements\n\
        remained. Without --strict, a refusal such as {{:error, :{example_refusal}}} is a reply, and not a failure. With\n\
        it, no command is sent ahead of the replies before it.{late_trace}"
    )
}

/// What the log shows.
pub(super) const LOGGING: &str = "\
RUST_LOG=warn, or error, sets what is logged on standard error; the default is info. RUST_LOG=debug shows loads,
batches, conflicts, commits and checkpoints, with the correlation ids of their conversations.";

/// The variables of the environment that the program reads.
pub(super) fn environment(program: &Program) -> String {
    program.environment.trim_start().to_owned()
}
