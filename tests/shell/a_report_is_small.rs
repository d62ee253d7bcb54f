//! A report has at most 300 KB besides its events, whatever was typed and however much happened.

use tempfile::TempDir;

use crate::page::Page;
use crate::program::{Finished, bank, run_command};

/// Runs statements in a directory, and reads the report that they write.
fn reported(script: &str) -> (Finished, Page, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let mut command = bank(&["--quiet"]);
    command.current_dir(&directory);
    let finished = run_command(command, script);
    let page = Page::read(&directory.path().join("lesson.html"));
    (finished, page, directory)
}

/// The bytes of a page without those of its events.
fn bytes_besides_events(page: &Page) -> usize {
    page.html.len() - page.report["events"].to_string().len()
}

#[test]
fn it_is_small_whatever_is_typed_and_says_what_is_left_out() {
    let deposits = "Bank.deposit 1, 1\n".repeat(2_500);
    let wild = format!("Bank.check_balance \"{}\"\n", "<".repeat(3_000)).repeat(200);
    let script = format!("Bank.open\nBank.create 1\n{deposits}{wild}Bank.report \"lesson.html\"\n");
    let (finished, page, _directory) = reported(&script);
    let replies: Vec<_> = finished.stdout.lines().rev().take(2).collect();
    assert_eq!(replies[1], "{:ok, %{events: 2000}}");
    assert_eq!(replies[0], "The page has the last 2000 of 2501 events: it shows at most 2000.");
    assert_eq!((page.events().len(), page.report["left_out"].as_u64()), (2_000, Some(501)));
    assert_eq!(page.states_at(501), [("1".to_owned(), "500".to_owned())].into());
    assert_eq!(page.states_at(502), [("1".to_owned(), "501".to_owned())].into());
    assert_eq!(page.states_at(2_501), [("1".to_owned(), "2500".to_owned())].into());
    let rest = bytes_besides_events(&page);
    assert!(rest <= 300 << 10, "{rest}");
    let session = page.report["session"]["statements"].as_array().unwrap();
    assert!(!session.is_empty());
    let left_out = page.report["session"]["left_out"].as_u64().unwrap();
    assert_eq!(left_out + session.len() as u64, 2_702);
}

#[test]
fn it_is_small_however_many_accounts_and_transfers_there_are() {
    let accounts: String =
        (0..400).map(|number| format!("Bank.create \"The Count of Transylvania {number}\", deposit: 9\n")).collect();
    let transfer = |number: usize| {
        let payee = (number + 1) % 400;
        format!("Bank.transfer \"The Count of Transylvania {number}\", \"The Count of Transylvania {payee}\", 1\n")
    };
    let transfers: String = (0..400).map(transfer).collect();
    let script = format!("Bank.open\n{accounts}{transfers}Bank.report \"lesson.html\"\n");
    let (_, page, _directory) = reported(&script);
    assert_eq!(page.events().len(), 2_000);
    let rest = bytes_besides_events(&page);
    assert!(rest <= 300 << 10, "{rest}");
    let settled = page.report["commands"].as_array().unwrap().last().unwrap();
    assert_eq!(page.text_of(settled), "transfer: Settle Transfer \"The Count of Transylvania 399\"");
}
