//! Every session in the README is what the program prints.
//!
//! A block that begins with `bank(1)> ` is typed at the prompt; in a block that begins with `$ `, such lines
//! are run by a shell, and what stands below them is what they print on both outputs.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{PIN_SECRET, run, run_command, without_times};

fn blocks() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(path).unwrap();
    let fenced = readme.split("\n```").enumerate().filter(|(index, _)| index % 2 == 1);
    fenced.map(|(_, block)| block.split_once('\n').unwrap().1.to_owned() + "\n").collect()
}

/// What is typed behind the prompts of a session.
fn typed(session: &str) -> String {
    let statements = session.lines().filter(|line| line.starts_with("bank(") || line.starts_with("....("));
    statements.map(|line| line.split_once("> ").unwrap().1.to_owned() + "\n").collect()
}

#[test]
fn rust_in_the_readme_stands_in_documentation_that_is_compiled() {
    let documentation = include_str!("../src/bank/handle.rs").replace("/// ", "");
    let readme = include_str!("../README.md");
    let blocks: Vec<_> = readme.split("```rust\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        assert!(documentation.contains(block), "{block}");
    }
}

#[test]
fn sessions_at_the_prompt_are_true() {
    let sessions: Vec<_> = blocks().into_iter().filter(|block| block.starts_with("bank(1)> ")).collect();
    assert!(!sessions.is_empty());
    for session in sessions {
        let finished = run(&["--echo", "--keep-going"], typed(&session));
        assert_eq!(finished.stdout, session);
    }
}

#[test]
fn commands_and_what_they_print_are_true() {
    let program = Path::new(env!("CARGO_BIN_EXE_bank"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let runs = blocks().into_iter().filter(|block| block.starts_with("$ "));
    let mut checked = 0;
    for block in runs {
        let mut printed = String::new();
        for command in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("{{ {command}\n}} 2>&1")]).env("PATH", &path).env_remove("RUST_LOG");
            shell.env("BANK_PIN_SECRET", PIN_SECRET);
            let finished = run_command(shell, "");
            printed.push_str(&format!("$ {command}\n{}", without_times(&finished.stdout)));
            checked += 1;
        }
        assert_eq!(printed, without_times(&block));
    }
    assert!(checked > 0);
}
