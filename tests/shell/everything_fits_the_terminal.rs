//! However wide a terminal is, no row of a table and no line of help is wrapped by it.

use std::num::NonZeroU16;

use pty_process::blocking::Command;

use crate::program::{PIN_SECRET, run};
use crate::terminal::{CTRL_C, ROWS, Terminal, printed_in};

const NARROW: NonZeroU16 = NonZeroU16::new(80).unwrap();
pub(crate) const WIDTHS: [NonZeroU16; 4] =
    [NonZeroU16::new(60).unwrap(), NARROW, NonZeroU16::new(100).unwrap(), NonZeroU16::new(200).unwrap()];

/// Long names, large amounts, memos, a bonus, transfers that come back, and what is declined and reversed.
const BANK: &str = r#"Bank.open ceo_bonus: "CEO"; Bank.create "CEO"; Bank.create "Wolfman", "Ærøskøbing Wolfgang von Wolfenstein zu Wolfenbüttel"
Bank.create "The Right Honourable Count Dracula of Transylvania, 狼", "Vlad", 1234, overdraft: 500
Bank.deposit "Wolfman", 1_000_000, memo: "the inheritance of a great-aunt, who was never seen in daylight", on: "2024-01-17"
Bank.deposit "The Right Honourable Count Dracula of Transylvania, 狼", 900_000_000_000_000
Bank.withdraw "Wolfman", 5; Bank.withdraw "Wolfman", 9_000_000_000
Bank.transfer "Wolfman", "The Right Honourable Count Dracula of Transylvania, 狼", 25, memo: "for the castle"
Bank.transfer "Wolfman", "Nobody", 50
Bank.reverse 7, memo: "booked twice by somebody who was in a hurry"
Bank.statement "Wolfman"; Bank.statement "Wolfman", from: 8, limit: 2
Bank.statement "The Right Honourable Count Dracula of Transylvania, 狼"
Bank.transfers; Bank.transfers limit: 1; Bank.why "Wolfman"; Bank.why "CEO"; Bank.why "Wolfman", limit: 1
Bank.events; Bank.events "Wolfman"; Bank.events from: 3, limit: 2; Bank.events "CEO"
Bank.snapshots "Wolfman"; Bank.handlers; Bank.parked; Bank.watch from: 1, limit: 9
Bank.graph 8; Bank.graph "Wolfman"; Bank.chart "Wolfman"; try Bank.transfer "Wolfman", "Nobody", 5
Bank.fork "what if it had all been different", at: 3; Bank.forks; Bank.deposit "Wolfman", 5; Bank.diff; Bank.switch "main"
"#;

/// What is held and broken, forks with long names, what is only tried, and all lines of the trace.
const SEAMS: &str = r#"Bank.open ceo_bonus: "CEO"; Bank.create "CEO"; Bank.create "The Right Honourable Count Dracula of Transylvania, 狼"
Bank.create "Wolfman", "Ærøskøbing Wolfgang von Wolfenstein zu Wolfenbüttel", deposit: 1_000_000
try Bank.deposit "The Right Honourable Count Dracula of Transylvania, 狼", 900_000, memo: "the inheritance of a great-aunt"
try Bank.transfer "Wolfman", "The Right Honourable Count Dracula of Transylvania, 狼", 25, memo: "for the castle"
try Bank.withdraw "Wolfman", 900_000_000_000_000; try Bank.deposit "Nobody", 5; try Bank.reverse 4
Bank.break "balances", :delay, ms: 1; Bank.break "transfer", :fail, times: 1_000; Bank.break "event store", :delay, ms: 1
Bank.break "CEO bonus", :duplicate; Bank.breaks; Bank.handlers; Bank.mend
Bank.hold "balances"; Bank.hold "accounts"; Bank.hold "total deposits"; Bank.deposit "Wolfman", 5; Bank.breaks; Bank.check_balance "Wolfman"
Bank.release "balances"; Bank.release "accounts"; Bank.release "total deposits"; Bank.breaks
Bank.fork "what if it had all been quite different from the beginning on", at: 3
Bank.deposit "The Right Honourable Count Dracula of Transylvania, 狼", 900_000_000; Bank.forks; Bank.diff; Bank.diff "main"
Bank.fork "another one of those"; Bank.withdraw "Wolfman", 5; Bank.forks; Bank.diff; Bank.switch "main"; Bank.forks
Bank.graph :last; Bank.graph "The Right Honourable Count Dracula of Transylvania, 狼"; Bank.chart "Wolfman"; Bank.chart "CEO"
Bank.trace :all; Bank.deposit "The Right Honourable Count Dracula of Transylvania, 狼", 900_000; Bank.get_account_list; Bank.head
Bank.verify; Bank.transfers; Bank.events; Bank.events wide: false
"#;

#[test]
fn no_answer_of_the_bank_is_wrapped() {
    let helps = every_help(&run(&["-c", "help"], "").stdout);
    for width in WIDTHS {
        let bank = || {
            Command::new(env!("CARGO_BIN_EXE_bank"))
                .env("BANK_PIN_SECRET", PIN_SECRET)
                .env("BANK_USER", "Zoë")
                .env("RUST_LOG", "error")
        };
        assert_unwrapped(width, bank().args(["--seed", "7", "-c", BANK]));
        assert_unwrapped(width, bank().args(["--seed", "7", "-c", SEAMS]));
        assert_unwrapped(width, bank().args(["-c", &helps]));
        assert_unwrapped(width, bank().arg("--help"));
    }
}

/// Statements that explain everything that `help` lists.
pub(crate) fn every_help(overview: &str) -> String {
    let names = overview.lines().filter_map(|line| line.strip_prefix("  ")?.split([' ', '(']).next());
    let functions: Vec<_> = names.filter(|name| name.contains('.') && name.starts_with(['B', 'L', 'G'])).collect();
    assert!(functions.len() > 15, "{overview}");
    let module = functions[0].split('.').next().unwrap();
    let helps = functions.iter().copied().chain([module, "help", "exit"]).map(|name| format!("help {name}\n"));
    format!("help\n{}", helps.collect::<String>())
}

/// Asserts that nothing that a program prints is wrapped by the terminal.
pub(crate) fn assert_unwrapped(width: NonZeroU16, command: Command) {
    const MANY_ROWS: NonZeroU16 = NonZeroU16::new(4_000).unwrap();
    let mut parser = vt100::Parser::new(MANY_ROWS, width, 0);
    parser.process(&printed_in(width, command));
    let screen = parser.screen();
    let rows: Vec<_> = screen.rows(0, width.get()).collect();
    assert!(rows.iter().any(|row| row.len() > 20), "nothing was printed");
    for (number, row) in (0..).zip(&rows) {
        let around = &rows[usize::from(number)..(usize::from(number) + 2).min(rows.len())];
        assert!(!screen.row_wrapped(number), "at {width} columns: {row:?} is wrapped: {around:?}");
        assert!(!row.starts_with("error:"), "{row}");
    }
}

#[test]
fn the_log_is_read_at_eighty_columns() {
    let terminal = Terminal::open_as_wide_as(NARROW, &["--seed", "7", "--quiet"], "1");
    terminal.enter("Bank.open");
    terminal.wait_for("bank(2)> ");
    terminal.enter("Bank.create \"Wolfman\"; Bank.create \"Dracula\"");
    terminal.wait_for("bank(4)> ");
    terminal.enter("Bank.deposit \"Wolfman\", 100");
    terminal.wait_for("bank(5)> ");
    terminal.enter("Bank.transfer \"Wolfman\", \"Dracula\", 25");
    terminal.wait_for("bank(6)> ");
    terminal.enter("Bank.events");
    terminal.wait_for("bank(7)> ");
    let lines = terminal.lines();
    let table = lines.iter().rposition(|line| line.ends_with("Bank.events")).unwrap() + 1;
    assert_eq!(lines[table..lines.len() - 1].join("\n"), LOG);
    // In full, as in a pipe: wider than the terminal.
    terminal.enter("Bank.events limit: 1, wide: true");
    terminal.wait_for("bank(8)> ");
    let contents = terminal.lines().concat();
    let last = contents.rsplit("bank(7)> ").next().unwrap();
    assert!(last.contains("correlation_id") && last.contains("2026-01-01T00:00:0"), "{last}");
}

/// Statements, each with whether it counts.
const TYPED: &[(&str, bool)] = &[
    ("Bank.open", true),
    ("Bank.create 1, \"Wolfgang von Wolfenstein\"", true),
    ("Bank.create 2, \"Count Dracula\", overdraft: 500", true),
    ("get_account_list", true),
    ("get_account_list holder: \"Nobody at all\"", true),
    ("withdraw 1, 900000", true),
    ("deposit \"Nobody\", 5", true),
    ("check_balance 2, at: 1", true),
    ("Bank.deposit 1, 5, memo: \" blank\"", true),
    ("Bank.opne \"a file with a long name indeed.db\"", false),
    ("deposit \"Wolfman\" 100", false),
    ("deposit 1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15", false),
    ("let x = 5", false),
    ("check_balance 1, at: 99", true),
    ("help no_payee", true),
    ("help process manager", true),
    ("Bank.verify", true),
    ("Bank.events", true),
    ("Bank.why 3", true),
    ("consistency :eventual", true),
    ("deposit \"Somebody with a name that is long\", 5", true),
];

/// Beginnings of statements, behind which a hint is shown.
const HINTED: [&str; 4] = ["Bank.create ", "Bank.create 1, \"J\"", "Bank.open ", "Bank.load \"a.csv\", "];

#[test]
fn nothing_that_a_person_is_shown_is_wrapped() {
    for width in WIDTHS {
        let terminal = Terminal::open_as_wide_as(width, &[], "");
        assert_no_row_is_wrapped(&terminal, &format!("the banner at {width} columns"));
        let number = type_all(&terminal, TYPED, |statement| {
            assert_no_row_is_wrapped(&terminal, &format!("{statement} at {width} columns"));
        });
        for begun in HINTED {
            terminal.keys(begun);
            terminal.wait_until("the hint", |screen| {
                screen.contents().contains(&format!("({number})> {}", begun.trim_end()))
            });
            terminal.keys(CTRL_C);
            terminal.wait_for_statement(number);
            assert_no_row_is_wrapped(&terminal, &format!("{begun} at {width} columns"));
        }
    }
}

#[test]
fn what_comes_back_through_a_pipe_is_as_wide_as_the_terminal() {
    let program = env!("CARGO_BIN_EXE_bank");
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let shell = ["-c", "\"$0\" | cat > \"$1\"", program, log.to_str().unwrap()];
    for width in WIDTHS {
        let terminal = Terminal::open_by_as_wide_as(width, "sh", &shell, "");
        type_all(&terminal, TYPED, |statement| {
            assert_no_row_is_wrapped(&terminal, &format!("{statement} at {width} columns"));
        });
        terminal.enter("exit");
        assert_eq!(terminal.ended().0, Some(0));
        let answers = std::fs::read_to_string(&log).unwrap();
        assert!(answers.contains("it did not exist yet then"), "{answers}");
        let wide = answers.lines().find(|line| line.chars().count() > width.get().into());
        assert_eq!(wide, None, "at {width} columns");
    }
}

/// Types the statements one by one, and answers with the number of the next.
pub(crate) fn type_all(terminal: &Terminal, typed: &[(&str, bool)], check: impl Fn(&str)) -> usize {
    let mut number = 1;
    for (statement, counts) in typed {
        terminal.enter(statement);
        number += usize::from(*counts);
        if !counts {
            terminal.wait_until("the mistake", |screen| {
                screen.contents().rsplit_once(statement).is_some_and(|(_, answer)| answer.contains("^\n"))
            });
        }
        terminal.wait_for_statement(number);
        check(statement);
    }
    number
}

pub(crate) fn assert_no_row_is_wrapped(terminal: &Terminal, what: &str) {
    let parser = terminal.screen.0.lock().unwrap();
    let screen = parser.screen();
    let wrapped = (0..ROWS.get()).find(|row| screen.row_wrapped(*row));
    assert!(wrapped.is_none(), "{what}: row {} is wrapped:\n{}", wrapped.unwrap_or(0), screen.contents());
}

const LOG: &str = r#"pos  stream           v  time          type                               cmd
  1  account-Wolfman  1  00:00:07.002  bank_account_created               6493
     {"account_id":"Wolfman","account_holder":"Wolfman"}
  2  account-Dracula  1  00:00:07.004  bank_account_created               6494
     {"account_id":"Dracula","account_holder":"Dracula"}
  3  account-Wolfman  2  00:00:07.006  money_deposited_into_bank_account  6495
     {"account_id":"Wolfman","amount":100}
  4  account-Wolfman  3  00:00:07.008  money_reserved_for_transfer        6496
     {"account_id":"Wolfman","transfer_id":"6496","payee":"Dracula","amount":25}
  5  account-Dracula  2  00:00:07.009  transfer_credited                  9b18
     {"account_id":"Dracula","transfer_id":"6496","payer":"Wolfman","amount":25}
     correlation 6496  causation 6496
  6  account-Wolfman  4  00:00:07.010  transfer_settled                   8ccb
     {"account_id":"Wolfman","transfer_id":"6496","payee":"Dracula","amount":25}
     correlation 6496  causation 9b18
Times are of 2026-01-01 UTC; wide: true shows all in full."#;

#[test]
fn a_tour_is_told_as_the_terminal_can() {
    let state = tempfile::tempdir().unwrap();
    let told = |locale: &str| {
        let bank = Command::new(env!("CARGO_BIN_EXE_bank")).env("LC_ALL", locale).env("XDG_STATE_HOME", state.path());
        String::from_utf8(printed_in(NARROW, bank.args(["-c", "Bank.tour 2"]))).unwrap()
    };
    let ascii = told("C");
    assert!(ascii.is_ascii() && ascii.contains("`Bank.answer ...`"), "{ascii}");
    assert!(told("C.UTF-8").contains("`Bank.answer …`"));
}

#[test]
fn trees_and_charts_are_drawn_as_the_terminal_can() {
    const STATEMENTS: &str =
        "Bank.open; Bank.create \"A\", deposit: 5; try Bank.transfer \"A\", \"B\", 4; Bank.chart \"A\"";
    let drawn = |locale: &str| {
        let bank = Command::new(env!("CARGO_BIN_EXE_bank")).env_remove("LC_ALL").env_remove("LC_CTYPE");
        let bank = bank.env("LANG", locale).args(["--seed", "7", "--quiet", "-c", STATEMENTS]);
        String::from_utf8(printed_in(NARROW, bank)).unwrap()
    };
    for locale in ["C", "POSIX", "en_US.ISO-8859-1"] {
        let drawn = drawn(locale);
        assert!(drawn.is_ascii() && drawn.contains("`-Money Reserved (balance 5 -> 1)"), "{locale}: {drawn}");
        assert!(drawn.contains("0 |######"), "{locale}: {drawn}");
    }
    for locale in ["", "C.UTF-8", "de_DE.utf8"] {
        let drawn = drawn(locale);
        assert!(drawn.contains("└ Money Reserved (balance 5 → 1)") && drawn.contains("0 │▁▁▁"), "{locale}: {drawn}");
    }
}
