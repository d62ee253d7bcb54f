//! The e-mail that thanks for a deposit.

use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::date::Date;
use mail_builder::headers::raw::Raw;

use crate::bank::account::Recipient;
use crate::bank::{AccountEvent, AccountId, EmailAddress};
use crate::engine::log::RecordedEvent;
use crate::printable::is_printable;

/// The domain of every Message-ID: the same on every machine, so that a redelivered event leads to the same e-mail.
const DOMAIN: &str = "cqrs-bank.invalid";

/// An e-mail, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) sender: EmailAddress,
    pub(super) recipient: EmailAddress,
    /// The unique name of the e-mail within this bank. Names sort in the order of events.
    pub(super) name: String,
    /// Headers and body.
    pub(super) content: Vec<u8>,
}

impl Message {
    pub(super) fn thanks(
        sender: &EmailAddress,
        recipient: Recipient,
        deposit: &RecordedEvent<AccountEvent>,
        account: &AccountId,
        amount: &str,
    ) -> Self {
        const MICROS: i64 = 1_000_000;
        let Recipient { holder, address } = recipient;
        let holder = printable(&holder);
        let command = deposit.metadata.command_id;
        let text = format!(
            "Dear {holder},\n\nThank you for your deposit of {amount} into the account {account}.\n\nYour bank\n"
        );
        let mut content = Vec::new();
        MessageBuilder::new()
            .message_id(format!("{command}.{}@{DOMAIN}", deposit.version))
            .date(Date::new(deposit.time.as_micros().div_euclid(MICROS)))
            .from(sender.as_str())
            .to(Address::new_address(Some(holder), address.as_str()))
            .subject("Thank you for your deposit")
            .header("Auto-Submitted", Raw::new("auto-generated"))
            .text_body(text)
            .serialize(&mut content);
        let name = format!("{:020}-{command}", deposit.position.get());
        Self { sender: sender.clone(), recipient: address, name, content }
    }
}

/// Replaces hidden characters in a name. New names have none, but names in an old file may.
fn printable(name: &str) -> String {
    let replace = |character: char| match is_printable(character) {
        true => character,
        false => char::REPLACEMENT_CHARACTER,
    };
    name.chars().map(replace).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::Money;
    use crate::engine::log::{Metadata, Position, StreamId, Timestamp, Version};
    use uuid::Uuid;

    #[test]
    fn an_e_mail_states_holder_amount_and_account() {
        let expected = "Message-ID: <00000000-0000-0000-0000-000000000007.3@cqrs-bank.invalid>\r\n\
            Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n\
            From: <bank@example.org>\r\n\
            To: \"Josh\" <josh@example.org>\r\n\
            Subject: Thank you for your deposit\r\n\
            Auto-Submitted: auto-generated\r\n\
            MIME-Version: 1.0\r\n\
            Content-Type: text/plain; charset=\"utf-8\"\r\n\
            Content-Transfer-Encoding: 7bit\r\n\
            \r\n\
            Dear Josh,\r\n\r\nThank you for your deposit of 100 into the account 1.\r\n\r\nYour bank\r\n";
        let message = thanks("Josh", "josh@example.org");
        assert_eq!(String::from_utf8(message.content).unwrap(), expected);
        assert_eq!(message.name, "00000000000000000012-00000000-0000-0000-0000-000000000007");
    }

    #[test]
    fn the_same_event_leads_to_the_same_e_mail() {
        assert_eq!(thanks("Zoë 🐺", "zoe@example.org"), thanks("Zoë 🐺", "zoe@example.org"));
    }

    #[test]
    fn a_name_in_any_script_is_sent_as_ascii() {
        for name in ["Zoë 🐺", "Γειά σου", "안녕하세요", "O'Wolf \"W\" <w@x.org>, y"] {
            let content = String::from_utf8(thanks(name, "zoe@example.org").content).unwrap();
            assert!(content.is_ascii(), "{content}");
            let to = content.lines().filter(|line| line.contains("<zoe@example.org>")).count();
            assert_eq!(to, 1, "{content}");
        }
    }

    #[test]
    fn no_name_can_add_a_header() {
        for name in [
            "J\r\nBcc: x@example.org",
            "J\nBcc: x@example.org",
            "J\rBcc: x",
            "\r\n\r\nBcc: x",
            &"\r\nBcc: é".repeat(20),
        ] {
            let content = String::from_utf8(thanks(name, "josh@example.org").content).unwrap();
            let (headers, _) = content.split_once("\r\n\r\n").unwrap();
            assert!(!headers.lines().any(|line| line.starts_with("Bcc")), "{content}");
            assert!(headers.contains("\r\nSubject: Thank you"), "{content}");
        }
    }

    /// A name must not control the reader's terminal.
    #[test]
    fn nothing_but_printable_text_reaches_an_e_mail() {
        for name in ["J\u{1b}[2Josh", "J\u{7}", "Josh\r\n\r\nPay here: x", "\u{202e}hsoJ", "a\u{2028}b", "J\0\u{85}"] {
            let content = String::from_utf8(thanks(name, "josh@example.org").content).unwrap();
            let (_, body) = content.split_once("\r\n\r\n").unwrap();
            let body = unquoted(body);
            assert!(body.starts_with("Dear ") && body.contains('\u{fffd}'), "{content}");
            let unprintable = |c: char| c != '\n' && !is_printable(c);
            assert_eq!((body.lines().count(), body.find(unprintable)), (5, None), "{body:?}");
        }
    }

    /// Decodes quoted-printable text, with `
    /// ` as the line ending.
    fn unquoted(body: &str) -> String {
        let body = body.replace("=\r\n", "").replace("\r\n", "\n");
        let mut parts = body.split('=');
        let mut bytes = parts.next().unwrap().as_bytes().to_vec();
        for part in parts {
            bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
            bytes.extend_from_slice(&part.as_bytes()[2..]);
        }
        String::from_utf8(bytes).unwrap()
    }

    fn thanks(holder: &str, address: &str) -> Message {
        let account_id = AccountId::new("1").unwrap();
        let amount = Money::new(100).unwrap();
        let deposit = RecordedEvent {
            position: Position::new(12),
            stream: StreamId::new("account", &account_id),
            version: Version::new(3),
            time: "2026-11-20T10:00:00.9Z".parse::<Timestamp>().unwrap(),
            metadata: Metadata::from_outside(Uuid::from_u128(7)),
            data: AccountEvent::deposited(account_id.clone(), amount),
        };
        let sender = EmailAddress::new("bank@example.org").unwrap();
        let recipient = Recipient { holder: holder.into(), address: EmailAddress::new(address).unwrap() };
        Message::thanks(&sender, recipient, &deposit, &account_id, "100")
    }
}
