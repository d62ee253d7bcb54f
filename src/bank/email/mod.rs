//! The event handler that sends a thank-you e-mail for each deposit.

mod invalid_target;
mod message;
mod outbox;
#[cfg(feature = "smtp")]
mod smtp;
mod target;
mod tls;

pub use self::invalid_target::InvalidEmailTarget;
use self::message::Message;
use self::target::Destination;
pub use self::target::EmailTarget;
use super::account::{AccountEvent, AccountId, Accounts, Recipient};
use super::currency::Currency;
use crate::engine::event_handler::{EventHandler, Failure};
use crate::engine::log::{Moment, Position, RecordedEvent};
use crate::engine::projection::ReadModel;

/// The event handler that thanks an account's holder for each deposit.
///
/// The whole e-mail, with its Message-ID and date, is derived from the event. A redelivered event leads to the same
/// bytes, so that the recipient's mail program can recognize a duplicate.
#[derive(Clone, Debug)]
pub struct ThankYouEmail<A> {
    target: EmailTarget,
    address_book: A,
}

/// The e-mail addresses of holders.
pub trait AddressBook: Clone + Send + Sync + 'static {
    /// Whether the address of an account's holder was known at a position. Called for every deposit.
    fn lists(&self, account: &AccountId, position: Position) -> bool;

    /// The bank's currency.
    fn currency(&self) -> Currency {
        Currency::default()
    }

    /// The holder of an account, if their address was known at a position: that of the deposit, so that the e-mail stays the
    /// same when the holder changes.
    fn recipient(&self, account: &AccountId, position: Position) -> Option<Recipient>;
}

impl AddressBook for ReadModel<Accounts> {
    fn lists(&self, account: &AccountId, position: Position) -> bool {
        self.read(|accounts| accounts.has_email(account.as_str(), Moment::Position(position)))
    }

    fn currency(&self) -> Currency {
        self.read(|accounts| accounts.currency().unwrap_or_default())
    }

    fn recipient(&self, account: &AccountId, position: Position) -> Option<Recipient> {
        self.read(|accounts| accounts.recipient(account.as_str(), Moment::Position(position)))
    }
}

impl<A: AddressBook> ThankYouEmail<A> {
    /// Sends e-mails to the holders in the address book, through `target`.
    pub fn new(target: EmailTarget, address_book: A) -> Self {
        Self { target, address_book }
    }

    async fn deliver(&self, message: Message) -> Result<(), Failure> {
        match &self.target.destination {
            Destination::Outbox(outbox) => outbox.put(message).await,
            #[cfg(feature = "smtp")]
            Destination::Smtp(server) => server.send(&message).await,
        }
    }
}

impl<A: AddressBook> EventHandler<AccountEvent> for ThankYouEmail<A> {
    const NAME: &'static str = "thank-you e-mail";
    const TRACE_TITLE: Option<&'static str> = Some("Thank-You E-Mail");

    fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
        let address_book = self.address_book.clone();
        move |event| {
            matches!(&event.data, AccountEvent::MoneyDeposited { account_id, .. }
                if address_book.lists(account_id, event.position) && event.metadata.has_effects())
        }
    }

    async fn handle(&mut self, event: &RecordedEvent<AccountEvent>) -> Result<(), Failure> {
        let AccountEvent::MoneyDeposited { account_id, amount, .. } = &event.data else { return Ok(()) };
        let Some(recipient) = self.address_book.recipient(account_id, event.position) else { return Ok(()) };
        let amount = self.address_book.currency().written_with_code(amount.minor_units().into());
        self.deliver(Message::thanks(&self.target.sender, recipient, event, account_id, &amount)).await
    }
}
