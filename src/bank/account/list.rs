//! The account list: the projection of all accounts and their holders.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::bank::{AccountEvent, AccountId, Currency, CurrencyChosen, EmailAddress, Moment};
use crate::engine::log::{Position, RecordedEvent, Timestamp};
use crate::engine::projection::{LogRow, Projection, RowLog, StoredFields, rows};

/// The recipient of an e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The holder's name.
    pub holder: Arc<str>,
    /// The e-mail address.
    pub address: EmailAddress,
}

/// An account in the account list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEntry {
    /// The account's name.
    pub account_id: AccountId,
    /// The holder's name.
    pub holder: Arc<str>,
    /// The position of the event that created the account.
    pub position: Position,
    /// The time of the account's creation.
    pub time: Timestamp,
}

/// The read model behind the account list. It knows the bank's currency too, which whoever writes to a holder needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// In order of creation, so that the list at any moment is a prefix of this one.
    listed: RowLog<ListedAccount>,
    /// At most one. A log, so that a bank without a currency stores nothing for it.
    currencies: RowLog<ListedCurrency>,
}

/// A stored row of the account list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ListedAccount {
    account_id: AccountId,
    #[serde(with = "shared_text")]
    holder: Arc<str>,
    position: Position,
    time: Timestamp,
    has_pin: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<EmailAddress>,
}

impl LogRow for ListedAccount {
    type Key = AccountId;

    fn position(&self) -> Position {
        self.position
    }

    /// Only accounts with a PIN or an e-mail address are looked up. Most have neither, so the index stays small.
    fn key(&self) -> Option<AccountId> {
        (self.has_pin || self.email.is_some()).then(|| self.account_id.clone())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ListedCurrency {
    position: Position,
    chosen: CurrencyChosen,
}

impl LogRow for ListedCurrency {
    type Key = ();

    fn position(&self) -> Position {
        self.position
    }
}

impl From<&ListedAccount> for AccountEntry {
    fn from(listed: &ListedAccount) -> Self {
        let ListedAccount { account_id, holder, position, time, .. } = listed;
        Self { account_id: account_id.clone(), holder: holder.clone(), position: *position, time: *time }
    }
}

impl Accounts {
    /// All accounts in order of creation.
    pub fn entries(&self) -> Vec<AccountEntry> {
        self.listed.iter().map(AccountEntry::from).collect()
    }

    /// The bank's currency. `None` as long as there is neither a currency nor an account: one may still be chosen.
    pub fn currency(&self) -> Option<Currency> {
        match self.currencies.last() {
            Some(listed) => Some(listed.chosen.currency()),
            None => (!self.listed.is_empty()).then(Currency::default),
        }
    }

    /// The accounts that existed at a moment, in order of creation.
    pub fn entries_at(&self, moment: Moment) -> Vec<AccountEntry> {
        let count = self.listed.partition_point(|listed| moment.includes(listed.position, listed.time));
        self.listed[..count].iter().map(AccountEntry::from).collect()
    }

    /// Whether any account has a PIN.
    pub fn have_pins(&self) -> bool {
        self.listed.iter().any(|listed| listed.has_pin)
    }

    /// The last account that was created with a PIN.
    pub(in crate::bank) fn last_with_pin(&self) -> Option<AccountId> {
        self.listed.iter().rev().find(|listed| listed.has_pin).map(|listed| listed.account_id.clone())
    }

    /// Whether an account has a PIN.
    pub fn has_pin(&self, account: &str) -> bool {
        self.listed.find(account).is_some_and(|listed| listed.has_pin)
    }

    /// The e-mail address of an account's holder, if known.
    pub fn email(&self, account: &str) -> Option<&EmailAddress> {
        self.listed.find(account)?.email.as_ref()
    }

    /// The holder of an account, if their e-mail address is known.
    pub fn recipient(&self, account: &str) -> Option<Recipient> {
        let listed = self.listed.find(account)?;
        Some(Recipient { holder: listed.holder.clone(), address: listed.email.clone()? })
    }
}

impl Projection<AccountEvent> for Accounts {
    const NAME: &'static str = "accounts";
    const ROWS: Option<StoredFields<Self>> = rows!(1; listed, currencies: "currency ");

    fn project(&mut self, event: &RecordedEvent<AccountEvent>) {
        let position = event.position;
        if let AccountEvent::AccountCreated { account_id, account_holder } = &event.data {
            self.listed.push(ListedAccount {
                account_id: account_id.clone(),
                holder: account_holder.shared_name().clone(),
                position,
                time: event.time,
                has_pin: account_holder.pin_verifier().is_some(),
                email: account_holder.email().cloned(),
            });
        } else if let AccountEvent::CurrencyChosen(chosen) = event.data {
            self.currencies.push(ListedCurrency { position, chosen });
        }
    }
}

mod shared_text {
    use std::sync::Arc;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(in crate::bank) fn serialize<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    pub(in crate::bank) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
        Box::<str>::deserialize(deserializer).map(Arc::from)
    }
}
