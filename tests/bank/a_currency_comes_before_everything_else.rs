//! A bank's currency is the first event of its log or none: it is chosen once, by one of those who try, and whoever opens
//! the file or imports the log has it.

use std::fs;

use cqrs_bank::bank::{
    Bank, ChooseCurrencyError, Currency, EmailAddress, ImportError, NewAccount, Options, StoreUrl, Verification,
};
use cqrs_bank::engine::domain::DomainEvent as _;
use cqrs_bank::engine::log::Position;

use crate::accounts::{account, balance, money};
use crate::outbox::Outbox;
use crate::rest::{at_rest, log};

fn euro() -> Currency {
    Currency::with_code("EUR").unwrap()
}

async fn titles(bank: &Bank) -> Vec<&'static str> {
    log(bank).await.iter().map(|event| event.data.title()).collect()
}

#[tokio::test]
async fn it_is_chosen_in_an_empty_bank_only() {
    let bank = Bank::open(StoreUrl::Memory).await.unwrap();
    assert_eq!((bank.currency().await, bank.currency_once_known()), (Ok(Currency::default()), None));
    bank.choose_currency(euro()).await.unwrap();
    bank.choose_currency(euro()).await.unwrap();
    assert_eq!((bank.currency().await, bank.currency_once_known()), (Ok(euro()), Some(euro())));
    let yen = Currency::with_code("JPY").unwrap();
    assert_eq!(bank.choose_currency(yen).await, Err(ChooseCurrencyError::NotEmpty));
    assert_eq!(titles(&bank).await, ["Currency Chosen"]);

    let begun = Bank::open(StoreUrl::Memory).await.unwrap();
    begun.create(&account("Wolfman")).await.unwrap();
    assert_eq!(begun.choose_currency(euro()).await, Err(ChooseCurrencyError::NotEmpty));
    assert_eq!(begun.currency_once_known(), Some(Currency::default()));
    assert_eq!(titles(&begun).await, ["Account Created"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_those_who_are_first_at_once_one_is() {
    for round in 0..20 {
        let directory = tempfile::tempdir().unwrap();
        let store = StoreUrl::Sqlite(directory.path().join("bank.db"));
        let (one, other) = (Bank::open(store.clone()).await.unwrap(), Bank::open(store).await.unwrap());
        let wolfman = account("Wolfman");
        let (chosen, created) = match round % 2 {
            0 => tokio::join!(one.choose_currency(euro()), async { other.create(&wolfman).await }),
            _ => {
                let (created, chosen) =
                    tokio::join!(async { one.create(&wolfman).await }, other.choose_currency(euro()));
                (chosen, created)
            }
        };
        created.unwrap();
        let expected: &[_] = match chosen {
            Ok(()) => &["Currency Chosen", "Account Created"],
            Err(ChooseCurrencyError::NotEmpty) => &["Account Created"],
            Err(other) => panic!("{other}"),
        };
        assert_eq!(titles(&one).await, expected);
        let currency = if chosen.is_ok() { euro() } else { Currency::default() };
        assert_eq!((one.currency().await, other.currency().await), (Ok(currency), Ok(currency)));
    }
}

#[tokio::test]
async fn it_goes_with_the_file_and_with_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let store = StoreUrl::Sqlite(directory.path().join("bank.db"));
    let bank = Bank::open(store.clone()).await.unwrap();
    bank.choose_currency(euro()).await.unwrap();
    bank.create(&account("Wolfman")).await.unwrap();
    bank.deposit(&account("Wolfman"), money(1_050)).await.unwrap();
    let path = directory.path().join("events.jsonl");
    bank.export(&path, |_, _| {}).await.unwrap();
    bank.close().await;
    for foreign in [false, true] {
        let options = Options { foreign, ..Options::from(store.clone()) };
        let again = Bank::open(options).await.unwrap();
        assert_eq!(again.currency_once_known(), Some(euro()));
        assert!(matches!(again.verify(|_, _| {}).await, Ok(Verification::Whole(_))));
        again.close().await;
    }

    let imported = Bank::open(StoreUrl::Memory).await.unwrap();
    assert_eq!(imported.import(&path, |_, _, _| {}).await, Ok(3));
    assert_eq!(imported.currency().await, Ok(euro()));
    let text = fs::read_to_string(&path).unwrap();
    let [first, second, third] = text.lines().collect::<Vec<_>>()[..] else { panic!("{text}") };
    let time = |line: &str| line.split_once("\"time\":\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    let late = first.replace(&time(first), &time(second));
    for (log, line, expected) in [
        (
            [second.replace("\"position\":2", "\"position\":1"), late.replace("\"position\":1", "\"position\":2")],
            2,
            "it chooses a currency, and is not the first event",
        ),
        (
            [first.replace("ledger-bank", "account-bank"), second.to_owned()],
            1,
            "it stands in the stream account-bank, and not in the ledger's",
        ),
        ([first.replace("EUR", "XXX"), second.to_owned()], 1, "its currency is not one of ISO 4217"),
        ([first.replace("\"decimals\":2", "\"decimals\":3"), second.to_owned()], 1, "or has other decimals there"),
        (
            [
                first.to_owned(),
                second.replace("account-Wolfman", "ledger-bank").replace("\"version\":1", "\"version\":2"),
            ],
            2,
            "it stands in the stream ledger-bank",
        ),
    ] {
        fs::write(&path, format!("{}\n{third}\n", log.join("\n"))).unwrap();
        let bank = Bank::open(StoreUrl::Memory).await.unwrap();
        match bank.import(&path, |_, _, _| {}).await {
            Err(ImportError::Broken { line: at, problem, .. }) => {
                assert!(at == line && problem.contains(expected), "{at}: {problem}");
            }
            other => panic!("{expected}: {other:?}"),
        }
    }
}

/// The last bonus may exceed the limit.
#[tokio::test]
async fn bonuses_end_at_so_many_whole_units() {
    let directory = tempfile::tempdir().unwrap();
    let store = StoreUrl::Sqlite(directory.path().join("bank.db"));
    let (ceo, wolfman) = (account("CEO"), account("Wolfman"));
    let without = Bank::open(store.clone()).await.unwrap();
    without.choose_currency(euro()).await.unwrap();
    without.create(&ceo).await.unwrap();
    without.create(&wolfman).await.unwrap();
    without.close().await;
    // A hundredth of each: 60,000.00. Each is paid after the bank was opened again.
    for expected in [6_000_000, 12_000_000, 12_000_000] {
        let options = Options { ceo_bonus: Some(ceo.clone()), ..Options::from(store.clone()) };
        let bank = Bank::open(options).await.unwrap();
        bank.deposit(&wolfman, money(600_000_000)).await.unwrap();
        assert_eq!(bank.check_balance(&ceo).await, Ok(balance(expected)));
        assert!(matches!(bank.verify(|_, _| {}).await, Ok(Verification::Whole(_))));
        bank.close().await;
    }
    let idle = Bank::open(store).await.unwrap();
    assert!(matches!(idle.verify(|_, _| {}).await, Ok(Verification::Whole(_))), "who pays none checks what was paid");
    assert_eq!(idle.events(Position::new(1), 1).await.unwrap()[0].data.title(), "Currency Chosen");
}

#[tokio::test]
async fn an_e_mail_names_it() {
    let outbox = Outbox::new();
    let options = Options { email: Some(outbox.target()), ..Options::default() };
    let bank = Bank::open(options).await.unwrap();
    bank.choose_currency(euro()).await.unwrap();
    let email = Some(EmailAddress::new("josh@example.org").unwrap());
    bank.create_account(NewAccount { email, ..NewAccount::from(&account("Josh")) }).await.unwrap();
    bank.deposit(&account("Josh"), money(1_050)).await.unwrap();
    at_rest(&bank).await;
    assert!(outbox.only().contains("deposit of 10.50 EUR into the account Josh."), "{}", outbox.only());
}
