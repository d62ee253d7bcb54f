//! The e-mail for a deposit reaches the mail server at least once, or is parked with the server's reply.

#![cfg(feature = "smtp")]

use std::net::TcpListener;
use std::time::Duration;

use cqrs_bank::bank::{AccountId, Bank, EmailAddress, EmailTarget, HolderName, Money, NewAccount, Options, Receipt};
use cqrs_bank::engine::event_handler::RetryPolicy;
use cqrs_bank::engine::store::handler_records::ParkedEvent;

use crate::mail_server::{Mail, MailServer};
use crate::program::run;

#[tokio::test]
async fn a_deposit_is_thanked_for() {
    let mut server = MailServer::start(&[]).await;
    let bank = open(&format!("smtp://127.0.0.1:{}?from=bank@example.org", server.port), None).await;
    let event = deposit(&bank, "1", 100).await.events()[0].clone();
    // Sent separately, the end would wait 40 ms for a delayed acknowledgement.
    assert!(server.came_whole().await, "part by part");
    let Mail { from, to, content } = server.mail().await;
    assert_eq!(from, "MAIL FROM:<bank@example.org>");
    assert_eq!(to, "RCPT TO:<josh@example.org>");
    let id = event.metadata.command_id;
    assert!(content.starts_with(&format!("Message-ID: <{id}.2@cqrs-bank.invalid>\n")), "{content}");
    assert!(content.contains("\nTo: \"Josh\" <josh@example.org>\n"), "{content}");
    assert!(
        content.ends_with("\n\nDear Josh,\n\nThank you for your deposit of 100 into the account 1.\n\nYour bank\n")
    );
    bank.close().await;
    assert_eq!(server.heard().await.last().unwrap(), "QUIT", "the server is left politely");
}

#[tokio::test]
async fn what_the_server_puts_off_comes_again_until_it_is_taken() {
    for plan in [
        "CONNECT 421 too busy",
        "EHLO 421 too busy",
        "MAIL 451 try later",
        "RCPT 452 mailbox full",
        "DATA 451 try later",
        "END 451 try later",
        "CONNECT drop",
        "EHLO drop",
        "MAIL drop",
        "RCPT drop",
        "DATA drop",
        "MAIL",
        "MAIL this is no SMTP",
    ] {
        let mut server = MailServer::start(&[plan, plan]).await;
        let bank = open_quick(server.port).await;
        deposit(&bank, "1", 100).await;
        assert!(server.mail().await.content.contains("deposit of 100 into"), "{plan}");
        // The next e-mail is sent after the first was acknowledged.
        deposit(&bank, "1", 200).await;
        assert!(server.mail().await.content.contains("deposit of 200 into"), "{plan}: the first came once");
        assert!(parked(&bank).await.is_empty(), "{plan}");
    }
}

#[tokio::test]
async fn what_may_have_been_taken_comes_again_as_it_was() {
    for plan in ["END drop", "END 2"] {
        let mut server = MailServer::start(&[plan, plan]).await;
        let bank = open_quick(server.port).await;
        deposit(&bank, "1", 100).await;
        let first = server.mail().await;
        assert_eq!(server.planned().await, plan);
        assert_eq!(server.mail().await, first, "{plan}");
        assert_eq!(server.mail().await, first, "{plan}");
        deposit(&bank, "1", 200).await;
        let next = server.mail().await;
        assert_ne!(message_id(&next), message_id(&first), "{plan}: a deposit of its own has an e-mail of its own");
        assert!(parked(&bank).await.is_empty(), "{plan}");
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_on() {
    for (plan, times) in [("CONNECT silence", 1), ("RCPT silence", 1), ("END silence", 2), ("QUIT silence", 1)] {
        let mut server = MailServer::start(&[plan]).await;
        let bank = open(&format!("smtp://127.0.0.1:{}", server.port), Some(Duration::from_secs(1))).await;
        deposit(&bank, "1", 100).await;
        for _ in 0..times {
            assert!(server.mail().await.content.contains("deposit of 100 into"), "{plan}");
        }
        deposit(&bank, "1", 200).await;
        assert!(server.mail().await.content.contains("deposit of 200 into"), "{plan}: it comes {times} times");
        assert!(parked(&bank).await.is_empty(), "{plan}");
    }
}

#[tokio::test]
async fn an_endless_reply_ends_the_connection() {
    for plan in ["CONNECT endless x", "CONNECT endless 220-x\\n", "EHLO endless 250-x\\n", "RCPT endless 550-x\\n"] {
        let server = MailServer::start(&[plan; QUICK.attempts as usize]).await;
        let bank = open_quick(server.port).await;
        deposit(&bank, "1", 100).await;
        let reason = first_parked(&bank).await.reason;
        assert_eq!(reason, "the connection failed: the server's reply is longer than 65536 bytes", "{plan}");
    }
}

/// The time limit for each step is longer here.
#[tokio::test(start_paused = true)]
async fn an_e_mail_takes_a_minute_at_most() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("smtp://{}", silent.local_addr().unwrap());
    let bank = open(&target, Some(Duration::from_secs(3600))).await;
    deposit(&bank, "1", 100).await;
    let parked = loop {
        match parked(&bank).await.pop() {
            Some(parked) => break parked,
            None => tokio::time::advance(Duration::from_secs(1)).await,
        }
    };
    assert_eq!(parked.reason, "the e-mail took longer than 60s");
}

#[tokio::test]
async fn once_taken_an_e_mail_does_not_come_again_whatever_happens_then() {
    for plan in ["QUIT drop", "QUIT 500 no"] {
        let mut server = MailServer::start(&[plan]).await;
        let bank = open_quick(server.port).await;
        deposit(&bank, "1", 100).await;
        let first = server.mail().await;
        deposit(&bank, "1", 200).await;
        assert_ne!(server.mail().await, first, "{plan}");
    }
}

#[tokio::test]
async fn what_the_server_refuses_is_parked_at_once_with_its_words() {
    for (plan, reason) in [
        ("CONNECT 554 not from there", "the server refused the conversation (554): not from there"),
        ("EHLO 550 not you", "the server refused the conversation (550): not you"),
        ("MAIL 550 not from there", "the server refused the e-mail (550): not from there"),
        (
            "RCPT 550-5.1.1 no such\\n550 5.1.1 \x1b[2Jmailbox",
            "the server refused the e-mail (550): 5.1.1 no such [2Jmailbox",
        ),
        ("DATA 554 no", "the server refused the e-mail (554): no"),
        ("END 552 too large", "the server refused the e-mail (552): too large"),
    ] {
        let mut server = MailServer::start(&[plan]).await;
        let bank = open_quick(server.port).await;
        let position = deposit(&bank, "1", 100).await.position();
        deposit(&bank, "1", 200).await;
        assert!(server.mail().await.content.contains("deposit of 200 into"), "{plan}: it blocks nobody");
        let [ParkedEvent { number: 1, ref handler, position: at, attempts: 1, reason: ref said, .. }] =
            parked(&bank).await[..]
        else {
            panic!("{plan}: {:?}", parked(&bank).await);
        };
        assert_eq!((handler.as_str(), at, said.as_str()), ("thank-you e-mail", position, reason));
        bank.retry_parked(1).await.unwrap();
        assert!(server.mail().await.content.contains("deposit of 100 into"), "{plan}: now it is taken");
        assert!(parked(&bank).await.is_empty(), "{plan}");
    }
}

#[tokio::test]
async fn without_a_server_an_e_mail_is_parked_when_its_attempts_are_used_up() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let bank = open_quick(nobody).await;
    deposit(&bank, "1", 100).await;
    let parked = first_parked(&bank).await;
    assert_eq!(parked.attempts, QUICK.attempts);
    assert!(parked.reason.starts_with("the connection failed: "), "{}", parked.reason);
}

#[tokio::test]
async fn credentials_are_told_to_the_server_and_nobody_else() {
    let mut server = MailServer::start(&["AUTH 535 canary is no password"]).await;
    let target = format!("smtp://josh:canary%40@127.0.0.1:{}?tls=none", server.port);
    let bank = open(&target, None).await;
    deposit(&bank, "1", 100).await;
    // User and password, separated by zero bytes, in base64.
    assert!(server.heard().await.contains(&"AUTH PLAIN AGpvc2gAY2FuYXJ5QA==".to_owned()));
    deposit(&bank, "1", 200).await;
    server.mail().await;
    let refused = parked(&bank).await;
    assert_eq!(refused[0].reason, "the server refused the credentials (535)");
    let shown = format!("{bank:?} {:?} {refused:?}", bank.handlers().await.unwrap());
    assert!(!shown.contains("canary") && !shown.contains("Y2FuYXJ5"), "{shown}");
}

#[tokio::test]
async fn who_wants_tls_sends_nothing_without_it() {
    let mut server = MailServer::start(&[]).await;
    let bank = open(&format!("smtp://josh:canary@127.0.0.1:{}?tls=required", server.port), None).await;
    deposit(&bank, "1", 100).await;
    let heard = server.heard().await;
    assert!(heard.len() == 1 && heard[0].starts_with("EHLO "), "{heard:?}");
    bank.close().await;
}

#[tokio::test]
async fn an_address_that_the_server_cannot_take_is_parked() {
    let mut server = MailServer::start(&["EHLO 250 mail.test"]).await;
    let bank = open_quick(server.port).await;
    deposit(&bank, "zoë", 100).await;
    deposit(&bank, "1", 200).await;
    assert!(server.mail().await.content.contains("deposit of 200 into"));
    let reason = &parked(&bank).await[0].reason;
    assert!(reason.starts_with("the server cannot take the e-mail: ") && reason.contains("SMTPUTF8"), "{reason}");
    bank.retry_parked(1).await.unwrap();
    let Mail { to, content, .. } = server.mail().await;
    assert_eq!(to, "RCPT TO:<zoë@example.org>");
    assert!(content.contains("zoë@example.org"), "{content}");
}

#[tokio::test]
async fn the_program_sends_what_it_can_and_shows_what_it_could_not() {
    let mut server = MailServer::start(&["RCPT 550 no such mailbox", "MAIL 451 try later"]).await;
    let script = format!(
        "Bank.open email: \"smtp://127.0.0.1:{}?from=bank@example.org\"\n\
         Bank.create 1, \"Josh\", email: \"josh@example.org\"\n\
         Bank.deposit 1, 100\n\
         Bank.deposit 1, 200\n\
         Bank.close\n",
        server.port,
    );
    let finished = tokio::task::spawn_blocking(move || run(&[], script)).await.unwrap();
    let deposit = "Command Sent\nCommand Handler: Deposit Money\nEvent Store Published Event\nEvent Published\n\
        Event Handler: Money Deposited\nMoney Deposited\nEvent Handler: Thank-You E-Mail\n:ok\n";
    assert!(finished.stdout.contains(&format!("{deposit}{deposit}")), "{}", finished.stdout);
    assert_eq!(finished.exit_code, Some(0));
    let refused = "thank-you e-mail failed at position 2 (attempt 1): \
        the server refused the e-mail (550): no such mailbox";
    assert!(finished.stderr.contains(refused), "{}", finished.stderr);
    assert_eq!(server.planned().await, "RCPT 550 no such mailbox");
}

const QUICK: RetryPolicy =
    RetryPolicy { first: Duration::from_millis(1), longest: Duration::from_millis(1), attempts: 4 };

async fn open_quick(port: u16) -> Bank {
    open(&format!("smtp://127.0.0.1:{port}"), None).await
}

/// A bank with two accounts that have e-mail addresses.
async fn open(target: &str, time_limit: Option<Duration>) -> Bank {
    let target: EmailTarget = target.parse().unwrap();
    let email = Some(match time_limit {
        Some(time_limit) => target.with_time_limit(time_limit),
        None => target,
    });
    let bank = Bank::open(Options { email, retry: QUICK, ..Options::default() }).await.unwrap();
    for (account, holder, address) in [("1", "Josh", "josh@example.org"), ("zoë", "Zoë", "zoë@example.org")] {
        let (account_id, holder) = (AccountId::new(account).unwrap(), HolderName::new(holder).unwrap());
        let email = Some(EmailAddress::new(address).unwrap());
        bank.create_account(NewAccount { account_id, holder, email, pin: None, opening: Default::default() })
            .await
            .unwrap();
    }
    bank
}

async fn deposit(bank: &Bank, account: &str, amount: i64) -> Receipt {
    bank.deposit(&AccountId::new(account).unwrap(), Money::new(amount).unwrap()).await.unwrap()
}

async fn parked(bank: &Bank) -> Vec<ParkedEvent> {
    bank.parked().await.unwrap().into_iter().map(|(parked, _)| parked).collect()
}

async fn first_parked(bank: &Bank) -> ParkedEvent {
    loop {
        match parked(bank).await.pop() {
            Some(parked) => return parked,
            None => tokio::task::yield_now().await,
        }
    }
}

fn message_id(mail: &Mail) -> &str {
    mail.content.lines().find(|line| line.starts_with("Message-ID: ")).unwrap()
}
