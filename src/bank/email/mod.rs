//! The thank-you e-mail: who pays into an account is thanked, where its holder can be written to.

mod invalid_target;
mod message;
mod outbox;
#[cfg(feature = "smtp")]
mod smtp;
mod target;

pub use self::invalid_target::InvalidEmailTarget;
use self::message::Message;
use self::target::Destination;
pub use self::target::EmailTarget;
use super::account::{AccountEvent, AccountId, Accounts, Recipient};
use crate::engine::event_handler::{EventHandler, Failure};
use crate::engine::log::RecordedEvent;
use crate::engine::projection::ReadModel;

/// The handler that writes to the holder of an account about each deposit into it.
///
/// The whole e-mail, its Message-ID and its date come from the event: if the event comes again, the same e-mail does,
/// to the byte, and whoever gets it can tell that it is the same.
#[derive(Clone, Debug)]
pub struct ThankYouEmail<A> {
    target: EmailTarget,
    address_book: A,
}

/// Where the holders of accounts can be written to.
pub trait AddressBook: Clone + Send + Sync + 'static {
    /// Whether an account's holder can be written to. This is asked for every deposit that happens.
    fn lists(&self, account: &AccountId) -> bool;

    /// The holder of an account, if they can be written to.
    fn recipient(&self, account: &AccountId) -> Option<Recipient>;
}

impl AddressBook for ReadModel<Accounts> {
    fn lists(&self, account: &AccountId) -> bool {
        self.read(|accounts| accounts.email(account.as_str()).is_some())
    }

    fn recipient(&self, account: &AccountId) -> Option<Recipient> {
        self.read(|accounts| accounts.recipient(account.as_str()))
    }
}

impl<A: AddressBook> ThankYouEmail<A> {
    /// Writes to whom the address book lists, by way of `target`.
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
        move |event| matches!(&event.data, AccountEvent::MoneyDeposited { account_id, .. } if address_book.lists(account_id))
    }

    async fn handle(&mut self, event: &RecordedEvent<AccountEvent>) -> Result<(), Failure> {
        let AccountEvent::MoneyDeposited { account_id, amount } = &event.data else { return Ok(()) };
        let Some(recipient) = self.address_book.recipient(account_id) else { return Ok(()) };
        self.deliver(Message::thanks(&self.target.sender, recipient, event, account_id, *amount)).await
    }
}
