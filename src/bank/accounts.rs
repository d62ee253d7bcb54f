//! The account list: which accounts there are, whose they are, and what is known of their holders.

use std::sync::Arc;

use foldhash::{HashMap, HashSet};
use serde::{Deserialize, Serialize};

use super::{AccountEvent, AccountId, EmailAddress, Moment, Recipient};
use crate::engine::clock::Timestamp;
use crate::engine::event::{Position, RecordedEvent};
use crate::engine::projection::{Projection, UnreadableRow, stored_row};
use crate::engine::store::handler_records::ProjectionRow;

/// An account as the list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEntry {
    /// Its name.
    pub account_id: AccountId,
    /// What its holder is called.
    pub holder: Arc<str>,
    /// Where its creation stands in the log.
    pub position: Position,
    /// When it was created.
    pub time: Timestamp,
}

/// The read model behind the account list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// In order of creation, so that the list of any moment is the beginning of this one.
    entries: Vec<AccountEntry>,
    with_pin: HashSet<AccountId>,
    recipients: HashMap<AccountId, Recipient>,
}

/// An account as a stored row has it.
#[derive(Serialize, Deserialize)]
struct StoredEntry {
    account_id: AccountId,
    holder: Box<str>,
    position: Position,
    time: Timestamp,
    has_pin: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<Box<str>>,
}

impl Accounts {
    /// The accounts, in order of creation.
    pub fn entries(&self) -> &[AccountEntry] {
        &self.entries
    }

    /// The accounts that there were at a moment, in order of creation.
    pub fn entries_at(&self, moment: Moment) -> &[AccountEntry] {
        let there = self.entries.partition_point(|entry| moment.includes(entry.position, entry.time));
        &self.entries[..there]
    }

    /// Whether an account asks for a PIN.
    pub fn has_pin(&self, account: &str) -> bool {
        self.with_pin.contains(account)
    }

    /// The holder of an account, if they can be written to.
    pub fn recipient(&self, account: &str) -> Option<&Recipient> {
        self.recipients.get(account)
    }
}

impl Projection<AccountEvent> for Accounts {
    const NAME: &'static str = "accounts";

    const ROWS: Option<u16> = Some(1);

    fn changed_rows(&self, event: &RecordedEvent<AccountEvent>, name: &mut dyn FnMut(&str)) {
        if Self::concerns(event) {
            name(&stored_row::name_of(event.position));
        }
    }

    fn all_rows(&self, name: &mut dyn FnMut(&str)) {
        self.entries.iter().for_each(|entry| name(&stored_row::name_of(entry.position)));
    }

    fn row(&self, name: &str) -> Option<Box<str>> {
        let position = stored_row::position_of(name)?;
        let place = self.entries.binary_search_by_key(&position, |entry| entry.position).ok()?;
        let AccountEntry { account_id, holder, position, time } = self.entries[place].clone();
        let has_pin = self.has_pin(account_id.as_str());
        let email = self.recipient(account_id.as_str()).map(|recipient| recipient.address.as_str().into());
        stored_row::write(&StoredEntry { account_id, holder: holder.as_ref().into(), position, time, has_pin, email })
    }

    fn restore_row(&mut self, row: &ProjectionRow) -> Result<(), UnreadableRow> {
        let StoredEntry { account_id, holder, position, time, has_pin, email } = stored_row::read(row)?;
        if has_pin {
            self.with_pin.insert(account_id.clone());
        }
        let holder: Arc<str> = holder.into();
        if let Some(email) = email {
            let address = EmailAddress::new(&email).map_err(|error| UnreadableRow::new(row, error))?;
            self.recipients.insert(account_id.clone(), Recipient { holder: holder.clone(), address });
        }
        self.entries.push(AccountEntry { account_id, holder, position, time });
        Ok(())
    }

    fn concerns(event: &RecordedEvent<AccountEvent>) -> bool {
        matches!(event.data, AccountEvent::AccountCreated { .. })
    }

    fn project(&mut self, event: &RecordedEvent<AccountEvent>) {
        let AccountEvent::AccountCreated { account_id, account_holder } = &event.data else {
            return;
        };
        let (position, time) = (event.position, event.time);
        let holder = account_holder.shared_name().clone();
        self.entries.push(AccountEntry { account_id: account_id.clone(), holder, position, time });
        if account_holder.pin_verifier().is_some() {
            self.with_pin.insert(account_id.clone());
        }
        if let Some(address) = account_holder.email().cloned() {
            let holder = account_holder.shared_name().clone();
            self.recipients.insert(account_id.clone(), Recipient { holder, address });
        }
    }
}
