//! A file of transactions is booked once, by date: in whatever dialect it is written and in whatever order, loaded again,
//! overlapped, or after the program that loaded it was killed. What it books is what a sum of its rows says.

use std::fs;
use std::process::{Command, Stdio};

use cqrs_bank::bank::{
    Bank, DecimalMark, EmailAddress, Encoding, HolderName, LoadOptions, Loaded, Money, NewAccount, NotBooked, Opening,
    Options, Pin, PinCost, PinOptions, PinSecret, Refusal, StoreUrl, WhyNotBooked, WithdrawError,
};
use cqrs_bank::engine::log::Position;

use crate::accounts::{account, all_balances, balance, money};
use crate::outbox::Outbox;
use crate::rest::{at_rest, log};
use crate::transactions::loading::{Folder, creating, euro_bank, is_whole, load};
use crate::transactions::{Transaction, balances, transactions, with_commas, with_semicolons, with_tabs};

/// The dialects, each with the options that read it.
fn dialects(transactions: &[Transaction]) -> [(Vec<u8>, LoadOptions); 3] {
    let columns = "Buchungstag=date, Konto=account, Betrag=amount, Empfänger=to, Zweck=memo";
    let semicolons = LoadOptions {
        columns: columns.parse().unwrap(),
        decimal: DecimalMark::Comma,
        dates: Some("%d.%m.%Y".parse().unwrap()),
        ..creating()
    };
    let tabs = LoadOptions { dates: Some("%d/%m/%Y".parse().unwrap()), encoding: Encoding::Latin1, ..creating() };
    [
        (with_commas(transactions), creating()),
        (with_semicolons(transactions), semicolons),
        (with_tabs(transactions), tabs),
    ]
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
            let (new, known, declined_before) = (0, loaded.new, declined);
            // Another dialect has another column more.
            let unread = again.unread.clone();
            let expected = Loaded { new, known, declined: 0, declined_before, created: 0, unread, ..loaded.clone() };
            assert_eq!(again, expected, "what was declined is listed as it was the first time");
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
    assert_eq!((again.new, again.known + again.declined_before), (0, 2_000));
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
    assert_eq!((second.rows, second.known + second.declined_before), (2_000, 1_000));
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
    let again = load(&bank, &path, creating()).await;
    assert_eq!((again.new, again.known + again.declined_before), (0, 10_000));
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
            Loaded { rows: 5, new: 3, known: 1, refused: 1, created: 2, listed: vec![other(4)], ..Loaded::default() };
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
        text.push_str("2024-01-02,A,-10,B\n2024-01-02,B,-5,\n2024-01-02,B,-5,A\n2024-01-02,A,5,\n");
    }
    text.push_str("2024-01-03,A,-10,Nobody\n2024-01-03,A,-10,\n");
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
    bank.create(&account("2")).await.unwrap();
    let text = "date,account,amount,to\n2024-01-19,1,-30,\n2024-01-19,1,5,\n2024-01-20,1,-7,2\n2024-01-21,1,-900,\n";
    for dry_run in [true, false] {
        let options = LoadOptions { dry_run, ..LoadOptions::default() };
        let loaded = load(&bank, &folder.file(text), options).await;
        assert_eq!((loaded.new, loaded.declined, loaded.refused), (3, 1, 0), "{:?}", loaded.listed);
    }
    let still_locked = bank.withdraw_with_pin(&account("1"), money(1), Pin::new("1234").unwrap()).await;
    assert_eq!(still_locked.unwrap_err(), WithdrawError::AccountLocked, "the lock is one of the PIN");
    assert!(is_whole(&bank).await);
    bank.unlock(&account("1")).await.unwrap();
    assert_eq!(bank.check_balance(&account("1")).await, Ok(balance(3_800)));
}

/// The money of a transfer that was released moves once the payee is there, and once only.
#[tokio::test]
async fn a_transfer_that_was_released_is_tried_again() {
    let folder = Folder::new();
    let store = StoreUrl::Sqlite(folder.0.path().join("bank.db"));
    let bank = euro_bank(store.clone()).await;
    let path = folder.file(
        "date,account,amount,to,id\n2024-01-01,A,10,,\n2024-01-02,A,-3,B,\n2024-01-02,A,-3,B,\n2024-01-02,A,-4,B,7\n",
    );
    bank.create(&account("A")).await.unwrap();
    let counts = |loaded: &Loaded| (loaded.new, loaded.known, loaded.refused, loaded.created);
    // Loaded again without a payee, they tell the log nothing new.
    for (expected, events) in [((1, 0, 3, 0), 9), ((0, 1, 3, 0), 9)] {
        for dry_run in [true, false] {
            let loaded = load(&bank, &path, LoadOptions { dry_run, ..LoadOptions::default() }).await;
            assert_eq!(counts(&loaded), expected);
            assert_eq!(loaded.listed.len(), 3);
        }
        assert_eq!(log(&bank).await.len(), events);
    }
    let other = folder.0.path().join("other.csv");
    fs::write(&other, "date,account,amount,to,id\n2024-01-02,A,-5,B,7\n").unwrap();
    let loaded = load(&bank, &other, creating()).await;
    assert_eq!((counts(&loaded), &loaded.listed[0].why), ((0, 0, 1, 0), &WhyNotBooked::OtherContent));

    // Two programs at once: whichever is first, the money moves once.
    let elsewhere = Bank::open(store).await.unwrap();
    let (here, there) = tokio::join!(load(&bank, &path, creating()), load(&elsewhere, &path, creating()));
    assert_eq!((here.refused, there.refused), (0, 0), "{here:?} {there:?}");
    assert_eq!((here.rows, there.rows), (4, 4));
    assert_eq!(
        (here.new + there.new, here.created + there.created),
        (3, 1),
        "each is counted once: {here:?} {there:?}"
    );
    for bank in [&bank, &elsewhere] {
        assert_eq!(bank.check_balance(&account("A")).await, Ok(balance(0)));
        assert_eq!(bank.check_balance(&account("B")).await, Ok(balance(1_000)));
        assert_eq!(counts(&load(bank, &path, creating()).await), (0, 4, 0, 0));
        assert!(is_whole(bank).await);
    }
}

/// Two programs that load one file at once book each row once, and each row is new to one of them.
#[tokio::test]
async fn each_row_is_new_to_one_program() {
    let folder = Folder::new();
    let store = StoreUrl::Sqlite(folder.0.path().join("bank.db"));
    let transactions = transactions(400);
    let (expected, declined) = balances(&transactions);
    let path = folder.file(with_commas(&transactions));
    let bank = euro_bank(store.clone()).await;
    let elsewhere = Bank::open(store).await.unwrap();
    let (here, there) = tokio::join!(load(&bank, &path, creating()), load(&elsewhere, &path, creating()));
    assert_eq!((here.rows, there.rows), (400, 400));
    assert_eq!(here.new + there.new, 400 - declined, "{here:?} {there:?}");
    assert_eq!((here.declined + there.declined, here.created + there.created), (declined, 5), "{here:?} {there:?}");
    assert_eq!(bank.balances().read(all_balances), expected);
    assert!(is_whole(&bank).await);
}

/// A transfer whose payee can take it no more than before adds nothing to the log, and one whose payee can is tried again.
#[tokio::test]
async fn a_transfer_that_would_come_back_again_is_not_begun() {
    let folder = Folder::new();
    let bank = euro_bank(StoreUrl::Memory).await;
    let text = "date,account,amount,to\n2024-01-01,A,10,\n2024-01-02,A,-3,B\n2024-01-02,A,-3,C\n";
    let path = folder.file(text);
    bank.create(&account("A")).await.unwrap();
    bank.create(&account("B")).await.unwrap();
    bank.deposit(&account("B"), Money::MAX).await.unwrap();
    let first = load(&bank, &path, LoadOptions::default()).await;
    let events = log(&bank).await.len();
    let again = load(&bank, &path, LoadOptions::default()).await;
    assert_eq!((again.listed.clone(), again.refused, again.known), (first.listed, 2, 1));
    assert_eq!(log(&bank).await.len(), events);
    bank.freeze(&account("A"), None).await.unwrap();
    let frozen = load(&bank, &path, creating()).await;
    let why = WhyNotBooked::Refused(Refusal::AccountFrozen);
    assert!(frozen.listed.iter().all(|listed| listed.why == why), "what is checked first is said first: {frozen:?}");
    bank.unfreeze(&account("A")).await.unwrap();
    bank.withdraw(&account("B"), money(300)).await.unwrap();
    let would_be = load(&bank, &path, LoadOptions { dry_run: true, ..creating() }).await;
    let last = load(&bank, &path, creating()).await;
    assert_eq!((last.new, last.known, last.created), (2, 1, 0), "{last:?}");
    assert_eq!(would_be, last);
    assert!(is_whole(&bank).await);
}

/// A program that ended while it tried again leaves a transfer that the next one waits for.
#[tokio::test]
async fn a_second_attempt_that_was_cut_off_goes_on() {
    let folder = Folder::new();
    let store = StoreUrl::Sqlite(folder.0.path().join("bank.db"));
    let path = folder.file("date,account,amount,to\n2024-01-01,A,10,\n2024-01-02,A,-3,B\n");
    let bank = euro_bank(store.clone()).await;
    bank.create(&account("A")).await.unwrap();
    load(&bank, &path, LoadOptions::default()).await;
    bank.create(&account("B")).await.unwrap();
    {
        // Dropped at its first wait, with what it has sent on its way.
        let mut loading = std::pin::pin!(bank.load(&path, LoadOptions::default(), |_, _, _| {}));
        let mut events = bank.watch(None).await.unwrap();
        tokio::select! {
            biased;
            event = events.next() => drop(event),
            loaded = &mut loading => drop(loaded),
        }
    }
    bank.close().await;
    let bank = Bank::open(store).await.unwrap();
    let rest = load(&bank, &path, LoadOptions::default()).await;
    assert_eq!((rest.new + rest.known, rest.refused), (2, 0), "{rest:?}");
    assert_eq!(bank.check_balance(&account("A")).await, Ok(balance(700)));
    assert_eq!(bank.check_balance(&account("B")).await, Ok(balance(300)));
    assert!(is_whole(&bank).await);
}

/// Also of the bonuses that the rows earn, which later rows may spend.
#[tokio::test]
async fn a_dry_run_says_what_will_happen() {
    let folder = Folder::new();
    let bank = euro_bank(Options { ceo_bonus: Some(account("CEO")), ..Options::default() }).await;
    let text =
        "date,account,amount,to\n2024-01-01,CEO,1,\n2024-01-02,A,100,\n2024-01-03,CEO,-2,\n2024-01-04,CEO,-1,B\n";
    let path = folder.file(text);
    for effects in [true, false] {
        let would_be = load(&bank, &path, LoadOptions { effects, dry_run: true, ..creating() }).await;
        if effects {
            assert_eq!((would_be.new, would_be.declined, would_be.created), (3, 1, 3));
        }
        assert_eq!(load(&bank, &path, LoadOptions { effects, ..creating() }).await, would_be);
    }
}
