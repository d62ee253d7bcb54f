//! Where answers go elsewhere than the terminal, a person still types there; and who stops reading is not told a success.

use std::fs;
use std::io::Read as _;
use std::process::Stdio;

use crate::program::{bank, wait};
use crate::terminal::Terminal;

#[test]
fn a_person_is_prompted_though_answers_go_through_a_pipe() {
    let program = env!("CARGO_BIN_EXE_bank");
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let terminal = Terminal::open_by("sh", &["-c", "\"$0\" | cat > \"$1\"", program, log.to_str().unwrap()]);
    terminal.enter("Bank.opne");
    terminal.wait_until("the mistake", |screen| screen.contents().contains("did you mean"));
    terminal.wait_for("bank(1)> ");
    terminal.keys("Ba\topen\r");
    terminal.wait_for("bank(2)> ");
    terminal.enter("Bank.create 1; Bank.check_balance 1");
    terminal.wait_for("bank(4)> ");
    terminal.enter("exit");
    assert_eq!(terminal.ended().0, Some(0));
    let answers = fs::read_to_string(log).unwrap();
    assert!(answers.starts_with("{:ok, #Bank<memory>}\nCommand Sent\n") && answers.ends_with(":ok\n0\n"), "{answers}");
}

#[test]
fn a_script_that_nobody_reads_to_its_end_is_no_success() {
    let script = "Bank.open\nBank.create 1\n".to_owned() + &"Bank.deposit 1, 1\n".repeat(20_000);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("long.bank");
    fs::write(&path, script).unwrap();
    let mut program = bank(&[path.to_str().unwrap()]).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = program.stdout.take().unwrap();
    output.read_exact(&mut [0; 10]).unwrap();
    drop(output);
    assert_eq!(wait(program), Some(141));
}

#[test]
fn a_script_whose_last_answer_nobody_reads_to_its_end_is_done() {
    // More than a pipe holds, so that the program still writes when the reader goes.
    let many = "Bank.deposit 1, 1\n".repeat(3_000);
    let before = format!("Bank.open\nBank.create 1\n{many}");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.bank");
    for (end, code) in [
        ("Bank.events", 0),
        ("Bank.events # all of them\n\n# the end\n", 0),
        ("Bank.events; exit", 141),
        ("Bank.events\nexit", 141),
    ] {
        fs::write(&path, format!("{before}{end}")).unwrap();
        let mut program = bank(&["--quiet", path.to_str().unwrap()]).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = program.stdout.take().unwrap();
        let mut read = String::new();
        let mut byte = [0];
        while !read.ends_with("position") && output.read(&mut byte).unwrap() == 1 {
            read.push(byte[0].into());
        }
        drop(output);
        assert_eq!(wait(program), Some(code), "{end}");
    }
}

#[test]
fn what_was_done_is_a_success_though_nobody_reads_it() {
    for arguments in [&["--help"][..], &["-c", "Bank.open"], &["--version"]] {
        let mut program = bank(arguments).stdout(Stdio::piped()).spawn().unwrap();
        drop(program.stdout.take());
        assert_eq!(wait(program), Some(0), "{arguments:?}");
    }
}
