//! Each deposit into an account with an e-mail address leaves one e-mail in the outbox, however often the event is
//! delivered.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::time::Duration;

use cqrs_bank::bank::{
    AccountId, AddressBook, Bank, EmailAddress, EmailTarget, HolderName, InvalidEmailTarget, Money, NewAccount,
    Options, Receipt, Recipient, ThankYouEmail,
};
use cqrs_bank::engine::event_handler::{EventHandler as _, RetryPolicy};
use cqrs_bank::engine::log::Position;

use crate::program::{self, run_command};

#[tokio::test]
async fn a_deposit_leaves_an_e_mail_and_nothing_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let bank = open(&folder.path().join("new/outbox")).await;
    create(&bank, "1", Some("josh@example.org")).await;
    create(&bank, "Wolfman", None).await;
    let first = deposit(&bank, "1", 100).await;
    deposit(&bank, "Wolfman", 5).await;
    bank.withdraw(&account("1"), money(30)).await.unwrap();
    bank.withdraw(&account("1"), money(1_000)).await.unwrap();
    deposit(&bank, "1", 200).await;
    bank.close().await;
    let outbox = files(&folder.path().join("new/outbox"));
    let [(name, hundred), (_, two_hundred)] = &outbox[..] else { panic!("{outbox:?}") };
    let id = first.events()[0].metadata.command_id;
    assert_eq!(*name, format!("{:020}-{id}.eml", first.position().get()), "the names are in order of the deposits");
    assert!(hundred.contains("deposit of 100 into the account 1."), "{hundred}");
    assert!(two_hundred.contains("deposit of 200 into the account 1."), "{two_hundred}");
}

#[tokio::test]
async fn delivered_again_an_e_mail_stays_what_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let bank = open(folder.path()).await;
    create(&bank, "1", Some("josh@example.org")).await;
    let deposit = deposit(&bank, "1", 100).await;
    bank.close().await;
    let delivered = files(folder.path());
    // Left behind by a process that crashed while writing.
    fs::write(folder.path().join(format!(".{}.unfinished", delivered[0].0.trim_end_matches(".eml"))), "Mess").unwrap();

    let recipient = Recipient { holder: "Josh".into(), address: EmailAddress::new("josh@example.org").unwrap() };
    let addresses = Addresses(HashMap::from([(account("1"), recipient)]));
    let mut again = ThankYouEmail::new(target(folder.path()), addresses);
    assert!(again.filter()(&deposit.events()[0]));
    again.handle(&deposit.events()[0]).await.unwrap();
    assert_eq!(files(folder.path()), delivered);
}

/// The temporary name is predictable, and other users may write to the directory.
#[tokio::test]
async fn no_link_or_pipe_at_the_temporary_name_is_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let bank = open(folder.path()).await;
    create(&bank, "1", Some("josh@example.org")).await;
    let deposit = deposit(&bank, "1", 100).await;
    bank.close().await;
    let delivered = files(folder.path());
    let unfinished = folder.path().join(format!(".{}.unfinished", delivered[0].0.trim_end_matches(".eml")));
    let elsewhere = tempfile::tempdir().unwrap();
    let precious = elsewhere.path().join("precious");
    fs::write(&precious, "precious").unwrap();
    let recipient = Recipient { holder: "Josh".into(), address: EmailAddress::new("josh@example.org").unwrap() };
    let addresses = Addresses(HashMap::from([(account("1"), recipient)]));
    let mut again = ThankYouEmail::new(target(folder.path()), addresses);
    let pipe = |path: &Path| {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    };
    let link = |path: &Path| std::os::unix::fs::symlink(&precious, path).unwrap();
    let hard_link = |path: &Path| fs::hard_link(&precious, path).unwrap();
    for put in [&pipe as &dyn Fn(&Path), &link, &hard_link] {
        put(&unfinished);
        again.handle(&deposit.events()[0]).await.unwrap();
        assert_eq!(files(folder.path()), delivered);
        assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
    }
}

#[tokio::test]
async fn an_e_mail_takes_no_name_from_another_user() {
    let folder = tempfile::tempdir().unwrap();
    let bank = open(folder.path()).await;
    create(&bank, "1", Some("josh@example.org")).await;
    let deposit = deposit(&bank, "1", 100).await;
    bank.close().await;
    let e_mail = folder.path().join(&files(folder.path())[0].0);
    let recipient = Recipient { holder: "Josh".into(), address: EmailAddress::new("josh@example.org").unwrap() };
    let addresses = Addresses(HashMap::from([(account("1"), recipient)]));
    let mut again = ThankYouEmail::new(target(folder.path()), addresses);
    fs::write(&e_mail, "theirs").unwrap();
    // Only the superuser can give a file away.
    if chown(&e_mail, Some(12_345), None).is_ok() {
        let refused = again.handle(&deposit.events()[0]).await.unwrap_err();
        assert!(refused.to_string().contains("belongs to another user (12345)"), "{refused}");
        assert_eq!(fs::read_to_string(&e_mail).unwrap(), "theirs");
        chown(&e_mail, Some(0), None).unwrap();
    }
    again.handle(&deposit.events()[0]).await.unwrap();
    assert!(fs::read_to_string(&e_mail).unwrap().contains("Dear Josh"));
}

#[tokio::test]
async fn an_outbox_that_cannot_be_written_to_parks_the_e_mail() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = folder.path().join("outbox");
    fs::write(&outbox, "a file where the directory should be").unwrap();
    let bank = open(&outbox).await;
    create(&bank, "1", Some("josh@example.org")).await;
    deposit(&bank, "1", 100).await;
    let (parked, _) = loop {
        match bank.parked().await.unwrap().pop() {
            Some(parked) => break parked,
            None => tokio::task::yield_now().await,
        }
    };
    assert_eq!(parked.attempts, QUICK.attempts);
    assert!(parked.reason.starts_with(&format!("{} cannot be written to: ", outbox.display())), "{}", parked.reason);
    fs::remove_file(&outbox).unwrap();
    bank.retry_parked(parked.number).await.unwrap();
    assert_eq!(files(&outbox).len(), 1);
    assert_eq!(bank.parked().await.unwrap(), []);
}

#[test]
fn the_program_traces_each_e_mail_as_it_writes_it() {
    let folder = tempfile::tempdir().unwrap();
    let script = "Bank.open email: \"outbox/?from=bank@example.org\"\n\
        Bank.create 1, \"Josh\", email: \"josh@example.org\"\n\
        Bank.create \"Wolfman\"\n\
        Bank.deposit 1, 100\n\
        Bank.deposit \"Wolfman\", 100\n";
    let mut program = program::bank(&["--seed", "1"]);
    program.current_dir(folder.path());
    let finished = run_command(program, script);
    let deposit = "Command Sent\nCommand Handler: Deposit Money\nEvent Store Published Event\nEvent Published\n\
        Event Handler: Money Deposited\nMoney Deposited\n";
    let both = format!("{deposit}Event Handler: Thank-You E-Mail\n:ok\n{deposit}:ok\n");
    assert!(finished.stdout.ends_with(&both), "{}", finished.stdout);
    assert_eq!((finished.stderr.as_str(), finished.exit_code), ("", Some(0)));
    let outbox = files(&folder.path().join("outbox"));
    let [(_, e_mail)] = &outbox[..] else { panic!("{outbox:?}") };
    assert!(e_mail.contains("\r\nFrom: <bank@example.org>\r\n"), "{e_mail}");
}

#[cfg(not(feature = "smtp"))]
#[test]
fn a_mail_server_is_for_programs_that_are_built_with_it() {
    let refused = "smtp://127.0.0.1:2525".parse::<EmailTarget>().err();
    assert_eq!(refused, Some(InvalidEmailTarget::SmtpNotBuiltIn));
}

#[test]
fn an_address_is_no_outbox() {
    assert_eq!("josh@example.org".parse::<EmailTarget>().err(), Some(InvalidEmailTarget::Unknown));
}

const QUICK: RetryPolicy =
    RetryPolicy { first: Duration::from_millis(1), longest: Duration::from_millis(1), attempts: 3 };

async fn open(outbox: &Path) -> Bank {
    Bank::open(Options { email: Some(target(outbox)), retry: QUICK, ..Options::default() }).await.unwrap()
}

fn target(outbox: &Path) -> EmailTarget {
    outbox.to_str().unwrap().parse().unwrap()
}

fn account(name: &str) -> AccountId {
    AccountId::new(name).unwrap()
}

fn money(amount: i64) -> Money {
    Money::new(amount).unwrap()
}

async fn create(bank: &Bank, name: &str, email: Option<&str>) {
    let email = email.map(|email| EmailAddress::new(email).unwrap());
    let (account_id, holder) = (account(name), HolderName::new("Josh").unwrap());
    bank.create_account(NewAccount { account_id, holder, email, pin: None, opening: Default::default() })
        .await
        .unwrap();
}

async fn deposit(bank: &Bank, name: &str, amount: i64) -> Receipt {
    bank.deposit(&account(name), money(amount)).await.unwrap()
}

/// The content of a directory, in order of names.
fn files(directory: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> = entries
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[derive(Clone)]
struct Addresses(HashMap<AccountId, Recipient>);

impl AddressBook for Addresses {
    fn lists(&self, account: &AccountId, _: Position) -> bool {
        self.0.contains_key(account)
    }

    fn recipient(&self, account: &AccountId, _: Position) -> Option<Recipient> {
        self.0.get(account).cloned()
    }
}
