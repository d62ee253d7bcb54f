//! The account list: the projection of all accounts and their holders.

use std::borrow::Cow;
use std::collections::BTreeSet;

use arcstr::ArcStr;
use serde::{Deserialize, Serialize, Serializer};

use super::balance::OverdraftLimit;
use super::later_changes::LaterChanges;
use crate::bank::{AccountEvent, AccountId, Currency, CurrencyChosen, EmailAddress, Moment};
use crate::engine::log::{Position, RecordedEvent, Timestamp, Version};
use crate::engine::projection::{LogRow, Projection, RowLog, RowMap, StoredFields, rows};

/// The recipient of an e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The holder's name.
    pub holder: ArcStr,
    /// The e-mail address.
    pub address: EmailAddress,
}

/// An account in the account list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEntry {
    /// The account's name.
    pub account_id: AccountId,
    /// The holder's name.
    pub holder: ArcStr,
    /// The position of the event that created the account.
    pub position: Position,
    /// The time of the account's creation.
    pub time: Timestamp,
    /// How far below zero the balance may fall.
    pub overdraft_limit: OverdraftLimit,
    /// The position of the event that froze the account, if it is frozen.
    pub frozen: Option<Position>,
    /// The position of the event that closed the account, if it is closed.
    pub closed: Option<Position>,
}

/// What the list knows of an account besides its name, its creation and what it decides from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountDetails {
    /// The holder, if another one was named after the creation.
    pub changed_holder: Option<ArcStr>,
    /// The holder's e-mail address.
    pub email: Option<EmailAddress>,
    /// The position of the event that froze the account, if it is frozen.
    pub frozen: Option<Position>,
    /// The position of the event that closed the account, if it is closed.
    pub closed: Option<Position>,
}

/// Which accounts to list. The default lists all that are not closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// Only those of the holder of this name.
    pub holder: Option<String>,
    /// Closed ones too.
    pub closed: bool,
}

/// The read model behind the account list. It knows the bank's currency too, which whoever writes to a holder needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// In order of creation, so that the list at any moment is a prefix of this one.
    listed: RowLog<ListedAccount>,
    /// What has changed since.
    changes: RowMap<AccountId, LaterChanges>,
    /// At most one. A log, so that a bank without a currency stores nothing for it.
    currencies: RowLog<ListedCurrency>,
}

/// A stored row of the account list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredAccount<'_>")]
struct ListedAccount {
    account_id: AccountId,
    #[serde(serialize_with = "serialize_shared")]
    holder: ArcStr,
    position: Position,
    time: Timestamp,
    has_pin: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Box<EmailAddress>>,
}

#[derive(Deserialize)]
struct StoredAccount<'a> {
    account_id: AccountId,
    #[serde(borrow)]
    holder: Cow<'a, str>,
    position: Position,
    time: Timestamp,
    has_pin: bool,
    #[serde(default)]
    email: Option<Box<EmailAddress>>,
}

/// An account and its holder mostly have the same name, and share it.
impl From<StoredAccount<'_>> for ListedAccount {
    fn from(stored: StoredAccount<'_>) -> Self {
        let StoredAccount { account_id, holder, position, time, has_pin, email } = stored;
        let holder = if holder == account_id.as_str() { account_id.shared_name() } else { ArcStr::from(holder) };
        Self { account_id, holder, position, time, has_pin, email }
    }
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

impl ListedAccount {
    /// The entry at a moment, if the filter lets it through.
    fn entry(&self, changes: Option<&LaterChanges>, moment: Moment, filter: &AccountFilter) -> Option<AccountEntry> {
        let Self { account_id, position, time, .. } = self;
        let (holder, closed) = self.holder_and_end(changes, moment);
        if !filter.admits(holder, closed) {
            return None;
        }
        let (account_id, holder) = (account_id.clone(), holder.clone());
        let frozen = changes.and_then(|changes| changes.frozen_at(moment));
        let overdraft_limit = changes.map_or(OverdraftLimit::NONE, |changes| changes.overdraft_limit_at(moment));
        Some(AccountEntry { account_id, holder, position: *position, time: *time, overdraft_limit, frozen, closed })
    }
}

impl ListedAccount {
    /// The holder at a moment, and where the account was closed, if it was.
    fn holder_and_end<'a>(
        &'a self,
        changes: Option<&'a LaterChanges>,
        moment: Moment,
    ) -> (&'a ArcStr, Option<Position>) {
        let holder = changes.and_then(|changes| changes.holder_at(moment)).unwrap_or(&self.holder);
        (holder, changes.and_then(|changes| changes.closed_at(moment)))
    }
}

impl AccountFilter {
    fn admits(&self, holder: &str, closed: Option<Position>) -> bool {
        (self.closed || closed.is_none()) && self.holder.as_ref().is_none_or(|wanted| wanted == holder)
    }
}

impl Accounts {
    /// The accounts that are not closed, in order of creation.
    pub fn entries(&self) -> Vec<AccountEntry> {
        self.entries_at(Moment::NOW, &AccountFilter::default())
    }

    /// The first `limit` holders of accounts that are not closed, in order, whose names begin with `prefix`.
    pub fn holders_beginning_with(&self, prefix: &str, limit: usize) -> Vec<String> {
        let filter = AccountFilter::default();
        let holders = self.listed.iter().filter_map(|listed| {
            let (holder, closed) = listed.holder_and_end(self.changes.get(&listed.account_id), Moment::NOW);
            filter.admits(holder, closed).then_some(holder.as_str())
        });
        let begun: BTreeSet<_> = holders.filter(|holder| holder.starts_with(prefix)).collect();
        begun.into_iter().take(limit).map(str::to_owned).collect()
    }

    /// The bank's currency. `None` as long as there is neither a currency nor an account: one may still be chosen.
    pub fn currency(&self) -> Option<Currency> {
        match self.currencies.last() {
            Some(listed) => Some(listed.chosen.currency()),
            None => (!self.listed.is_empty()).then(Currency::default),
        }
    }

    /// The accounts at a moment that a filter lets through, in order of creation.
    pub fn entries_at(&self, moment: Moment, filter: &AccountFilter) -> Vec<AccountEntry> {
        let count = self.listed.partition_point(|listed| moment.includes(listed.position, listed.time));
        let entry = |listed: &ListedAccount| {
            let changes = self.changes.get(&listed.account_id);
            listed.entry(changes, moment, filter)
        };
        self.listed[..count].iter().filter_map(entry).collect()
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

    /// Whether the e-mail address of an account's holder was known at a moment.
    pub fn has_email(&self, account: &str, moment: Moment) -> bool {
        self.email_at(account, moment).is_some()
    }

    fn email_at(&self, account: &str, moment: Moment) -> Option<&EmailAddress> {
        let changed = self.changes_of(account).and_then(|changes| changes.email_at(moment));
        changed.unwrap_or_else(|| self.listed.find(account)?.email.as_deref())
    }

    /// What is known of one account at a moment; nothing of an account that does not exist.
    pub fn details(&self, account: &str, moment: Moment) -> AccountDetails {
        let changes = self.changes_of(account);
        AccountDetails {
            changed_holder: changes.and_then(|changes| changes.holder_at(moment)).cloned(),
            email: self.email_at(account, moment).cloned(),
            frozen: changes.and_then(|changes| changes.frozen_at(moment)),
            closed: changes.and_then(|changes| changes.closed_at(moment)),
        }
    }

    /// The holder of an account at a moment, if their e-mail address was known then.
    pub fn recipient(&self, account: &str, moment: Moment) -> Option<Recipient> {
        let address = self.email_at(account, moment)?.clone();
        let holder = match self.changes_of(account).and_then(|changes| changes.holder_at(moment)) {
            Some(holder) => holder,
            // An account that got its address later is not in the index.
            None => match self.listed.find(account) {
                Some(listed) => &listed.holder,
                None => &self.listed.iter().find(|listed| listed.account_id.as_str() == account)?.holder,
            },
        };
        Some(Recipient { holder: holder.clone(), address })
    }

    /// Which event of an account replaced its PIN last, if one did.
    pub(in crate::bank) fn pin_changed(&self, account: &str) -> Option<Version> {
        self.changes_of(account).and_then(LaterChanges::pin_changed)
    }

    /// Asked for every deposit, and mostly there are none.
    fn changes_of(&self, account: &str) -> Option<&LaterChanges> {
        if self.changes.is_empty() { None } else { self.changes.get(account) }
    }
}

impl Projection<AccountEvent> for Accounts {
    const NAME: &'static str = "accounts";
    const ROWS: Option<StoredFields<Self>> = rows!(1; listed, changes: "changed ", currencies: "currency ");

    fn project(&mut self, event: &RecordedEvent<AccountEvent>) {
        let position = event.position;
        if let AccountEvent::AccountCreated { account_id, account_holder } = &event.data {
            self.listed.push(ListedAccount {
                account_id: account_id.clone(),
                holder: account_holder.shared_name().clone(),
                position,
                time: event.time,
                has_pin: account_holder.pin_verifier().is_some(),
                email: account_holder.email().cloned().map(Box::new),
            });
        } else if let AccountEvent::CurrencyChosen(chosen) = event.data {
            self.currencies.push(ListedCurrency { position, chosen });
        } else if LaterChanges::concerns(&event.data)
            && let Some(account_id) = event.data.account_id()
        {
            self.changes.get_or_insert_with(account_id.clone(), LaterChanges::default).apply(event);
        }
    }
}

fn serialize_shared<S: Serializer>(text: &ArcStr, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}
