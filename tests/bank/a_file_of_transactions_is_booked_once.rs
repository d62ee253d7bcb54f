//! A file of transactions is booked once, by date: in whatever dialect it is written and in whatever order, loaded again,
//! overlapped, or after the program that loaded it was killed. What it books is what a sum of its rows says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cqrs_bank::bank::{
    Bank, Currency, DecimalMark, EmailAddress, Encoding, HolderName, LoadError, LoadOptions, Loaded, Mistake,
    NewAccount, NotBooked, Opening, Options, Pin, PinCost, PinOptions, PinSecret, Refusal, StoreUrl, Verification,
    WhyNotBooked,
};
use cqrs_bank::engine::log::Position;
use tempfile::TempDir;

use crate::accounts::{account, all_balances, balance, money};
use crate::outbox::Outbox;
use crate::rest::{at_rest, log};
use crate::transactions::{Transaction, balances, transactions, with_commas, with_semicolons, with_tabs};

async fn euro_bank(options: impl Into<Options>) -> Bank {
    let bank = Bank::open(options).await.unwrap();
    bank.choose_currency(Currency::with_code("EUR").unwrap()).await.unwrap();
    bank
}

fn creating() -> LoadOptions {
    LoadOptions { create: true, ..LoadOptions::default() }
}

/// The dialects, each with the options that read it.
fn dialects(transactions: &[Transaction]) -> [(Vec<u8>, LoadOptions); 3] {
    let columns = "Buchungstag=date, Konto=account, Betrag=amount, Empfänger=to, Zweck=memo";
    let semicolons = LoadOptions {
        columns: columns.parse().unwrap(),
        decimal: DecimalMark::Comma,
        dates: Some("%d.%m.%Y".to_owned()),
        ..creating()
    };
    let tabs = LoadOptions { dates: Some("%d/%m/%Y".to_owned()), encoding: Encoding::Latin1, ..creating() };
    [
        (with_commas(transactions), creating()),
        (with_semicolons(transactions), semicolons),
        (with_tabs(transactions), tabs),
    ]
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join("transactions.csv");
        fs::write(&path, text).unwrap();
        path
    }
}

async fn load(bank: &Bank, path: &Path, options: LoadOptions) -> Loaded {
    bank.load(path, options, |_, _, _| {}).await.unwrap()
}

async fn is_whole(bank: &Bank) -> bool {
    matches!(bank.verify(|_, _| {}).await, Ok(Verification::Whole(_)))
}

#[tokio::test]
async fn in_each_dialect_it_says_the_same() {
    let folder = Folder::new();
    let transactions = transactions(10_000);
    let (expected, declined) = balances(&transactions);
    assert!(declined > 100, "{declined}");
    for (text, options) in dialects(&transactions) {
        let bank = euro_bank(StoreUrl::Memory).await;
        let dry_run = LoadOptions { dry_run: true, ..options.clone() };
        let path = folder.file(text);
        let would_be = load(&bank, &path, dry_run).await;
        assert_eq!(bank.balances().read(all_balances).len(), 0, "a dry run books nothing");
        let loaded = load(&bank, &path, options).await;
        let Loaded { rows, new, known, refused, created, ref listed, .. } = loaded;
        assert_eq!((rows, new, known, refused, created), (10_000, 10_000 - declined, 0, 0, 5));
        assert_eq!((loaded.declined, listed.len()), (declined, 20));
        assert_eq!(would_be, loaded);
        assert_eq!(bank.balances().read(all_balances), expected);
        assert!(is_whole(&bank).await);
        // A row has one id, however it is written.
        for (text, options) in dialects(&transactions) {
            let again = load(&bank, &folder.file(text), options).await;
            assert_eq!((again.rows, again.known, again.listed), (10_000, 10_000, vec![]));
        }
        assert_eq!(bank.balances().read(all_balances), expected);
    }
}

/// Many banks list the latest transaction first.
#[tokio::test]
async fn the_order_of_its_rows_does_not_matter() {
    let folder = Folder::new();
    let transactions = transactions(2_000);
    let (expected, _) = balances(&transactions);
    let bank = euro_bank(StoreUrl::Memory).await;
    load(&bank, &folder.file(with_commas(transactions.iter().rev())), creating()).await;
    assert_eq!(bank.balances().read(all_balances), expected);
    let again = load(&bank, &folder.file(with_commas(&transactions)), creating()).await;
    assert_eq!(again.known, 2_000);
}

#[tokio::test]
async fn files_that_overlap_are_booked_as_one() {
    let folder = Folder::new();
    let transactions = transactions(3_000);
    let (expected, declined) = balances(&transactions);
    let of_days = |days: std::ops::Range<u32>| {
        with_commas(transactions.iter().filter(move |transaction| days.contains(&transaction.day)))
    };
    let bank = euro_bank(StoreUrl::Memory).await;
    let first = load(&bank, &folder.file(of_days(0..200)), creating()).await;
    let second = load(&bank, &folder.file(of_days(100..300)), creating()).await;
    assert_eq!((first.rows, first.known), (2_000, 0));
    assert_eq!((second.rows, second.known), (2_000, 1_000));
    assert_eq!(first.declined + second.declined, declined);
    assert_eq!(bank.balances().read(all_balances), expected);
}

/// Killed once some of the rows are stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_that_was_killed_goes_on() {
    let folder = Folder::new();
    let transactions = transactions(10_000);
    let path = folder.file(with_commas(&transactions));
    let file = folder.0.path().join("bank.db");
    let store = StoreUrl::Sqlite(file.clone());
    euro_bank(store.clone()).await.close().await;
    let statement = format!("Bank.open {file:?}; Bank.load {path:?}, create: true");
    let mut loading = Command::new(env!("CARGO_BIN_EXE_bank"));
    let mut loading = loading.args(["--quiet", "-c", &statement]).stdout(Stdio::null()).spawn().unwrap();
    let watching = Bank::open(store.clone()).await.unwrap();
    let mut events = watching.watch(None).await.unwrap();
    while events.next().await.unwrap().position < Position::new(1_000) {}
    drop(events);
    loading.kill().unwrap();
    loading.wait().unwrap();
    watching.close().await;

    let bank = Bank::open(store).await.unwrap();
    let rest = load(&bank, &path, creating()).await;
    assert!(rest.known >= 500, "{rest:?}");
    assert_eq!((rest.rows, rest.refused), (10_000, 0));
    let (expected, _) = balances(&transactions);
    assert_eq!(bank.balances().read(all_balances), expected);
    assert!(is_whole(&bank).await);
    assert_eq!(load(&bank, &path, creating()).await.known, 10_000);
}

#[tokio::test]
async fn a_row_with_an_id_is_known_by_it() {
    let folder = Folder::new();
    let bank = euro_bank(StoreUrl::Memory).await;
    let path = folder.file(
        "date,account,amount,id\n2024-01-17,A,5,1\n2024-01-17,A,5,2\n2024-01-18,A,5,1\n2024-01-17,A,5,2\n2024-01-17,B,5,1\n",
    );
    let other = |line| NotBooked { line, account: account("A"), why: WhyNotBooked::OtherContent };
    for dry_run in [true, false] {
        let loaded = load(&bank, &path, LoadOptions { dry_run, ..creating() }).await;
        let expected =
            Loaded { rows: 5, new: 3, known: 1, refused: 1, created: 2, listed: vec![other(4)], declined: 0 };
        assert_eq!(loaded, expected);
    }
    let changed = folder.file("date,account,amount,id\n2024-01-17,A,6,1\n2024-01-17,A,5,2\n");
    for dry_run in [true, false] {
        let loaded = load(&bank, &changed, LoadOptions { dry_run, ..creating() }).await;
        assert_eq!((loaded.known, loaded.listed), (1, vec![other(2)]));
    }
    assert_eq!(bank.check_balance(&account("A")).await, Ok(balance(1_000)));
}

/// A transfer has ended before the next row needs its money, although many rows are in flight at once.
#[tokio::test]
async fn money_is_there_for_the_row_after_its_transfer() {
    let folder = Folder::new();
    let mut text = "date,account,amount,to\n2024-01-01,A,10,\n".to_owned();
    for _ in 0..50 {
        text.push_str("2024-01-02,A,10,B\n2024-01-02,B,-5,\n2024-01-02,B,-5,A\n2024-01-02,A,5,\n");
    }
    text.push_str("2024-01-03,A,10,Nobody\n2024-01-03,A,-10,\n");
    let bank = euro_bank(StoreUrl::Memory).await;
    for name in ["A", "B"] {
        bank.create(&account(name)).await.unwrap();
    }
    let loaded = load(&bank, &folder.file(text), LoadOptions::default()).await;
    assert_eq!((loaded.new, loaded.declined, loaded.refused), (202, 0, 1));
    assert!(matches!(&loaded.listed[..], [NotBooked { line: 203, why: WhyNotBooked::NotTransferred(_), .. }]));
    assert_eq!(bank.total_deposits(None).await, Ok(0));
}

/// Also with handlers that catch up on it later.
#[tokio::test]
async fn nobody_is_thanked_and_no_bonus_is_paid_unless_that_is_asked_for() {
    let folder = Folder::new();
    let outbox = Outbox::new();
    let store = StoreUrl::Sqlite(folder.0.path().join("bank.db"));
    let acting =
        Options { ceo_bonus: Some(account("CEO")), email: Some(outbox.target()), ..Options::from(store.clone()) };
    let bank = euro_bank(acting.clone()).await;
    bank.create(&account("CEO")).await.unwrap();
    let email = Some(EmailAddress::new("josh@example.org").unwrap());
    bank.create_account(NewAccount { email, ..NewAccount::from(&account("Josh")) }).await.unwrap();
    load(&bank, &folder.file("date,account,amount\n2024-01-17,Josh,100\n"), LoadOptions::default()).await;
    at_rest(&bank).await;
    bank.close().await;

    let idle = Bank::open(store).await.unwrap();
    load(&idle, &folder.file("date,account,amount\n2024-01-18,Josh,100\n"), LoadOptions::default()).await;
    idle.close().await;

    let bank = Bank::open(acting).await.unwrap();
    at_rest(&bank).await;
    assert_eq!((bank.check_balance(&account("CEO")).await.unwrap().minor_units(), outbox.sent().len()), (0, 0));
    let loaded = LoadOptions { effects: true, ..LoadOptions::default() };
    load(
        &bank,
        &folder.file("date,account,amount\n2024-01-18,Josh,100\n2024-01-19,Josh,100\n2024-01-20,CEO,-1\n"),
        loaded,
    )
    .await;
    at_rest(&bank).await;
    assert_eq!(bank.check_balance(&account("CEO")).await.unwrap().minor_units(), 0, "it was paid, and withdrawn");
    assert_eq!(outbox.sent().len(), 1, "what was known has no effects when it is loaded again");
    assert!(is_whole(&bank).await);
}

/// Loading is an act of the bank itself. A locked account stays locked.
#[tokio::test]
async fn no_pin_is_needed() {
    let folder = Folder::new();
    let pins = PinOptions { secret: PinSecret::new("a secret for tests").unwrap().into(), cost: PinCost::CHEAPEST };
    let bank = euro_bank(Options { pins, ..Options::default() }).await;
    let pin = Some(Pin::new("1234").unwrap());
    let (holder, account_id) = (HolderName::new("Josh").unwrap(), account("1"));
    bank.create_account(NewAccount { account_id, holder, email: None, pin, opening: Opening::default() })
        .await
        .unwrap();
    let text = "date,account,amount\n2024-01-17,1,100\n2024-01-18,1,-30\n";
    let loaded = load(&bank, &folder.file(text), LoadOptions::default()).await;
    assert_eq!((loaded.new, loaded.listed), (2, vec![]));
    for _ in 0..3 {
        bank.withdraw_with_pin(&account("1"), money(1), Pin::new("9999").unwrap()).await.unwrap();
    }
    let text = "date,account,amount\n2024-01-19,1,-30\n2024-01-19,1,5\n";
    let why = WhyNotBooked::Refused(Refusal::AccountLocked);
    for dry_run in [true, false] {
        let options = LoadOptions { dry_run, ..LoadOptions::default() };
        let loaded = load(&bank, &folder.file(text), options).await;
        assert_eq!(
            (loaded.new, loaded.listed),
            (1, vec![NotBooked { line: 2, account: account("1"), why: why.clone() }])
        );
    }
    bank.unlock(&account("1")).await.unwrap();
    assert_eq!(load(&bank, &folder.file(text), LoadOptions::default()).await.new, 1, "what was refused is tried again");
}

#[tokio::test]
async fn nothing_is_booked_of_a_file_with_a_mistake() {
    let folder = Folder::new();
    let bank = euro_bank(StoreUrl::Memory).await;
    bank.create(&account("A")).await.unwrap();
    let header = "date,account,amount,to,memo";
    let row = "2024-01-17,A,5,,";
    let tomorrow = (jiff::Zoned::now() + jiff::Span::new().days(2)).date();
    for (text, line, column, problem) in [
        (String::new(), 1, None, "the file has no header"),
        ("date,account\n".to_owned(), 1, None, "the header has no column amount, but date, account;"),
        ("account,amount\n".to_owned(), 1, None, "the header has no column date"),
        ("date,account,amount,amount\n".to_owned(), 1, None, "two columns are the column amount"),
        ("date,account,amount,deposit\n".to_owned(), 1, None, "the header has the column amount, and deposit"),
        (format!("{header}\n{row}\n{row},\n"), 3, None, "the row has 6 fields, and the header has 5"),
        (format!("{header}\n{row}\n2024-01-17,A,5\n"), 3, None, "the row has 3 fields, and the header has 5"),
        (format!("{header}\n{row}\n2024-01-17,A,5,,\"x"), 3, None, "a quote is not closed"),
        (format!("{header}\n{row}\n2024-01-17,A,5,,\"x\n{row}\n"), 3, None, "a quote is not closed"),
        (format!("{header}\n\n{row}\n\n2024-02-30,A,5,,\n"), 5, Some("date"), "a date looks like 2024-01-17; dates:"),
        (format!("{header}\r\n{row}\r\n\r\n{row}x\r\n17.01.2024,A,5,,\r\n"), 5, Some("date"), "a date looks like"),
        (format!("{header}\n17.01.2024,A,5,,\n"), 2, Some("date"), "dates: \"%d.%m.%Y\""),
        (format!("{header}\n{tomorrow},A,5,,\n"), 2, Some("date"), "which is after"),
        (format!("{header}\n,A,5,,\n"), 2, Some("date"), "this is empty"),
        (format!("{header}\n2024-01-17,,5,,\n"), 2, Some("account"), "this is empty"),
        (format!("{header}\n2024-01-17,{},5,,\n", "x".repeat(65)), 2, Some("account"), "at most 64 characters"),
        (format!("{header}\n2024-01-17,A,,,\n"), 2, Some("amount"), "this is empty"),
        (format!("{header}\n2024-01-17,A,0,,\n"), 2, Some("amount"), "an amount is a whole number from 1"),
        (format!("{header}\n2024-01-17,A,1.005,,\n"), 2, Some("amount"), "an amount has 2 decimals at most"),
        (format!("{header}\n2024-01-17,A,\"1,5\",,\n"), 2, Some("amount"), "\"1,5\" is no amount; decimal:"),
        (format!("{header}\n2024-01-17,A,five,,\n"), 2, Some("amount"), "\"five\" is no amount"),
        (format!("{header}\n2024-01-17,A,5,A,\n"), 2, Some("to"), "an account cannot transfer money to itself"),
        (format!("{header}\n2024-01-17,A,5,,\"x\ny\"\n"), 2, Some("memo"), "none that are hidden when printed"),
        ("date,account,deposit,withdrawal\n2024-01-17,A,5,5\n".to_owned(), 2, Some("withdrawal"), "both"),
        ("date,account,deposit,withdrawal\n2024-01-17,A,,0\n".to_owned(), 2, Some("deposit"), "neither"),
        ("date,account,deposit,withdrawal\n2024-01-17,A,,-5\n".to_owned(), 2, Some("withdrawal"), "the sign"),
        ("date,account,deposit,to\n2024-01-17,A,5,B\n".to_owned(), 2, Some("to"), "a deposit goes to no other account"),
    ] {
        match bank.load(&folder.file(&text), creating(), |_, _, _| {}).await {
            Err(LoadError::Mistake { mistake: Mistake { line: at, column: of, problem: said }, .. }) => {
                assert_eq!((at, of.as_deref()), (line, column), "{text}: {said}");
                assert!(said.contains(problem), "{text}: {said}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    let latin1 = folder.file(b"date,account,amount\n2024-01-17,Zo\xeb,5\n");
    match bank.load(&latin1, creating(), |_, _, _| {}).await {
        Err(LoadError::Mistake { mistake, .. }) => {
            assert!(mistake.problem.contains("encoding: \"latin1\""), "{mistake}")
        }
        other => panic!("{other:?}"),
    }
    let missing = bank.load(Path::new("none.csv"), creating(), |_, _, _| {}).await;
    assert!(matches!(missing, Err(LoadError::File { .. })));
    assert_eq!(log(&bank).await.len(), 2);
}

/// Rows without any text, and a last line without a line break, are no mistakes.
#[tokio::test]
async fn what_other_programs_leave_in_a_file_is_left_alone() {
    let folder = Folder::new();
    let bank = euro_bank(StoreUrl::Memory).await;
    let text = "\u{feff} date ;account;amount;Saldo\r\n\r\n2024-01-17; A ;5;7\r\n;;;\r\n2024-01-17;A;\"+1,000.5\";";
    let loaded = load(&bank, &folder.file(text), creating()).await;
    assert_eq!((loaded.rows, loaded.new), (2, 2));
    assert_eq!(bank.check_balance(&account("A")).await, Ok(balance(100_550)));
}
