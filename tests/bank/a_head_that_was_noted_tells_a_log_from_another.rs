//! The head of a log is the same in every store. Verification against a noted head shows whether the log still leads
//! there, even if the current log is consistent in itself.

use std::fs;
use std::path::Path;

use cqrs_bank::bank::{Bank, InvalidLogHead, LogHead, Options, StoreUrl, Unavailable, Verification};

use crate::accounts::{account, money};
use crate::program::run;

async fn open(path: &Path) -> Bank {
    Bank::open(StoreUrl::Sqlite(path.to_owned())).await.unwrap()
}

/// A log with deposits, a transfer, bonuses, and commands with one event and with several.
async fn use_bank(bank: &Bank) {
    for name in ["CEO", "Wolfman", "Dracula"] {
        bank.create(&account(name)).await.unwrap();
    }
    bank.deposit(&account("Wolfman"), money(1_000)).await.unwrap();
    bank.transfer(&account("Wolfman"), &account("Dracula"), money(25), None).await.unwrap();
    bank.transfer(&account("Wolfman"), &account("Mummy"), money(25), None).await.unwrap_err();
    bank.withdraw(&account("Dracula"), money(500)).await.unwrap();
}

async fn import(path: &Path, store: StoreUrl) -> Bank {
    let bank = Bank::open(store).await.unwrap();
    bank.import(path, |_, _, _| {}).await.unwrap();
    bank
}

async fn is_whole(bank: &Bank, noted: LogHead) -> bool {
    matches!(bank.verify_head(noted, |_, _| {}).await.unwrap(), Verification::Whole(_))
}

/// The position and the kind of the mismatch.
async fn broken(bank: &Bank, noted: LogHead) -> (u64, String) {
    assert!(matches!(bank.verify(|_, _| {}).await.unwrap(), Verification::Whole(_)));
    match bank.verify_head(noted, |_, _| {}).await.unwrap() {
        Verification::Broken { position: Some(position), problem } => (position.get(), problem),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn it_is_the_same_wherever_the_log_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let mut heads = Vec::new();
    for store in [StoreUrl::Memory, StoreUrl::Sqlite(path.clone())] {
        let options = Options { seed: Some(1), ceo_bonus: Some(account("CEO")), ..Options::from(store) };
        let bank = Bank::open(options).await.unwrap();
        assert_eq!(bank.head().await.unwrap().to_string(), format!("0:{}", "0".repeat(32)));
        use_bank(&bank).await;
        heads.push(bank.head().await.unwrap());
        bank.close().await;
        assert_eq!(bank.head().await, Err(Unavailable::Closed));
    }
    assert_eq!(heads[0], heads[1]);
    let bank = open(&path).await;
    assert_eq!(bank.head().await.unwrap(), heads[0]);
    let log = directory.path().join("events.jsonl");
    assert_eq!(bank.export(&log, |_, _| {}).await.unwrap(), heads[0].position().get());
    for store in [StoreUrl::Memory, StoreUrl::Sqlite(directory.path().join("copy.db"))] {
        let copy = import(&log, store).await;
        assert_eq!(copy.head().await.unwrap(), heads[0]);
        assert!(is_whole(&copy, heads[0]).await);
    }
}

#[tokio::test]
async fn a_log_leads_to_every_head_that_it_had() {
    let directory = tempfile::tempdir().unwrap();
    for store in [StoreUrl::Memory, StoreUrl::Sqlite(directory.path().join("bank.db"))] {
        let bank = Bank::open(store).await.unwrap();
        let mut noted = vec![bank.head().await.unwrap()];
        bank.create(&account("1")).await.unwrap();
        for amount in 1..=1_100 {
            bank.deposit(&account("1"), money(amount)).await.unwrap();
            if amount % 100 == 0 {
                noted.push(bank.head().await.unwrap());
            }
        }
        for noted in noted {
            let read: LogHead = noted.to_string().parse().unwrap();
            assert!(is_whole(&bank, read).await, "{noted}");
        }
    }
}

#[tokio::test]
async fn a_log_that_was_written_anew_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("events.jsonl");
    let bank = Bank::open(StoreUrl::Memory).await.unwrap();
    use_bank(&bank).await;
    let noted = bank.head().await.unwrap();
    bank.export(&log, |_, _| {}).await.unwrap();

    // Changes the first event, and recomputes all hashes.
    let forged =
        fs::read_to_string(&log).unwrap().replacen("\"account_holder\":\"CEO\"", "\"account_holder\":\"me\"", 1);
    fs::write(&log, forged).unwrap();
    for store in [StoreUrl::Memory, StoreUrl::Sqlite(directory.path().join("bank.db"))] {
        let other = import(&log, store).await;
        let found = other.head().await.unwrap();
        assert!(found.position() == noted.position() && found != noted);
        let expected = (noted.position().get(), "another event stands here than the one that was noted".to_owned());
        assert_eq!(broken(&other, noted).await, expected);
    }
}

#[tokio::test]
async fn an_older_copy_of_the_file_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let [path, older] = ["bank.db", "older.db"].map(|name| directory.path().join(name));
    let bank = open(&path).await;
    use_bank(&bank).await;
    let early = bank.head().await.unwrap();
    bank.close().await;
    fs::copy(&path, &older).unwrap();
    let bank = open(&path).await;
    bank.deposit(&account("Wolfman"), money(5)).await.unwrap();
    let late = bank.head().await.unwrap();
    bank.close().await;

    fs::rename(&older, &path).unwrap();
    let bank = open(&path).await;
    assert!(is_whole(&bank, early).await);
    let problem = format!("the log ends at position {}, before the event that was noted", early.position());
    assert_eq!(broken(&bank, late).await, (late.position().get(), problem));
    // Another log takes its place.
    bank.deposit(&account("Wolfman"), money(6)).await.unwrap();
    assert_eq!(broken(&bank, late).await.0, late.position().get());
}

#[test]
fn at_the_prompt_it_is_one_short_line() {
    let directory = tempfile::tempdir().unwrap();
    // A noted head must stay valid in later versions of the program.
    let noted = "\"1:120925c2f8070013e923b575c0a88ced\"";
    let script = "Bank.open\nBank.create 1\nBank.head\nBank.verify head: \"1:00\"\n";
    let path = directory.path().join("bank.db");
    for store in ["memory", path.to_str().unwrap()] {
        let finished = run(&["--quiet", "--seed", "1", "--store", store], script);
        let lines: Vec<_> = finished.stdout.lines().collect();
        let [_, ":ok", head, "{:error, :invalid_head}"] = lines[..] else { panic!("{finished:?}") };
        assert_eq!((head, finished.exit_code), (noted, Some(0)), "{store}");
    }
    let other = "1:00000000000000000000000000000001";
    let script = format!("Bank.open\nBank.verify head: \"{other}\"\n");
    let finished = run(&["--quiet", "--store", path.to_str().unwrap()], script);
    let problem = "another event stands here than the one that was noted";
    assert_eq!(
        finished.stdout.lines().last(),
        Some(format!("{{:error, %{{position: 1, problem: \"{problem}\"}}}}").as_str())
    );
    let said = format!("error: sqlite:{}: broken at position 1: {problem}\n", path.display());
    assert_eq!((finished.stderr, finished.exit_code), (said, Some(1)));
}

#[test]
fn what_cannot_be_one_is_not_taken_for_one() {
    for text in ["", "12", "1:00", "0:00000000000000000000000000000001", "1:é", "-1:00000000000000000000000000000000"]
    {
        assert_eq!(text.parse::<LogHead>(), Err(InvalidLogHead), "{text}");
    }
}
