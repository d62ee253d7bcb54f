//! A script may come from anywhere and hold anything: it is read right, or the mistake is named.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::process::Stdio;

use proptest::prelude::*;

use crate::program::{self, Finished, bank, run, wait};

fn well(stdout: &str) -> Finished {
    Finished { stdout: stdout.to_owned(), stderr: String::new(), exit_code: Some(0) }
}

#[test]
fn line_ends_marks_comments_and_blank_lines_do_not_matter() {
    let plain = "Bank.open\nBank.create \"a\"\nBank.deposit \"a\", 5\nBank.check_balance \"a\"\n";
    let expected = well("{:ok, #Bank<memory>}\n:ok\n:ok\n5\n");
    for script in [
        plain.to_owned(),
        plain.trim_end().to_owned(),
        plain.replace('\n', "\r\n"),
        format!("\u{FEFF}{plain}"),
        plain.replace('\n', "\n\n  \t\n# comment \"\n"),
        plain.replace('\n', " ; # comment\n"),
    ] {
        assert_eq!(run(&["--quiet"], &script), expected, "{script:?}");
    }
    assert_eq!(run(&[], ""), well(""));
}

#[test]
fn a_script_is_the_same_from_a_pipe_a_file_and_the_command_line() {
    let script = "Bank.open\nBank.create \"a\"\nBank.withdraw \"a\", 5\nBank.chk\n";
    let piped = run(&[], script);
    assert_eq!(piped.exit_code, Some(3));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script.bank");
    fs::write(&path, script).unwrap();
    let path = path.to_str().unwrap();
    assert_eq!(run(&[path], "Bank.close"), piped);
    assert_eq!(run(&["-f", path], ""), piped);
    assert_eq!(run(&["-c", script], ""), piped);
}

#[test]
fn what_is_not_utf_8_is_an_error_at_its_line() {
    let finished = run(&["--quiet", "--keep-going"], b"Bank.open\nBank.create \"\xC3\xB6\xFF\"\nBank.close\n");
    assert_eq!(finished.stdout, "{:ok, #Bank<memory>}\n:ok\n");
    assert_eq!(finished.stderr, "error: 2:15: this is not UTF-8\n");
    assert_eq!(finished.exit_code, Some(3));
}

#[test]
fn statements_of_the_command_line_that_are_not_utf_8_are_an_error_at_their_place() {
    let mut command = bank(&["--quiet", "-c", "Bank.open; Bank.create 1, \"Josh\", 1234", "-c"]);
    command.arg(OsStr::from_bytes(b"Bank.withdraw 1, 5, 1234; Bank.create \"caf\xE9\""));
    let finished = program::run_command(command, "");
    assert_eq!(finished.stdout, "{:ok, #Bank<memory>}\n:ok\n");
    assert_eq!((finished.stderr.as_str(), finished.exit_code), ("error: 2:43: this is not UTF-8\n", Some(3)));
}

#[test]
fn a_line_of_a_mebibyte_is_read_and_a_longer_one_is_refused() {
    let mebibyte = 1 << 20;
    let padded = |length: usize| format!("Bank.open #{}\nBank.close\n", "x".repeat(length - "Bank.open #".len()));
    assert_eq!(run(&["--quiet"], padded(mebibyte)), well("{:ok, #Bank<memory>}\n:ok\n"));
    let finished = run(&["--quiet", "--keep-going"], padded(mebibyte + 1));
    assert_eq!(finished.stdout, "{:error, :bank_not_open}\n");
    assert_eq!(finished.stderr, "error: 1:1: a line has at most 1 MiB\n");
}

#[test]
fn a_statement_with_a_line_that_is_not_utf_8_is_not_run_without_it() {
    let finished = run(&["--quiet", "--keep-going"], b"Bank.open\nBank.create \"a\n\xFF\nBank.xyz\n");
    assert_eq!(finished.stdout, "{:ok, #Bank<memory>}\n");
    let expected = "error: 3:1: this is not UTF-8\nerror: 4:1: there is no function `Bank.xyz`; help lists what there is\n  Bank.xyz\n  ^^^^^^^^\n";
    assert_eq!(finished.stderr, expected);
}

#[test]
fn a_string_that_is_never_closed_ends_at_the_limit() {
    let lines = "a\n".repeat((1 << 19) + 100);
    let never = run(&["--quiet", "--keep-going"], format!("Bank.open\nBank.create \"{lines}Bank.close\n"));
    assert_eq!(never.stdout, "{:ok, #Bank<memory>}\n");
    assert_eq!(never.stderr, "error: 2:1: a statement has at most 1 MiB\n");
    assert_eq!(never.exit_code, Some(3));
    let late = run(&["--quiet", "--keep-going"], format!("Bank.open\nBank.create \"{lines}\"\nBank.close\n"));
    assert_eq!(late.stdout, "{:ok, #Bank<memory>}\n:ok\n", "what follows the string is run");
    assert_eq!(late.stderr, never.stderr);
    let mut broken = format!("Bank.open\nBank.create \"{lines}").into_bytes();
    broken.extend(b"\xFF\nBank.close\n");
    assert_eq!(run(&["--quiet", "--keep-going"], broken).stdout, late.stdout, "no more is dropped than the statement");
}

#[test]
fn a_mistake_is_told_after_everything_before_it() {
    // One pipe for both, so that the order shows.
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = bank(&["-c", "Bank.open; Bank.opn", "--json", "--seed", "1"]);
    command.stdout(writer.try_clone().unwrap()).stderr(writer);
    let child = command.spawn().unwrap();
    drop(command);
    let mut printed = String::new();
    reader.read_to_string(&mut printed).unwrap();
    assert_eq!(wait(child), Some(3));
    let lines: Vec<_> = printed.lines().collect();
    assert_eq!(lines[0], r##"{"statement":"Bank.open","reply":{"ok":"#Bank<memory>"},"events":[],"trace":[]}"##);
    assert!(lines[1].starts_with(r#"{"statement":"Bank.opn","error":{"message":"there is no function"#));
    assert!(lines[2].starts_with("error: 1:12: there is no function"));
}

#[test]
fn a_program_can_talk_to_it_statement_by_statement() {
    let mut child = bank(&["--quiet"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for (statement, reply) in [
        ("Bank.open", "{:ok, #Bank<memory>}\n"),
        ("Bank.create \"a\"", ":ok\n"),
        ("Bank.deposit \"a\", 3", ":ok\n"),
        ("Bank.check_balance \"a\"", "3\n"),
    ] {
        writeln!(input, "{statement}").unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line, reply);
    }
    drop(input);
    assert_eq!(wait(child), Some(0));
}

#[test]
fn exit_ends_it_while_its_input_stays_open() {
    let mut child = bank(&[]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "Bank.open\nexit").unwrap();
    assert_eq!(wait(child), Some(0));
    drop(input);
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.bank");
    let mut script = String::from("Bank.open\nBank.create \"a\"\n");
    script.push_str(&"Bank.deposit \"a\", 1\n".repeat(200_000));
    fs::write(&path, script).unwrap();
    let mut command = bank(&[]);
    command.stdin(File::open(&path).unwrap()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut first = String::new();
    // Dropping the reader closes the pipe, as `head -1` does.
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, "{:ok, #Bank<memory>}\n");
    let mut stderr = child.stderr.take().unwrap();
    assert_eq!(wait(child), Some(141), "statements remained");
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}

#[test]
fn under_eventual_consistency_the_reply_comes_right_after_the_command_was_sent() {
    let script = "Bank.open\nBank.create \"a\"\nBank.consistency :eventual\nBank.deposit \"a\", 5\n";
    let printed = run(&[], script).stdout;
    let (_, eventual) = printed.rsplit_once(":ok\nCommand Sent\n").unwrap();
    let rest = "Command Handler: Deposit Money\nEvent Store Published Event\nEvent Published\n\
        Event Handler: Money Deposited\nMoney Deposited\n";
    assert_eq!(eventual, format!(":ok\n{rest}"), "everything that was sent is finished before the end");
}

#[test]
fn under_eventual_consistency_a_refusal_comes_with_the_rest_of_the_trace() {
    let script = "Bank.open; Bank.consistency :eventual; Bank.deposit \"a\", 5";
    let expected = "{:ok, #Bank<memory>}\n:ok\nCommand Sent\n:ok\nCommand Handler: Deposit Money\n\
        {:error, :no_account} # Deposit Money, \"a\"\n";
    assert_eq!(run(&["-c", script], ""), well(expected));
    let json = run(&["--json", "-c", script], "").stdout;
    let late = json.lines().last().unwrap();
    assert_eq!(late, r##"{"late":["Command Handler: Deposit Money","{:error, :no_account} # Deposit Money, \"a\""]}"##);
}

#[test]
fn thousands_of_eventual_commands_are_all_done_at_the_end() {
    let mut script = String::from("Bank.open\nBank.consistency :eventual\nBank.create \"a\"\n");
    script.push_str(&"Bank.deposit \"a\", 1\n".repeat(5_000));
    script.push_str("Bank.consistency :strong\nBank.deposit \"a\", 1\nBank.check_balance \"a\"\n");
    let printed = run(&["--quiet"], script);
    assert_eq!(printed.stdout.lines().last(), Some("5001"));
    assert_eq!((printed.stderr.as_str(), printed.exit_code), ("", Some(0)));
}

#[test]
fn a_long_line_of_mistakes_is_counted_to_its_end() {
    for (mistake, length) in [("f;", 20_000), ("f \"\\u{\";", 4_000), ("f 1.5;", 4_000)] {
        let count = length / mistake.len();
        let finished = run(&["--keep-going", "--json"], mistake.repeat(count));
        assert_eq!(finished.stdout.lines().count(), count);
        let column = (count - 1) * mistake.len() + 1;
        let last = finished.stdout.lines().last().unwrap();
        let found: serde_json::Value = serde_json::from_str(last).unwrap();
        assert_eq!(found["error"]["line"], 1);
        assert!(found["error"]["column"].as_u64() >= u64::try_from(column).ok(), "{last}");
    }
}

#[test]
fn output_that_cannot_be_written_is_a_failure_and_a_reader_that_went_away_is_none() {
    let full = || File::options().write(true).open("/dev/full").unwrap();
    for arguments in [&["-c", "Bank.open"][..], &["--help"], &["--json", "-c", "Bank.open"]] {
        let mut command = bank(arguments);
        command.stdout(full()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(said.contains("the output cannot be written"), "{arguments:?}: {said}");
        assert_eq!(wait(child), Some(1), "{arguments:?}");

        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = bank(arguments);
        command.stdout(writer).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        said.clear();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((said.as_str(), wait(child)), ("", Some(0)), "{arguments:?}");
    }
}

#[test]
fn a_script_that_is_a_folder_is_named() {
    let finished = run(&["/"], "");
    assert_eq!((finished.stderr.as_str(), finished.exit_code), ("bank: /: is a directory\n", Some(2)));
}

#[test]
fn a_filter_for_the_log_that_cannot_be_read_is_told() {
    let mut command = bank(&["-c", "exit"]);
    command.env("RUST_LOG", "info=warn=debug");
    let said = program::run_command(command, "").stderr;
    assert!(said.starts_with("bank: RUST_LOG is ignored: "), "{said}");
}

#[test]
fn on_one_output_the_log_stands_where_it_happened() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = bank(&["-c", "Bank.open; Bank.create 1; Bank.withdraw 1, 5; Bank.close", "--quiet"]);
    command.stdout(writer.try_clone().unwrap()).stderr(writer);
    let child = command.spawn().unwrap();
    drop(command);
    let mut printed = String::new();
    reader.read_to_string(&mut printed).unwrap();
    assert_eq!(wait(child), Some(0));
    let expected = "{:ok, #Bank<memory>}\n:ok\n00:00:00.000 [info]  Payment declined for Account: \"1\". Shame, shame!\n:ok\n:ok\n";
    assert_eq!(program::without_times(&printed), expected);
}

/// Pieces that mean something to the parser, so that random texts get further than their first byte.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "Bank",
        ".",
        "open",
        "create",
        "deposit",
        "check_balance",
        "help",
        "exit",
        " ",
        "\n",
        ";",
        "#",
        "\"",
        "\\",
        "\\u{",
        "}",
        "(",
        ")",
        ",",
        ":",
        "a: ",
        "-",
        "1_000",
        "99999999999999999999",
        "true",
        "'",
        "\r",
        "\t",
        "\0",
        "\u{1b}[31m",
        "\u{202E}",
        "\u{FEFF}",
        "ß",
        "🐺",
    ]);
    prop_oneof![
        8 => known.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn input_nobody_meant_neither_crashes_nor_hangs(pieces in prop::collection::vec(piece(), 0..400)) {
        let mut script = b"Bank.open\n".to_vec();
        script.extend(pieces.concat());
        let finished = run(&["--keep-going", "--json"], &script);
        prop_assert!(matches!(finished.exit_code, Some(0 | 3)), "{:?}", finished);
        for line in finished.stdout.lines() {
            prop_assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
        }
        let harmless = !finished.stderr.contains(['\u{1b}', '\u{202E}']);
        prop_assert!(harmless);
    }
}

#[test]
fn deep_nesting_and_long_rows_of_anything_are_errors_and_no_more() {
    for unit in ["(", "[", "{", "Bank.open(", "\"", "\\\"", "-", ".", ":", ",", "Bank.", "#", ";", "\u{0}"] {
        let script = format!("Bank.open {}\n", unit.repeat(200_000 / unit.len()));
        let finished = run(&["--quiet"], &script);
        assert!(matches!(finished.exit_code, Some(0 | 3)), "{unit:?}: {finished:?}");
        assert!(finished.stderr.len() < 1_000, "{unit:?}");
    }
}
