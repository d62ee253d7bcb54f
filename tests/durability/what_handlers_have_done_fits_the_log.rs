//! `Bank.verify` compares the progress of handlers with the log, even if all hashes match: the state of a process manager,
//! and that no unfinished transfer is behind a checkpoint. A forged number of parked events stops no handler.

use std::path::{Path, PathBuf};

use cqrs_bank::engine::log::{Position, Timestamp};
use cqrs_bank::engine::store::Verification;
use cqrs_bank::engine::store::handler_records::{HandlerRecords as _, ParkedChange, ParkedEvent, Progress};
use tempfile::TempDir;

use crate::files::open;
use crate::forger::{forge, leave_a_transfer_under_way};
use crate::program::{Finished, run};

fn asked(path: &Path, options: &str, statements: &str) -> Finished {
    run(&["--quiet"], format!("Bank.open {path:?}{options}\n{statements}"))
}

const ACCOUNTS: &str = "Bank.create \"Wolfman\"\nBank.create \"Dracula\"\nBank.deposit \"Wolfman\", 100\n";

const BONUS: &str = ", ceo_bonus: \"CEO\"";

fn bank_after(options: &str, statements: &str) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let finished = asked(&path, options, statements);
    assert_eq!(finished.exit_code, Some(0), "{finished:?}");
    (directory, path)
}

#[test]
fn a_process_remembers_what_the_log_says() {
    let paid = "Bank.create \"CEO\"\nBank.create \"Wolfman\"\nBank.deposit \"Wolfman\", 5000\n";
    let (_directory, path) = bank_after(BONUS, paid);
    for options in [BONUS, ""] {
        let verified = asked(&path, options, "Bank.verify");
        assert!(verified.stdout.contains("{:ok, %{events: 4"), "{verified:?}");
    }
    forge(&path, "UPDATE handlers SET state = '{\"paid\":0}' WHERE handler = 'CEO bonus'");
    for options in [BONUS, ""] {
        let verified = asked(&path, options, "Bank.verify");
        assert!(verified.stderr.contains("the stored state of CEO bonus is {\"paid\":0}, but the log"), "{verified:?}");
    }
}

#[tokio::test]
async fn no_transfer_is_left_behind_by_a_checkpoint() {
    let (directory, path) = bank_after("", ACCOUNTS);
    leave_a_transfer_under_way(&path).await;
    let whole = directory.path().join("whole.db");
    std::fs::copy(&path, &whole).unwrap();
    let finished = asked(&whole, "", "Bank.deposit \"Dracula\", 1\nBank.verify");
    assert!(finished.stdout.contains("{:ok, %{events: "), "{finished:?}");
    forge(&path, "INSERT OR REPLACE INTO handlers VALUES ('transfer', 4, 0, NULL, x'00', 2)");
    let verified = asked(&path, "", "Bank.verify");
    let problem = "{:error, %{position: 4, problem: \"transfer has passed this event without answering it\"}}";
    assert!(verified.stdout.contains(problem), "{verified:?}");
}

#[tokio::test]
async fn a_number_that_was_never_given_stops_nothing() {
    let progress = || Progress { checkpoint: Position::new(1), ..Progress::default() };
    let parked = || ParkedEvent {
        number: 0,
        handler: "e-mail".to_owned(),
        position: Position::new(1),
        attempts: 5,
        reason: "no answer".to_owned(),
        time: Timestamp::from_micros(0),
    };
    for forgery in [
        "UPDATE sqlite_sequence SET seq = 9223372036854775807",
        "UPDATE sqlite_sequence SET seq = 'many'",
        "UPDATE sqlite_sequence SET seq = 0",
        "UPDATE parked_events SET number = 9223372036854775807",
        "DELETE FROM sqlite_sequence",
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bank.db");
        let file = open(&path);
        file.append("a", 0, &[1, 2]).await;
        file.store.write_progress("e-mail", progress(), ParkedChange::Park(parked())).await.unwrap();
        assert!(matches!(file.store.verify(|_, _| {}).await.unwrap(), Verification::Whole(_)));
        drop(file);
        forge(&path, forgery);
        let file = open(&path);
        let verification = file.store.verify(|_, _| {}).await.unwrap();
        let Verification::Broken { problem, .. } = verification else { panic!("{forgery}") };
        assert!(problem.contains("the numbers of parked events"), "{forgery}: {problem}");
        file.store.write_progress("e-mail", progress(), ParkedChange::Park(parked())).await.unwrap();
        let numbers: Vec<_> = file.store.read_parked(0, 9).await.unwrap().iter().map(|event| event.number).collect();
        assert!(numbers.len() == 2 && numbers[0] <= 2, "{forgery}: {numbers:?}");
    }
}
