//! Data, files and arguments may hold what moves a terminal's cursor, colours, clears, renames its window or reorders
//! its text. Wherever such a thing is quoted, it stands there escaped.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::process::Command;

use tempfile::TempDir;

use crate::program::{Finished, bank, example, run_command};
use crate::terminal::{CTRL_C, CTRL_R, Terminal, UP};

/// It would rename the window, clear the screen in the eight-bit form, ring, turn text around, and go to a new line
/// that looks like another message.
const WILD: &str = "x\u{1b}]0;canary\u{7}\u{9b}2J\u{202e}\u{7f}\rerror: canary\ny";

/// The same without what cannot stand on a line of a script.
const WILD_LINE: &str = "x\u{1b}]0;canary\u{7}\u{9b}2J\u{202e}\u{7f}\rerror: canary y";

/// What of the wild text is shown as it is.
const CANARY: &str = "canary";

#[track_caller]
fn assert_only_shows(printed: &str) {
    let wild = |character: &char| {
        let reorders = matches!(character, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        *character != '\n' && (character.is_control() || reorders)
    };
    assert_eq!(printed.chars().find(wild), None, "in {printed:?}");
    // Nothing that is quoted begins a line.
    assert!(!printed.lines().any(|line| line.starts_with("error: canary") || line == "y"), "{printed:?}");
}

/// Runs it, and sees that what it was given wild comes back tamed.
#[track_caller]
fn tamed(command: Command, script: &str) -> Finished {
    let what = format!("{command:?}");
    let finished = run_command(command, script);
    assert_only_shows(&finished.stdout);
    assert_only_shows(&finished.stderr);
    assert!(format!("{}{}", finished.stdout, finished.stderr).contains(CANARY), "{what}: {finished:?}");
    assert!(!finished.stderr.contains("panicked"), "{what}: {finished:?}");
    finished
}

/// In the shell's language. What it reads is wild; what stands there is not.
fn quoted(text: &str) -> String {
    let escaped: String = text.chars().map(|character| format!("\\u{{{:X}}}", u32::from(character))).collect();
    format!("\"{escaped}\"")
}

#[test]
fn flags() {
    for arguments in [
        vec![format!("--{WILD}")],
        vec!["--store".to_owned(), format!("{WILD}://{WILD}")],
        vec!["--quiet=".to_owned() + WILD],
        vec![WILD.to_owned()],
        vec!["-f".to_owned(), WILD.to_owned()],
    ] {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        assert_ne!(tamed(bank(&arguments), "").exit_code, Some(0));
    }
    for arguments in [&["-\u{1b}[2J"][..], &["--seed", WILD]] {
        assert_only_shows(&run_command(bank(arguments), "").stderr);
    }
    let mut command = bank(&[]);
    command.arg(OsString::from_vec([b"--canary\x1b[2J\xff", WILD.as_bytes()].concat()));
    tamed(command, "");
    let mut command = bank(&["-c", "exit"]);
    command.env("RUST_LOG", format!("{WILD}=loud"));
    assert_only_shows(&run_command(command, "").stderr);
    for program in ["library_write_service", "library_read_service"] {
        tamed(example(program, &[&format!("--{WILD}")]), "");
        tamed(example(program, &["--store", &format!("nowhere/{WILD}/library.db")]), "");
    }
}

#[test]
fn statements() {
    for flags in [&["--keep-going", "--echo"][..], &["--keep-going", "--json"]] {
        let wild = [
            format!("Bank.deposit {WILD_LINE}"),
            format!("Bank.{WILD_LINE} 1"),
            format!("Bank.deposit \"{WILD_LINE}\", 5"),
            format!("Bank.deposit \"{WILD_LINE}, 5"),
            format!("Bank.create 1, \"{WILD_LINE}\""),
            format!("Bank.create 1, \"Josh\", email: \"{WILD_LINE}\""),
            format!("# {WILD_LINE}"),
            format!(":{WILD_LINE}"),
            format!("help {WILD_LINE}"),
            format!("Bank.deposit \"canary\nerror: canary\ny\", {WILD_LINE}"),
        ];
        tamed(bank(flags), &format!("Bank.open\n{}\n", wild.join("\n")));
    }
}

#[test]
fn files() {
    let folder = TempDir::new().unwrap();
    let wild = folder.path().join(WILD);
    fs::create_dir(&wild).unwrap();
    let noise = wild.join("noise");
    fs::write(&noise, "canary, and no bank at all").unwrap();
    let inside = |name: &str| quoted(wild.join(name).to_str().unwrap());
    let (folder_itself, nowhere) = (quoted(wild.to_str().unwrap()), inside("none/bank.db"));
    for flags in [&["--keep-going"][..], &["--keep-going", "--json"]] {
        for statement in [
            format!("Bank.open {folder_itself}"),
            format!("Bank.open {nowhere}"),
            format!("Bank.open {}", inside("noise")),
            format!("Bank.open {}; Bank.close", inside("bank.db")),
            format!("Bank.open; Bank.export {nowhere}"),
            format!("Bank.open; Bank.export {}", inside("noise")),
            format!("Bank.open; Bank.import {nowhere}"),
            format!("Bank.open; Bank.import {folder_itself}"),
            format!("Bank.open; Bank.import {}", inside("noise")),
        ] {
            tamed(bank(flags), &statement);
        }
    }
    let mut command = bank(&["--store", wild.join("noise").to_str().unwrap(), "-c", "Bank.open"]);
    command.env("RUST_LOG", "trace");
    tamed(command, "");
}

#[test]
fn a_foreign_log() {
    let folder = TempDir::new().unwrap();
    let export = folder.path().join("events.jsonl");
    let script = format!("Bank.open; Bank.create 1, \"Josh\"; Bank.deposit 1, 5; Bank.export {export:?}");
    assert_eq!(run_command(bank(&["--seed", "1"]), script).exit_code, Some(0));
    let log = fs::read_to_string(&export).unwrap();
    let wild = serde_json::to_string(WILD).unwrap();
    let inner = &wild[1..wild.len() - 1];
    let first: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    let mut foreign = vec![
        log.replacen('{', &format!("{{{wild}: 1, "), 1),
        log.replacen("\"data\":{", &format!("\"data\":{{{wild}: 1, "), 1),
        log.replacen("\"account-1\"", &format!("\"account-{inner}\""), 1),
        log.replace("\"account-1\"", &format!("\"account-{inner}\"")),
        log.replace("account_created", &format!("account_{inner}")),
        log.replace("\"Josh\"", &wild),
        log.replace("\"1\"", &wild).replace("account-1", &format!("account-{inner}")),
    ];
    for field in ["stream", "type", "time", "command_id", "correlation_id", "causation_id", "position"] {
        let mut line = first.clone();
        line[field] = WILD.into();
        foreign.push(format!("{line}\n"));
    }
    foreign.push(format!("{WILD}\n"));
    foreign.push(log.replacen("\"position\"", "\"position\u{9b}2Jcanary\"", 1));
    for text in foreign {
        fs::write(&export, &text).unwrap();
        for flags in [&[][..], &["--json"]] {
            let script = format!("Bank.open\nBank.import {export:?}\nBank.events\nBank.get_account_list");
            let finished = run_command(bank(flags), script);
            assert_only_shows(&finished.stdout);
            assert_only_shows(&finished.stderr);
            assert!(!finished.stderr.contains("panicked"), "{finished:?}");
        }
    }
}

#[test]
fn what_handlers_say() {
    let folder = TempDir::new().unwrap();
    let in_the_way = folder.path().join("file");
    fs::write(&in_the_way, "").unwrap();
    let outbox = quoted(&format!("{}/{WILD}/", in_the_way.to_str().unwrap()));
    let script =
        format!("Bank.open email: {outbox}; Bank.create 1, \"Josh\", email: \"josh@example.org\"; Bank.deposit 1, 5\n");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let finished = run_command(bank(&["--quiet"]), format!("{script}Bank.handlers\n"));
        assert_only_shows(&finished.stdout);
        assert_only_shows(&finished.stderr);
        if format!("{}{}", finished.stdout, finished.stderr).contains(CANARY) {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "no handler complains: {finished:?}");
    }
}

#[test]
fn where_keys_are_kept() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join(WILD);
    fs::create_dir_all(state.join("cqrs-bank/pin-secret")).unwrap();
    let mut command = bank(&["-c", "Bank.open; Bank.create 1, \"Josh\", 1234"]);
    command.env_remove("BANK_PIN_SECRET").env("XDG_STATE_HOME", &state);
    tamed(command, "");
}

/// A history that another program, or nobody, has written.
fn history(text: &str) -> TempDir {
    let state = TempDir::new().unwrap();
    fs::create_dir(state.path().join("cqrs-bank")).unwrap();
    fs::write(state.path().join("cqrs-bank/history"), text).unwrap();
    state
}

fn received(terminal: &Terminal) -> String {
    String::from_utf8_lossy(&terminal.received.lock().unwrap()).into_owned()
}

#[track_caller]
fn assert_tamed(terminal: &Terminal) {
    let received = received(terminal);
    assert!(!received.contains("\u{1b}]0;") && !received.contains('\u{9b}') && !received.contains('\u{7}'));
    assert!(!received.contains('\u{202e}'));
}

#[test]
fn a_history_is_recalled_tamed() {
    let statement = "Bank.check_balance \"x\u{1b}]0;canary\u{7}\u{9b}2J\u{202e}\"";
    for no_color in ["", "1"] {
        let terminal = Terminal::open_with(history(&format!("#V2\n{statement}\n")), no_color);
        let shown = "Bank.check_balance \"x\\u{1B}]0;canary\\u{7}\\u{9B}2J\\u{202E}\"";
        terminal.keys(UP);
        terminal.wait_until("the statement", |screen| screen.contents().contains(shown));
        terminal.keys(CTRL_C);
        terminal.wait_for("bank(1)> ");
        terminal.keys(&format!("{CTRL_R}canary"));
        terminal.wait_until("the statement found", |screen| {
            screen.contents().lines().last().is_some_and(|line| line.contains("canary': ") && line.contains(shown))
        });
        // It means what it meant.
        terminal.enter("");
        terminal.wait_until("an answer", |screen| screen.contents().contains(":bank_not_open"));
        assert_tamed(&terminal);
    }
}

#[test]
fn what_is_pasted_or_typed_is_shown_tamed() {
    let terminal = Terminal::open();
    terminal.keys("\u{1b}[200~Bank.check_balance \"x\u{7}\u{9b}2J\u{202e}canary\u{1b}[201~");
    terminal.wait_until("the text", |screen| screen.contents().contains("canary"));
    // Ctrl-V takes the next key as it is.
    terminal.keys("\u{16}\u{1b}]0;typed");
    terminal.wait_until("the text", |screen| screen.contents().contains("typed"));
    assert_tamed(&terminal);
    terminal.keys(CTRL_C);
    terminal.wait_for("bank(1)> ");
}

#[test]
fn the_prompt_tells_of_errors_tamed() {
    let folder = TempDir::new().unwrap();
    let wild = quoted(folder.path().join("x\u{1b}]0;canary\u{7}/none/file").to_str().unwrap());
    let terminal = Terminal::open();
    let statements = [format!("open {wild}"), "open".to_owned(), format!("export {wild}"), format!("import {wild}")];
    for (number, statement) in (2..).zip(statements) {
        terminal.enter(&format!("Bank.{statement}"));
        terminal.wait_for(&format!("bank({number})> "));
    }
    assert!(received(&terminal).matches("\n\u{1b}[31merror: ").count() >= 3);
    assert!(received(&terminal).contains("canary"));
    assert_tamed(&terminal);
}
