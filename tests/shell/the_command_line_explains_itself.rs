//! Shells complete the command line, `man` shows it, and a file that it names is opened, made, or said to be none.

use std::fs;
use std::process::Command;

use crate::program::{bank, example, run, run_command};
use crate::terminal::Terminal;

/// The flags that `--help` lists.
fn flags(help: &str) -> Vec<&str> {
    let is_flag = |word: &&str| word.starts_with('-') && word.len() > 1;
    let lines = help.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let flags = lines.map(|line| line.trim().split("  ").next().unwrap());
    flags.flat_map(|flags| flags.split([' ', ',']).filter(is_flag)).collect()
}

#[test]
fn completions_and_the_manual_page_have_every_flag() {
    for program in ["bank", "library_write_service"] {
        let print = |flags: &[&str]| {
            let command = if program == "bank" { bank(flags) } else { example(program, flags) };
            let finished = run_command(command, "");
            assert_eq!((finished.exit_code, finished.stderr.as_str()), (Some(0), ""), "{flags:?}");
            finished.stdout
        };
        let help = print(&["--help"]);
        let flags = flags(&help[..help.find("Exit codes").unwrap()]);
        assert!(flags.len() > 15, "{flags:?}");
        let (bash, zsh, fish) =
            (print(&["--completions", "bash"]), print(&["--completions", "zsh"]), print(&["--completions", "fish"]));
        let man = print(&["--man"]);
        for flag in flags {
            let name = flag.trim_start_matches('-');
            assert!(bash.split([' ', '"']).any(|word| word == flag), "{flag}: {bash}");
            assert!(
                zsh.contains(&format!("{flag}["))
                    || zsh.contains(&format!("{flag}}}'["))
                    || zsh.contains(&format!("{flag},")),
                "{flag}: {zsh}"
            );
            assert!(fish.contains(&format!(" -l {name} ")) || fish.contains(&format!(" -s {name} ")), "{flag}: {fish}");
            assert!(man.contains(&flag.replace('-', "\\-")), "{flag}: {man}");
        }
        assert!(man.starts_with(&format!(".TH {} 1 ", program.to_uppercase())), "{man}");
    }
    let unknown = run(&["--completions", "tcsh"], "");
    assert_eq!(unknown.exit_code, Some(2));
    assert_eq!(unknown.stderr, "bank: --completions: the shells are bash, zsh and fish; bank --help lists the flags\n");
}

#[test]
fn bash_completes_flags_their_values_and_files() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("monday bank.db"), "").unwrap();
    for (words, completed) in [
        (&["bank", "--st"][..], "--store --strict"),
        (&["bank", "--completions", "f"], "fish"),
        (&["bank", "--store", "mon"], "monday bank.db"),
        (&["bank", "mon"], "monday bank.db"),
        (&["bank", "--user", ""], ""),
    ] {
        let quoted: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
        let script = format!(
            "source <(\"$0\" --completions bash); COMP_WORDS=({}); COMP_CWORD={}; _bank; echo \"${{COMPREPLY[*]}}\"",
            quoted.join(" "),
            words.len() - 1
        );
        let mut command = Command::new("bash");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_bank")]).current_dir(&directory);
        let finished = run_command(command, "");
        assert_eq!((finished.stdout.trim_end(), finished.stderr.as_str()), (completed, ""), "{words:?}");
    }
}

#[test]
fn a_bank_file_that_is_not_there_is_made_at_a_terminal() {
    let terminal = Terminal::open_with_arguments(&["new.db"], "bank:new.db(1)> ");
    terminal.enter("create \"Wolfman\"");
    terminal.wait_for("bank:new.db(2)> ");
    terminal.enter("exit");
    let (code, directory) = terminal.ended();
    assert_eq!(code, Some(0));
    let path = directory.path().join("new.db");
    let finished = run(&[path.to_str().unwrap(), "-c", "Bank.check_balance \"Wolfman\""], "");
    assert_eq!(finished.stdout, "0\n");
}

#[test]
fn a_file_that_is_nothing_is_said_to_be_nothing() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("empty"), "").unwrap();
    let path = directory.path().join("empty");
    let path = path.to_str().unwrap();
    let terminal = Terminal::open_shell();
    terminal.enter(&format!("cd {}; clear; \"$BANK\" empty; echo $?", directory.path().display()));
    terminal.wait_until("the error", |screen| {
        screen
            .contents()
            .contains("bank: empty is empty, and neither a script nor a store; remove it, and --store empty")
    });
    terminal.wait_until("the exit code", |screen| screen.contents().contains("\n2\n"));
    // A script that does nothing is done.
    assert_eq!(run(&[path], "").exit_code, Some(0));
}

#[test]
fn no_file_is_made_of_another_name_for_memory() {
    let directory = tempfile::tempdir().unwrap();
    let opened = |url: &str| {
        let mut command = bank(&["-c", &format!("Bank.open \"{url}\"")]);
        command.current_dir(&directory);
        run_command(command, "").stdout
    };
    for url in ["MEMORY", ":MEMORY:", "sqlite::memory:", "sqlite://:memory:", "file::memory:?cache=shared"] {
        assert_eq!(opened(url), "{:ok, #Bank<memory>}\n", "{url}");
    }
    for url in ["-", ":memory", "file:bank.db", "file::memory"] {
        assert_eq!(opened(url), "{:error, :unsupported_store}\n", "{url}");
    }
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
}
